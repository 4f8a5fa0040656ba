//! What the lengths of TLS 1.3 records tell when there are no keys (RFC 8446 §5.2: the length is content, type and tag).

use smallvec::SmallVec;

use crate::capture::Timestamp;
use crate::connection::{Connection, ProtectedRecord};
use crate::iana::CipherSuite;
use crate::tls::message::Side;

/// A record that is as long as an alert, and where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// The packet with which it was complete.
    pub packet: u64,
    /// When that was.
    pub time: Timestamp,
    /// Bytes of its fragment.
    pub len: u32,
}

/// What a client with a certificate request in hand seems to have answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HiddenAuth {
    /// Nothing: it was not asked, as far as the lengths show.
    #[default]
    Nothing,
    /// A Certificate message without certificates.
    Empty,
    /// A Certificate message with certificates.
    Sent,
}

/// What the records of a TLS 1.3 handshake without keys seem to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hidden {
    /// The client sent an alert in place of its Finished.
    pub client_alert: Option<Short>,
    /// The client's Finished.
    pub client_finished: Option<Short>,
    /// What it sent for a client certificate.
    pub client_auth: HiddenAuth,
    /// The client sent data after its Finished.
    pub client_data: bool,
    /// The first record of the length of an alert after the client's Finished: a closing, most likely.
    pub client_closing: Option<Short>,
    /// The server's records after the client's Finished begin with an alert, and nothing longer follows.
    pub server_alert: Option<Short>,
    /// The server sent something longer than an alert after the client's Finished.
    pub server_data: bool,
    /// The server sent an alert in place of its first flight.
    pub early_server_alert: Option<Short>,
    /// Bytes of the server's protected records ahead of the client's answer.
    pub server_flight: u64,
}

impl Hidden {
    /// Reads the lengths; nothing in a connection that is not TLS 1.3 or that could be decrypted.
    pub fn read(connection: &Connection) -> Self {
        let Some(hello) = connection.server_hello.as_ref().filter(|_| connection.is_tls13()) else {
            return Self::default();
        };
        if connection.decrypted {
            return Self::default();
        }
        let tag = tag_len(hello.value.cipher_suite);
        let mut hidden = Self::default();
        let finished = finished_len(hello.value.cipher_suite);
        let [client, server] =
            [Side::Client, Side::Server].map(|side| records(connection, side, hello.packet));
        hidden.read_client(&client, tag, finished);
        hidden.read_server(&server, tag, finished);
        hidden
    }

    fn read_client(&mut self, records: &[ProtectedRecord], tag: u32, finished_len: u32) {
        let Some(first) = records.first() else { return };
        if is_alert(first.len, tag) {
            self.client_alert = Some(short(first));
            return;
        }
        let (auth, finished) = match client_flight(records, tag) {
            Some(found) => found,
            None => return,
        };
        self.client_auth = auth;
        self.client_finished = records.get(finished).map(short);
        let mut after = records.iter().skip(finished + 1);
        let pads = records.get(finished).and_then(|record| pads(record.len, tag, finished_len));
        self.client_data = after.clone().any(|record| !is_alert_of(record.len, tag, pads));
        self.client_closing = after.find(|record| is_alert_of(record.len, tag, pads)).map(short);
    }

    fn read_server(&mut self, records: &[ProtectedRecord], tag: u32, finished_len: u32) {
        let answer = self.client_finished.or(self.client_alert).map_or(u64::MAX, |record| record.packet);
        let (before, after): (SmallVec<[&ProtectedRecord; 8]>, SmallVec<[&ProtectedRecord; 8]>) =
            records.iter().partition(|record| record.packet <= answer);
        self.server_flight = before.iter().map(|record| u64::from(record.len)).sum();
        if let [first, rest @ ..] = before.as_slice()
            && is_alert(first.len, tag)
            && rest.iter().all(|record| is_alert(record.len, tag))
        {
            self.early_server_alert = Some(short(first));
        }
        if self.client_finished.is_none() {
            return;
        }
        let pads = before.last().and_then(|record| pads(record.len, tag, finished_len));
        self.server_data = after.iter().any(|record| !is_alert_of(record.len, tag, pads));
        let closing = self.client_closing.map_or(u64::MAX, |record| record.packet);
        if !self.server_data {
            // Behind the client's own closing it is the answer to that.
            self.server_alert =
                after.first().map(|record| short(record)).filter(|record| record.packet < closing);
        }
    }
}

/// Where the client's Finished is among its protected records, and what it sent for a certificate. A client with much to
/// send may put Certificate, CertificateVerify and Finished into one record.
fn client_flight(records: &[ProtectedRecord], tag: u32) -> Option<(HiddenAuth, usize)> {
    let first = records.first()?;
    if is_one_of(first.len, tag, &FINISHED) {
        return Some((HiddenAuth::Nothing, 0));
    }
    if is_one_of(first.len, tag, &[EMPTY_CERTIFICATE + FINISHED[0], EMPTY_CERTIFICATE + FINISHED[1]]) {
        return Some((HiddenAuth::Empty, 0));
    }
    let auth = match is_one_of(first.len, tag, &[EMPTY_CERTIFICATE]) {
        true => HiddenAuth::Empty,
        false => HiddenAuth::Sent,
    };
    let finished =
        records.iter().take(4).position(|record| is_one_of(record.len, tag, &FINISHED)).unwrap_or(0);
    // A lone Certificate is not yet a flight.
    match auth == HiddenAuth::Empty && finished == 0 {
        true => None,
        false => Some((auth, finished)),
    }
}

