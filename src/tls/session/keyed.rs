//! What a session does with keys: which records are opened, which are passed over, and why one cannot be read.

use super::event::{Place, Sink, TlsEventKind};
use super::machine::Core;
use crate::tls::decrypt::{DecryptError, Decryptor, NoKeys};
use crate::tls::handshake::alert;
use crate::tls::message::{ServerHello, Side};
use crate::tls::record::{Header, Keep};

/// After the handshake of TLS 1.3 records up to this length are opened, since each may hold an alert or a message.
const SMALL_RECORD: usize = 2048;
/// Longer ones of a side that are opened nevertheless: tickets with a client's chain in them come first.
const LONG_RECORDS: u32 = 16;

impl Core {
    /// What is wanted of a record's body.
    pub(super) fn keeps(&self, from: Side, header: Header) -> Keep {
        match header.kind() {
            20..=22 => Keep::Whole,
            23 if self.opens(from, header) => Keep::Whole,
            // CBC of TLS 1.0 goes on from the last block of the record before.
            _ if self.decryptor.is_some() && !self.spoken.is_tls13() => Keep::Tail,
            _ => Keep::Nothing,
        }
    }

    /// Whether a record is to be opened.
    pub(super) fn opens(&self, from: Side, header: Header) -> bool {
        let i = from as usize;
        if self.decryptor.is_none() {
            return false;
        }
        if !self.spoken.is_tls13() {
            return self.protected[i] && matches!(header.kind(), 21 | 22);
        }
        let after_handshake = self.finished.iter().all(|done| *done);
        header.kind() == 23
            && (!after_handshake
                || header.len() <= SMALL_RECORD
                || self.long_records[i] < LONG_RECORDS
                || self.asked_late && from == Side::Client)
    }

    /// Opens a protected record and takes what is inside.
    pub(super) fn open(&mut self, place: Place, header: Header, body: &[u8], sink: &mut dyn Sink) {
        let Some(decryptor) = &mut self.decryptor else { return };
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        let opened = decryptor.open(place.from, header.bytes, body, &mut plain);
        let len = u32::try_from(header.len()).unwrap_or(u32::MAX);
        if header.len() > SMALL_RECORD && self.finished.iter().all(|done| *done) {
            self.long_records[place.from as usize] += 1;
        }
        match opened {
            Ok(22) => {
                self.handshake(place, &plain, true, sink);
            }
            Ok(21) => {
                if let Some(alert) = alert(&plain) {
                    place.tell(true, TlsEventKind::Alert(alert), sink);
                }
            }
            Ok(_) => place.tell(true, TlsEventKind::ApplicationData { len }, sink),
            Err(error) => self.stays_closed(place, header, error, sink),
        }
        self.plain = plain;
    }

    /// A record that does not open is told by its outside.
    fn stays_closed(&mut self, place: Place, header: Header, error: DecryptError, sink: &mut dyn Sink) {
        let len = u32::try_from(header.len()).unwrap_or(u32::MAX);
        if error != DecryptError::EarlyData {
            if !std::mem::replace(&mut self.problem_told, true) {
                let reason = format!(
                    "a record of the {} could not be decrypted: {}",
                    place.from.name(),
                    self.why_closed(place.from, error)
                );
                place.tell(false, TlsEventKind::DecryptProblem { reason }, sink);
            }
            self.give_up(place.from, place.end, 0, sink);
            self.spoil();
        }
        let kind = match header.kind() {
            21 => TlsEventKind::EncryptedAlert { len },
            22 => TlsEventKind::EncryptedHandshake { len },
            _ => TlsEventKind::ApplicationData { len },
        };
        place.tell(false, kind, sink);
    }

