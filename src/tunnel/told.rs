//! What bytes ahead of TLS say, in words: the messages of binary protocols, which a first line would not show.

use super::identify::sample;
use super::{ldap, mysql, postgres};

/// One line about the bytes that a side sends in `protocol`; the first line of them, escaped, where there is nothing better.
pub fn told(protocol: &str, bytes: &[u8], from_server: bool) -> String {
    let words = match protocol {
        "LDAP" => ldap::told(bytes),
        "PostgreSQL" => postgres::told(bytes, from_server),
        "MySQL" => mysql::told(bytes, from_server),
        "RDP" => rdp(bytes),
        _ => None,
    };
    words.unwrap_or_else(|| sample(bytes))
}

/// The two messages of X.224 that begin a connection (RFC 1006 §6).
fn rdp(bytes: &[u8]) -> Option<String> {
    match bytes.get(5)? {
        0xe0 => Some("X.224 connection request".to_owned()),
        0xd0 => Some("X.224 connection confirm".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_binary_protocols_are_named() {
        let told = |protocol, bytes: &[u8], from_server| told(protocol, bytes, from_server);
        assert_eq!(told("PostgreSQL", b"\0\0\0\x08\x04\xd2\x16\x2f", false), "SSLRequest");
        assert_eq!(told("PostgreSQL", b"N", true), "N: no TLS");
        assert_eq!(told("RDP", b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0", false), "X.224 connection request");
        assert_eq!(told("LDAP", &[0x30, 5, 2, 1, 2, 0x42, 0], false), "UnbindRequest");
        assert_eq!(told("SMTP", b"250-mx.example\r\n250 STARTTLS\r\n", true), "250-mx.example");
    }

    #[test]
    fn a_mysql_greeting_says_whether_tls_is_offered() {
        let greeting = |flags: [u8; 2]| {
            let body = [&b"\x0a8.0.36\0"[..], &[0; 13], &flags, &[0; 20]].concat();
            [&[u8::try_from(body.len()).unwrap(), 0, 0, 0], &body[..]].concat()
        };
        let offered = told("MySQL", &greeting([0, 0x08]), true);
        assert_eq!(offered, "greeting of 8.0.36: TLS is offered (CLIENT_SSL)");
        let not = told("MySQL", &greeting([0, 0]), true);
        assert_eq!(not, "greeting of 8.0.36: TLS is not offered (no CLIENT_SSL)");
    }

    #[test]
    fn what_cannot_be_read_is_shown_as_it_is() {
        assert_eq!(told("LDAP", &[0xff], false), "\\xff");
        assert_eq!(told("MySQL", b"", true), "");
        assert_eq!(told("PostgreSQL", b"N and more", false), "N and more");
    }
}
