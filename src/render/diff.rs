//! What differs between two handshakes, as text.

use crate::report::{DiffReport, DiffSide, DifferenceReport, NOT_REACHED};

use super::text::{Style, TextOptions};
use super::{escape, wrap_hanging};

/// Draws a comparison.
pub fn diff_text(report: &DiffReport, options: TextOptions) -> String {
    let drawing = Drawing { style: Style::new(options.color), width: options.width, all: options.all };
    let mut out = String::new();
    drawing.side(&mut out, "good", &report.good);
    drawing.side(&mut out, "bad", &report.bad);
    out.push('\n');
    for sentence in &report.conclusion {
        wrap_hanging(&mut out, "", 0, &escape(sentence), options.width);
    }
    drawing.differences(&mut out, report);
    drawing.rest(&mut out, report);
    out
}

/// One of the two ended before it.
fn is_unreached(difference: &DifferenceReport) -> bool {
    [&difference.good, &difference.bad].into_iter().any(|value| value.as_deref() == Some(NOT_REACHED))
}

struct Drawing {
    style: Style,
    width: usize,
    all: bool,
}

/// Values of a list that are shown of each side.
const SHOWN: usize = 24;

impl Drawing {
    fn side(&self, out: &mut String, name: &str, side: &DiffSide) {
        let (place, width) = (7, self.width);
        let verdict = match (side.outcome, side.cause.as_str()) {
            ("failed", cause) => self.style.bad(&format!("FAILED: {cause} ({})", side.confidence)),
            ("established", _) => self.style.good("established"),
            (outcome, _) => outcome.to_owned(),
        };
        wrap_hanging(out, name, place, &format!("{} #{}", escape(&side.path), side.id), width);
        // Never wrapped: colours would count as columns.
        out.push_str(&format!("       {verdict}\n"));
        let mut about = vec![format!(
            "{} → {}",
            endpoint(&side.client.addr, side.client.port),
            endpoint(&side.server.addr, side.server.port)
        )];
        about.extend(side.sni.as_deref().map(|name| escape(name).into_owned()));
        about.extend(side.version.clone());
        about.push(format!("tcp.stream {}", side.stream));
        about.push(format!("#{}–{}", side.first_packet, side.last_packet));
        wrap_hanging(out, "", place, &about.join(" · "), width);
        if side.outcome != "established" {
            wrap_hanging(out, "", place, &escape(&side.summary), width);
        }
    }

    fn differences(&self, out: &mut String, report: &DiffReport) {
        let part = |wanted: fn(&DifferenceReport) -> bool| {
            let shown = report.differences.iter().filter(|difference| !is_unreached(difference));
            shown.filter(move |difference| wanted(difference)).collect::<Vec<_>>()
        };
        let explaining = part(|d| d.explains.is_some());
        let following = part(|d| d.explains.is_none() && d.group == "result");
        let others = part(|d| d.explains.is_none() && d.group != "result");
        for (heading, differences) in [
            ("What could explain the failure", explaining),
            ("What else differs", others),
            ("How it went on", following),
        ] {
            if !differences.is_empty() {
                out.push_str(&format!("\n{}\n", self.style.bold(heading)));
                differences.iter().for_each(|difference| self.difference(out, difference));
            }
        }
        self.unreached(out, report);
    }

    /// What only one handshake came to, in a line.
    fn unreached(&self, out: &mut String, report: &DiffReport) {
        for (name, ended_early) in [("good", true), ("bad", false)] {
            let of_side = |difference: &&DifferenceReport| {
                let value = if ended_early { &difference.good } else { &difference.bad };
                value.as_deref() == Some(NOT_REACHED)
            };
            let titles: Vec<&str> =
                report.differences.iter().filter(of_side).map(|difference| difference.title).collect();
            if !titles.is_empty() {
                out.push_str(&format!("   the {name} one ended before these\n"));
                wrap_hanging(out, "", 5, &titles.join(", "), self.width);
            }
        }
    }

