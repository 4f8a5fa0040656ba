//! What a session makes of the records: messages, alerts, and what is learned from them.

use std::sync::Arc;

use crate::limits::Limits;
use crate::tls::certificate::partial_certificate;
use crate::tls::decrypt::Decryptor;
use crate::tls::handshake::{Spoken, alert, parse};
use crate::tls::hello::sslv2_client_hello;
use crate::tls::keylog::Secrets;
use crate::tls::message::{CertificateMessage, Handshake, ServerHello, Side};
use crate::tls::record::{Cut, Header, Keep};

use super::event::{Place, Sink, TlsEventKind};
use super::join::{self, Joiner};
use super::transcript::Transcript;

/// Everything but the record readers.
pub(super) struct Core {
    pub(super) joiners: [Joiner; 2],
    /// The first byte of an alert whose second comes in another record.
    pub(super) split_alert: [Option<u8>; 2],
    pub(super) spoken: Spoken,
    /// TLS 1.2 and below: the side sent its ChangeCipherSpec.
    pub(super) protected: [bool; 2],
    pub(super) finished: [bool; 2],
    /// The random of the ClientHello by which secrets are found: the first, or that of the last renegotiation.
    pub(super) client_random: Option<[u8; 32]>,
    pub(super) early_data: bool,
    /// Records of early data that came before the ServerHello.
    pub(super) early_records: u32,
    /// Bytes of this side were lost, so that it is not known how many records passed.
    pub(super) gapped: [bool; 2],
    /// Longer records that were opened after the handshake.
    pub(super) long_records: [u32; 2],
    /// The server asked for a client certificate after the handshake (RFC 8446 §4.6.2).
    pub(super) asked_late: bool,
    pub(super) secrets: Option<Arc<Secrets>>,
    pub(super) decryptor: Option<Box<Decryptor>>,
    pub(super) transcript: Option<Transcript>,
    pub(super) problem_told: bool,
    pub(super) plain: Vec<u8>,
    pub(super) limit: usize,
}

impl Core {
    /// Within `limits`; with `secrets` it opens what it can.
    pub(super) fn new(limits: &Limits, secrets: Option<Arc<Secrets>>) -> Self {
        Self {
            joiners: [Joiner::default(), Joiner::default()],
            split_alert: [None, None],
            spoken: Spoken::default(),
            protected: [false; 2],
            finished: [false; 2],
            client_random: None,
            early_data: false,
            early_records: 0,
            gapped: [false; 2],
            long_records: [0; 2],
            asked_late: false,
            transcript: secrets.is_some().then(Transcript::default),
            secrets,
            decryptor: None,
            problem_told: false,
            plain: Vec::new(),
            limit: limits.handshake_message_bytes,
        }
    }

    pub(super) fn cut(&mut self, from: Side, cut: Cut<'_>, sink: &mut dyn Sink) {
        match cut {
            Cut::Record { header, start, end, kept, body, damage, missing } => {
                let place = Place { from, start, end };
                match damage {
                    None if kept == Keep::Whole && self.opens(from, header) => {
                        self.open(place, header, body, sink);
                    }
                    damage => {
                        let damage = damage.map(|at| (at, missing));
                        self.pass(place, header, body, damage, sink);
                        self.record(place, header, body, damage, sink);
                    }
                }
            }
            Cut::Sslv2 { start, end, body } => self.sslv2(Place { from, start, end }, body, sink),
            Cut::NotTls { at, sample } => {
                let sample = crate::tls::cursor::text(sample);
                Place { from, start: at, end: at + 1 }.tell(false, TlsEventKind::NotTls { sample }, sink);
            }
            Cut::Broken { header, start, .. } if header.kind() == 23 => {
                let len = header.len() as u32;
                let place = Place { from, start, end: start.saturating_add(5 + u64::from(len)) };
                place.tell(false, TlsEventKind::UnfinishedData { len }, sink);
            }
            Cut::Broken { header, start, end, body, missing } => {
                let clear = header.kind() == 22 && !self.protected[from as usize];
                if clear && !body.is_empty() {
                    self.handshake(Place { from, start, end }, body, false, sink);
                }
                if clear {
                    self.give_up(from, end, missing, sink);
                }
            }
        }
    }

    /// What was joined so far will not become whole: it is told as far as it goes.
    pub(super) fn give_up(&mut self, from: Side, end: u64, missing: u64, sink: &mut dyn Sink) {
        let joiner = &mut self.joiners[from as usize];
        let Some(partial) = joiner.give_up() else { return };
        self.spoil();
        let missing = missing.max(partial.missing);
        let place = Place {
            from,
            start: partial.start,
            end: end.min(partial.start.saturating_add(partial.bytes.len() as u64 + 9)),
        };
        if partial.kind == Some(11) && partial.bytes.len() > 7 {
            let message = partial_certificate(&partial.bytes, self.spoken.is_tls13(), missing, &mut |der| {
                sink.certificate(der)
            });
            place.tell(false, TlsEventKind::Handshake(Handshake::Certificate(message)), sink);
        }
        place.tell(false, TlsEventKind::Lost { what: partial.kind, missing }, sink);
    }

