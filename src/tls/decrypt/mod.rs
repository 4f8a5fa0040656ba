//! Opens protected records with the secrets of a key log (RFC 5246 §6.2.3, RFC 8446 §5.2).

mod aead;
mod cbc;
mod cipher;
mod draft;
mod keyblock;
mod prf;
mod sequence;
mod suite;
mod tls12;
mod tls13;

use std::fmt;

pub use self::suite::HashKind;

use self::draft::Draft;
use self::keyblock::{Parameters, SSL_3_0, TLS_1_2};
use self::suite::{Bulk, Suite};
use self::tls13::Scheme;
use crate::tls::keylog::{Label, Secret, Secrets};
use crate::tls::message::{ServerHello, Side};

/// The record protection of one connection, both directions.
pub struct Decryptor {
    suite: Suite,
    version: u16,
    layer: Layer,
}

enum Layer {
    /// SSL 3.0 to TLS 1.2.
    Legacy { client: tls12::Direction, server: tls12::Direction, master: Option<Secret> },
    /// TLS 1.3.
    Modern { client: tls13::Direction, server: tls13::Direction },
}

/// Why records of a connection cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoKeys {
    /// No secret for this client random.
    NoSecret,
    /// The cipher suite is not supported, or does not fit the version: its number.
    Suite(u16),
    /// The version is not supported: its number.
    Version(u16),
    /// The records are compressed, which is not supported: the compression method.
    Compression(u8),
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
    /// The client offered early data and the record fits neither its early nor its handshake key, as records of
    /// early data that the server refused do. It does not count (RFC 8446 §4.2.10); the next record may open.
    EarlyData,
}

impl fmt::Debug for Decryptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decryptor({}, version {:#06x})", self.suite.name, self.version)
    }
}

impl Decryptor {
    /// The protection that the ServerHello chose, with the secrets logged for the first ClientHello's random, also
    /// after a HelloRetryRequest. `early`: that ClientHello offered early data, so the client's records may begin
    /// under the early traffic secret.
    ///
    /// A suite without encryption needs no secret; without one its MACs go unchecked.
    pub fn new(
        secrets: &Secrets,
        client_random: &[u8; 32],
        server_hello: &ServerHello,
        early: bool,
    ) -> Result<Self, NoKeys> {
        let (number, version) = (server_hello.cipher_suite.0, server_hello.negotiated().0);
        let draft = Draft::of(version);
        if draft.is_none() && !(SSL_3_0..=TLS_1_2).contains(&version) {
            return Err(NoKeys::Version(version));
        }
        let suite = Suite::find(number)
            .filter(|suite| suite.modern == draft.is_some())
            .ok_or(NoKeys::Suite(number))?;
        if server_hello.compression != 0 {
            return Err(NoKeys::Compression(server_hello.compression));
        }
        let layer = match (draft, suite.bulk) {
            (Some(draft), Bulk::Aead(aead)) => {
                Layer::modern(secrets, client_random, Scheme { aead, hash: suite.hash, draft }, early)?
            }
            (Some(_), _) => return Err(NoKeys::Suite(number)),
            (None, _) => Layer::legacy(secrets, client_random, server_hello, suite)?,
        };
        Ok(Self { suite, version, layer })
    }

    /// SSL 3.0 to TLS 1.2: the ServerHello of a renegotiation was read. Its keys are kept until each side's
    /// ChangeCipherSpec; on an error only records after it are lost. Of no effect in TLS 1.3, which has no
    /// renegotiation.
    pub fn renegotiate(
        &mut self,
        secrets: &Secrets,
        client_random: &[u8; 32],
        server_hello: &ServerHello,
    ) -> Result<(), NoKeys> {
        let Layer::Legacy { client, server, master } = &mut self.layer else {
            return Ok(());
        };
        let fresh = Self::new(secrets, client_random, server_hello, false)?;
        if let Layer::Legacy { client: new_client, server: new_server, master: new_master } = fresh.layer {
            client.prepare_from(new_client);
            server.prepare_from(new_server);
            *master = new_master;
            (self.suite, self.version) = (fresh.suite, fresh.version);
        }
        Ok(())
    }

