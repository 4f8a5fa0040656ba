//! Key logs in the NSS format (`SSLKEYLOGFILE`), and the secrets embedded in a pcapng, which have the same lines.

mod found;
mod line;

use std::fmt;
use std::fs;
use std::path::Path;

use hashbrown::HashMap;

use self::found::describe;
use self::line::{Line, cut_line, parse_line};
use crate::error::{Error, Result, Warning};

/// What a logged secret protects (draft-ietf-tls-keylogfile §2, the NSS key log format).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// `CLIENT_RANDOM`: the master secret of SSL 3.0 to TLS 1.2, 48 bytes.
    Master,
    /// `CLIENT_EARLY_TRAFFIC_SECRET`: the client's early data.
    ClientEarly,
    /// `CLIENT_HANDSHAKE_TRAFFIC_SECRET`: the client's handshake messages.
    ClientHandshake,
    /// `SERVER_HANDSHAKE_TRAFFIC_SECRET`: the server's handshake messages.
    ServerHandshake,
    /// `CLIENT_TRAFFIC_SECRET_0`: the client's first application traffic secret.
    ClientTraffic,
    /// `SERVER_TRAFFIC_SECRET_0`: the server's first application traffic secret.
    ServerTraffic,
}

/// One secret: the 48 bytes of a master secret, or the 32 or 48 bytes of a traffic secret. Never shown by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret {
    bytes: [u8; MAX_SECRET],
    len: u8,
}

impl Secret {
    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// A secret as long as this one, which `fill` writes from it; `None` when that fails.
    pub(super) fn next(&self, fill: impl FnOnce(&[u8], &mut [u8]) -> bool) -> Option<Self> {
        let mut bytes = [0; MAX_SECRET];
        let filled = fill(self.as_bytes(), bytes.get_mut(..usize::from(self.len))?);
        filled.then_some(Self { bytes, len: self.len })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.len)
    }
}

/// Secrets by client random. Several sources merge; where two disagree the first one stays.
#[derive(Clone, Default)]
pub struct Secrets {
    by_random: HashMap<[u8; 32], [Option<Secret>; LABELS]>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} client randoms)", self.by_random.len())
    }
}

impl Secrets {
    /// Takes the lines of a key log; `origin` is its name in the warnings (code `keylog-line`), which give the
    /// number of the line, from 1. Comments, blank lines and secrets of no use here (exporters, ECH) pass silently,
    /// and so do premaster secrets beside master secrets.
    /// After 16 warnings the others are only counted.
    pub fn parse(&mut self, text: &[u8], origin: &str) -> Vec<Warning> {
        self.take(text, origin).warnings
    }

    /// Adds the key log in a file, and returns the warnings of [`parse`](Self::parse).
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read; [`Error::Input`], which says what was found instead, when it is no key log. One
    /// without a secret, as a client leaves it that gave up before it had keys, is a warning (`keylog-empty`).
    pub fn read(&mut self, path: &Path) -> Result<Vec<Warning>> {
        let text = fs::read(path).map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
        let taken = self.take(&text, &path.display().to_string());
        if taken.usable == 0 && found::has_no_secret_yet(&text, &taken) {
            let text = format!(
                "a key log without a secret ({}): the handshake ended before there were keys, or the log is of another process",
                describe(&text, &taken)
            );
            return Ok(vec![Warning::general("keylog-empty", text)]);
        }
        if taken.usable == 0 {
            let message =
                format!("no line of a key log (SSLKEYLOGFILE format); found {}", describe(&text, &taken));
            return Err(Error::Input { path: path.to_path_buf(), message });
        }
        Ok(taken.warnings)
    }

    /// Whether there is no secret at all.
    pub fn is_empty(&self) -> bool {
        self.by_random.is_empty()
    }

    /// For how many client randoms there is a secret.
    pub fn len(&self) -> usize {
        self.by_random.len()
    }

    /// Whether there is any secret for this client random.
    pub fn contains(&self, client_random: &[u8; 32]) -> bool {
        self.by_random.contains_key(client_random)
    }

    /// The secret logged for the random of the first ClientHello.
    pub fn get(&self, client_random: &[u8; 32], label: Label) -> Option<&Secret> {
        self.by_random.get(client_random)?.get(label as usize)?.as_ref()
    }

    /// The secrets of one connection as lines of a key log, in the order of [`Label`]; empty when there is none.
    ///
    /// They open the connection for whoever reads them: for an output that was asked to hold them, never for a report.
    pub fn lines(&self, client_random: &[u8; 32]) -> String {
        use fmt::Write as _;
        let mut text = String::new();
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        let random = hex(client_random);
        for (name, secret) in NAMES.iter().zip(self.by_random.get(client_random).into_iter().flatten()) {
            if let Some(secret) = secret {
                let _ = writeln!(text, "{name} {random} {}", hex(secret.as_bytes()));
            }
        }
        text
    }

