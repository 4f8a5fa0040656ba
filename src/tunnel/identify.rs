//! What a side speaks that does not speak TLS, by its first bytes.

/// Names the protocol of a side's first bytes: `HTTP request`, `SSH`, `SMTP`, …; `None` when nothing is recognised.
/// `from_server` says that the bytes are those of the side that accepted the connection.
pub fn identify(first_bytes: &[u8], from_server: bool) -> Option<&'static str> {
    let line = first_line(first_bytes);
    if from_server && let Some(name) = of_a_tls_port(first_bytes, line) {
        return Some(name);
    }
    http(line)
        .or_else(|| xml(first_bytes))
        .or_else(|| by_prefix(first_bytes))
        .or_else(|| greeting_or_command(line, from_server))
        .or_else(|| binary(first_bytes, from_server))
}

/// What a server that expects TLS says to plain text: an alert in clear (RFC 8446 §6), or HTTP that names the reason, as nginx, Go,
/// Apache httpd and Tomcat do.
fn of_a_tls_port(bytes: &[u8], line: &[u8]) -> Option<&'static str> {
    if let &[0x15, 3, 0..=4, 0, 2, 1 | 2, _] = bytes {
        return Some(TLS_ALERT);
    }
    let refuses = line.starts_with(b"HTTP/") && line.get(8..10) == Some(b" 4");
    let says = |words: &[u8]| memchr::memmem::find(bytes, words).is_some();
    (refuses && WANTS_TLS.iter().any(|words| says(words))).then_some(HTTP_OF_A_TLS_PORT)
}

/// An alert of TLS, where plain text was sent.
pub const TLS_ALERT: &str = "TLS alert";
/// HTTP by which a server says that it expects TLS.
pub const HTTP_OF_A_TLS_PORT: &str = "HTTP error that asks for TLS";

/// Whether what a server said, by the name that [`identify`] gives it, shows that it expects TLS.
pub fn asks_for_tls(protocol: &str) -> bool {
    [TLS_ALERT, HTTP_OF_A_TLS_PORT].contains(&protocol)
}

const WANTS_TLS: [&[u8]; 4] = [
    b"plain HTTP request was sent to HTTPS port",
    b"sent an HTTP request to an HTTPS server",
    b"speaking plain HTTP to an SSL-enabled server port",
    b"combination of host and port requires TLS",
];

/// The first line of the bytes with everything but printable ASCII escaped, at most 80 characters.
pub fn sample(bytes: &[u8]) -> String {
    let line = first_line(bytes);
    let mut text = String::new();
    for &byte in line {
        let piece = match byte {
            b'\\' => "\\\\".to_owned(),
            b'\t' => "\\t".to_owned(),
            0x20..=0x7e => char::from(byte).to_string(),
            _ => format!("\\x{byte:02x}"),
        };
        if text.len() + piece.len() > SAMPLE_CHARACTERS {
            break;
        }
        text.push_str(&piece);
    }
    text
}

const SAMPLE_CHARACTERS: usize = 80;

/// Without its line end. Bytes that are no text may hold a newline anywhere, so only text is cut there.
fn first_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.get(..512).unwrap_or(bytes);
    let Some(end) = memchr::memchr(b'\n', bytes) else {
        return bytes;
    };
    let line = bytes.get(..end).unwrap_or_default();
    if line.is_empty() || line.iter().any(|&byte| byte < 0x20 && byte != b'\t' && byte != b'\r') {
        return bytes;
    }
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// An HTTP method and a space; a method that nobody knows needs `HTTP/` at the end of the line.
pub(super) fn http(line: &[u8]) -> Option<&'static str> {
    if line.starts_with(b"HTTP/") {
        return Some("HTTP response");
    }
    if line.starts_with(b"PRI * HTTP/2") {
        return Some("HTTP/2 request");
    }
    let method = line.get(..memchr::memchr(b' ', line)?)?;
    if METHODS.contains(&method) {
        return Some("HTTP request");
    }
    let upper = !method.is_empty() && method.len() <= 20 && method.iter().all(u8::is_ascii_uppercase);
    let ending = line.get(line.len().saturating_sub(9)..)?;
    if upper && ending.starts_with(b" HTTP/") {
        return Some("HTTP request");
    }
    if upper && line.ends_with(b" SIP/2.0") {
        return Some("SIP");
    }
    (upper && line.ends_with(b" RTSP/1.0")).then_some("RTSP")
}

const METHODS: &[&[u8]] =
    &[b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"CONNECT", b"TRACE", b"PROPFIND"];

