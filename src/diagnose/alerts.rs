//! What each TLS stack does about each fault, as a table that is read both ways: from a cause to the alert, and from
//! an alert to the causes that fit it (RFC 8446 §6.2 leaves the choice to the stack).

use std::sync::OnceLock;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::connection::Connection;
use crate::fingerprint::{Stack, StackGuess};
use crate::tls::message::Side;

/// What a stack does about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sends {
    /// It sends this alert description.
    Alert(u8),
    /// It closes without an alert and without its Finished.
    Silent,
    /// It completes the handshake, and then closes without sending data.
    Late,
    /// It takes the connection.
    Accepts,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Whose behaviour it is.
    pub stack: Stack,
    /// The version in which it was seen.
    pub version: &'static str,
    /// In which role.
    pub role: Side,
    /// In TLS 1.3 (`Some(true)`), in TLS 1.2 and below (`Some(false)`), or in any version.
    pub tls13: Option<bool>,
    /// The causes.
    pub causes: Vec<&'static str>,
    /// What it does about them; several where that depends on the program or its settings.
    pub sends: Vec<Sends>,
    /// From where it is known.
    pub source: &'static str,
}

/// What the client was seen to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It sent this alert.
    Alert(u8),
    /// It sent an alert that cannot be read.
    SomeAlert,
    /// It closed without an alert, in place of its Finished.
    Silent,
    /// It closed after the handshake without sending data.
    Late,
    /// The same, with an encrypted record that may be an alert or a close_notify.
    LateOrAlert,
}

impl Seen {
    /// Whether a stack that does `one` may show itself so.
    pub const fn matches(self, one: Sends) -> bool {
        match (self, one) {
            (Self::Alert(seen), Sends::Alert(sent)) => seen == sent,
            (Self::SomeAlert | Self::LateOrAlert, Sends::Alert(_)) => true,
            (Self::Silent, Sends::Silent) => true,
            (Self::Late | Self::LateOrAlert, Sends::Late) => true,
            _ => false,
        }
    }

    /// Whether `stack`, which does `one`, shows itself so: behind a whole handshake an alert comes only from those that judge
    /// a certificate after their own Finished.
    pub fn is_from(self, stack: Stack, one: Sends) -> bool {
        let late_alert = self == Self::LateOrAlert && matches!(one, Sends::Alert(_));
        self.matches(one) && (!late_alert || sends_late_alerts(stack))
    }
}

/// Whether a stack sends its alert about a certificate behind its own Finished.
pub const fn sends_late_alerts(stack: Stack) -> bool {
    matches!(stack, Stack::Nss | Stack::Firefox)
}

/// How well a fault fits what was seen, for the stacks that the client may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fit {
    /// None of these stacks does this about that fault.
    Excluded,
    /// Not what these stacks are known to do, but nothing rules it out.
    Unusual,
    /// Nothing is known about these stacks, and some stack does it.
    Open,
    /// One of these stacks is known to do just this.
    Expected,
}

/// The table, parsed once.
pub fn table() -> &'static [Row] {
    static TABLE: OnceLock<Vec<Row>> = OnceLock::new();
    TABLE.get_or_init(|| DATA.lines().filter_map(parse_row).collect())
}

/// What `stack` does about `cause` in `role`; `None` when that is not known. A program that has no line of its own does as
/// its library does.
pub fn sends(stack: Stack, role: Side, tls13: bool, cause: &str) -> Option<&'static [Sends]> {
    match known().get(&(stack, role, tls13)).and_then(|causes| causes.get(cause)) {
        Some(own) => Some(own),
        None => library(stack).and_then(|base| sends(base, role, tls13, cause)),
    }
}

/// The table by stack, role and version, and then by cause.
type Known = HashMap<(Stack, Side, bool), HashMap<&'static str, Vec<Sends>, RandomState>, RandomState>;

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut known = Known::default();
        for row in table() {
            for tls13 in [false, true].into_iter().filter(|tls13| row.tls13.is_none_or(|only| only == *tls13))
            {
                let causes = known.entry((row.stack, row.role, tls13)).or_default();
                for cause in &row.causes {
                    causes.entry(cause).or_default().extend(&row.sends);
                }
            }
        }
        known
    })
}

