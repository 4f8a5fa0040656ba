//! The path between the two, and how it ended.

use crate::connection::Connection;
use crate::report::{AlertReport, ConnectionReport, Parts};

use super::catalog as field;
use super::fact::{Fact, Value};

/// The facts of path and end.
pub(super) fn facts(parts: Parts<'_>, report: &ConnectionReport) -> Vec<Fact> {
    let mut facts = path(parts.case.connection, report);
    facts.extend(result(parts.case.connection, report));
    facts
}

fn path(c: &Connection, report: &ConnectionReport) -> Vec<Fact> {
    let server = &report.server;
    let address = if server.addr.contains(':') { format!("[{}]", server.addr) } else { server.addr.clone() };
    let ttl = |side: usize| {
        let seen = c.tcp.get(side).and_then(|facts| facts.ttl);
        seen.map_or(Value::Hidden("it sent no packet"), |ttl| Value::Text(ttl.to_string()))
    };
    let rtt = match (&c.syn, &c.syn_ack) {
        (Some(syn), Some(answer)) if c.syn_count == 1 => {
            Value::Seconds(answer.time.seconds_since(syn.time).max(0.0))
        }
        _ => Value::Hidden("not seen, or the SYN was sent again"),
    };
    let resent = c.tcp.iter().map(|facts| u64::from(facts.retransmissions)).sum();
    let refused = c.tunnel.as_ref().and_then(|at| at.value.refusal.clone());
    let tunnel = match (&report.tunnel, refused) {
        (Some(kind), Some(refusal)) => Value::Text(format!("{kind}, refused: {refusal}")),
        (kind, _) => Value::text(kind.clone()),
    };
    vec![
        field::CLIENT.is(Value::Text(report.client.addr.clone()), Some(c.first_packet)),
        field::SERVER.is(Value::Text(format!("{address}:{}", server.port)), Some(c.first_packet)),
        field::TUNNEL.is(tunnel, c.tunnel.as_ref().map(|at| at.packet)),
        field::CLIENT_TTL.is(ttl(0), None),
        field::SERVER_TTL.is(ttl(1), None),
        field::RTT.is(rtt, c.syn_ack.as_ref().map(|at| at.packet)),
        field::RESENT.is(Value::Count(resent), None),
    ]
}

fn result(c: &Connection, report: &ConnectionReport) -> Vec<Fact> {
    let alerts: Vec<String> = report.alerts.iter().map(alert).collect();
    let first_alert = report.alerts.first().map(|alert| alert.packet);
    let closed = match (report.teardown.closed_by, report.teardown.how) {
        (Some(who), Some("rst")) => Value::Text(format!("the {who}, with RST")),
        (Some(who), _) => Value::Text(format!("the {who}, with FIN")),
        (None, _) => Value::Hidden("the capture does not show it"),
    };
    let verdict = match report.verdict.cause.as_str() {
        "none" => report.outcome.to_owned(),
        cause => format!("{}: {cause} ({})", report.outcome, report.verdict.confidence),
    };
    vec![
        field::DURATION.is(duration(c), None),
        field::ALERTS
            .is(if alerts.is_empty() { Value::None } else { Value::Text(alerts.join(", ")) }, first_alert),
        field::TEARDOWN.is(closed, c.closed_by().map(|(_, packet)| packet)),
        field::HISTORY.is(Value::Text(report.history.clone()), None),
        field::VERDICT.is(Value::Text(verdict), None),
    ]
}

/// From the ClientHello to the later Finished, or to the alert, FIN or RST that ended it before.
fn duration(c: &Connection) -> Value {
    let Some(hello) = &c.client_hello else { return Value::Hidden("its ClientHello is not seen") };
    let finished = c.finished.iter().map(|at| at.as_ref().map(|at| at.time)).max().flatten();
    let both = c.finished.iter().all(Option::is_some);
    let alert = c.first_real_alert().map(|at| at.time);
    let fin = c.first_fin().map(|(_, at)| at.time);
    let rst = c.first_rst().map(|(_, rst)| rst.time);
    let ended = [alert, fin, rst].into_iter().flatten().min();
    match if both { finished } else { ended } {
        Some(end) => Value::Seconds(end.seconds_since(hello.time).max(0.0)),
        None => Value::Hidden("its end is not seen"),
    }
}

fn alert(alert: &AlertReport) -> String {
    match (&alert.level, &alert.name) {
        (Some(level), Some(name)) => format!("{}: {level} {name}", alert.sender),
        _ => format!("{}: an encrypted one", alert.sender),
    }
}
