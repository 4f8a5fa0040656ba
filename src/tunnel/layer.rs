//! The protocol that is being followed, whichever it is.

use super::http::Connect;
use super::identify::{http, identify};
use super::ldap::Ldap;
use super::mysql::MySql;
use super::postgres::Postgres;
use super::proxy_protocol::ProxyHeader;
use super::rdp::Rdp;
use super::socks::Socks;
use super::step::{Peer, Step};
use super::text::Text;
use super::xmpp::Xmpp;

/// The protocol that is being followed.
#[derive(Debug, Default)]
pub(super) enum Layer {
    /// Nothing is known of it yet.
    #[default]
    Fresh,
    Text(Text),
    Xmpp(Xmpp),
    Ldap(Ldap),
    MySql(MySql),
    Postgres(Postgres),
    Rdp(Rdp),
    Connect(Connect),
    Socks(Socks),
    ProxyHeader(ProxyHeader),
    /// A protocol that cannot be followed: TLS is only looked for where a segment begins.
    Scan,
}

/// The word of the report for plain bytes before TLS that nobody knows.
pub(super) const UNKNOWN_PRELUDE: &str = "plaintext-prelude";

/// Enough for every word and number that decides which protocol it is.
const DECIDING_BYTES: usize = 12;

impl Layer {
    /// Lets the protocol read the front of a direction; `None` when none is known yet.
    pub(super) fn step(&mut self, from: Peer, bytes: &[u8]) -> Option<Step> {
        Some(match self {
            Self::Fresh => return None,
            Self::Text(text) => text.step(from, bytes),
            Self::Xmpp(xmpp) => xmpp.step(from, bytes),
            Self::Ldap(ldap) => ldap.step(from, bytes),
            Self::MySql(mysql) => mysql.step(from, bytes),
            Self::Postgres(postgres) => postgres.step(from, bytes),
            Self::Rdp(rdp) => rdp.step(from, bytes),
            Self::Connect(connect) => connect.step(from, bytes),
            Self::Socks(socks) => socks.step(from, bytes),
            Self::ProxyHeader(header) => header.step(bytes),
            Self::Scan => Step::Used(bytes.len()),
        })
    }

    /// Host and port that a proxy was asked for.
    pub(super) fn target(&self) -> Option<&str> {
        match self {
            Self::Connect(connect) => connect.target(),
            Self::Socks(socks) => socks.target(),
            Self::ProxyHeader(header) => header.target(),
            _ => None,
        }
    }

    /// The protocol whose first bytes these are: `None` while there are too few, `Err` with the name of one that does
    /// not lead to TLS.
    pub(super) fn detect(bytes: &[u8]) -> Option<Result<Self, &'static str>> {
        type Begins = fn(&[u8]) -> Option<bool>;
        let followed: [(Begins, fn() -> Self); 6] = [
            (ProxyHeader::begins, || Self::ProxyHeader(ProxyHeader::default())),
            (Postgres::begins, || Self::Postgres(Postgres::default())),
            (Socks::begins, || Self::Socks(Socks::default())),
            (Rdp::begins, || Self::Rdp(Rdp::default())),
            (Ldap::begins, || Self::Ldap(Ldap::default())),
            (MySql::begins, || Self::MySql(MySql::default())),
        ];
        let mut undecided = false;
        for (begins, layer) in followed {
            match begins(bytes) {
                Some(true) => return Some(Ok(layer())),
                Some(false) => {}
                None => undecided = true,
            }
        }
        if undecided {
            return None;
        }
        if bytes.iter().take(4).all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n')) {
            return Self::detect_text(bytes);
        }
        if bytes.len() < DECIDING_BYTES {
            return None;
        }
        Some(identify(bytes, true).or_else(|| identify(bytes, false)).map_or(Ok(Self::Scan), Err))
    }

    fn detect_text(bytes: &[u8]) -> Option<Result<Self, &'static str>> {
        if bytes.starts_with(b"<") {
            return Some(Ok(Self::Xmpp(Xmpp::default())));
        }
        if bytes.starts_with(b"CONNECT ") {
            return Some(Ok(Self::Connect(Connect::default())));
        }
        if bytes.starts_with(b"SSH-") {
            return Some(Err("SSH"));
        }
        // A shorter line decides at its end.
        let whole = memchr::memchr(b'\n', bytes);
        if whole.is_none() && bytes.len() < DECIDING_BYTES {
            return None;
        }
        let line = bytes.get(..whole.unwrap_or(bytes.len())).unwrap_or_default().trim_ascii_end();
        match http(line) {
            // The answer to a CONNECT that came before the capture began, perhaps.
            Some("HTTP response") if line.get(8..12) == Some(b" 200") => Some(Ok(Self::Scan)),
            Some(name) => Some(Err(name)),
            None => Some(Ok(Self::Text(Text::default()))),
        }
    }

    /// The word of the report.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(text) => text.kind(),
            Self::Xmpp(_) => "starttls-xmpp",
            Self::Ldap(_) => "starttls-ldap",
            Self::MySql(_) => "starttls-mysql",
            Self::Postgres(_) => "starttls-postgres",
            Self::Rdp(_) => "starttls-rdp",
            Self::Connect(_) => "http-connect",
            Self::Socks(_) => "socks",
            Self::ProxyHeader(_) => "proxy-protocol",
            Self::Fresh | Self::Scan => UNKNOWN_PRELUDE,
        }
    }

    /// The protocol that is being followed, where it is known.
    pub(super) fn spoken(&self) -> Option<&'static str> {
        match self {
            Self::Connect(_) => Some("HTTP"),
            Self::Fresh | Self::Scan => None,
            _ => Some(self.name()).filter(|name| *name != "text"),
        }
    }

    /// Its name as a protocol that TLS does not follow from.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Text(text) => text.name(),
            Self::Xmpp(_) => "XMPP",
            Self::Ldap(_) => "LDAP",
            Self::MySql(_) => "MySQL",
            Self::Postgres(_) => "PostgreSQL",
            Self::Rdp(_) => "RDP",
            Self::Connect(_) => "HTTP request",
            Self::Socks(_) => "SOCKS",
            Self::ProxyHeader(_) => "PROXY protocol",
            Self::Fresh | Self::Scan => "unknown",
        }
    }
}