/// XMPP opens a stream (RFC 6120 §4.2) behind an XML declaration that any other document may have as well.
fn xml(bytes: &[u8]) -> Option<&'static str> {
    let bytes = bytes.get(..512).unwrap_or(bytes);
    if bytes.starts_with(b"<stream:stream")
        || bytes.starts_with(b"<?xml") && contains(bytes, b"<stream:stream")
    {
        return Some("XMPP");
    }
    match bytes.starts_with(b"<?xml") {
        true if contains(bytes, b"<html") || contains(bytes, b"XHTML") => Some("HTML"),
        true => Some("XML"),
        false => None,
    }
}

fn by_prefix(bytes: &[u8]) -> Option<&'static str> {
    PREFIXES.iter().find(|(prefix, _)| bytes.starts_with(prefix)).map(|&(_, name)| name)
}

const PREFIXES: &[(&[u8], &str)] = &[
    (b"SSH-", "SSH"),
    (b"<html", "HTML"),
    (b"<HTML", "HTML"),
    (b"<!DOCTYPE", "HTML"),
    (b"* OK", "IMAP"),
    (b"* PREAUTH", "IMAP"),
    (b"* BYE", "IMAP"),
    (b"+OK", "POP3"),
    (b"-ERR Protocol error", "Redis"),
    (b"-ERR unknown command", "Redis"),
    (b"-NOAUTH", "Redis"),
    (b"-DENIED", "Redis"),
    (b"-ERR", "POP3"),
    (b"EHLO ", "SMTP"),
    (b"HELO ", "SMTP"),
    (b"LHLO ", "LMTP"),
    (b"PROXY TCP", "PROXY protocol"),
    (b"PROXY UNKNOWN", "PROXY protocol"),
    (b"\r\n\r\n\0\r\nQUIT\n", "PROXY protocol"),
    (b"AMQP", "AMQP"),
    (b"RFB ", "VNC"),
    (b"JRMI", "Java RMI"),
    (b"\xac\xed\0\x05", "Java serialization"),
    (b"\x13BitTorrent protocol", "BitTorrent"),
    (b"SIP/2.0", "SIP"),
    (b"RTSP/1.0", "RTSP"),
    (b"ICAP/1.0", "ICAP"),
    (b"8=FIX", "FIX"),
    (b"\"IMPLEMENTATION\"", "ManageSieve"),
    (b"\"SIEVE\"", "ManageSieve"),
    (b"@RSYNCD:", "rsync"),
    (b"NICK ", "IRC"),
    (b"CAP LS", "IRC"),
    (b"NOTICE ", "IRC"),
    (b"ERROR :", "IRC"),
];

/// Lines that several protocols know and that only their words tell apart.
fn greeting_or_command(line: &[u8], from_server: bool) -> Option<&'static str> {
    if !from_server || line.len() < 4 {
        return None;
    }
    if line.starts_with(b":") && contains(line, b" NOTICE ") {
        return Some("IRC");
    }
    match line.get(..4)? {
        b"220 " | b"220-" if contains(line, b"FTP") => Some("FTP"),
        b"220 " | b"220-" if contains(line, b"SMTP") || contains(line, b"MAIL") => Some("SMTP"),
        b"220 " | b"220-" => Some("SMTP or FTP"),
        b"421 " | b"554 " | b"500 " | b"502 " | b"530 " => Some("SMTP or FTP"),
        b"200 " | b"201 " => Some("NNTP"),
        _ => None,
    }
}