    /// Opens one record: `header` is its 5 bytes, `fragment` the rest. Appends the plaintext to `out` and returns
    /// its content type (TLS 1.3: the inner one, padding removed). After an error `out` is as it was.
    ///
    /// # Errors
    /// [`DecryptError::NoKey`] also for a record that is not protected: before the ChangeCipherSpec, or, in TLS 1.3,
    /// of another outer type than `application_data`. Such a record is to be read as it stands.
    pub fn open(
        &mut self,
        from: Side,
        header: [u8; 5],
        fragment: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<u8, DecryptError> {
        let start = out.len();
        let opened = match (&mut self.layer, from) {
            (Layer::Legacy { client, .. }, Side::Client) => client.open(header, fragment, out),
            (Layer::Legacy { server, .. }, Side::Server) => server.open(header, fragment, out),
            (Layer::Modern { .. }, _) if header[0] != APPLICATION_DATA => Err(DecryptError::NoKey),
            (Layer::Modern { client, .. }, Side::Client) => client.open(header, fragment, out),
            (Layer::Modern { server, .. }, Side::Server) => server.open(header, fragment, out),
        };
        if opened.is_err() {
            out.truncate(start);
        }
        opened
    }

    /// TLS 1.2 and below: the sender's next record is protected by the keys of the last handshake.
    pub fn change_cipher_spec(&mut self, from: Side) {
        match (&mut self.layer, from) {
            (Layer::Legacy { client, .. }, Side::Client) => client.change_cipher_spec(),
            (Layer::Legacy { server, .. }, Side::Server) => server.change_cipher_spec(),
            (Layer::Modern { .. }, _) => {}
        }
    }

    /// TLS 1.3: the sender's Finished was read, its next record is under the application traffic secret. The
    /// Finished of an authentication after the handshake changes nothing.
    pub fn finished(&mut self, from: Side) {
        if let Some(direction) = self.modern(from) {
            direction.finished();
        }
    }

    /// TLS 1.3: the client's EndOfEarlyData was read, its next record is under the handshake traffic secret.
    pub fn end_of_early_data(&mut self) {
        if let Some(direction) = self.modern(Side::Client) {
            direction.end_of_early_data();
        }
    }

    /// TLS 1.3: the sender's KeyUpdate was read.
    pub fn key_update(&mut self, from: Side) {
        if let Some(direction) = self.modern(from) {
            direction.key_update();
        }
    }

    /// One protected record of this side passes without being opened: `len` is the length of its fragment, `tail` its
    /// last bytes, 36 of them or as many as are known. CBC before TLS 1.1 takes its next IV from them; without them the
    /// next record gives [`DecryptError::NoKey`] and the one after it opens. With RC4 the key stream runs on by `len`.
    pub fn skip(&mut self, from: Side, len: usize, tail: &[u8]) {
        match (&mut self.layer, from) {
            (Layer::Legacy { client, .. }, Side::Client) => client.skip(len, tail),
            (Layer::Legacy { server, .. }, Side::Server) => server.skip(len, tail),
            (Layer::Modern { client, .. }, Side::Client) => client.skip(),
            (Layer::Modern { server, .. }, Side::Server) => server.skip(),
        }
    }

    /// A record of this side, whose fragment has `len` bytes, was captured in part. In TLS 1.3 it may have brought
    /// other keys into force, which then are tried too.
    pub fn damaged(&mut self, from: Side, len: usize) {
        self.skip(from, len, &[]);
        if let Some(direction) = self.modern(from) {
            direction.lost();
        }
    }

    /// An unknown number of records of this side is missing. The next records are tried under the next 16 numbers,
    /// and under the keys that a missing message may have brought into force. With RC4 none opens any more; with CBC before
    /// TLS 1.1 the next one gives [`DecryptError::NoKey`].
    pub fn lost(&mut self, from: Side) {
        match (&mut self.layer, from) {
            (Layer::Legacy { client, .. }, Side::Client) => client.lost(),
            (Layer::Legacy { server, .. }, Side::Server) => server.lost(),
            (Layer::Modern { client, .. }, Side::Client) => client.lost(),
            (Layer::Modern { server, .. }, Side::Server) => server.lost(),
        }
    }

    /// Whether the `verify_data` of a Finished fits the hash of the transcript before it (RFC 8446 §4.4.4, RFC 5246
    /// §7.4.9), by the hash that [`hash`](Self::hash) names. `None` when the secret for it is not known, and in
    /// SSL 3.0.
    pub fn verify_finished(&self, from: Side, transcript_hash: &[u8], verify_data: &[u8]) -> Option<bool> {
        match (&self.layer, from) {
            (Layer::Legacy { .. }, _) if self.version == SSL_3_0 => None,
            (Layer::Legacy { master, .. }, _) => {
                let expected =
                    keyblock::verify_data(self.hash(), master.as_ref()?.as_bytes(), from, transcript_hash);
                Some(prf::same(&expected, verify_data))
            }
            (Layer::Modern { client: direction, .. }, Side::Client)
            | (Layer::Modern { server: direction, .. }, Side::Server) => {
                Some(prf::same(direction.verify_data(transcript_hash)?.as_bytes(), verify_data))
            }
        }
    }

    /// The IANA name of the cipher suite.
    pub fn suite_name(&self) -> &'static str {
        self.suite.name
    }