    fn why_closed(&self, from: Side, error: DecryptError) -> &'static str {
        match (error, self.gapped[from as usize]) {
            (DecryptError::NoKey, true) if !self.spoken.is_tls13() => {
                "its cipher runs on from record to record, and the capture lacks bytes before it"
            }
            (DecryptError::NoKey, _) => "the key log has no secret for it",
            (DecryptError::Malformed, _) => "it is shorter than its cipher suite makes it",
            (_, true) => "the capture lacks too many records before it, or the secret does not fit it",
            (_, false) => "the secret does not fit it",
        }
    }

    /// A record is not opened: what the cipher of the next one needs of it is kept up.
    pub(super) fn pass(
        &mut self,
        place: Place,
        header: Header,
        body: &[u8],
        damage: Option<(usize, u64)>,
        sink: &mut dyn Sink,
    ) {
        let from = place.from;
        if self.decryptor.is_none() {
            self.early_records += u32::from(from == Side::Client && header.kind() == 23);
            return;
        }
        if header.kind() != 23 && (self.spoken.is_tls13() || !self.protected[from as usize]) {
            return;
        }
        let opens = self.opens(from, header);
        let Some(decryptor) = &mut self.decryptor else { return };
        match damage {
            None => decryptor.skip(from, header.len(), body),
            Some((_, missing)) => {
                decryptor.damaged(from, header.len());
                self.gapped[from as usize] = true;
                if opens {
                    self.spoil();
                    self.give_up(from, place.end, missing, sink);
                }
            }
        }
    }

    /// An unknown number of records of this side is missing before `offset`.
    pub(super) fn lost(&mut self, from: Side, offset: u64, sink: &mut dyn Sink) {
        self.gapped[from as usize] = true;
        if let Some(decryptor) = &mut self.decryptor {
            decryptor.lost(from);
        }
        self.spoil();
        self.give_up(from, offset, 0, sink);
    }

    /// Whether a ClientHello would begin a second handshake: TLS 1.3 has none (RFC 8446 §4.1.2).
    pub(super) fn may_renegotiate(&self) -> bool {
        self.spoken.version.is_some() && !self.spoken.is_tls13()
    }

    /// The ServerHello chose how what follows is protected.
    pub(super) fn start_decryption(&mut self, place: Place, hello: &ServerHello, sink: &mut dyn Sink) {
        let (Some(secrets), Some(random)) = (&self.secrets, &self.client_random) else {
            return place.tell(false, TlsEventKind::NoSecret, sink);
        };
        let again = self.decryptor.is_some();
        let started = match &mut self.decryptor {
            Some(decryptor) => decryptor.renegotiate(secrets, random, hello),
            None => Decryptor::new(secrets, random, hello, self.early_data)
                .map(|decryptor| self.decryptor = Some(Box::new(decryptor))),
        };
        let reason = match started {
            Ok(()) if again => return,
            Ok(()) => return self.catch_up(),
            Err(NoKeys::NoSecret) if again => "the key log has no secret for the renegotiation".to_owned(),
            Err(NoKeys::NoSecret) => {
                place.tell(false, TlsEventKind::NoSecret, sink);
                if !self.spoken.is_tls13() {
                    // Of TLS 1.2 nearly everything is in clear.
                    return;
                }
                "the key log has no secret for this connection".to_owned()
            }
            Err(NoKeys::Suite(_)) => format!("decryption of {} is not supported", hello.cipher_suite),
            Err(NoKeys::Compression(method)) => {
                format!("decryption of compressed records (method {method}) is not supported")
            }
            Err(NoKeys::Version(_)) => format!("decryption of {} is not supported", hello.negotiated()),
        };
        self.problem_told = true;
        place.tell(false, TlsEventKind::DecryptProblem { reason }, sink);
    }

    /// The decryptor learns what passed before it was there: early data and gaps.
    fn catch_up(&mut self) {
        let Some(decryptor) = &mut self.decryptor else { return };
        if self.early_data {
            (0..self.early_records).for_each(|_| decryptor.skip(Side::Client, 0, &[]));
        }
        for from in [Side::Client, Side::Server] {
            if self.gapped[from as usize] {
                decryptor.lost(from);
            }
        }
    }
}
