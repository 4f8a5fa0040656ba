//! The summary of many captures as tables for people.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::render::escape;
use crate::render::text::Style;
use crate::report::{TriageGroup, TriageSummary};

/// Draws the summary at `width` columns.
pub fn summary_table(summary: &TriageSummary, width: usize, color: bool) -> String {
    let style = Style::new(color);
    let mut out = format!("{}\n", style.bold(&headline(summary)));
    for line in partial(summary).into_iter().chain(unread(summary, width)) {
        out.push_str(&line);
        out.push('\n');
    }
    causes(&mut out, &style, summary);
    counts(&mut out, &style.bold("Servers"), &summary.servers, width);
    counts(&mut out, &style.bold("Issuers of the leaf"), &summary.issuers, width);
    counts(&mut out, &style.bold("Clients"), &summary.clients, width);
    if !summary.groups.is_empty() {
        out.push_str(&format!("\n{}\n", style.bold("Equal failures, the most frequent first")));
        for group in &summary.groups {
            tell_group(&mut out, &style, group, width);
        }
        if summary.more_groups > 0 {
            out.push_str(&format!("          and {} more kinds\n", summary.more_groups));
        }
    }
    out
}

pub(super) fn headline(summary: &TriageSummary) -> String {
    if summary.per_connection {
        return format!("{} rows, {} failed handshakes", summary.rows, summary.captures_failed);
    }
    let read = count_of(summary, "ok") + count_of(summary, "partial");
    let captures = if read == 1 { "capture" } else { "captures" };
    format!("{read} {captures}, {} with a failed handshake", summary.captures_failed)
}

fn count_of(summary: &TriageSummary, status: &str) -> u64 {
    summary.statuses.iter().filter(|(name, _)| name == status).map(|(_, n)| n).sum()
}

pub(super) fn partial(summary: &TriageSummary) -> Option<String> {
    let count = count_of(summary, "partial");
    (count > 0).then(|| format!("{count} of them damaged, or larger than a limit: read in part"))
}

/// Inputs of which nothing is known: how many, and the first of them.
fn unread(summary: &TriageSummary, width: usize) -> Vec<String> {
    let Some((parts, all)) = unread_counts(summary) else { return Vec::new() };
    let mut lines = vec![format!("other inputs: {parts}")];
    for (path, why) in &summary.unread {
        lines.push(format!("  {}", shortened(&escape(&format!("{path}: {why}")), width.saturating_sub(2))));
    }
    let more = all.saturating_sub(summary.unread.len() as u64);
    if more > 0 && !summary.unread.is_empty() {
        lines.push(format!("  and {more} more"));
    }
    lines
}

/// Inputs of which nothing is known, by status and together.
pub(super) fn unread_counts(summary: &TriageSummary) -> Option<(String, u64)> {
    let odd = summary.statuses.iter().filter(|(status, _)| status != "ok" && status != "partial");
    let (mut parts, mut all) = (Vec::new(), 0);
    for (status, n) in odd {
        parts.push(format!("{n} {status}"));
        all += n;
    }
    (!parts.is_empty()).then(|| (parts.join(", "), all))
}

fn causes(out: &mut String, style: &Style, summary: &TriageSummary) {
    if summary.causes.is_empty() {
        return;
    }
    out.push_str(&format!("\n{}\n", style.bold("Causes")));
    let mut table = plain(80);
    if !summary.per_connection {
        table.set_header(["captures", "handshakes", "cause"]);
    }
    for (cause, captures, handshakes) in &summary.causes {
        if summary.per_connection {
            table.add_row([captures.to_string(), cause.clone()]);
        } else {
            table.add_row([captures.to_string(), handshakes.to_string(), cause.clone()]);
        }
    }
    align_numbers(&mut table, if summary.per_connection { 1 } else { 2 });
    lines(out, &table);
}

fn counts(out: &mut String, heading: &str, entries: &[(String, u64)], width: usize) {
    if entries.is_empty() {
        return;
    }
    out.push_str(&format!("\n{heading}\n"));
    let mut table = plain(width);
    for (key, n) in entries {
        table.add_row([n.to_string(), shortened(&escape(key), width.saturating_sub(12))]);
    }
    align_numbers(&mut table, 1);
    lines(out, &table);
}

/// Three lines: what it is, when and where it was seen, and a capture to look at.
fn tell_group(out: &mut String, style: &Style, group: &TriageGroup, width: usize) {
    let when = seen(group);
    let server = shortened(&escape(&group.server), width.saturating_sub(when.len() + 21));
    out.push_str(&format!("{:>8}  {}  {}\n", group.count, style.bold(&group.cause), group.signature));
    out.push_str(&format!("          {when}, such as {server}\n          {}\n", escape(&group.example)));
}

/// The day on which a failure was seen, or the first and the last one.
pub(super) fn seen(group: &TriageGroup) -> String {
    let day =
        |time: &Option<String>| time.as_deref().and_then(|time| time.get(..10)).unwrap_or("?").to_owned();
    let (first, last) = (day(&group.first_seen), day(&group.last_seen));
    if first == last { first } else { format!("{first} to {last}") }
}

/// The text, or its start when it is longer than `width` columns.
fn shortened(text: &str, width: usize) -> String {
    let width = width.max(16);
    if unicode_width::UnicodeWidthStr::width(text) <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let kept = text.chars().take_while(|c| {
        used += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
        used <= width
    });
    kept.chain(['…']).collect()
}

fn align_numbers(table: &mut Table, columns: usize) {
    for column in table.column_iter_mut().take(columns) {
        column.set_cell_alignment(CellAlignment::Right);
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(9)));
    }
}

fn plain(width: usize) -> Table {
    let mut table = Table::new();
    table.force_no_tty();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(80));
    table
}

fn lines(out: &mut String, table: &Table) {
    for line in table.lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_fits_its_width_and_names_an_example() {
        let summary = TriageSummary {
            rows: 3,
            captures_failed: 2,
            statuses: vec![("ok".to_owned(), 2), ("unreadable".to_owned(), 2)],
            unread: vec![("b\u{202e}.txt".to_owned(), "text ".repeat(40))],
            causes: vec![("expired".to_owned(), 2, 5)],
            issuers: vec![("CN=".to_owned() + &"x".repeat(200), 2)],
            groups: vec![TriageGroup {
                signature: "0123456789abcdef".to_owned(),
                cause: "expired".to_owned(),
                count: 2,
                server: "very.".repeat(40),
                first_seen: Some("2026-01-01T00:00:00Z".to_owned()),
                last_seen: Some("2026-02-03T00:00:00Z".to_owned()),
                example: "a\u{1b}.pcap".to_owned(),
            }],
            ..TriageSummary::default()
        };
        let text = summary_table(&summary, 80, false);
        assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 80), "{text}");
        for expected in [
            "2 captures, 2 with a failed handshake",
            "other inputs: 2 unreadable\n  b\\u{202e}.txt: text text",
            "  and 1 more\n",
            "2026-01-01 to 2026-02-03, such as very.",
            "          a\\u{1b}.pcap",
        ] {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
    }
}