    /// A record as it stands.
    fn record(
        &mut self,
        place: Place,
        header: Header,
        body: &[u8],
        damage: Option<(usize, u64)>,
        sink: &mut dyn Sink,
    ) {
        let from = place.from as usize;
        let len = u32::try_from(header.len()).unwrap_or(u32::MAX);
        match header.kind() {
            20 => self.change_cipher_spec(place, sink),
            21 => self.alert(place, body, sink),
            // What TLS 1.3 protects bears the type of application data (RFC 8446 §5.2).
            22 if self.protected[from] && !self.spoken.is_tls13() && !self.is_clear_hello(body) => {
                place.tell(false, TlsEventKind::EncryptedHandshake { len }, sink);
            }
            22 => {
                if let Some((at, missing)) = damage {
                    self.joiners[from].damage(at, missing);
                }
                self.handshake(place, body, false, sink);
            }
            23 => {
                let encrypted = self.decryptor.is_some() && self.finished.iter().all(|done| *done);
                place.tell(encrypted, TlsEventKind::ApplicationData { len }, sink);
            }
            _ => place.tell(false, TlsEventKind::Other { what: "Heartbeat", len }, sink),
        }
    }

    /// A second ClientHello may follow a ChangeCipherSpec of TLS 1.3, whose version may not be known yet (RFC 8446 §D.4).
    fn is_clear_hello(&self, body: &[u8]) -> bool {
        self.spoken.version.is_none()
            && matches!(body, [1 | 2, 0, high, low, ..] if usize::from(*high) << 8 | usize::from(*low) == body.len() - 4)
    }

    fn change_cipher_spec(&mut self, place: Place, sink: &mut dyn Sink) {
        if !self.spoken.is_tls13() {
            self.protected[place.from as usize] = true;
            if let Some(decryptor) = &mut self.decryptor {
                decryptor.change_cipher_spec(place.from);
            }
        }
        place.tell(false, TlsEventKind::ChangeCipherSpec, sink);
    }

    /// An alert record in clear, whole, split, or with several alerts; or one that is encrypted.
    fn alert(&mut self, place: Place, body: &[u8], sink: &mut dyn Sink) {
        let split = &mut self.split_alert[place.from as usize];
        match (body, split.take()) {
            ([second], Some(first)) => {
                if let Some(alert) = alert(&[first, *second]) {
                    place.tell(false, TlsEventKind::Alert(alert), sink);
                }
            }
            ([first], None) => *split = Some(*first),
            (body, _) if !body.is_empty() && body.len() <= 8 && body.len() % 2 == 0 => {
                for alert in body.chunks_exact(2).filter_map(alert) {
                    place.tell(false, TlsEventKind::Alert(alert), sink);
                }
            }
            ([], _) => {
                place.tell(false, TlsEventKind::Malformed { what: "an alert", reason: "it is empty" }, sink)
            }
            (body, _) => {
                let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
                place.tell(false, TlsEventKind::EncryptedAlert { len }, sink);
            }
        }
    }

    /// Takes the handshake bytes of a record. Messages that lie whole in it are read where they are; the rest is joined with what
    /// came before and what comes after.
    pub(super) fn handshake(&mut self, place: Place, body: &[u8], encrypted: bool, sink: &mut dyn Sink) {
        let from = place.from as usize;
        let mut rest = body;
        while self.joiners[from].is_clear()
            && let Some((message, after)) = join::whole(rest, self.limit)
        {
            rest = after;
            self.message(place, message, encrypted, sink);
        }
        if !rest.is_empty() {
            self.joiners[from].push(place.start, rest);
            self.messages(place, encrypted, sink);
        }
    }

    /// Takes the joined messages that are whole now.
    fn messages(&mut self, place: Place, encrypted: bool, sink: &mut dyn Sink) {
        while let Some(message) = self.joiners[place.from as usize].next(self.limit) {
            let place = Place { start: message.start, ..place };
            if message.missing > 0 || message.too_long {
                self.damaged(place, &message, sink);
                continue;
            }
            self.message(place, &message.bytes, encrypted, sink);
        }
    }

