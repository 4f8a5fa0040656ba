//! The words of a diagnosis: names of values, moments in time, and sentences that follow the confidence.

use crate::connection::{At, Undelivered};
use crate::diagnose::Confidence;
use crate::fingerprint::{Stack, StackGuess};
use crate::iana::{CipherSuite, NamedGroup, SignatureScheme, Version};
use crate::tunnel::{HTTP_OF_A_TLS_PORT, TLS_ALERT};
use crate::x509::Name;

/// An alert description with its number: `unknown_ca (48)`.
pub fn alert(description: u8) -> String {
    match alert_name(description) {
        Some(name) => format!("{name} ({description})"),
        None => format!("alert {description}"),
    }
}

/// An alert's name in the IANA registry (RFC 8446 §6).
pub const fn alert_name(description: u8) -> Option<&'static str> {
    Some(match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        121 => "ech_required",
        _ => return None,
    })
}

/// Who answered a SYN by ICMP, and how: `the SYN was answered with the ICMP error "host unreachable" from 192.0.2.1 (#2)`.
pub fn undelivered_syn(at: &At<Undelivered>) -> String {
    let Undelivered { from, problem, .. } = at.value;
    format!("the SYN was answered with the ICMP error \"{problem}\" from {from} (#{})", at.packet)
}

/// A protocol version as people write it.
pub fn version(version: Version) -> String {
    version.to_string()
}

/// A cipher suite by its name, or by its number where it has none.
pub fn suite(suite: CipherSuite) -> String {
    suite.to_string()
}

/// The name of a signature scheme, or its number.
pub fn scheme(scheme: SignatureScheme) -> String {
    scheme.name().map_or_else(|| format!("0x{:04x}", scheme.0), str::to_owned)
}

/// A key exchange group as people write it.
pub fn group(group: NamedGroup) -> String {
    match group.0 {
        0x0017 => "P-256".into(),
        0x0018 => "P-384".into(),
        0x0019 => "P-521".into(),
        0x001d => "X25519".into(),
        0x001e => "X448".into(),
        0x0100..=0x0104 => {
            "ffdhe".to_owned() + ["2048", "3072", "4096", "6144", "8192"][usize::from(group.0 & 7) % 5]
        }
        0x11ec => "X25519MLKEM768".into(),
        other => format!("0x{other:04x}"),
    }
}

/// The common name of a distinguished name, or else its organisation.
pub fn common_name(name: &Name) -> Option<&str> {
    attribute(name, "2.5.4.3").or_else(|| attribute(name, "2.5.4.10"))
}

/// The first attribute of this type, by dotted object identifier.
pub fn attribute<'a>(name: &'a Name, oid: &str) -> Option<&'a str> {
    name.rdns
        .iter()
        .flatten()
        .find(|attribute| attribute.oid == oid)
        .map(|attribute| attribute.value.as_str())
}

/// The name of a stack in a sentence.
pub const fn stack(stack: Stack) -> &'static str {
    match stack {
        Stack::OpenSsl => "OpenSSL",
        Stack::LibreSsl => "LibreSSL",
        Stack::Curl => "curl",
        Stack::Python => "Python",
        Stack::Node => "Node.js",
        Stack::Php => "PHP",
        Stack::Ruby => "Ruby",
        Stack::Nginx => "nginx",
        Stack::HaProxy => "HAProxy",
        Stack::Stunnel => "stunnel",
        Stack::Java => "Java (JSSE)",
        Stack::Go => "Go",
        Stack::Rustls => "rustls",
        Stack::GnuTls => "GnuTLS",
        Stack::Wget => "Wget",
        Stack::MbedTls => "Mbed TLS",
        Stack::WolfSsl => "wolfSSL",
        Stack::Nss => "NSS",
        Stack::Firefox => "Firefox",
        Stack::Chromium => "Chromium",
        Stack::BoringSsl => "BoringSSL",
        Stack::Schannel => "Schannel",
        Stack::Apple => "Apple",
    }
}

/// The stacks that the client may be, as a phrase: `a client of Go`, `this client` when none is known.
pub fn clients(guess: &StackGuess) -> String {
    match guess.fits.as_slice() {
        [] => "this client".into(),
        [one] => stack(*one).into(),
        [first, second] => format!("{} or {}", stack(*first), stack(*second)),
        [first, ..] => format!("{} and its like", stack(*first)),
    }
}