/// Whether any stack in `role` is known to show itself so about `cause`.
pub fn any_does(role: Side, cause: &str, seen: Seen) -> bool {
    let rows = table().iter().filter(|row| row.role == role && row.causes.contains(&cause));
    rows.flat_map(|row| &row.sends).any(|&one| seen.matches(one))
}

/// The causes for which one of `stacks` (any stack when empty) sends `alert`, in the order of the table.
pub fn causes_of(stacks: &[Stack], role: Side, tls13: bool, alert: u8) -> Vec<&'static str> {
    let mut found = Vec::new();
    for row in table().iter().filter(|row| row.role == role && row.sends.contains(&Sends::Alert(alert))) {
        for &cause in &row.causes {
            let fits = stacks.is_empty()
                || stacks.iter().any(|&stack| {
                    sends(stack, role, tls13, cause).is_some_and(|all| all.contains(&Sends::Alert(alert)))
                });
            if fits && !found.contains(&cause) {
                found.push(cause);
            }
        }
    }
    found
}

/// How well `cause` fits what the client was seen to do.
pub fn fit(stack: &StackGuess, connection: &Connection, cause: &str, seen: Seen) -> Fit {
    let tls13 = connection.is_tls13();
    let known = stack.fits.iter().map(|&one| sends(one, Side::Client, tls13, cause));
    let certain = known.clone().flatten();
    if stack.fits.iter().any(|&one| shows(one, tls13, cause, seen)) {
        return Fit::Expected;
    }
    if stack.fits.is_empty() || known.clone().any(|sends| sends.is_none()) {
        return if any_does(Side::Client, cause, seen) { Fit::Open } else { Fit::Excluded };
    }
    let never_refused = certain.clone().all(|all| all.iter().all(|one| *one == Sends::Accepts));
    // An alert is a statement; a silent close can also come from the program above the stack.
    match matches!(seen, Seen::Alert(_)) || never_refused {
        true => Fit::Excluded,
        false => Fit::Unusual,
    }
}

/// Whether this client is known to show itself so about `cause`.
pub fn shows(stack: Stack, tls13: bool, cause: &str, seen: Seen) -> bool {
    sends(stack, Side::Client, tls13, cause)
        .is_some_and(|all| all.iter().any(|&one| seen.is_from(stack, one)))
}

/// Whether a program that seems to be of this stack may ask for the verdict after the handshake, whatever the library does by
/// itself: libraries leave that to the program, and browsers' hellos are imitated by others.
pub const fn leaves_the_verdict_to_programs(stack: Stack) -> bool {
    matches!(
        stack,
        Stack::OpenSsl
            | Stack::LibreSsl
            | Stack::Curl
            | Stack::BoringSsl
            | Stack::Chromium
            | Stack::Firefox
            | Stack::Nss
            | Stack::GnuTls
            | Stack::MbedTls
            | Stack::WolfSsl
    )
}

/// Whether one of the stacks that the client may be is known to judge a certificate after the handshake.
pub fn judges_late(stack: &StackGuess, tls13: bool) -> bool {
    let late = |one: Stack, cause: &str| {
        sends(one, Side::Client, tls13, cause).is_some_and(|all| all.contains(&Sends::Late))
    };
    stack.fits.iter().any(|&one| late(one, "untrusted-root") || late(one, "hostname-mismatch"))
}

/// The library whose behaviour a program has where it shows none of its own.
pub const fn library(stack: Stack) -> Option<Stack> {
    match stack {
        Stack::Curl | Stack::Python | Stack::Php | Stack::Ruby | Stack::HaProxy | Stack::Stunnel => {
            Some(Stack::OpenSsl)
        }
        _ => None,
    }
}