    /// Takes a whole message, given with its header.
    fn message(&mut self, place: Place, bytes: &[u8], encrypted: bool, sink: &mut dyn Sink) {
        let [kind, _, _, _, body @ ..] = bytes else { return };
        let mut value = parse(*kind, body, self.spoken, &mut |der| sink.certificate(der));
        if let Handshake::CertificateVerify { verify } = &mut value
            && let Some(transcript) = &self.transcript
        {
            verify.signed = transcript.signed(place.from, self.spoken);
        }
        let renegotiates = *kind == 1 && self.may_renegotiate();
        if let Some(transcript) = &mut self.transcript {
            transcript.take(place.from, bytes, self.spoken, &self.finished, renegotiates);
        }
        self.learn(place, &value, sink);
        place.tell(encrypted, TlsEventKind::Handshake(value), sink);
    }

    /// What is signed over the handshake cannot be known any more.
    pub(super) fn spoil(&mut self) {
        if let Some(transcript) = &mut self.transcript {
            transcript.spoil();
        }
    }

    /// A message of which bytes are missing, or that is longer than is kept.
    fn damaged(&mut self, place: Place, message: &join::Message, sink: &mut dyn Sink) {
        self.spoil();
        let kind = message.bytes.first().copied();
        let missing = message.missing;
        if kind == Some(11) && message.bytes.len() > 7 {
            let whole = message.intact.min(message.bytes.len());
            let certificate = partial_certificate(
                &message.bytes[..whole.max(4)],
                self.spoken.is_tls13(),
                missing,
                &mut |der| sink.certificate(der),
            );
            place.tell(false, TlsEventKind::Handshake(Handshake::Certificate(certificate)), sink);
        }
        if message.too_long {
            place.tell(
                false,
                TlsEventKind::Malformed { what: "a handshake message", reason: "it is longer than is kept" },
                sink,
            );
        } else {
            place.tell(false, TlsEventKind::Lost { what: kind, missing }, sink);
        }
    }

    /// What later messages depend on.
    fn learn(&mut self, place: Place, message: &Handshake, sink: &mut dyn Sink) {
        match message {
            Handshake::ClientHello(hello) if self.client_random.is_none() || self.may_renegotiate() => {
                self.client_random = Some(hello.random);
                self.early_data = hello.offers_early_data;
            }
            Handshake::ServerHello(hello) if self.spoken.version.is_none() || !hello.is_retry => {
                self.spoken = Spoken { version: Some(hello.negotiated()), suite: hello.cipher_suite };
                if hello.is_retry {
                    self.early_data = false;
                    if let Some(transcript) = &mut self.transcript {
                        transcript.restart(self.spoken);
                    }
                } else {
                    self.start_decryption(place, hello, sink);
                }
            }
            Handshake::CertificateRequest(_) if self.finished.iter().all(|done| *done) => {
                self.asked_late = true
            }
            Handshake::Finished => {
                self.asked_late &= place.from == Side::Server;
                self.finished[place.from as usize] = true;
                if let Some(decryptor) = &mut self.decryptor {
                    decryptor.finished(place.from);
                }
            }
            Handshake::EndOfEarlyData => {
                if let Some(decryptor) = &mut self.decryptor {
                    decryptor.end_of_early_data();
                }
            }
            Handshake::KeyUpdate => {
                if let Some(decryptor) = &mut self.decryptor {
                    decryptor.key_update(place.from);
                }
            }
            _ => {}
        }
    }

    /// A message in SSLv2 framing.
    fn sslv2(&mut self, place: Place, body: &[u8], sink: &mut dyn Sink) {
        match body {
            [1, rest @ ..] => {
                let value = match sslv2_client_hello(rest) {
                    Some(hello) => Handshake::ClientHello(Box::new(hello)),
                    None => {
                        let len = u32::try_from(rest.len()).unwrap_or(u32::MAX);
                        Handshake::Other { kind: 1, len, error: Some("its fields do not fit its length") }
                    }
                };
                if let Some(transcript) = &mut self.transcript {
                    transcript.add(body);
                }
                self.learn(place, &value, sink);
                place.tell(false, TlsEventKind::Handshake(value), sink);
            }
            [4, _, _, v1, v2, c1, c2, _, _, _, _, rest @ ..] => {
                let hello = ServerHello {
                    version: crate::iana::Version(u16::from_be_bytes([*v1, *v2])),
                    ..ServerHello::default()
                };
                place.tell(false, TlsEventKind::Handshake(Handshake::ServerHello(Box::new(hello))), sink);
                let len = usize::from(u16::from_be_bytes([*c1, *c2]));
                if let Some(der) = rest.get(..len).filter(|der| !der.is_empty()) {
                    let message =
                        CertificateMessage { chain: vec![Arc::from(der)], ..CertificateMessage::default() };
                    place.tell(false, TlsEventKind::Handshake(Handshake::Certificate(message)), sink);
                }
            }
            _ => place.tell(false, TlsEventKind::Other { what: "an SSLv2 message", len: 0 }, sink),
        }
    }
}
