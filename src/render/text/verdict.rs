//! Why it failed: the sentence, the checks behind it, and what to do.

use comfy_table::{ContentArrangement, Table, presets};

use crate::render::{escape, wrap_hanging};
use crate::report::{ConnectionReport, FindingReport, TrustReport};

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
        let entries =
            if trust.entries == 1 { "1 entry".to_owned() } else { format!("{} entries", trust.entries) };
        let store = format!("trust store: {} ({entries}); rules: {}", escape(&trust.source), trust.policy);
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

/// The words for OpenSSL are those of its own client; a program that uses it puts them into its own frame.
pub(in crate::render) fn who_logs(stack: &str) -> &str {
    if stack == "OpenSSL" { "OpenSSL's s_client" } else { stack }
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
        let verdict = match row.verdict {
            "missing-from-truststore" => "MISSING from the trust store",
            "missing-from-chain" => "MISSING from the chain",
            "truststore-only" => "in the store",
            "sent-only" => "sent",
            other => other,
        };
        let role = if position == 0 {
            "leaf"
        } else if row.subject == row.issuer {
            "root"
        } else {
            "issuer"
        };
        table.add_row([role, &escape(&row.subject), yes(row.sent), yes(row.in_truststore), verdict]);
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
        for other in &v.alternatives {
            let text = format!("{} ({}): {}", other.cause, other.confidence, escape(&other.why));
            wrap_hanging(out, "  - ", 4, &text, width);
        }
    }
    if !v.ruled_out.is_empty() {
        renderer.heading(out, "It is not");
        for other in &v.ruled_out {
            wrap_hanging(out, "  - ", 4, &format!("{}: {}", other.cause, escape(&other.why)), width);
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
                // A command stays on its line, so that it can be copied.
                out.push_str(&format!("     {}\n", escape(line)));
            }
        }
    }
}
