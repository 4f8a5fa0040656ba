//! Folds what the TLS session tells into the facts of the connection, its timeline and its history.

use crate::capture::Timestamp;
use crate::connection::{At, Connection, Detail, Item, ProtectedRecord, RecordKind, SeenAlert, SentChain};
use crate::error::Warning;
use crate::iana::HandshakeType;
use crate::tcp::SegmentNote;
use crate::tls::message::{Alert, CertificateMessage, Handshake, Side};
use crate::tls::session::{TlsEvent, TlsEventKind};

use super::live::Mark;
use super::renegotiation::{self, Aside};
use super::timeline::TimelineKeeper;

/// Takes the events of one delivery.
pub(super) struct Folder<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) timeline: &'a mut TimelineKeeper,
    pub(super) history: &'a mut String,
    pub(super) aside: &'a mut Option<Aside>,
    pub(super) marks: &'a [Mark],
    pub(super) current: Option<&'a SegmentNote>,
    /// The stream is over: what is told now belongs to packets that were told.
    pub(super) at_end: bool,
    /// The packet with which each side closed, if it has: client, server.
    pub(super) closed: [Option<u64>; 2],
}

/// The place of an event: first and last packet, and the time of the last.
#[derive(Clone, Copy)]
struct Place {
    first: u64,
    last: u64,
    time: Timestamp,
}

impl Place {
    fn at<T>(self, value: T) -> At<T> {
        At { packet: self.last, first_packet: self.first, time: self.time, value }
    }
}

/// Protected records kept per side.
const PROTECTED: usize = 64;
/// Alerts kept per connection.
const ALERTS: usize = 64;
/// Letters kept of a history.
const HISTORY: usize = 64;
/// The alert with which a side declines a second handshake and keeps the session (RFC 5246 §7.2.2).
const NO_RENEGOTIATION: u8 = 100;
/// Certificates kept of one message.
const CERTIFICATES: usize = 256;

