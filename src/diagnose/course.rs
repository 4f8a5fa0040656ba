//! The course of a handshake up to its end, as evidence: packets and what each shows.

use crate::connection::{Connection, SentChain, Undelivered};
use crate::diagnose::Evidence;
use crate::diagnose::abort::{Act, Ending, How};
use crate::diagnose::hidden::LONGEST_FINISHED;
use crate::diagnose::words::{alert, certificates, version};
use crate::tls::message::Side;

/// The messages of the handshake up to the act, and the teardown behind it, in order of packet.
pub fn course(connection: &Connection, ending: &Ending) -> Vec<Evidence> {
    let mut steps = Vec::new();
    let mut add = |packet: Option<u64>, text: String| {
        if let Some(packet) = packet {
            steps.push(Evidence { packet: Some(packet), text });
        }
    };
    let c = connection;
    if c.syn_ack.is_none() {
        add(
            c.syn.as_ref().map(|at| at.packet),
            format!("the client asks for a connection ({})", syns(c.syn_count)),
        );
    }
    for (before, at) in (0..).zip(c.undelivered_for_good()) {
        // A router says the same of each packet that comes.
        if c.undelivered_for_good().take(before).any(|earlier| earlier.value == at.value) {
            continue;
        }
        let what = match (at.value.is_of_start, at.value.sender) {
            (true, Side::Client) => "the SYN",
            (true, Side::Server) => "the SYN,ACK",
            (false, Side::Client) => "a packet of the client",
            (false, Side::Server) => "a packet of the server",
        };
        let Undelivered { from, problem, .. } = at.value;
        add(Some(at.packet), format!("{from} says by ICMP that {what} was not delivered: {problem}"));
    }
    add(
        c.renegotiated_after,
        "a first handshake is complete; the next one is a renegotiation inside its session".into(),
    );
    add(c.client_hello.as_ref().map(|at| at.packet), "the client sends its ClientHello".into());
    if let Some(hello) = &c.server_hello {
        let chosen = version(hello.value.negotiated());
        add(Some(hello.packet), format!("the server answers with a ServerHello ({chosen})"));
    }
    if let Some(chain) = &c.server_chain {
        let text = match incomplete(c, &chain.value) {
            Some(bytes) => format!("the server's Certificate is incomplete: {bytes}"),
            None => format!(
                "the server's Certificate is complete ({})",
                certificates(chain.value.certificates.len())
            ),
        };
        add(Some(chain.packet), text);
    }
    add(
        c.certificate_request.as_ref().map(|at| at.packet),
        "the server asks for a client certificate".into(),
    );
    if let Some(chain) = &c.client_chain {
        let text = match incomplete(c, &chain.value) {
            Some(bytes) => format!("the client's Certificate is incomplete: {bytes}"),
            None => format!("the client's Certificate ({})", certificates(chain.value.certificates.len())),
        };
        add(Some(chain.packet), text);
    }
    if let Some(short) = ending.hidden.client_finished {
        add(Some(short.packet), hidden_finished(short.len));
    }
    for (index, side) in [Side::Client, Side::Server].into_iter().enumerate() {
        let finished = c.finished.get(index).and_then(Option::as_ref);
        add(finished.map(|at| at.packet), format!("the {}'s Finished", side.name()));
    }
    if let Some(act) = &ending.act {
        steps.push(act_evidence(act));
    }
    teardown(connection, ending, &mut steps);
    steps.sort_by_key(|step| step.packet);
    steps.dedup();
    steps
}

/// The record in which the client's Finished is, by its length.
fn hidden_finished(len: u32) -> String {
    let meaning = match len {
        ..=LONGEST_FINISHED => "the length of a Finished",
        _ => "long enough for a certificate in front of a Finished",
    };
    format!("the client sends an encrypted record of {len} bytes, {meaning}")
}

/// How much there is of a Certificate that did not become whole: `1361 of 3921 bytes arrived`, or `were captured` where the
/// capture lacks packets.
pub(super) fn incomplete(connection: &Connection, chain: &SentChain) -> Option<String> {
    let there = chain.whole_bytes.saturating_sub(chain.missing_bytes);
    let verb = if connection.gaps.is_empty() { "arrived" } else { "were captured" };
    (chain.missing_bytes > 0).then(|| format!("{there} of {} bytes {verb}", chain.whole_bytes))
}

/// What a side did, as evidence.
fn act_evidence(act: &Act) -> Evidence {
    let side = act.by.name();
    let text = match act.how {
        How::Alert { alert: seen, encrypted } => {
            let level = if seen.level == 2 { "fatal" } else { "warning" };
            let how = if encrypted { ", encrypted" } else { "" };
            format!("the {side} sends the {level} alert {}{how}", alert(seen.description.0))
        }
        How::HiddenAlert { len } if len > 0 => {
            format!("the {side} sends an encrypted record of {len} bytes, the length of an alert")
        }
        How::HiddenAlert { .. } => format!("the {side} sends an encrypted alert"),
        How::Fin => format!("the {side} closes (FIN)"),
        How::LeftTls => format!("the {side} goes back to plain text"),
        How::Rst => format!("the {side} resets the connection (RST)"),
    };
    Evidence { packet: Some(act.packet), text }
}

fn teardown(connection: &Connection, ending: &Ending, steps: &mut Vec<Evidence>) {
    let act = ending.act.map_or(0, |act| act.packet);
    for (index, side) in [Side::Client, Side::Server].into_iter().enumerate() {
        let fin = connection.teardown.fin.get(index).and_then(Option::as_ref).map(|at| at.packet);
        let rst = connection.teardown.rst.get(index).and_then(Option::as_ref).map(|rst| rst.packet);
        for (packet, word) in [(fin, "FIN"), (rst, "RST")] {
            let is_act = ending.act.is_some_and(|act| {
                Some(act.packet) == packet && act.by == side && matches!(act.how, How::Fin | How::Rst)
            });
            // A FIN that was captured ahead of the alert before it is still behind that alert.
            let behind = word == "FIN" && ending.act.is_some_and(|act| act.by == side);
            if let Some(packet) = packet.filter(|packet| (*packet >= act || behind) && !is_act) {
                steps.push(Evidence {
                    packet: Some(packet),
                    text: format!("{word} from the {}", side.name()),
                });
            }
        }
    }
}

fn syns(count: u32) -> String {
    match count {
        0 | 1 => "1 SYN".into(),
        many => format!("{many} SYNs"),
    }
}

#[cfg(test)]
mod tests {
    use super::hidden_finished;

    #[test]
    fn a_record_that_is_longer_than_a_finished_is_not_called_one() {
        assert!(hidden_finished(85).ends_with("85 bytes, the length of a Finished"));
        assert!(hidden_finished(1221).ends_with("long enough for a certificate in front of a Finished"));
    }
}
