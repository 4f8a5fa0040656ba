//! The report as text: a headline, each failed connection as its story, the rest a line each.

mod chain;
mod style;
mod verdict;

use std::fmt::Write;

use crate::render::{Fragment, Renderer, escape, wrap, wrap_hanging};
use crate::report::{
    BriefReport, CaptureReport, ConnectionReport, EventReport, Summary, WarningReport, size,
};

pub use chain::chain_text;
pub(super) use chain::incomplete;
pub(crate) use style::Style;
pub(super) use verdict::{alternatives, is_the_verdict, role, row_verdict, ruled_out, store, who_logs};

/// How text is drawn.
#[derive(Debug, Clone, Copy)]
pub struct TextOptions {
    /// Columns.
    pub width: usize,
    /// With colour.
    pub color: bool,
    /// Every connection in full.
    pub all: bool,
    /// A connection's line is broken too where it is longer than `width`; for programs that read lines it stays whole.
    pub break_lines: bool,
}

/// Draws text.
#[derive(Debug, Clone, Copy)]
pub struct TextRenderer {
    options: TextOptions,
    style: Style,
}

impl TextRenderer {
    /// A renderer for a terminal, or for a pipe.
    pub fn new(options: TextOptions) -> Self {
        Self { options, style: Style::new(options.color) }
    }

    fn heading(&self, out: &mut String, text: &str) {
        out.push('\n');
        out.push_str("  ");
        out.push_str(&self.style.bold(text));
        out.push('\n');
    }
}

impl Renderer for TextRenderer {
    fn connection(&self, report: &ConnectionReport) -> Fragment {
        let mut out = String::from("#");
        let number_at = out.len();
        self.title(&mut out, report);
        verdict::summary(&mut out, self, report);
        self.story(&mut out, report);
        chain::chains(&mut out, self, report);
        verdict::checks(&mut out, self, report);
        verdict::reasons(&mut out, self, report);
        self.wireshark(&mut out, report);
        Fragment { text: out, number_at }
    }

    fn brief(&self, report: &BriefReport<'_>) -> Option<Fragment> {
        // Room for the number stands behind the first sign, of which the digits are not known yet.
        let mut line = String::with_capacity(160);
        if !self.options.break_lines {
            line.push_str("#  ");
        }
        match report.outcome {
            "failed" => self.style.put_bad(&mut line, &["failed ", report.cause]),
            "established" => self.style.put_good(&mut line, &["established"]),
            other => line.push_str(other),
        }
        let (client, server) = report.ends;
        // Writing to a string cannot fail.
        let _ = write!(line, "  {client} → {server}");
        let mut mark = " ";
        if let Some(name) = report.server_name.filter(|name| !name.is_empty()) {
            line.push_str(std::mem::replace(&mut mark, ", "));
            line.push_str(&escape(name));
        }
        if let Some(version) = report.version {
            let _ = write!(line, "{}{version}", std::mem::replace(&mut mark, ", "));
        }
        if report.resumed {
            line.push_str(mark);
            line.push_str("resumed");
        }
        let _ = match report.findings {
            0 => Ok(()),
            1 => write!(line, " (1 finding)"),
            n => write!(line, " ({n} findings)"),
        };
        if self.options.break_lines {
            let lines = wrap(&line, self.options.width.saturating_sub(8));
            let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
            line = format!("#  {}", lines.join("\n    "));
        }
        line.push('\n');
        Some(Fragment { text: line, number_at: 1 })
    }

    fn start(&self, capture: &CaptureReport, summary: &Summary) -> String {
        let mut out = String::new();
        let width = self.options.width;
        wrap_hanging(&mut out, "", 0, &self.style.bold(&escape(&headline(capture))), width);
        wrap_hanging(&mut out, "", 0, &counts(summary), width);
        for warning in &capture.warnings {
            let text = warning_text(warning);
            wrap_hanging(&mut out, &self.style.warn("warning: "), 9, &text, width);
        }
        if summary.connections == 0 {
            wrap_hanging(&mut out, "", 0, nothing(capture), width);
        }
        out.push('\n');
        out
    }

    fn between(&self) -> &'static str {
        ""
    }

    fn finish(&self, _capture: &CaptureReport, _summary: &Summary) -> String {
        String::new()
    }
}

/// What the capture is, in one line.
fn headline(capture: &CaptureReport) -> String {
    format!("{}: {}", capture.path, about(capture))
}

/// Its packets, size, format and time.
pub(super) fn about(capture: &CaptureReport) -> String {
    let mut parts = vec![packets(capture.packets), size(capture.bytes)];
    let form = match &capture.compression {
        Some(compression) => format!("{} in {compression}", capture.format),
        None => capture.format.clone(),
    };
    parts.push(form);
    parts.extend(capture.link_types.iter().cloned());
    if let Some(first) = &capture.first_time {
        parts.push(format!("from {first}"));
    }
    parts.join(", ")
}

fn packets(count: u64) -> String {
    if count == 1 { "1 packet".to_owned() } else { format!("{count} packets") }
}