    fn difference(&self, out: &mut String, difference: &DifferenceReport) {
        let mark = match difference.explains {
            Some("likely") => self.style.bad("!!"),
            Some(_) => self.style.warn("! "),
            None => "  ".to_owned(),
        };
        let lists = difference.good.is_none() && difference.bad.is_none();
        let common = match (lists, difference.common) {
            (false, _) | (true, 0) => String::new(),
            (true, 1) => ": 1 is in both".to_owned(),
            (true, common) => format!(": {common} are in both"),
        };
        out.push_str(&format!("{mark} {}{common}\n", self.style.bold(difference.title)));
        if difference.other_order {
            wrap_hanging(out, "", 5, "the same values in another order", self.width);
            return;
        }
        for (name, value, only, packet) in [
            ("good", &difference.good, &difference.only_good, difference.good_packet),
            ("bad", &difference.bad, &difference.only_bad, difference.bad_packet),
        ] {
            let (name, text) = match value {
                Some(value) => (name.to_owned(), escape(value).into_owned()),
                None if lists && only.is_empty() => continue,
                None if lists => (format!("only {name}"), self.values(only)),
                None => (name.to_owned(), self.values(only)),
            };
            let place = if lists { 16 } else { 11 };
            let packet = packet.map_or(String::new(), |packet| format!(" (#{packet})"));
            wrap_hanging(out, &format!("     {name}"), place, &format!("{text}{packet}"), self.width);
        }
    }

    fn values(&self, values: &[String]) -> String {
        let shown = if self.all { values.len() } else { SHOWN };
        let mut text: Vec<String> =
            values.iter().take(shown).map(|value| escape(value).into_owned()).collect();
        if values.is_empty() {
            text.push("none".to_owned());
        }
        if values.len() > shown {
            text.push(format!("and {} more (--all shows them)", values.len() - shown));
        }
        text.join(", ")
    }

    fn rest(&self, out: &mut String, report: &DiffReport) {
        if !report.same.is_empty() {
            out.push_str(&format!("\n{}\n", self.style.bold("The same in both")));
            let titles: Vec<&str> = report.same.iter().map(|same| same.title).collect();
            wrap_hanging(out, "", 3, &titles.join(", "), self.width);
        }
        if !report.not_compared.is_empty() {
            out.push_str(&format!("\n{}\n", self.style.bold("Not compared")));
            let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
            for one in &report.not_compared {
                match told.iter_mut().find(|(why, _)| *why == one.why) {
                    Some((_, titles)) => titles.push(one.title),
                    None => told.push((&one.why, vec![one.title])),
                }
            }
            for (why, titles) in told {
                let text = format!("{} ({})", titles.join(", "), escape(why));
                wrap_hanging(out, "", 3, &text, self.width);
            }
        }
    }
}

fn endpoint(addr: &str, port: u16) -> String {
    if addr.contains(':') { format!("[{addr}]:{port}") } else { format!("{addr}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{DIFF_SCHEMA, EndpointReport, SameField, ToolReport};

    fn side(outcome: &'static str) -> DiffSide {
        DiffSide {
            path: "a\u{1b}.pcap".to_owned(),
            id: 1,
            stream: 0,
            client: EndpointReport { addr: "2001:db8::1".to_owned(), port: 5 },
            server: EndpointReport { addr: "192.0.2.1".to_owned(), port: 443 },
            first_packet: 1,
            last_packet: 9,
            start: String::new(),
            sni: Some("x\u{202e}y".to_owned()),
            version: None,
            outcome,
            cause: "no-shared-cipher".to_owned(),
            confidence: "likely",
            summary: "No suite.".to_owned(),
        }
    }

    #[test]
    fn lists_are_bounded_and_nothing_can_drive_a_terminal() {
        let many: Vec<String> = (0..40).map(|n| format!("SUITE_{n}\u{1b}[31m")).collect();
        let report = DiffReport {
            schema: DIFF_SCHEMA,
            tool: ToolReport::default(),
            good: side("established"),
            bad: side("failed"),
            conclusion: vec!["One.".to_owned()],
            differences: vec![DifferenceReport {
                field: "cipher-suites-offered",
                title: "cipher suites offered",
                group: "client-hello",
                explains: Some("likely"),
                good: None,
                bad: None,
                only_good: many,
                only_bad: Vec::new(),
                common: 3,
                other_order: false,
                good_packet: Some(4),
                bad_packet: Some(5),
            }],
            same: vec![SameField { field: "sni", title: "server name asked for" }],
            not_compared: Vec::new(),
        };
        let text = diff_text(&report, TextOptions { width: 80, color: false, all: false, break_lines: true });
        assert!(text.contains("!! cipher suites offered: 3 are in both"), "{text}");
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("and 16 more (--all shows them)") && !text.contains("only bad"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()) && !text.contains('\u{202e}'));
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let all = diff_text(&report, TextOptions { width: 80, color: false, all: true, break_lines: true });
        assert!(all.contains("SUITE_39"));
    }
}