    fn take(&mut self, text: &[u8], origin: &str) -> Taken {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut taken = Taken::default();
        let mut rest = text;
        let mut number = 0_u64;
        while !rest.is_empty() {
            number += 1;
            let (line, whole) = cut_line(&mut rest);
            match parse_line(line) {
                Line::Nothing => {}
                Line::Ignored => taken.ignored += 1,
                Line::Premaster => {
                    taken.premaster.get_or_insert(number);
                }
                Line::Secret(label, random, secret) => {
                    taken.usable += 1;
                    taken.masters |= label == Label::Master;
                    if !self.add(random, label, secret) {
                        taken.warn(format!(
                            "{origin}, line {number}: another secret for a client random that already has one; the first is used"
                        ));
                    }
                }
                Line::Bad(_) if !whole => {
                    taken.warn(format!("{origin}, line {number}: the last line is cut short"));
                }
                Line::Bad(why) => taken.warn(format!("{origin}, line {number}: {why}")),
            }
        }
        taken.close(origin);
        taken
    }

    /// False when another value is there already.
    fn add(&mut self, random: [u8; 32], label: Label, secret: Secret) -> bool {
        let entry = self.by_random.entry(random).or_default();
        match entry.get_mut(label as usize) {
            Some(slot) => *slot.get_or_insert(secret) == secret,
            None => false,
        }
    }
}

/// What the lines of one source came to.
#[derive(Default)]
struct Taken {
    usable: usize,
    ignored: usize,
    /// Whether there is a master secret.
    masters: bool,
    /// The first line with a premaster secret.
    premaster: Option<u64>,
    bad: usize,
    warnings: Vec<Warning>,
}

impl Taken {
    fn warn(&mut self, text: String) {
        self.bad += 1;
        if self.bad <= MAX_WARNINGS {
            self.warnings.push(Warning::general("keylog-line", text));
        }
    }

    fn close(&mut self, origin: &str) {
        // OpenSSL writes an RSA line beside the CLIENT_RANDOM line of the same handshake, which then is enough.
        if let Some(number) = self.premaster.filter(|_| !self.masters) {
            self.warn(format!(
                "{origin}, line {number}: a premaster secret (RSA, PMS_CLIENT_RANDOM) is not supported; CLIENT_RANDOM lines are"
            ));
        }
        if let Some(more) = self.bad.checked_sub(MAX_WARNINGS).filter(|more| *more > 0) {
            self.warnings.push(Warning::general(
                "keylog-line",
                format!("{origin}: {more} more lines that cannot be used"),
            ));
        }
    }
}

/// Bytes of the longest secret: SHA-384's, or the master secret.
const MAX_SECRET: usize = 48;
/// The labels' names in a key log, in the order of [`Label`].
const NAMES: [&str; LABELS] = [
    "CLIENT_RANDOM",
    "CLIENT_EARLY_TRAFFIC_SECRET",
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET",
    "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0",
];
/// Number of labels.
const LABELS: usize = 6;
/// Lines of one source that are warned of one by one.
const MAX_WARNINGS: usize = 16;

#[cfg(test)]
mod tests {
    use super::line::decode;
    use super::*;

    const RANDOM: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

    fn random() -> [u8; 32] {
        decode::<32>(RANDOM.as_bytes()).unwrap().0
    }

    fn parsed(text: &str) -> (Secrets, Vec<String>) {
        let mut secrets = Secrets::default();
        let warnings = secrets.parse(text.as_bytes(), "keys.log");
        (secrets, warnings.into_iter().map(|warning| warning.text).collect())
    }

    #[test]
    fn every_label_is_found_under_its_client_random() {
        let traffic = "ab".repeat(32);
        let long = "CD".repeat(48);
        let (secrets, warnings) = parsed(&format!(
            "# comment\r\n\r\n  CLIENT_RANDOM {RANDOM} {long}\r\nCLIENT_EARLY_TRAFFIC_SECRET {RANDOM} {traffic}\n\
             CLIENT_HANDSHAKE_TRAFFIC_SECRET {RANDOM} {traffic}\nSERVER_HANDSHAKE_TRAFFIC_SECRET {RANDOM} {long}\n\
             CLIENT_TRAFFIC_SECRET_0\t{RANDOM}\t{traffic}\nSERVER_TRAFFIC_SECRET_0 {RANDOM} {long}\n\
             EXPORTER_SECRET {RANDOM} {traffic}\nEARLY_EXPORTER_SECRET {RANDOM} {traffic}\n\
             ECH_SECRET {RANDOM} {traffic}\nECH_CONFIG {RANDOM} fe0d\nCLIENT_TRAFFIC_SECRET_1 {RANDOM} {traffic}\n"
        ));
        assert_eq!(warnings, Vec::<String>::new());
        assert_eq!(secrets.len(), 1);
        let len = |label| secrets.get(&random(), label).unwrap().as_bytes().len();
        assert_eq!(len(Label::Master), 48);
        assert_eq!(len(Label::ClientEarly), 32);
        assert_eq!(len(Label::ClientHandshake), 32);
        assert_eq!(len(Label::ServerHandshake), 48);
        assert_eq!(len(Label::ClientTraffic), 32);
        assert_eq!(secrets.get(&random(), Label::ServerTraffic).unwrap().as_bytes(), [0xcd; 48]);
        assert!(secrets.get(&[0; 32], Label::Master).is_none());
    }