/// The verb that goes with [`clients`]: of one, or of many.
pub fn verb(guess: &StackGuess, one: &'static str, many: &'static str) -> &'static str {
    if guess.fits.len() > 2 { many } else { one }
}

/// A length of time with three digits: `1.2 ms`, `3.05 s`.
pub fn seconds(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    match seconds {
        s if s < 0.0095 => format!("{:.1} ms", s * 1e3),
        s if s < 0.9995 => format!("{:.0} ms", s * 1e3),
        s if s < 9.995 => format!("{s:.2} s"),
        s => format!("{s:.0} s"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// A statement joined to what it rests on: plain when certain, with `probably` or `perhaps` when not.
pub fn because(opening: &str, confidence: Confidence, clause: &str) -> String {
    let clause = clause.trim().trim_end_matches('.');
    match confidence {
        Confidence::Certain => format!("{opening}: {}.", lower_first(clause)),
        Confidence::Likely => format!("{opening}, probably because {}.", lower_first(clause)),
        Confidence::Possible => format!("{opening}, perhaps because {}.", lower_first(clause)),
    }
}

/// A sentence about something that is not sure.
pub fn hedged(confidence: Confidence, sentence: &str) -> String {
    // A sentence that parts what was seen from what is guessed says for itself where the guess begins.
    let hedged = sentence.contains(" probably ") || sentence.contains(" perhaps ");
    match confidence {
        _ if hedged => upper_first(sentence),
        Confidence::Certain => upper_first(sentence),
        Confidence::Likely => format!("Probably {}", lower_first(sentence)),
        Confidence::Possible => format!("Perhaps {}", lower_first(sentence)),
    }
}

/// The name of what a side sent as part of a sentence: `an HTTP request`, `SSH`.
pub fn with_article(protocol: &str) -> String {
    match protocol {
        "HTTP request" | "HTTP response" | "HTTP/2 request" | HTTP_OF_A_TLS_PORT => format!("an {protocol}"),
        TLS_ALERT => format!("a {protocol}"),
        other => other.to_owned(),
    }
}

/// `1 certificate`, `3 certificates`.
pub fn certificates(count: usize) -> String {
    match count {
        1 => "1 certificate".into(),
        many => format!("{many} certificates"),
    }
}

/// A clause begins small, unless its first word is a name.
pub fn lower_first(text: &str) -> String {
    const ARTICLES: [&str; 8] = ["The ", "A ", "An ", "No ", "It ", "Its ", "This ", "Neither "];
    match ARTICLES.iter().any(|word| text.starts_with(word)) {
        true => change_first(text, char::to_ascii_lowercase),
        false => text.to_owned(),
    }
}

/// A sentence begins large.
pub fn upper_first(text: &str) -> String {
    change_first(text, char::to_ascii_uppercase)
}

fn change_first(text: &str, change: fn(&char) -> char) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| change(&first).to_string() + chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_follow_the_confidence() {
        let say = |confidence| because("The client closed", confidence, "The leaf has expired.");
        assert_eq!(say(Confidence::Certain), "The client closed: the leaf has expired.");
        assert_eq!(say(Confidence::Likely), "The client closed, probably because the leaf has expired.");
        assert_eq!(say(Confidence::Possible), "The client closed, perhaps because the leaf has expired.");
    }

    #[test]
    fn a_draft_of_tls13_is_named_as_everywhere() {
        assert_eq!(version(Version(0x7f13)), "TLS 1.3 (draft 19)");
        assert_eq!(version(Version(0x0002)), "SSL 2.0");
    }

    #[test]
    fn a_length_of_time_is_short() {
        assert_eq!(seconds(0.001_23), "1.2 ms");
        assert_eq!(seconds(0.25), "250 ms");
        assert_eq!(seconds(3.046), "3.05 s");
        assert_eq!(seconds(61.2), "61 s");
    }

    #[test]
    fn a_name_at_the_start_of_a_clause_keeps_its_capital() {
        assert_eq!(lower_first("CN=Root is unknown"), "CN=Root is unknown");
        assert_eq!(lower_first("The root is unknown"), "the root is unknown");
    }
}
