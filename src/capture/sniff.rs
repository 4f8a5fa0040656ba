//! What an input is that is no capture, by its first bytes, for a message that helps.

/// Names the content that begins with `head`; `ended` when that is all of it.
pub(super) fn describe(head: &[u8], ended: bool) -> String {
    if head.is_empty() {
        return "the input is empty".into();
    }
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return (*what).into();
    }
    if head.get(257..262) == Some(b"ustar") {
        return "a tar archive; unpack it first".into();
    }
    if is_text(head) {
        return describe_text(head).into();
    }
    if ended && head.len() < 24 {
        return format!("{} bytes of an unknown kind; a pcap header alone needs 24", head.len());
    }
    let shown: Vec<String> = head.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("its first bytes ({}) are of no known capture format", shown.join(" "))
}

fn is_text(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    text.iter().all(|byte| !matches!(byte, 0..=8 | 14..=26 | 28..=31 | 127))
}

fn describe_text(head: &[u8]) -> &'static str {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match text {
        [b'-', b'-', b'-', b'-', b'-', ..] => "PEM text (certificates or keys), not a capture",
        [b'{' | b'[', ..] => "JSON text, not a capture",
        [b'<', ..] => "XML or HTML text, not a capture",
        _ => "text, perhaps what tcpdump or tshark printed; the capture itself is needed (tcpdump -w FILE)",
    }
}

/// First bytes and what they mean to the user.
const MAGIC: [(&[u8], &str); 25] = [
    (b"snoop\0\0\0", "a Solaris snoop capture; convert it with: editcap -F pcap FILE OUT.pcap"),
    (b"btsnoop\0", "a Bluetooth btsnoop capture, which holds no TCP"),
    (b"GMBU", "a Microsoft Network Monitor 2 capture; convert it with: editcap -F pcap FILE OUT.pcap"),
    (b"RTSS", "a Microsoft Network Monitor 1 capture; convert it with: editcap -F pcap FILE OUT.pcap"),
    (b"iptrace", "an AIX iptrace capture; convert it with: editcap -F pcap FILE OUT.pcap"),
    (b"TRSNIFF data", "a Sniffer capture; convert it with: editcap -F pcap FILE OUT.pcap"),
    (b"XCP\0", "a NetXRay or Windows Sniffer capture; convert it with: editcap -F pcap FILE OUT.pcap"),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a rar archive; unpack it first"),
    (b"BZh", "bzip2 data; expand it first (bunzip2)"),
    (b"\x04\x22\x4d\x18", "lz4 data; expand it first (lz4 -d)"),
    (b"\x1f\x9d", "compress (.Z) data; expand it first (uncompress)"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ", "a Windows program"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xfe\xed\xfe\xed", "a Java keystore (JKS)"),
    (b"\xd0\xcf\x11\xe0", "a Microsoft Office document"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_capture_is_named() {
        assert_eq!(describe(b"", true), "the input is empty");
        assert_eq!(describe(b"\x89PNG\r\n\x1a\n", true), "a PNG image");
        assert!(describe(b"-----BEGIN CERTIFICATE-----\n", true).starts_with("PEM"));
        assert!(
            describe(b"12:00:01.5 IP 10.0.0.1.443 > 10.0.0.2.5000: Flags [S]\n", true).starts_with("text")
        );
        assert!(describe(b"snoop\0\0\0\0\0\0\x02", true).contains("snoop"));
        assert_eq!(describe(&[1, 2, 3], true), "3 bytes of an unknown kind; a pcap header alone needs 24");
        assert!(describe(&[0x30, 0x82, 1, 0, 0, 0, 0, 0], false).contains("30 82 01 00"));
    }
}