/// The word for a stack in the tables of this folder.
pub const fn key(stack: Stack) -> &'static str {
    match stack {
        Stack::OpenSsl => "openssl",
        Stack::LibreSsl => "libressl",
        Stack::Curl => "curl",
        Stack::Python => "python",
        Stack::Node => "node",
        Stack::Php => "php",
        Stack::Ruby => "ruby",
        Stack::Nginx => "nginx",
        Stack::HaProxy => "haproxy",
        Stack::Stunnel => "stunnel",
        Stack::Java => "java",
        Stack::Go => "go",
        Stack::Rustls => "rustls",
        Stack::GnuTls => "gnutls",
        Stack::Wget => "wget",
        Stack::MbedTls => "mbedtls",
        Stack::WolfSsl => "wolfssl",
        Stack::Nss => "nss",
        Stack::Firefox => "firefox",
        Stack::Chromium => "chromium",
        Stack::BoringSsl => "boringssl",
        Stack::Schannel => "schannel",
        Stack::Apple => "apple",
    }
}

/// The stack for a word of the tables.
pub fn stack_of(word: &str) -> Option<Stack> {
    STACKS.into_iter().find(|&stack| key(stack) == word)
}

fn parse_row(line: &'static str) -> Option<Row> {
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let mut fields = line.split('\t');
    let stack = stack_of(fields.next()?)?;
    let version = fields.next()?;
    let role = match fields.next()? {
        "client" => Side::Client,
        "server" => Side::Server,
        _ => return None,
    };
    let tls13 = match fields.next()? {
        "1.2" => Some(false),
        "1.3" => Some(true),
        "any" => None,
        _ => return None,
    };
    let causes = fields.next()?.split(',').collect();
    let sends = fields.next()?.split(',').map(parse_sends).collect::<Option<Vec<Sends>>>()?;
    Some(Row { stack, version, role, tls13, causes, sends, source: fields.next()? })
}

fn parse_sends(word: &str) -> Option<Sends> {
    Some(match word {
        "silent" => Sends::Silent,
        "late" => Sends::Late,
        "accepts" => Sends::Accepts,
        number => Sends::Alert(number.parse().ok()?),
    })
}

const DATA: &str = include_str!("data/alerts.tsv");

const STACKS: [Stack; 23] = [
    Stack::OpenSsl,
    Stack::LibreSsl,
    Stack::Curl,
    Stack::Python,
    Stack::Node,
    Stack::Php,
    Stack::Ruby,
    Stack::Nginx,
    Stack::HaProxy,
    Stack::Stunnel,
    Stack::Java,
    Stack::Go,
    Stack::Rustls,
    Stack::GnuTls,
    Stack::Wget,
    Stack::MbedTls,
    Stack::WolfSsl,
    Stack::Nss,
    Stack::Firefox,
    Stack::Chromium,
    Stack::BoringSsl,
    Stack::Schannel,
    Stack::Apple,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_well_formed_and_names_causes_that_exist() {
        let lines = DATA.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            let row = parse_row(line).unwrap_or_else(|| panic!("cannot be read: {line}"));
            for cause in row.causes {
                assert!(crate::diagnose::cause(cause).is_some(), "no such cause: {cause} in {line}");
            }
        }
    }

    #[test]
    fn unknown_ca_from_openssl_excludes_a_wrong_host_name() {
        let causes = causes_of(&[Stack::OpenSsl], Side::Client, false, 48);
        assert!(causes.contains(&"untrusted-root") && !causes.contains(&"hostname-mismatch"));
    }

    #[test]
    fn bad_certificate_from_go_says_nothing_about_the_fault() {
        let causes = causes_of(&[Stack::Go], Side::Client, true, 42);
        for cause in ["untrusted-root", "expired", "hostname-mismatch", "wrong-eku"] {
            assert!(causes.contains(&cause), "{cause}");
        }
    }

    #[test]
    fn a_program_does_as_its_library_does_where_it_has_no_line_of_its_own() {
        assert_eq!(sends(Stack::Php, Side::Client, true, "expired"), Some(&[Sends::Alert(45)][..]));
        assert_eq!(
            sends(Stack::HaProxy, Side::Client, true, "hostname-mismatch"),
            Some(&[Sends::Alert(80)][..])
        );
    }
}
