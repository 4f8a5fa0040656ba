//! Opens protected records with the secrets of a key log (RFC 5246 §6.2.3, RFC 8446 §5.2).

use crate::tls::keylog::Secrets;
use crate::tls::message::{ServerHello, Side};

/// The record protection of one connection, both directions.
#[derive(Debug)]
pub struct Decryptor {}

/// Why records of a connection cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoKeys {
    /// No secret for this client random.
    NoSecret,
    /// The cipher suite is not supported: its number.
    Suite(u16),
    /// The version is not supported: its number.
    Version(u16),
}

/// Why one record could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecryptError {
    /// The tag or MAC does not fit: the secret is another connection's, or bytes are missing.
    BadRecord,
    /// There is no key for this direction and moment.
    NoKey,
    /// The record is too short or malformed.
    Malformed,
}

impl Decryptor {
    /// The protection that the ServerHello chose, with the secrets logged for the first ClientHello's random.
    /// `early`: the ClientHello offered early data, so the client's records begin under the early traffic secret.
    pub fn new(
        secrets: &Secrets,
        client_random: &[u8; 32],
        server_hello: &ServerHello,
        early: bool,
    ) -> Result<Self, NoKeys> {
        let _ = (secrets, client_random, server_hello, early);
        Err(NoKeys::NoSecret)
    }

    /// Opens one record: `header` is its 5 bytes, `fragment` the rest. Appends the plaintext to `out` and returns
    /// its content type (TLS 1.3: the inner one, padding removed).
    pub fn open(
        &mut self,
        from: Side,
        header: [u8; 5],
        fragment: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<u8, DecryptError> {
        let _ = (from, header, fragment, out);
        Err(DecryptError::NoKey)
    }

    /// stub
    pub fn skip(&mut self, from: Side) {
        let _ = from;
    }

    /// TLS 1.2 and below: the sender's next record is protected.
    pub fn change_cipher_spec(&mut self, from: Side) {
        let _ = from;
    }

    /// TLS 1.3: the sender's Finished was read, its next record is under the application traffic secret.
    pub fn finished(&mut self, from: Side) {
        let _ = from;
    }

    /// TLS 1.3: the client's EndOfEarlyData was read, its next record is under the handshake traffic secret.
    pub fn end_of_early_data(&mut self) {}

    /// TLS 1.3: the sender's KeyUpdate was read.
    pub fn key_update(&mut self, from: Side) {
        let _ = from;
    }
}
