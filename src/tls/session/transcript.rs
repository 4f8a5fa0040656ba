//! The handshake messages so far, for signatures over them (RFC 8446 §4.4.1, RFC 5246 §7.4.8).

use std::sync::Arc;

use sha2::{Digest, Sha256, Sha384};

use crate::tls::handshake::Spoken;
use crate::tls::message::Side;

/// The messages in order, both sides.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    bytes: Vec<u8>,
    /// Where the handshake itself ended, and an authentication after it began (RFC 8446 §4.4).
    main: Option<usize>,
    /// The server's flight is in it to its end. What a gap holds back is read after the client's answer to it.
    server_flight: bool,
    /// A message is missing, or more came than is kept: nothing can be said any more.
    over: bool,
}

/// Bytes kept of one connection.
const KEPT: usize = 512 << 10;

impl Transcript {
    /// Takes a message with its header. What is no part of a transcript is passed over: a HelloRequest (RFC 5246
    /// §7.4.1.1), and in TLS 1.3 what follows a handshake. A hello that renegotiates begins a new one.
    pub(super) fn take(
        &mut self,
        from: Side,
        message: &[u8],
        spoken: Spoken,
        finished: &[bool; 2],
        renegotiates: bool,
    ) {
        let after = spoken.is_tls13() && finished.iter().all(|done| *done);
        match message.first() {
            Some(0) => return,
            Some(4 | 24) if spoken.is_tls13() => return,
            Some(13) if after => {
                let main = *self.main.get_or_insert(self.bytes.len());
                self.bytes.truncate(main);
            }
            _ if renegotiates => *self = Self::default(),
            _ => {}
        }
        let last = if spoken.is_tls13() { 20 } else { 14 };
        self.server_flight |= from == Side::Server && message.first() == Some(&last);
        self.add(message);
    }

    /// A message that belongs to it could not be read.
    pub(super) fn spoil(&mut self) {
        *self = Self { over: true, ..Self::default() };
    }

    /// Adds a message with its header.
    pub(super) fn add(&mut self, message: &[u8]) {
        let begins = !self.bytes.is_empty() || message.first() == Some(&1);
        if self.over || !begins || self.bytes.len() + message.len() > KEPT {
            self.spoil();
        } else {
            self.bytes.extend_from_slice(message);
        }
    }

    /// A HelloRetryRequest is about to be added: the ClientHello gives way to its hash.
    pub(super) fn restart(&mut self, spoken: Spoken) {
        // The retry itself was added already.
        let hello = self
            .bytes
            .get(1..4)
            .map(|l| 4 + (usize::from(l[0]) << 16 | usize::from(l[1]) << 8 | usize::from(l[2])));
        let Some(len) = hello.filter(|len| *len <= self.bytes.len()) else { return };
        let hash = hash(&self.bytes[..len], spoken);
        let mut bytes = vec![254, 0, 0, hash.len() as u8];
        bytes.extend_from_slice(&hash);
        bytes.extend_from_slice(&self.bytes[len..]);
        self.bytes = bytes;
    }

    /// What a CertificateVerify of `from` signs.
    pub(super) fn signed(&self, from: Side, spoken: Spoken) -> Option<Arc<[u8]>> {
        // SSL 3.0 signs another thing (RFC 6101 §5.6.8).
        let ssl3 = spoken.version.is_none_or(|version| version.0 <= 0x0300);
        let early = from == Side::Client && !self.server_flight;
        if self.over || self.bytes.is_empty() || ssl3 || early {
            return None;
        }
        if !spoken.is_tls13() {
            return Some(Arc::from(self.bytes.as_slice()));
        }
        let mut content = vec![0x20; 64];
        content.extend_from_slice(match from {
            Side::Client => b"TLS 1.3, client CertificateVerify\0".as_slice(),
            Side::Server => b"TLS 1.3, server CertificateVerify\0".as_slice(),
        });
        content.extend_from_slice(&hash(&self.bytes, spoken));
        Some(Arc::from(content))
    }
}

/// The hash of the suite: SHA-384 where its name says so, SHA-256 otherwise.
fn hash(bytes: &[u8], spoken: Spoken) -> Vec<u8> {
    if spoken.suite.name().is_some_and(|name| name.ends_with("SHA384")) {
        Sha384::digest(bytes).to_vec()
    } else {
        Sha256::digest(bytes).to_vec()
    }
}