    /// The hash of the transcript.
    pub fn hash(&self) -> HashKind {
        keyblock::prf_hash(self.version, self.suite)
    }

    fn modern(&mut self, from: Side) -> Option<&mut tls13::Direction> {
        match (&mut self.layer, from) {
            (Layer::Modern { client, .. }, Side::Client) => Some(client),
            (Layer::Modern { server, .. }, Side::Server) => Some(server),
            (Layer::Legacy { .. }, _) => None,
        }
    }
}

impl Layer {
    fn legacy(
        secrets: &Secrets,
        client_random: &[u8; 32],
        server_hello: &ServerHello,
        suite: Suite,
    ) -> Result<Self, NoKeys> {
        let master = secrets.get(client_random, Label::Master).copied();
        if master.is_none() && !matches!(suite.bulk, Bulk::Null(_)) {
            return Err(NoKeys::NoSecret);
        }
        let bytes = master.as_ref().map(Secret::as_bytes);
        let (client, server) = Parameters::new(suite, server_hello, client_random, bytes)
            .keys()
            .ok_or(NoKeys::Suite(server_hello.cipher_suite.0))?;
        Ok(Self::Legacy {
            client: tls12::Direction::awaiting(client),
            server: tls12::Direction::awaiting(server),
            master,
        })
    }

    fn modern(
        secrets: &Secrets,
        client_random: &[u8; 32],
        scheme: Scheme,
        early: bool,
    ) -> Result<Self, NoKeys> {
        let get = |label| {
            let secret = secrets.get(client_random, label)?;
            (secret.as_bytes().len() == scheme.hash.output_len()).then_some(*secret)
        };
        let (client_handshake, client_traffic) = (get(Label::ClientHandshake), get(Label::ClientTraffic));
        let (server_handshake, server_traffic) = (get(Label::ServerHandshake), get(Label::ServerTraffic));
        let all = [client_handshake, client_traffic, server_handshake, server_traffic];
        let early = early.then(|| get(Label::ClientEarly));
        if all.iter().chain(&early).all(Option::is_none) {
            return Err(NoKeys::NoSecret);
        }
        Ok(Self::Modern {
            client: tls13::Direction::new(scheme, early, client_handshake, client_traffic),
            server: tls13::Direction::new(scheme, None, server_handshake, server_traffic),
        })
    }
}

/// The outer content type of every protected record of TLS 1.3 (RFC 8446 §5.2).
const APPLICATION_DATA: u8 = 23;
