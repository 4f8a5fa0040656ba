//! Why it failed: the sentence, the checks behind it, and what to do.

use comfy_table::{ContentArrangement, Table, presets};

use crate::render::{escape, wrap_command, wrap_hanging};
use crate::report::{ConnectionReport, FindingReport, TrustReport, TrustRow};

use super::TextRenderer;

/// The verdict in one or two sentences.
pub(super) fn summary(out: &mut String, renderer: &TextRenderer, c: &ConnectionReport) {
    out.push('\n');
    wrap_hanging(out, "  ", 2, &escape(&c.verdict.summary), renderer.options.width);
}

/// The chain held against the trust store, the leaf against the name, and the other findings.
pub(super) fn checks(out: &mut String, renderer: &TextRenderer, c: &ConnectionReport) {
    let width = renderer.options.width;
    if let Some(trust) = &c.trust
        && !trust.rows.is_empty()
    {
        renderer.heading(out, "Chain against the trust store");
        let store = format!("trust store: {}", escape(&store(trust)));
        wrap_hanging(out, "  ", 2, &store, width);
        out.push_str(&rows(trust, width));
    }
    if let Some(host) = &c.hostname {
        renderer.heading(out, "Host name");
        let names: Vec<_> = host.names.iter().take(8).map(|name| escape(name).into_owned()).collect();
        let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
        let verdict = if host.matches { "is covered by" } else { "is NOT covered by" };
        let text = format!("{} ({}) {verdict} the certificate: {names}", escape(&host.expected), host.source);
        wrap_hanging(out, "  ", 2, &text, width);
    }
    let mut findings = c.findings.iter().filter(|finding| !is_the_verdict(finding, c)).peekable();
    if findings.peek().is_some() {
        renderer.heading(out, "Findings");
        for finding in findings {
            let place =
                finding.certificate.map(|position| format!("certificate {position}: ")).unwrap_or_default();
            let text = format!("{} [{}] {place}{}", finding.severity, finding.code, escape(&finding.text));
            wrap_hanging(out, "  - ", 4, &text, width);
        }
    }
}

/// The verdict's own sentence once more: the end of the connection has no finding beside it.
pub(in crate::render) fn is_the_verdict(finding: &FindingReport, c: &ConnectionReport) -> bool {
    finding.certificate.is_none() && finding.code == c.verdict.cause
}

/// What else it could be; causes with the same reason are told together.
pub(in crate::render) fn alternatives(c: &ConnectionReport) -> Vec<String> {
    let causes = c.verdict.alternatives.iter();
    together(causes.map(|other| (other.cause.as_str(), format!(" ({}): {}", other.confidence, other.why))))
}

/// What it is not; causes with the same reason are told together.
pub(in crate::render) fn ruled_out(c: &ConnectionReport) -> Vec<String> {
    together(c.verdict.ruled_out.iter().map(|other| (other.cause.as_str(), format!(": {}", other.why))))
}

fn together<'a>(causes: impl Iterator<Item = (&'a str, String)>) -> Vec<String> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for (cause, reason) in causes {
        match lines.iter_mut().find(|(_, known)| *known == reason) {
            Some((names, _)) => {
                names.push_str(", ");
                names.push_str(cause);
            }
            None => lines.push((cause.to_owned(), reason)),
        }
    }
    lines.into_iter().map(|(names, reason)| names + &reason).collect()
}

/// The words for OpenSSL are those of its own client; a program that uses it puts them into its own frame.
pub(in crate::render) fn who_logs(stack: &str) -> &str {
    if stack == "OpenSSL" { "OpenSSL's s_client" } else { stack }
}

/// The trust store and the rules, as `mozilla (118 entries); rules: java`.
pub(in crate::render) fn store(trust: &TrustReport) -> String {
    let entries = if trust.entries == 1 { "entry" } else { "entries" };
    format!("{} ({} {entries}); rules: {}", trust.source, trust.entries, trust.policy)
}

/// What a certificate of the path is.
pub(in crate::render) fn role(position: usize, row: &TrustRow) -> &'static str {
    if position == 0 {
        "leaf"
    } else if row.subject == row.issuer {
        "root"
    } else {
        "issuer"
    }
}

/// Where a certificate of the path is, or where it is missing.
pub(in crate::render) fn row_verdict(row: &TrustRow) -> &'static str {
    match row.verdict {
        "missing-from-truststore" => "MISSING from the trust store",
        "missing-from-chain" => "MISSING from the chain",
        "truststore-only" => "in the store",
        "sent-only" => "sent",
        other => other,
    }
}

fn rows(trust: &TrustReport, width: usize) -> String {
    let mut table = Table::new();
    table.force_no_tty();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(80));
    table.set_header(["", "subject", "sent", "in store", ""]);
    for (position, row) in trust.rows.iter().enumerate() {
        let yes = |flag| if flag { "yes" } else { "no" };
        let role = role(position, row);
        table.add_row([role, &escape(&row.subject), yes(row.sent), yes(row.in_truststore), row_verdict(row)]);
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push(' ');
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Evidence, what else it could be, what it is not, what would settle it, the fix, and the client's own words.
pub(super) fn reasons(out: &mut String, renderer: &TextRenderer, c: &ConnectionReport) {
    let v = &c.verdict;
    let width = renderer.options.width;
    if !v.evidence.is_empty() {
        renderer.heading(out, "Evidence");
        for evidence in &v.evidence {
            let first = evidence.packet.map_or("  - ".to_owned(), |packet| format!("  #{packet} "));
            let indent = first.len();
            wrap_hanging(out, &first, indent, &escape(&evidence.text), width);
        }
    }
    if !v.alternatives.is_empty() {
        renderer.heading(out, "It could also be");
        for text in alternatives(c) {
            wrap_hanging(out, "  - ", 4, &escape(&text), width);
        }
    }
    if !v.ruled_out.is_empty() {
        renderer.heading(out, "It is not");
        for text in ruled_out(c) {
            wrap_hanging(out, "  - ", 4, &escape(&text), width);
        }
    }
    if !v.missing.is_empty() {
        renderer.heading(out, "To know more");
        for missing in &v.missing {
            wrap_hanging(out, "  - ", 4, &format!("{}: {}", missing.what, escape(&missing.how)), width);
        }
    }
    if let Some(error) = &v.client_error {
        renderer.heading(out, &format!("What {} logs", who_logs(&error.stack)));
        wrap_hanging(out, "  ", 2, &escape(&error.text), width);
    }
    if !v.fix.is_empty() {
        renderer.heading(out, "Fix");
        for (step, fix) in v.fix.iter().enumerate() {
            let mut lines = fix.lines();
            let first = format!("  {}. ", step + 1);
            wrap_hanging(out, &first, first.len(), &escape(lines.next().unwrap_or("")), width);
            for line in lines {
                wrap_command(out, 5, &escape(line), width);
            }
        }
    }
}
