//! The report as one page for a browser or an attachment: no script, nothing fetched, readable in print.

use std::fmt::Write as _;

use crate::render::{Fragment, Renderer, escape};
use crate::report::{BriefReport, CaptureReport, ChainReport, ConnectionReport, EventReport, Summary};

/// Draws HTML.
#[derive(Debug, Clone, Copy)]
pub struct HtmlRenderer;

impl Renderer for HtmlRenderer {
    fn connection(&self, report: &ConnectionReport) -> Fragment {
        let failed = report.outcome == "failed";
        let mut out = format!("<section id=\"stream-{}\"", report.stream);
        // What needs no attention is folded away.
        out.push_str(if failed { "><h2>#" } else { " class=\"folded\"><details><summary><h2>#" });
        let number_at = out.len();
        title(&mut out, report);
        let _ = writeln!(out, "<p class=\"verdict\">{}</p>", text(&report.verdict.summary));
        fix(&mut out, report);
        story(&mut out, report);
        chain(&mut out, "Certificate chain", report.server_certificates.as_ref());
        chain(&mut out, "Client certificate", report.client_certificates.as_ref());
        trust(&mut out, report);
        reasons(&mut out, report);
        let _ = writeln!(
            out,
            "<p class=\"filter\">In Wireshark: <code>{}</code></p>{}</section>",
            text(&report.display_filter()),
            if failed { "" } else { "</details>" }
        );
        Fragment { text: out, number_at }
    }

    fn brief(&self, _report: &BriefReport<'_>) -> Option<Fragment> {
        None
    }

    fn start(&self, capture: &CaptureReport, summary: &Summary) -> String {
        let mut out = head(&capture.path);
        let _ = writeln!(
            out,
            "<p>{}. {}</p>",
            text(&super::text::about(capture)),
            text(&super::text::counts(summary))
        );
        for warning in &capture.warnings {
            let warning = text(&super::text::warning_text(warning));
            let _ = writeln!(out, "<p class=\"warning\">Warning: {warning}</p>");
        }
        if summary.connections == 0 {
            let _ = writeln!(out, "<p>{}</p>", text(super::text::nothing(capture)));
        }
        out.push_str("<p class=\"private\">This page holds addresses and names from a capture: treat it as confidential.</p>\n<main>\n");
        out
    }

    fn between(&self) -> &'static str {
        ""
    }

    fn finish(&self, _capture: &CaptureReport, _summary: &Summary) -> String {
        foot()
    }
}

/// The page up to its heading.
pub(super) fn head(title: &str) -> String {
    let title = text(title);
    format!("{HEAD}<title>{title} - tlspcap</title>\n<style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n")
}

/// The page behind its main part.
pub(super) fn foot() -> String {
    format!("</main>\n<footer>tlspcap {}</footer></body></html>\n", env!("CARGO_PKG_VERSION"))
}

/// Nothing is fetched, no script runs, no address leaks.
const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
<meta name=\"color-scheme\" content=\"light dark\">\n";

const STYLE: &str = include_str!("html/style.css");

/// Text from anywhere, safe in an element and in an attribute.
pub(super) fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in escape(raw).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn title(out: &mut String, c: &ConnectionReport) {
    let (class, outcome) = match c.outcome {
        "failed" => ("bad", format!("failed: {} ({})", c.verdict.cause, c.verdict.confidence)),
        "established" => ("good", "established".to_owned()),
        other => ("", other.to_owned()),
    };
    let about = text(&super::text::about_connection(c));
    let _ = write!(out, " <span class=\"{class}\">{}</span></h2>", text(&outcome));
    let _ = match c.outcome {
        "failed" => writeln!(out, "\n<p class=\"about\">{about}</p>"),
        _ => writeln!(out, " <span class=\"about\">{about}</span></summary>"),
    };
}

