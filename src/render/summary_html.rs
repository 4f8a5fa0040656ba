//! The summary of many captures as one page, of the same make as that of one capture.

use std::fmt::Write as _;

use crate::render::html::{foot, head, text};
use crate::render::summary::{headline, partial, seen, unread_counts};
use crate::report::{TriageGroup, TriageSummary};

/// Draws the summary.
pub fn summary_page(summary: &TriageSummary) -> String {
    let mut out = head("Triage");
    let _ = writeln!(out, "<p>{}.</p>", text(&headline(summary)));
    if let Some(partial) = partial(summary) {
        let _ = writeln!(out, "<p>{}</p>", text(&partial));
    }
    out.push_str("<p class=\"private\">This page holds addresses and names from captures: treat it as confidential.</p>\n<main>\n");
    causes(&mut out, summary);
    counts(&mut out, "Servers", &summary.servers);
    counts(&mut out, "Issuers of the leaf", &summary.issuers);
    counts(&mut out, "Clients", &summary.clients);
    groups(&mut out, summary);
    unread(&mut out, summary);
    out + &foot()
}

/// The head of a table: columns of numbers, then columns of text.
fn table(out: &mut String, heading: &str, numbers: &[&str], texts: &[&str]) {
    let _ = write!(out, "<section><h2>{heading}</h2><table><thead><tr>");
    for name in numbers {
        let _ = write!(out, "<th scope=\"col\" class=\"n\">{name}</th>");
    }
    for name in texts {
        let _ = write!(out, "<th scope=\"col\">{name}</th>");
    }
    out.push_str("</tr></thead><tbody>\n");
}

const END: &str = "</tbody></table></section>\n";

fn causes(out: &mut String, summary: &TriageSummary) {
    if summary.causes.is_empty() {
        return;
    }
    let numbers: &[&str] = if summary.per_connection { &["handshakes"] } else { &["captures", "handshakes"] };
    table(out, "Causes", numbers, &["cause"]);
    for (cause, captures, handshakes) in &summary.causes {
        let _ = write!(out, "<tr><td class=\"n\">{captures}</td>");
        if !summary.per_connection {
            let _ = write!(out, "<td class=\"n\">{handshakes}</td>");
        }
        let _ = writeln!(out, "<td>{}</td></tr>", text(cause));
    }
    out.push_str(END);
}

fn counts(out: &mut String, heading: &str, entries: &[(String, u64)]) {
    if entries.is_empty() {
        return;
    }
    table(out, heading, &["failures"], &["name"]);
    for (key, n) in entries {
        let _ = writeln!(out, "<tr><td class=\"n\">{n}</td><td>{}</td></tr>", text(key));
    }
    out.push_str(END);
}

fn groups(out: &mut String, summary: &TriageSummary) {
    if summary.groups.is_empty() {
        return;
    }
    table(
        out,
        "Equal failures, the most frequent first",
        &["count"],
        &["cause", "seen", "such as", "signature"],
    );
    for group in &summary.groups {
        let TriageGroup { signature, cause, count, server, example, .. } = group;
        let _ = writeln!(
            out,
            "<tr><td class=\"n\">{count}</td><td>{}</td><td>{}</td><td>{}<br>{}</td><td><code>{}</code></td></tr>",
            text(cause),
            text(&seen(group)),
            text(server),
            text(example),
            text(signature)
        );
    }
    out.push_str("</tbody></table>\n");
    if summary.more_groups > 0 {
        let _ = writeln!(out, "<p>and {} more kinds</p>", summary.more_groups);
    }
    out.push_str("</section>\n");
}

fn unread(out: &mut String, summary: &TriageSummary) {
    let Some((parts, all)) = unread_counts(summary) else { return };
    let _ = writeln!(out, "<section><h2>Other inputs</h2><p>{}</p><ul>", text(&parts));
    for (path, why) in &summary.unread {
        let _ = writeln!(out, "<li>{}: {}</li>", text(path), text(why));
    }
    let more = all.saturating_sub(summary.unread.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "<li>and {more} more</li>");
    }
    out.push_str("</ul></section>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_escapes_names_and_closes_what_it_opens() {
        let summary = TriageSummary {
            statuses: vec![("ok".to_owned(), 2), ("unreadable".to_owned(), 2)],
            unread: vec![("<i>.txt".to_owned(), "text".to_owned())],
            captures_failed: 1,
            causes: vec![("expired".to_owned(), 1, 3)],
            servers: vec![("<script>".to_owned(), 1)],
            groups: vec![TriageGroup { example: "a&b\u{202e}.pcap".to_owned(), ..TriageGroup::default() }],
            ..TriageSummary::default()
        };
        let page = summary_page(&summary);
        for expected in
            ["&lt;script&gt;", "a&amp;b\\u{202e}.pcap", "&lt;i&gt;.txt: text", "2 unreadable", "and 1 more"]
        {
            assert!(page.contains(expected), "{expected} in\n{page}");
        }
        assert!(!page.contains("<script"));
        for tag in ["html", "body", "main", "section", "table", "ul", "tr", "td"] {
            let opened =
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }
}