impl Folder<'_> {
    /// Takes one event.
    pub(super) fn event(&mut self, event: TlsEvent) {
        self.fold(event);
        renegotiation::settle(self.connection, self.aside);
    }

    fn fold(&mut self, event: TlsEvent) {
        let place = self.place(event.start, event.end);
        let from = event.from;
        let shown = self.at_end.then_some(place.last);
        self.timeline.goes_to(shown);
        self.map(&event, place.last);
        match event.kind {
            TlsEventKind::Handshake(message) => {
                self.connection.speaks_tls[from as usize] = true;
                self.connection.decrypted |= event.encrypted;
                self.handshake(from, place, message, event.encrypted);
            }
            TlsEventKind::Alert(alert) => self.alert(from, place, Some(alert), event.encrypted),
            TlsEventKind::EncryptedAlert { len } => {
                self.protected(from, place, 21, len);
                self.alert(from, place, None, true);
            }
            TlsEventKind::EncryptedHandshake { len } => self.encrypted_handshake(from, place, len),
            TlsEventKind::ChangeCipherSpec => {
                self.connection.speaks_tls[from as usize] = true;
                self.letter(from, 'I');
                self.item(Item::ChangeCipherSpec);
                self.connection.change_cipher_spec[from as usize].get_or_insert(place.at(()));
            }
            TlsEventKind::ApplicationData { len } => self.application_data(from, place, len, event.encrypted),
            TlsEventKind::UnfinishedData { .. } => self.connection.unfinished_data[from as usize] = true,
            TlsEventKind::Lost { what, missing } => {
                if what == Some(1) {
                    self.connection.client_hello_lost.get_or_insert(place.at(missing));
                }
                let name = what.map_or("a handshake message", |kind| HandshakeType(kind).name());
                self.warn(
                    "message-lost",
                    place.last,
                    format!("{missing} bytes of {name} of the {} are not in the capture", from.name()),
                );
            }
            TlsEventKind::Malformed { what, reason } => {
                self.item(Item::Note(format!("malformed {what}: {reason}").into()));
                self.warn(
                    "malformed-tls",
                    place.last,
                    format!("{what} from the {} is malformed: {reason}", from.name()),
                );
            }
            TlsEventKind::NotTls { sample } => {
                if self.connection.speaks_tls[from as usize] {
                    self.connection.left_tls[from as usize].get_or_insert(place.at(()));
                }
                self.item(Item::Note(format!("not TLS: {sample}").into()));
                self.warn(
                    "not-tls",
                    place.last,
                    format!("the {} sends bytes that are no TLS record: {sample}", from.name()),
                );
            }
            TlsEventKind::NoSecret => self.connection.lacks_secret = true,
            TlsEventKind::DecryptProblem { reason } => {
                self.warn("not-decrypted", place.last, reason.clone());
                self.connection.decrypt_problem.get_or_insert(reason);
            }
            TlsEventKind::Other { what, len: _ } => {
                self.connection.speaks_tls[from as usize] = true;
                self.item(Item::Note(what.into()));
            }
        }
    }

    /// Remembers where a record lies, when that was asked for.
    fn map(&mut self, event: &TlsEvent, packet: u64) {
        let c = &mut *self.connection;
        if c.maps[event.from as usize].is_off() {
            return;
        }
        let kind = match event.kind {
            TlsEventKind::ApplicationData { .. } | TlsEventKind::UnfinishedData { .. } => {
                // Before a ServerHello it is early data, or the version is not known and its body says nothing.
                // Before both have finished it takes the body to tell data from a message.
                let finished = c.finished.iter().all(Option::is_some);
                let hidden = c.is_tls13() && !(event.encrypted && finished);
                if hidden { RecordKind::Hidden } else { RecordKind::Data }
            }
            TlsEventKind::NotTls { .. } | TlsEventKind::DecryptProblem { .. } => return,
            _ => RecordKind::Other,
        };
        let (start, end) = (event.start, event.end);
        c.maps[event.from as usize].add(start, end, packet, kind);
    }

    /// The packets that carried the stream's bytes from `start` to `end`.
    fn place(&self, start: u64, end: u64) -> Place {
        let begin = self.marks.partition_point(|mark| mark.offset <= start).saturating_sub(1);
        let finish = self.marks.partition_point(|mark| mark.offset < end.max(start + 1));
        let marks = self.marks.get(begin..finish.max(begin)).unwrap_or(&[]);
        let last = marks.iter().max_by_key(|mark| mark.packet);
        match (marks.first(), last) {
            (Some(first), Some(last)) => {
                Place { first: first.packet.min(last.packet), last: last.packet, time: last.time }
            }
            _ => {
                let (packet, time) =
                    self.current.map_or((self.connection.first_packet, self.connection.start), |note| {
                        (note.packet, note.time)
                    });
                Place { first: packet, last: packet, time }
            }
        }
    }

    fn item(&mut self, item: Item) {
        self.timeline.item(self.current, item);
    }

    fn warn(&mut self, code: &'static str, packet: u64, text: String) {
        if self.connection.warnings.len() < 32 {
            self.connection.warnings.push(Warning::at(code, packet, text));
        }
    }

    /// A letter of the history: as given for the client, lower case for the server.
    fn letter(&mut self, from: Side, letter: char) {
        if self.history.len() < HISTORY {
            self.history.push(if from == Side::Client { letter } else { letter.to_ascii_lowercase() });
        }
    }

    fn message(&mut self, from: Side, letter: char, kind: HandshakeType, detail: Detail, encrypted: bool) {
        self.letter(from, letter);
        self.item(Item::Message { kind, detail, encrypted });
    }

    fn handshake(&mut self, from: Side, place: Place, message: Handshake, encrypted: bool) {
        let c = &mut *self.connection;
        match message {
            Handshake::ClientHello(hello) => {
                let mut detail =
                    detail_of(hello.sni.as_ref(), |name| Detail::ServerName(Box::new(name.clone())));
                if c.client_hello.is_some() && c.hello_retry.is_none() {
                    c.renegotiation = true;
                    detail = Detail::Renegotiation;
                    renegotiation::begin(c, self.aside);
                }
                if c.client_hello.is_none() {
                    c.client_hello = Some(place.at(hello));
                } else if c.hello_retry.is_some() && c.second_client_hello.is_none() {
                    c.second_client_hello = Some(place.at(hello));
                }
                self.message(from, 'C', HandshakeType::CLIENT_HELLO, detail, encrypted);
            }
            Handshake::ServerHello(hello) if hello.is_retry => {
                let detail = detail_of(hello.key_share, Detail::Wants);
                c.hello_retry.get_or_insert(place.at(hello));
                self.message(from, 'J', HandshakeType::HELLO_RETRY_REQUEST, detail, encrypted);
            }
            Handshake::ServerHello(hello) => {
                let detail = Detail::Chosen(hello.negotiated(), hello.cipher_suite);
                if c.server_hello.is_none() {
                    c.alpn.clone_from(&hello.alpn);
                    c.server_hello = Some(place.at(hello));
                }
                self.message(from, 'S', HandshakeType::SERVER_HELLO, detail, encrypted);
            }
            Handshake::EncryptedExtensions { alpn } => {
                if c.alpn.is_none() {
                    c.alpn = alpn;
                }
                self.message(from, 'O', HandshakeType::ENCRYPTED_EXTENSIONS, Detail::None, encrypted);
            }
            Handshake::Certificate(certificate) => self.certificate(from, place, certificate, encrypted),
            Handshake::CertificateStatus(response) => {
                if let Some(chain) = &mut c.server_chain {
                    chain.value.ocsp.get_or_insert(response);
                }
                self.message(from, 'U', HandshakeType::CERTIFICATE_STATUS, Detail::None, encrypted);
            }
            Handshake::ServerKeyExchange(exchange) => {
                let detail = detail_of(exchange.group, Detail::Group);
                c.server_key_exchange.get_or_insert(place.at(exchange));
                self.message(from, 'K', HandshakeType::SERVER_KEY_EXCHANGE, detail, encrypted);
            }
            Handshake::CertificateRequest(request) => {
                let detail = Detail::Authorities(count_of(&request.authorities));
                c.certificate_request.get_or_insert(place.at(Box::new(request)));
                self.message(from, 'R', HandshakeType::CERTIFICATE_REQUEST, detail, encrypted);
            }
            Handshake::ServerHelloDone => {
                c.server_hello_done.get_or_insert(place.at(()));
                self.message(from, 'N', HandshakeType::SERVER_HELLO_DONE, Detail::None, encrypted);
            }
            Handshake::ClientKeyExchange => {
                c.client_key_exchange.get_or_insert(place.at(()));
                self.message(from, 'G', HandshakeType::CLIENT_KEY_EXCHANGE, Detail::None, encrypted);
            }
            Handshake::CertificateVerify { verify } => {
                if from == Side::Server {
                    c.server_certificate_verify.get_or_insert(place.at(Box::new(verify)));
                } else {
                    c.client_certificate_verify.get_or_insert(place.at(Box::new(verify)));
                }
                self.message(from, 'Y', HandshakeType::CERTIFICATE_VERIFY, Detail::None, encrypted);
            }
            Handshake::Finished => {
                c.finished[from as usize].get_or_insert(place.at(()));
                self.message(from, 'F', HandshakeType::FINISHED, Detail::None, encrypted);
            }
            Handshake::NewSessionTicket => {
                c.session_ticket = true;
                self.message(from, 'T', HandshakeType::NEW_SESSION_TICKET, Detail::None, encrypted);
            }
            Handshake::HelloRequest => {
                c.renegotiation = true;
                self.message(from, 'H', HandshakeType::HELLO_REQUEST, Detail::None, encrypted);
            }
            Handshake::EndOfEarlyData => {
                self.message(from, 'E', HandshakeType::END_OF_EARLY_DATA, Detail::None, encrypted)
            }
            Handshake::KeyUpdate => {
                self.message(from, 'P', HandshakeType::KEY_UPDATE, Detail::None, encrypted)
            }
            Handshake::Other { kind, error, .. } => {
                let detail = detail_of(error, |reason| Detail::Unreadable(Box::new(reason)));
                if let Some(reason) = error {
                    let name = HandshakeType(kind).name();
                    self.warn(
                        "malformed-tls",
                        place.last,
                        format!("{name} of the {} cannot be read: {reason}", from.name()),
                    );
                }
                self.message(from, 'Z', HandshakeType(kind), detail, encrypted);
            }
        }
    }

    fn certificate(&mut self, from: Side, place: Place, message: CertificateMessage, encrypted: bool) {
        let (whole, missing, count) = (message.whole, message.missing, count_of(&message.chain));
        let before = self.aside.as_ref().and_then(|aside| aside.chain(from));
        let before = before.filter(|at| at.value.certificates == message.chain).map(|at| at.packet);
        let ocsp = message.ocsp.iter().find(|(position, _)| *position == 0).map(|(_, der)| der.clone());
        let mut certificates = message.chain;
        certificates.truncate(CERTIFICATES);
        let chain = SentChain {
            certificates,
            complete: !message.malformed,
            missing_bytes: message.missing,
            whole_bytes: message.whole,
            ocsp,
        };
        let slot = match from {
            Side::Client => &mut self.connection.client_chain,
            Side::Server => &mut self.connection.server_chain,
        };
        slot.get_or_insert(place.at(chain));
        if missing > 0 {
            // It is told when the connection ends, and belongs to the last packet that had bytes of it.
            self.letter(from, 'X');
            let text = format!("Certificate: incomplete, {} of {whole} bytes", whole.saturating_sub(missing));
            self.timeline.item_of(place.last, self.current, Item::Note(text.into()));
            return;
        }
        let detail = match before {
            Some(before) => Detail::CertificatesAgain(Box::new((count, before))),
            None => Detail::Certificates(count),
        };
        self.message(from, 'X', HandshakeType::CERTIFICATE, detail, encrypted);
    }

    fn alert(&mut self, from: Side, place: Place, alert: Option<Alert>, encrypted: bool) {
        self.connection.speaks_tls[from as usize] = true;
        self.letter(from, 'L');
        if let Some(alert) = alert {
            if alert.description.0 == NO_RENEGOTIATION
                && let Some(aside) = &mut *self.aside
            {
                aside.decline();
            }
            self.item(Item::Alert { alert, encrypted });
        }
        if self.connection.alerts.len() < ALERTS {
            let after_peer_closed =
                self.closed[from.peer() as usize].is_some_and(|packet| packet < place.last);
            self.connection.alerts.push(place.at(SeenAlert {
                sender: from,
                alert,
                encrypted,
                after_peer_closed,
            }));
        }
    }

    fn protected(&mut self, from: Side, place: Place, content_type: u8, len: u32) {
        self.keep_protected(from, place, content_type, len);
        if content_type != 23 || !self.is_flowing() {
            self.item(Item::Protected { content_type, len });
        }
    }

    fn keep_protected(&mut self, from: Side, place: Place, content_type: u8, len: u32) {
        self.connection.speaks_tls[from as usize] = true;
        let records = &mut self.connection.protected[from as usize];
        if records.len() < PROTECTED {
            records.push(ProtectedRecord { packet: place.last, time: place.time, content_type, len });
        }
    }

    fn is_flowing(&self) -> bool {
        self.connection.application_data.iter().any(Option::is_some)
    }

    fn encrypted_handshake(&mut self, from: Side, place: Place, len: u32) {
        let first = self.connection.finished[from as usize].is_none();
        if !first && !self.connection.is_tls13() {
            self.connection.renegotiation = true;
            self.keep_protected(from, place, 22, len);
            return self.item(Item::Renegotiation { len });
        }
        self.protected(from, place, 22, len);
        if first && !self.connection.is_tls13() {
            // In TLS 1.2 and below only a Finished can follow the ChangeCipherSpec.
            self.letter(from, 'F');
            self.connection.finished[from as usize] = Some(place.at(()));
        }
    }

    fn application_data(&mut self, from: Side, place: Place, len: u32, decrypted: bool) {
        let c = &mut *self.connection;
        c.speaks_tls[from as usize] = true;
        let facts = &mut c.tcp[from as usize];
        facts.app_records += 1;
        facts.app_bytes += u64::from(len);
        let count = facts.app_records;
        let first = count == 1;
        let hidden = c.is_tls13() || count < SURELY_DATA && may_be_tls13(c);
        if decrypted || !hidden {
            if c.application_data[from as usize].is_none() {
                c.application_data[from as usize] = Some(place.at(()));
            }
            if !self.is_flowing() || first {
                self.item(Item::ApplicationData { len });
            }
        } else {
            self.protected(from, place, 23, len);
        }
        if first {
            self.letter(from, 'D');
        }
    }
}

fn detail_of<T>(known: Option<T>, detail: impl FnOnce(T) -> Detail) -> Detail {
    known.map_or(Detail::None, detail)
}

fn count_of<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

/// Nothing shows the version: in TLS 1.3 messages and alerts look like data. Below it a handshake is clear up to its Finished.
fn may_be_tls13(c: &Connection) -> bool {
    c.server_hello.is_none()
        && c.server_chain.is_none()
        && c.server_hello_done.is_none()
        && c.client_key_exchange.is_none()
        && c.finished.iter().all(Option::is_none)
}

/// Records of a side of which not all can be messages of a handshake of TLS 1.3.
const SURELY_DATA: u64 = 8;
