//! What follows from the facts of a whole connection: resumption, the history's end, what the capture lacks.

use smallvec::SmallVec;

use crate::connection::{Connection, Gap, Outcome};
use crate::error::Warning;
use crate::tls::message::Side;

/// Completes a connection whose packets are all in.
pub(super) fn derive(connection: &mut Connection) {
    connection.resumed = is_resumed(connection);
    end_history(connection);
    lacking(connection);
    connection.outcome = outcome(connection);
}

/// The session continues an older one (RFC 5246 §7.3, RFC 5077 §3.1, RFC 8446 §2.2).
fn is_resumed(c: &Connection) -> bool {
    let Some(server) = &c.server_hello else { return false };
    if c.is_tls13() {
        return server.value.accepts_psk && c.server_chain.is_none();
    }
    let abbreviated = c.server_chain.is_none()
        && c.server_key_exchange.is_none()
        && c.server_hello_done.is_none()
        && c.change_cipher_spec[Side::Server as usize].is_some();
    let Some(client) = &c.client_hello else { return abbreviated };
    let same_id = !server.value.session_id.is_empty() && server.value.session_id == client.value.session_id;
    abbreviated && (same_id || client.value.offers_ticket || !client.value.session_id.is_empty())
}

/// After a dot the first FIN and RST of each side in order of packet: `F`, `R` from the client, `f`, `r` from the server.
fn end_history(c: &mut Connection) {
    let mut ends: SmallVec<[(u64, char); 4]> = SmallVec::new();
    for side in [Side::Client, Side::Server] {
        let case = |letter: char| if side == Side::Client { letter } else { letter.to_ascii_lowercase() };
        if let Some(at) = &c.teardown.fin[side as usize] {
            ends.push((at.packet, case('F')));
        }
        if let Some(rst) = &c.teardown.rst[side as usize] {
            ends.push((rst.packet, case('R')));
        }
    }
    ends.sort_by_key(|(packet, _)| *packet);
    c.history.push('.');
    c.history.extend(ends.iter().map(|(_, letter)| *letter));
}

/// Says what the capture lacks, with what would capture it.
fn lacking(c: &mut Connection) {
    // Without keys what TLS 1.3 hides looks like data: a key log may yet come.
    let only_data = !c.is_tls13() || c.decrypted;
    let [client, server] = &c.tcp;
    let talk = client.payload_bytes + server.payload_bytes > 0;
    let mut say = |code, text: String| c.warnings.push(Warning::general(code, text));
    if talk && (client.packets == 0 || server.packets == 0) {
        let seen = if client.packets == 0 { "the server" } else { "the client" };
        say(
            "one-direction",
            format!(
                "only packets from {seen} were captured; capture where both directions pass: \
                 tcpdump -i any -s 0 -w capture.pcap 'tcp port {}'",
                c.server.port
            ),
        );
    }
    if c.starts_mid_stream && c.client_hello.is_none() {
        say(
            "starts-mid-stream",
            "the capture begins after this connection did, so its handshake is not in it; start tcpdump before the client connects"
                .to_owned(),
        );
    }
    let counts = |gap: &&Gap| gap.snaplen && !(gap.in_data && only_data);
    let snapped = c.gaps.iter().filter(counts).map(|gap| gap.len).sum::<u64>();
    if snapped > 0 {
        say(
            "snap-length",
            format!(
                "the snap length cut {snapped} bytes off this connection's packets; capture whole packets: tcpdump -s 0"
            ),
        );
    }
    let lost: Vec<_> = c.gaps.iter().filter(|gap| !gap.snaplen).collect();
    if let Some(first) = lost.first() {
        let bytes: u64 = lost.iter().map(|gap| gap.len).sum();
        let place = match (first.before, first.after) {
            (Some(a), Some(b)) => format!(" between #{a} and #{b}"),
            (Some(a), None) => format!(" after #{a}"),
            (None, Some(b)) => format!(" before #{b}"),
            (None, None) => String::new(),
        };
        let more = match lost.len() {
            ..=1 => String::new(),
            2 => " and at another place".to_owned(),
            places => format!(" and at {} other places", places - 1),
        };
        let (unit, are) = if bytes == 1 { ("byte", "is") } else { ("bytes", "are") };
        let text = format!(
            "{bytes} {unit} from the {} {are} missing{place}{more}: the capture lost packets, which is no TLS error; \
             capture with a larger buffer: tcpdump -B 16384",
            first.sender.name()
        );
        say("capture-loss", text);
    }
}

/// How the handshake ended as far as the messages tell; a refusal after the handshake is weighed by the diagnosis.
fn outcome(c: &Connection) -> Outcome {
    if c.finished.iter().all(Option::is_some) || c.application_data.iter().all(Option::is_some) {
        return Outcome::Established;
    }
    let fatal = c.first_real_alert().is_some();
    if fatal || c.closed_by().is_some() {
        return Outcome::Failed;
    }
    Outcome::Incomplete
}