fn records(connection: &Connection, side: Side, from_packet: u64) -> SmallVec<[ProtectedRecord; 8]> {
    let all = match side {
        Side::Client => &connection.protected[0],
        Side::Server => &connection.protected[1],
    };
    all.iter().filter(|record| record.content_type == 23 && record.packet >= from_packet).copied().collect()
}

fn short(record: &ProtectedRecord) -> Short {
    Short { packet: record.packet, time: record.time, len: record.len }
}

/// Whether a record of `len` bytes holds an alert: two bytes of content, as they are or padded as the JDK does.
pub fn is_alert(len: u32, tag: u32) -> bool {
    is_one_of(len, tag, &[2])
}

/// Whether a side pads its records as the JDK does, as the length of its Finished shows; `None` where it does not.
fn pads(len: u32, tag: u32, finished_len: u32) -> Option<bool> {
    match len.checked_sub(finished_len + 1 + tag)? {
        0 => Some(false),
        JDK_PADDING => Some(true),
        _ => None,
    }
}

/// The same of a side of which it may be known whether it pads: then only one length is an alert's.
fn is_alert_of(len: u32, tag: u32, pads: Option<bool>) -> bool {
    let bare = 2 + 1 + tag;
    match pads {
        Some(true) => len == bare + JDK_PADDING,
        Some(false) => len == bare,
        None => is_alert(len, tag),
    }
}

/// Bytes of a Finished under this suite (RFC 8446 §4.4.4, §B.4).
const fn finished_len(suite: CipherSuite) -> u32 {
    match suite.0 {
        0x1302 => FINISHED[1],
        _ => FINISHED[0],
    }
}

/// Whether a record of `len` bytes holds content of one of these lengths: with the content type and the tag, and with or
/// without the 16 bytes of padding that the JDK adds.
fn is_one_of(len: u32, tag: u32, contents: &[u32]) -> bool {
    contents.iter().any(|content| {
        let bare = content + 1 + tag;
        len == bare || len == bare + JDK_PADDING
    })
}

/// Bytes of the authentication tag (RFC 8446 §B.4): 8 for the CCM_8 suite, else 16.
pub const fn tag_len(suite: CipherSuite) -> u32 {
    match suite.0 {
        0x1305 => 8,
        _ => 16,
    }
}

/// Bytes of a Finished with SHA-256 and with SHA-384: header and hash (RFC 8446 §4.4.4).
const FINISHED: [u32; 2] = [36, 52];
/// Bytes of the longest record with a Finished alone: that of SHA-384 with the content type, a tag of 16, and the JDK's padding.
pub(super) const LONGEST_FINISHED: u32 = FINISHED[1] + 1 + 16 + JDK_PADDING;
/// Bytes of a Certificate without certificates: header, empty context, empty list (RFC 8446 §4.4.2).
const EMPTY_CERTIFICATE: u32 = 8;
/// Zero bytes that the JDK appends to what it encrypts.
const JDK_PADDING: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Builder;

    fn read(suite: u16, client: &[u32], server: &[u32]) -> Hidden {
        let connection =
            Builder::tls13(suite).server_records(&[1500]).client_records(client).server_records(server);
        Hidden::read(&connection.build())
    }

    #[test]
    fn a_record_of_19_bytes_in_place_of_the_finished_is_an_alert() {
        let hidden = read(0x1302, &[19], &[]);
        assert_eq!(hidden.client_alert.map(|alert| alert.len), Some(19));
        assert!(hidden.client_finished.is_none());
    }

    #[test]
    fn the_jdk_pads_its_alert_to_35_bytes_and_ccm_8_shortens_it_to_11() {
        assert!(read(0x1302, &[35], &[]).client_alert.is_some());
        assert!(read(0x1305, &[11], &[]).client_alert.is_some());
        assert!(read(0x1305, &[45], &[]).client_finished.is_some());
    }

    #[test]
    fn a_record_of_19_bytes_after_the_finished_is_a_closing() {
        let hidden = read(0x1302, &[69, 19], &[]);
        assert!(hidden.client_alert.is_none() && hidden.client_finished.is_some() && !hidden.client_data);
    }

    #[test]
    fn an_empty_client_certificate_shows_by_its_length() {
        assert_eq!(read(0x1302, &[25, 69, 120], &[]).client_auth, HiddenAuth::Empty);
        assert_eq!(read(0x1301, &[61, 65], &[]).client_auth, HiddenAuth::Empty);
        assert_eq!(read(0x1302, &[41, 85], &[]).client_auth, HiddenAuth::Empty);
        assert_eq!(read(0x1302, &[917, 281, 69, 80], &[]).client_auth, HiddenAuth::Sent);
        assert_eq!(read(0x1302, &[69, 80], &[]).client_auth, HiddenAuth::Nothing);
    }

    #[test]
    fn a_request_as_long_as_a_padded_alert_is_data_where_the_finished_is_not_padded() {
        let hidden = read(0x1302, &[25, 69, 35], &[19]);
        assert!(hidden.client_closing.is_none() && hidden.client_data && hidden.server_alert.is_some());
        let hidden = read(0x1302, &[41, 85, 35], &[19]);
        assert!(hidden.client_closing.is_some() && hidden.server_alert.is_none());
    }

    #[test]
    fn a_server_that_answers_the_finished_with_a_lone_alert_refuses() {
        let hidden = read(0x1302, &[25, 69, 120], &[19]);
        assert!(hidden.server_alert.is_some() && hidden.client_data);
        let hidden = read(0x1302, &[69, 120], &[255, 255, 300, 19]);
        assert!(hidden.server_alert.is_none() && hidden.server_data);
    }
}