/// Case does not matter; the words are given in capitals.
pub(super) fn contains(line: &[u8], word: &[u8]) -> bool {
    line.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

fn binary(bytes: &[u8], from_server: bool) -> Option<&'static str> {
    match bytes {
        // HTTP/2 (RFC 9113 §6.5): a SETTINGS frame on stream 0.
        [0, _, _, 4, 0, 0, 0, 0, 0, ..] => Some("HTTP/2"),
        // PostgreSQL: an ErrorResponse with its severity, and the messages that begin a session.
        [b'E', 0, 0, _, _, b'S', ..] if from_server => Some("PostgreSQL"),
        [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2e..=0x30, ..] | [0, 0, _, _, 0, 3, 0, 0, ..] => Some("PostgreSQL"),
        // MySQL: packet number 0 and protocol version 10, or an error packet.
        [_, _, 0, 0, 10, b'0'..=b'9', ..] | [_, _, 0, 0, 0xff, _, _, ..] if from_server => Some("MySQL"),
        // TPKT (RFC 1006 §6) with an X.224 connection request or confirm.
        [3, 0, _, _, _, 0xe0 | 0xd0, ..] => Some("RDP"),
        [5, 1..=9, 0..=9, ..] if !from_server => Some("SOCKS"),
        [4, 1 | 2, _, _, _, _, _, _, _, ..] if !from_server => Some("SOCKS"),
        [0x30, len, 2, 1..=4, ..] if *len < 0x80 => Some("LDAP"),
        [0x30, 0x84, _, _, _, _, 2, 1..=4, ..] => Some("LDAP"),
        // MQTT (OASIS MQTT 3.1.1 §3.1): CONNECT.
        [0x10, _, 0, 4, b'M', b'Q', b'T', b'T', ..] => Some("MQTT"),
        [0, 0, _, _, 0xfe | 0xff, b'S', b'M', b'B', ..] => Some("SMB"),
        // TDS: a pre-login packet.
        [0x12, 0 | 1, _, _, 0, 0, ..] => Some("SQL Server (TDS)"),
        // Telnet (RFC 854): IAC with WILL, WONT, DO or DONT.
        [0xff, 0xfb..=0xfe, ..] => Some("Telnet"),
        [0x12, 0x34, ..] if !from_server => Some("AJP"),
        // OpenVPN over TCP: length and a hard reset of the client or the server.
        [0, 14..=80, 0x38 | 0x40, ..] => Some("OpenVPN"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_named_by_its_first_bytes() {
        let named: &[(&[u8], &str)] = &[
            (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP request"),
            (b"BREW /pot HTTP/1.1\r\n", "HTTP request"),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2 request"),
            (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
            (b"EHLO client.example\r\n", "SMTP"),
            (b"\x05\x01\x00", "SOCKS"),
            (b"\0\0\0\x08\x04\xd2\x16\x2f", "PostgreSQL"),
            (b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0", "RDP"),
            (b"\x30\x1d\x02\x01\x01\x77", "LDAP"),
            (b"OPTIONS sip:a SIP/2.0\r\n", "HTTP request"),
            (b"INVITE sip:a SIP/2.0\r\n", "SIP"),
            (b"<?xml version='1.0'?><stream:stream to='a'>", "XMPP"),
            (b"<?xml version='1.0'?><!DOCTYPE html><html>", "HTML"),
            (b"<?xml version='1.0'?><soap:Envelope>", "XML"),
        ];
        for (bytes, name) in named {
            assert_eq!(identify(bytes, false), Some(*name), "{}", sample(bytes));
        }
    }

    #[test]
    fn a_server_is_named_by_its_greeting() {
        let named: &[(&[u8], &str)] = &[
            (b"HTTP/1.1 400 Bad Request\r\n", "HTTP response"),
            (b"220 mail.example ESMTP\r\n", "SMTP"),
            (b"220 ProFTPD Server\r\n", "FTP"),
            (b"220 welcome\r\n", "SMTP or FTP"),
            (b"* OK [CAPABILITY] ready\r\n", "IMAP"),
            (b"+OK ready\r\n", "POP3"),
            (b"J\0\0\0\x0a8.0.35\0", "MySQL"),
            (b"-ERR Protocol error\r\n", "Redis"),
            (b"200 news ready\r\n", "NNTP"),
            (b":irc.example NOTICE * :***\r\n", "IRC"),
        ];
        for (bytes, name) in named {
            assert_eq!(identify(bytes, true), Some(*name), "{}", sample(bytes));
        }
    }

    #[test]
    fn a_server_that_expects_tls_shows_it_in_its_answer_to_plain_text() {
        assert_eq!(identify(b"\x15\x03\x03\x00\x02\x02\x0a", true), Some(TLS_ALERT));
        assert_eq!(identify(b"\x15\x03\x03\x00\x02\x02\x0a", false), None);
        let nginx =
            b"HTTP/1.1 400 Bad Request\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>";
        assert_eq!(identify(nginx, true), Some(HTTP_OF_A_TLS_PORT));
        let other = b"HTTP/1.1 200 OK\r\n\r\nThe plain HTTP request was sent to HTTPS port";
        assert_eq!(identify(other, true), Some("HTTP response"));
    }

    #[test]
    fn what_nobody_knows_has_no_name() {
        assert_eq!(identify(b"", false), None);
        assert_eq!(identify(&[0xde, 0xad, 0xbe, 0xef], true), None);
        assert_eq!(identify(b"hello there", false), None);
    }

    #[test]
    fn a_sample_is_one_escaped_line() {
        assert_eq!(sample(b"GET / HTTP/1.1\r\nHost: a"), "GET / HTTP/1.1");
        assert_eq!(sample(b"\x16\x03\n\x7f"), "\\x16\\x03\\x0a\\x7f");
        assert_eq!(sample(&[b'a'; 200]).len(), 80);
        assert!(sample(&[0xff; 200]).len() <= 80);
    }
}