    #[test]
    fn a_bad_line_is_named_by_its_number_and_costs_only_itself() {
        let good = "ab".repeat(48);
        let (secrets, warnings) = parsed(&format!(
            "hello\nCLIENT_RANDOM {RANDOM} {good}\nCLIENT_RANDOM 00 {good}\nCLIENT_RANDOM {RANDOM} zz\n\
             CLIENT_TRAFFIC_SECRET_0 {RANDOM} abab\nRSA 0011223344556677 {good}\nCLIENT_RANDOM {RANDOM} abc"
        ));
        assert_eq!(secrets.len(), 1);
        assert_eq!(
            warnings,
            [
                "keys.log, line 1: no label of the key log format",
                "keys.log, line 3: the client random is not 64 hex digits",
                "keys.log, line 4: the secret is missing, or is not 64 or 96 hex digits",
                "keys.log, line 5: the traffic secret is not 64 or 96 hex digits",
                "keys.log, line 7: the last line is cut short",
            ]
        );
    }

    #[test]
    fn premaster_secrets_alone_are_said_to_be_unsupported() {
        let (secrets, warnings) = parsed(&format!("\nRSA 0011223344556677 {}\n", "ab".repeat(48)));
        assert!(secrets.is_empty());
        assert_eq!(
            warnings,
            [
                "keys.log, line 2: a premaster secret (RSA, PMS_CLIENT_RANDOM) is not supported; CLIENT_RANDOM lines are"
            ]
        );
    }

    #[test]
    fn warnings_are_bounded_and_the_rest_is_counted() {
        let (_, warnings) = parsed(&"nonsense\n".repeat(100));
        assert_eq!(warnings.len(), MAX_WARNINGS + 1);
        assert_eq!(warnings.last().unwrap(), "keys.log: 84 more lines that cannot be used");
    }

    #[test]
    fn sources_merge_and_the_first_of_two_different_secrets_stays() {
        let mut secrets = Secrets::default();
        let line = |byte: &str| format!("CLIENT_RANDOM {RANDOM} {}", byte.repeat(48));
        assert!(secrets.parse(line("aa").as_bytes(), "a").is_empty());
        assert!(secrets.parse(line("AA").as_bytes(), "b").is_empty());
        assert_eq!(secrets.parse(line("bb").as_bytes(), "c").len(), 1);
        assert_eq!(secrets.get(&random(), Label::Master).unwrap().as_bytes(), [0xaa; 48]);
    }

    #[test]
    fn the_lines_of_a_connection_are_read_back_as_its_secrets() {
        let traffic = "ab".repeat(32);
        let (secrets, _) = parsed(&format!(
            "SERVER_TRAFFIC_SECRET_0 {RANDOM} {traffic}\nCLIENT_RANDOM {RANDOM} {}\n\
             CLIENT_HANDSHAKE_TRAFFIC_SECRET {RANDOM} {traffic}\nCLIENT_RANDOM {} {}\n",
            "cd".repeat(48),
            "11".repeat(32),
            "22".repeat(48)
        ));
        let lines = secrets.lines(&random());
        assert_eq!(lines.lines().count(), 3);
        let (again, warnings) = parsed(&lines);
        assert!(warnings.is_empty() && again.len() == 1);
        for label in [Label::Master, Label::ClientHandshake, Label::ServerTraffic] {
            assert_eq!(again.get(&random(), label), secrets.get(&random(), label));
        }
        assert_eq!(secrets.lines(&[9; 32]), "");
    }

    #[test]
    fn secrets_are_never_shown_by_debug() {
        let (secrets, _) = parsed(&format!("CLIENT_RANDOM {RANDOM} {}", "ab".repeat(48)));
        assert_eq!(format!("{secrets:?}"), "Secrets(1 client randoms)");
        assert_eq!(format!("{:?}", secrets.get(&random(), Label::Master)), "Some(Secret(48 bytes))");
    }
}
