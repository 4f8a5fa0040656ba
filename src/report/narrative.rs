//! An event becomes a sentence: packet first, then the fact, then its meaning.

use std::fmt::Write;

use crate::connection::{Detail, Event, Item, Shown};
use crate::decode::TcpFlags;
use crate::tcp::SegmentKind;
use crate::tls::message::Side;

/// What an event says, with what the packet shows: the messages that became complete, and one line of text.
pub fn describe(event: &Event, shown: &[Shown], closed_before: bool) -> (Vec<String>, String) {
    match event {
        Event::Stretch(one) => (Vec::new(), stretch(one.count, one.bytes)),
        Event::Packet { from, flags, len, kind, .. } => {
            let messages = shown.iter().filter_map(|shown| message_name(&shown.item)).collect();
            (messages, packet(*from, *flags, *len, *kind, shown, closed_before))
        }
    }
}

fn stretch(count: u64, bytes: [u64; 2]) -> String {
    let packets = if count == 1 { "1 packet".to_owned() } else { format!("{count} packets") };
    match bytes {
        [0, 0] => format!("{packets}: acknowledgments"),
        [client, 0] => format!("{packets} of data: {} from the client", size(client)),
        [0, server] => format!("{packets} of data: {} from the server", size(server)),
        [client, server] => {
            format!("{packets} of data: {} from the client, {} from the server", size(client), size(server))
        }
    }
}

/// Bytes in words: `517 bytes`, `20.5 kB`, `1.9 MB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        1 => "1 byte".to_owned(),
        0..=9_999 => format!("{bytes} bytes"),
        10_000..=999_999 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..=999_999_999 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

fn message_name(item: &Item) -> Option<String> {
    match item {
        Item::Message { kind, .. } => Some(kind.name().to_owned()),
        Item::Alert { .. } => Some("Alert".to_owned()),
        Item::ChangeCipherSpec => Some("ChangeCipherSpec".to_owned()),
        Item::Protected { content_type: 21, .. } => Some("encrypted Alert".to_owned()),
        Item::Protected { content_type: 22, .. } | Item::Renegotiation { .. } => {
            Some("encrypted handshake message".to_owned())
        }
        Item::Protected { .. } => Some("encrypted record".to_owned()),
        _ => None,
    }
}

fn packet(
    from: Side,
    flags: TcpFlags,
    len: u32,
    kind: SegmentKind,
    items: &[Shown],
    closed_before: bool,
) -> String {
    let mut parts: Vec<String> = Vec::new();
    let control = flags.0 & (TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST) != 0;
    parts.extend(grouped(items));
    if parts.is_empty() || control {
        let names =
            flags.names().into_iter().filter(|name| *name != "PSH" && *name != "URG").collect::<Vec<_>>();
        let bare = tcp_meaning(from, flags, len, items.is_empty(), closed_before);
        let text = if bare.is_empty() { names.join(", ") } else { format!("{}: {bare}", names.join(", ")) };
        parts.push(text);
    }
    let mut text = parts.join("; ");
    match kind {
        SegmentKind::Retransmission { differs: false } => text.push_str(" (retransmission)"),
        SegmentKind::Retransmission { differs: true } => {
            text.push_str(" (retransmission with other content)")
        }
        SegmentKind::KeepAlive => text.push_str(" (keep-alive)"),
        SegmentKind::OutOfOrder => text.push_str(" (out of order)"),
        SegmentKind::Normal | SegmentKind::FillsHole | SegmentKind::Duplicate => {}
    }
    text
}

/// What a packet without TLS messages means.
fn tcp_meaning(from: Side, flags: TcpFlags, len: u32, no_items: bool, closed_before: bool) -> String {
    let who = from.name();
    if flags.has(TcpFlags::RST) {
        return format!("the {who} resets the connection");
    }
    if flags.has(TcpFlags::FIN) {
        let also = if closed_before { " too" } else { "" };
        return format!("the {who} closes{also}");
    }
    if flags.has(TcpFlags::SYN | TcpFlags::ACK) {
        return "the server accepts the TCP connection".to_owned();
    }
    if flags.has(TcpFlags::SYN) {
        return "the client opens a TCP connection".to_owned();
    }
    if len > 0 && no_items {
        return format!("{} of a record or message that goes on", size(u64::from(len)));
    }
    String::new()
}

/// The items in words; equal protected records in a row are counted.
fn grouped(items: &[Shown]) -> Vec<String> {
    let mut parts: Vec<(String, u32)> = Vec::new();
    // What is named as a protocol need not be shown a second time as bytes that are no TLS.
    let named = items.iter().any(|shown| matches!(shown.item, Item::Plain(_)));
    let again = |item: &Item| named && matches!(item, Item::Note(text) if text.starts_with("not TLS: "));
    for item in items.iter().map(|shown| &shown.item).filter(|item| !again(item)) {
        let text = item_text(item);
        match parts.last_mut() {
            Some((last, count)) if *last == text => *count += 1,
            _ => parts.push((text, 1)),
        }
    }
    parts
        .into_iter()
        .map(|(text, count)| if count > 1 { format!("{text} (×{count})") } else { text })
        .collect()
}

fn item_text(item: &Item) -> String {
    match item {
        Item::Message { kind, detail, encrypted } => {
            let mut text = kind.name().to_owned();
            if *detail != Detail::None {
                text.push_str(": ");
                let _ = write!(text, "{detail}");
            }
            if *encrypted {
                text.push_str(" (decrypted)");
            }
            text
        }
        Item::Alert { alert, encrypted } => {
            let level = match alert.level {
                1 => "warning",
                2 => "fatal",
                _ => "unknown level",
            };
            let how = if *encrypted { ", decrypted" } else { "" };
            format!("Alert: {level}, {} ({}{how})", alert.description, alert.description.0)
        }
        Item::ChangeCipherSpec => "ChangeCipherSpec".to_owned(),
        Item::Protected { content_type: 21, len } => format!("encrypted Alert ({len} bytes)"),
        Item::Protected { content_type: 22, len } => format!("encrypted handshake message ({len} bytes)"),
        Item::Renegotiation { len } => format!("encrypted handshake message (renegotiation, {len} bytes)"),
        Item::Protected { len, .. } => format!("encrypted record ({len} bytes)"),
        Item::ApplicationData { len } => format!("application data ({})", size(u64::from(*len))),
        Item::Plain(plain) if plain.protocol == "unknown" => format!("not TLS: {}", plain.sample),
        Item::Plain(plain) => format!("{}: {}", plain.protocol, plain.sample),
        Item::Gap { len, snaplen: true } => format!("[{} cut by the snap length]", size(*len)),
        Item::Gap { len, snaplen: false } => {
            format!("[{} missing before this: lost by the capture]", size(*len))
        }
        Item::Icmp(error) => format!("ICMP from {}: {}", error.from, error.problem),
        Item::Note(text) => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_stretch_is_one_line_with_a_count() {
        assert_eq!(stretch(3, [0, 20_500]), "3 packets of data: 20.5 kB from the server");
        assert_eq!(stretch(1, [0, 0]), "1 packet: acknowledgments");
    }
}
