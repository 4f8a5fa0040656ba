//! What a session tells.

use std::sync::Arc;

use crate::tls::message::{Alert, Handshake, Side};

/// Who is told. A closure that takes events is one.
pub trait Sink {
    /// Something became complete.
    fn event(&mut self, event: TlsEvent);

    /// The bytes of a certificate that was sent, to be held: those of another connection where it had the same.
    fn certificate(&mut self, der: &[u8]) -> Arc<[u8]> {
        Arc::from(der)
    }
}

impl<F: FnMut(TlsEvent)> Sink for F {
    fn event(&mut self, event: TlsEvent) {
        self(event);
    }
}

/// Something that became complete, and where in its direction.
#[derive(Debug, Clone, PartialEq)]
pub struct TlsEvent {
    /// Who sent it.
    pub from: Side,
    /// Offset in the direction at which the record begins in which it begins.
    pub start: u64,
    /// Offset after the record in which it ends.
    pub end: u64,
    /// It was sent encrypted and read with keys.
    pub encrypted: bool,
    /// What it is.
    pub kind: TlsEventKind,
}

/// What became complete.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TlsEventKind {
    /// A handshake message.
    Handshake(Handshake),
    /// An alert.
    Alert(Alert),
    /// An alert that cannot be read: bytes of its fragment.
    EncryptedAlert {
        /// Bytes of the fragment.
        len: u32,
    },
    /// A handshake record that cannot be read.
    EncryptedHandshake {
        /// Bytes of the fragment.
        len: u32,
    },
    /// ChangeCipherSpec.
    ChangeCipherSpec,
    /// A record of type application data: in TLS 1.3 without keys anything at all.
    ApplicationData {
        /// Bytes of the fragment.
        len: u32,
    },
    /// A record of type application data of which the last bytes are not in the capture.
    UnfinishedData {
        /// Bytes of the fragment.
        len: u32,
    },
    /// A handshake message that is not whole.
    Lost {
        /// Its type, when that was captured.
        what: Option<u8>,
        /// Bytes that are missing.
        missing: u64,
    },
    /// A record or message that breaks the protocol.
    Malformed {
        /// What it is.
        what: &'static str,
        /// How.
        reason: &'static str,
    },
    /// Bytes where a record was due.
    NotTls {
        /// The first of them, escaped.
        sample: String,
    },
    /// What follows is protected, and there is no secret for it.
    NoSecret,
    /// Keys are there and do not help.
    DecryptProblem {
        /// Why: one sentence.
        reason: String,
    },
    /// A record of another type.
    Other {
        /// What it is.
        what: &'static str,
        /// Bytes of its fragment.
        len: u32,
    },
}

/// Where an event lies.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) from: Side,
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Place {
    pub(super) fn tell(self, encrypted: bool, kind: TlsEventKind, sink: &mut dyn Sink) {
        sink.event(TlsEvent { from: self.from, start: self.start, end: self.end, encrypted, kind });
    }
}
