//! The summary of many captures as tables for people.

use comfy_table::{ContentArrangement, Table, presets};

use crate::render::escape;
use crate::render::text::Style;
use crate::report::TriageSummary;

/// Draws the summary at `width` columns.
pub fn summary_table(summary: &TriageSummary, width: usize, color: bool) -> String {
    let style = Style::new(color);
    let failures: u64 = summary.causes.iter().map(|(_, n)| n).sum();
    let mut out = format!(
        "{}\n",
        style.bold(&format!("{} captures, {failures} with a failed handshake", summary.captures))
    );
    let odd: Vec<String> = summary
        .statuses
        .iter()
        .filter(|(status, _)| status != "ok")
        .map(|(status, n)| format!("{n} {status}"))
        .collect();
    if !odd.is_empty() {
        out.push_str(&format!("not read in full: {}\n", odd.join(", ")));
    }
    counts(&mut out, &style.bold("Cause"), &summary.causes, width);
    counts(&mut out, &style.bold("Server"), &summary.servers, width);
    counts(&mut out, &style.bold("Issuer of the leaf"), &summary.issuers, width);
    counts(&mut out, &style.bold("Client"), &summary.clients, width);
    if !summary.groups.is_empty() {
        out.push_str(&format!("\n{}\n", style.bold("Equal failures")));
        let mut table = plain(width);
        table.set_header(["count", "cause", "server", "last seen", "signature", "example"]);
        for group in &summary.groups {
            let last = group.last_seen.as_deref().and_then(|time| time.get(..10)).unwrap_or("");
            table.add_row([
                group.count.to_string(),
                group.cause.clone(),
                escape(&group.server).into_owned(),
                last.to_owned(),
                group.signature.clone(),
                escape(&group.example).into_owned(),
            ]);
        }
        lines(&mut out, &table);
    }
    out
}

fn counts(out: &mut String, heading: &str, entries: &[(String, u64)], width: usize) {
    if entries.is_empty() {
        return;
    }
    out.push_str(&format!("\n{heading}\n"));
    let mut table = plain(width);
    for (key, n) in entries {
        table.add_row([n.to_string(), escape(key).into_owned()]);
    }
    lines(out, &table);
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