/// How many connections, by outcome.
pub(super) fn counts(summary: &Summary) -> String {
    let mut parts = Vec::new();
    if summary.failed > 0 {
        let causes: Vec<_> = match summary.causes.len() {
            1 => summary.causes.keys().cloned().collect(),
            _ => summary.causes.iter().map(|(cause, count)| format!("{count} {cause}")).collect(),
        };
        parts.push(format!("{} failed ({})", summary.failed, causes.join(", ")));
    }
    if summary.established > 0 {
        parts.push(format!("{} established", summary.established));
    }
    if summary.incomplete > 0 {
        parts.push(format!("{} incomplete", summary.incomplete));
    }
    match summary.connections {
        0 => "No TLS connection was found.".to_owned(),
        1 => format!("1 TLS connection: {}.", parts.concat().trim_start_matches("1 ")),
        n => format!("{n} TLS connections: {}.", parts.join(", ")),
    }
}

/// A warning behind its packet, unless it begins with it.
pub(super) fn warning_text(warning: &WarningReport) -> String {
    let text = escape(&warning.text);
    match warning.packet {
        Some(packet) if !text.starts_with("packet ") => format!("#{packet}: {text}"),
        _ => text.into_owned(),
    }
}

/// What to do about a capture in which nothing was found.
pub(super) fn nothing(capture: &CaptureReport) -> &'static str {
    if capture.packets == 0 {
        "The capture has no packets. Capture again while the client connects: tcpdump -i any -s 0 -w capture.pcap"
    } else if capture.unread_packets == capture.packets {
        "None of its packets is of a link type that is read. Capture on another interface: tcpdump -i any -s 0 -w capture.pcap"
    } else {
        "The capture has packets, but none of TLS over TCP. Was it taken on the right host and interface, without a filter that \
         hides the port, while the client connected? tcpdump -i any -s 0 -w capture.pcap"
    }
}

impl TextRenderer {
    fn title(&self, out: &mut String, c: &ConnectionReport) {
        let outcome = match c.outcome {
            "failed" => self.style.bad(&format!("FAILED: {} ({})", c.verdict.cause, c.verdict.confidence)),
            "established" => self.style.good("established"),
            other => self.style.warn(other),
        };
        out.push_str(&format!("  {outcome}\n"));
        wrap_hanging(out, "    ", 4, &escape(&about_connection(c)), self.options.width);
    }

    fn story(&self, out: &mut String, c: &ConnectionReport) {
        self.heading(out, "What happened");
        let digits = c.events.iter().map(|event| number_of(event).chars().count()).max().unwrap_or(0);
        for event in &c.events {
            self.event(out, event, digits, c);
        }
        for warning in &c.warnings {
            let text = warning_text(warning);
            wrap_hanging(out, &format!("  {}", self.style.warn("warning: ")), 11, &text, self.options.width);
        }
    }

    fn event(&self, out: &mut String, event: &EventReport, digits: usize, c: &ConnectionReport) {
        let number = number_of(event);
        let way = match event.from {
            "client" => "client → server",
            "server" => "server → client",
            _ => "client ⇄ server",
        };
        let key = is_key(event.packet, c);
        let first = format!("  {number:>digits$} {:>9.4}  {way}  ", event.relative_s, digits = digits.max(5));
        let indent = 2 + digits.max(5) + 1 + 9 + 2 + 15 + 2;
        let first = if key { self.style.bold(&first) } else { first };
        let shown = escape(&event.text);
        let pad = indent;
        wrap_hanging_styled(out, &first, pad, &shown, self.options.width);
    }

    fn wireshark(&self, out: &mut String, c: &ConnectionReport) {
        self.heading(out, "In Wireshark");
        out.push_str("  ");
        out.push_str(&c.display_filter());
        out.push_str("\n\n");
    }
}

/// Both ends, the name asked for, what was agreed on, and who the client is.
pub(super) fn about_connection(c: &ConnectionReport) -> String {
    let ends =
        format!("{} → {}", end_text(&c.client.addr, c.client.port), end_text(&c.server.addr, c.server.port));
    let mut about = vec![ends];
    about.extend(c.tls.sni.clone());
    about.extend(c.tls.version.clone());
    about.extend(c.tls.cipher_suite.as_ref().map(|suite| suite.name.clone()));
    about.extend(c.tls.client_stack.as_ref().map(|stack| format!("client: {stack}")));
    about.extend(c.tunnel.as_ref().map(|tunnel| format!("inside {tunnel}")));
    about.push(format!("tcp.stream {}", c.stream));
    about.join(" · ")
}

/// As [`wrap_hanging`] where `first` may hold colours and fills its columns already.
fn wrap_hanging_styled(out: &mut String, first: &str, indent: usize, text: &str, width: usize) {
    let mut drawn = String::new();
    wrap_hanging(&mut drawn, "", indent, text, width);
    out.push_str(first);
    let skip = drawn.char_indices().nth(indent).map_or(0, |(at, _)| at);
    out.push_str(drawn.get(skip..).unwrap_or(""));
}

/// The packet of an event, or its first and last one.
fn number_of(event: &EventReport) -> String {
    match event.last_packet {
        Some(last) => format!("#{}–{last}", event.packet),
        None => format!("#{}", event.packet),
    }
}

fn is_key(packet: u64, c: &ConnectionReport) -> bool {
    let k = &c.key_packets;
    [k.client_hello, k.server_hello, k.certificate, k.alert, k.first_fin, k.first_rst].contains(&Some(packet))
}

fn end_text(addr: &str, port: u16) -> String {
    if addr.contains(':') { format!("[{addr}]:{port}") } else { format!("{addr}:{port}") }
}