fn fix(out: &mut String, c: &ConnectionReport) {
    if c.verdict.fix.is_empty() {
        return;
    }
    out.push_str("<h3>Do this</h3><ol>\n");
    for step in &c.verdict.fix {
        let (first, rest) = step.split_once('\n').unwrap_or((step, ""));
        let _ = write!(out, "<li>{}", text(first));
        if !rest.is_empty() {
            out.push_str("<pre>");
            for line in rest.lines() {
                let _ = writeln!(out, "{}", text(line));
            }
            out.push_str("</pre>");
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ol>\n");
}

fn story(out: &mut String, c: &ConnectionReport) {
    out.push_str(
        "<h3>What happened</h3><table><thead><tr><th scope=\"col\" class=\"n\">packet</th><th scope=\"col\" class=\"n time\">seconds</th><th scope=\"col\">client - server</th><th scope=\"col\">what it is</th></tr></thead><tbody>\n",
    );
    let k = &c.key_packets;
    let keys = [k.client_hello, k.server_hello, k.certificate, k.alert, k.first_fin, k.first_rst];
    for event in &c.events {
        row(out, event, keys.contains(&Some(event.packet)));
    }
    out.push_str("</tbody></table>\n");
    for warning in &c.warnings {
        let _ = writeln!(out, "<p class=\"warning\">{}</p>", text(&super::text::warning_text(warning)));
    }
}

fn row(out: &mut String, event: &EventReport, key: bool) {
    let alert = event.messages.iter().any(|message| message.ends_with("Alert"));
    let class = match (alert, event.messages.is_empty(), key) {
        (true, _, _) => "alert key",
        (_, true, true) => "tcp key",
        (_, true, false) => "tcp",
        (_, false, true) => "key",
        (_, false, false) => "",
    };
    let number = match event.last_packet {
        Some(last) => format!("#{}–{last}", event.packet),
        None => format!("#{}", event.packet),
    };
    let (arrow, label) = match event.from {
        "client" => {
            ("<line x1=\"0\" y1=\"6\" x2=\"92\" y2=\"6\"/><path d=\"M100 6 90 1v10z\"/>", "client to server")
        }
        "server" => {
            ("<line x1=\"8\" y1=\"6\" x2=\"100\" y2=\"6\"/><path d=\"M0 6 10 1v10z\"/>", "server to client")
        }
        _ => (
            "<line x1=\"8\" y1=\"6\" x2=\"92\" y2=\"6\"/><path d=\"M0 6 10 1v10z\"/><path d=\"M100 6 90 1v10z\"/>",
            "both ways",
        ),
    };
    let _ = writeln!(
        out,
        "<tr class=\"{class}\"><td class=\"n\">{number}</td><td class=\"n time\">{:.4}</td><td class=\"way\"><svg viewBox=\"0 0 100 12\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{label}\">{arrow}</svg></td><td>{}</td></tr>",
        event.relative_s,
        text(&event.text)
    );
}

fn chain(out: &mut String, heading: &str, chain: Option<&ChainReport>) {
    let Some(chain) = chain else { return };
    let packet = chain.packets.last().map(|packet| format!(" (#{packet})")).unwrap_or_default();
    let _ = writeln!(out, "<h3>{heading}{packet}</h3>");
    if !chain.complete {
        let _ = writeln!(out, "<p class=\"warning\">{}</p>", super::text::incomplete(chain));
    }
    if chain.chain.is_empty() {
        if chain.complete {
            out.push_str("<p>none: the Certificate message is empty</p>\n");
        }
        return;
    }
    let _ = writeln!(out, "<pre>{}</pre>", text_lines(&super::chain_text(chain, 110)));
}

fn text_lines(raw: &str) -> String {
    raw.lines().map(text).collect::<Vec<_>>().join("\n")
}

fn trust(out: &mut String, c: &ConnectionReport) {
    if let Some(trust) = c.trust.as_ref().filter(|trust| !trust.rows.is_empty()) {
        let _ = writeln!(
            out,
            "<h3>Chain against the trust store</h3><p>trust store: {}</p><table><thead><tr><th scope=\"col\">part</th><th scope=\"col\">subject</th><th scope=\"col\">sent</th><th scope=\"col\">in store</th><th scope=\"col\">verdict</th></tr></thead><tbody>",
            text(&super::text::store(trust)),
        );
        for (position, row) in trust.rows.iter().enumerate() {
            let yes = |flag| if flag { "yes" } else { "no" };
            let class = if row.verdict.starts_with("missing") { " class=\"missing\"" } else { "" };
            let _ = writeln!(
                out,
                "<tr><td class=\"s\">{}</td><td>{}</td><td class=\"s\">{}</td><td class=\"s\">{}</td><td{class}>{}</td></tr>",
                super::text::role(position, row),
                text(&row.subject),
                yes(row.sent),
                yes(row.in_truststore),
                super::text::row_verdict(row)
            );
        }
        out.push_str("</tbody></table>\n");
    }
    if let Some(host) = &c.hostname {
        let verdict = if host.matches { "is covered by" } else { "is <strong>not</strong> covered by" };
        let names = if host.names.is_empty() { "no name".to_owned() } else { host.names.join(", ") };
        let _ = writeln!(
            out,
            "<h3>Host name</h3><p>{} ({}) {verdict} the certificate: {}</p>",
            text(&host.expected),
            text(host.source),
            text(&names)
        );
    }
}

fn reasons(out: &mut String, c: &ConnectionReport) {
    let v = &c.verdict;
    let finding = |f: &crate::report::FindingReport| {
        let place = f.certificate.map(|position| format!("certificate {position}: ")).unwrap_or_default();
        format!("{} [{}] {place}{}", f.severity, f.code, f.text)
    };
    list(out, "Findings", c.findings.iter().filter(|f| !super::text::is_the_verdict(f, c)).map(finding));
    let evidence = |e: &crate::report::EvidenceReport| match e.packet {
        Some(packet) => format!("#{packet} {}", e.text),
        None => e.text.clone(),
    };
    list(out, "Evidence", v.evidence.iter().map(evidence));
    list(out, "It could also be", super::text::alternatives(c).into_iter());
    list(out, "It is not", super::text::ruled_out(c).into_iter());
    list(out, "To know more", v.missing.iter().map(|m| format!("{}: {}", m.what, m.how)));
    if let Some(error) = &v.client_error {
        let who = super::text::who_logs(&error.stack);
        let _ = writeln!(out, "<h3>What {} logs</h3><pre>{}</pre>", text(who), text(&error.text));
    }
}

fn list(out: &mut String, heading: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    let _ = writeln!(out, "<h3>{heading}</h3><ul>");
    for line in lines {
        let _ = writeln!(out, "<li>{}</li>", text(&line));
    }
    out.push_str("</ul>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_for_light_and_dark_and_closes_what_it_opens() {
        let capture = CaptureReport { path: "<b>.pcap".to_owned(), packets: 1, ..CaptureReport::default() };
        let summary = Summary::default();
        let page = HtmlRenderer.start(&capture, &summary) + &HtmlRenderer.finish(&capture, &summary);
        assert!(page.contains("prefers-color-scheme:dark") && page.contains("<h1>&lt;b&gt;.pcap</h1>"));
        assert!(page.contains("<p>1 packet, "), "{page}");
        for tag in ["html", "head", "body", "main", "style", "footer"] {
            assert_eq!(page.matches(&format!("<{tag}")).count(), 1, "{tag}");
            assert_eq!(page.matches(&format!("</{tag}>")).count(), 1, "{tag}");
        }
    }

    #[test]
    fn nothing_from_a_capture_becomes_markup() {
        assert_eq!(
            text("<img src=x onerror='a'>&\"\u{202e}"),
            "&lt;img src=x onerror=&#39;a&#39;&gt;&amp;&quot;\\u{202e}"
        );
    }
}
