//! What the client's own log says about a cause, per stack, so that a reader can match it with the capture.

use std::sync::LazyLock;

use crate::diagnose::abort::Ending;
use crate::diagnose::alerts::{library, stack_of};
use crate::diagnose::words;
use crate::diagnose::{Case, ClientError};
use crate::fingerprint::Stack;
use crate::tls::message::Side;

/// The words of the likeliest stack; `None` where they are not known.
pub fn client_error(case: &Case<'_>, ending: &Ending, code: &str) -> Option<ClientError> {
    case.stack.fits.iter().find_map(|&stack| {
        let text = text(stack, code)?;
        Some(ClientError { stack: words::stack(stack).into(), text: filled(case, ending, text)? })
    })
}

/// The line of the table for this stack and cause: its own, then its own for any cause, then its library's.
fn text(stack: Stack, code: &str) -> Option<&'static str> {
    let exact = |wanted: &str| {
        rows()
            .find(|row| row.stack == stack && row.causes.split(',').any(|cause| cause == wanted))
            .map(|row| row.text)
    };
    let general = || exact("*").filter(|_| !about_certificate(code));
    exact(code).or_else(general).or_else(|| text(library(stack)?, code))
}

/// A line about alerts in general says nothing of a certificate that the client refused by itself.
fn about_certificate(code: &str) -> bool {
    crate::diagnose::cause(code).is_some_and(|cause| cause.stage == crate::diagnose::Stage::Certificate)
}

/// The host, the port and the alert put where they belong. A line that speaks of an alert needs one that the client got.
fn filled(case: &Case<'_>, ending: &Ending, text: &'static str) -> Option<String> {
    let mut text = text.to_owned();
    if text.contains("<alert>") || text.contains("<Alert>") || text.contains("<ALERT>") {
        let alert = ending.alert_by(Side::Server)?;
        let name = words::alert_name(alert)?;
        let camel: String = name.split('_').map(words::upper_first).collect();
        text = text.replace("<alert>", &spoken(name, &text)).replace("<Alert>", &camel);
        text = text.replace("<ALERT>", &name.to_uppercase()).replace("<number>", &alert.to_string());
    }
    if let Some(host) = case.hostname() {
        text = text.replace("<host>", host);
    }
    Some(text)
}

/// Java writes an alert as the RFC does; others put it in words.
fn spoken(name: &str, text: &str) -> String {
    match text.starts_with("javax.") {
        true => name.to_owned(),
        false => name.replace('_', " "),
    }
}

struct Line {
    stack: Stack,
    causes: &'static str,
    text: &'static str,
}

/// The lines of the table, read once.
fn rows() -> impl Iterator<Item = &'static Line> {
    static ROWS: LazyLock<Vec<Line>> = LazyLock::new(|| DATA.lines().filter_map(parse).collect());
    ROWS.iter()
}

fn parse(line: &'static str) -> Option<Line> {
    let mut fields = line.split('\t').filter(|_| !line.starts_with('#'));
    Some(Line { stack: stack_of(fields.next()?)?, causes: fields.next()?, text: fields.next()? })
}

const DATA: &str = include_str!("data/client_errors.tsv");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_says_where_it_is_from() {
        for line in DATA.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let source = line.split('\t').nth(3).unwrap_or_default();
            assert!(["observed", "source"].contains(&source), "{line}");
        }
    }

    #[test]
    fn every_line_of_the_table_is_well_formed_and_names_causes_that_exist() {
        for line in DATA.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let row = parse(line).unwrap_or_else(|| panic!("cannot be read: {line}"));
            assert!(!row.text.is_empty(), "{line}");
            for cause in row.causes.split(',').filter(|cause| *cause != "*") {
                assert!(crate::diagnose::cause(cause).is_some(), "no such cause: {cause} in {line}");
            }
        }
    }

    #[test]
    fn java_says_that_it_cannot_build_a_path() {
        assert!(
            text(Stack::Java, "untrusted-root")
                .is_some_and(|text| text.contains("PKIX path building failed"))
        );
    }

    #[test]
    fn a_program_that_has_no_words_of_its_own_uses_those_of_its_library() {
        assert_eq!(text(Stack::Ruby, "wrong-eku"), text(Stack::OpenSsl, "wrong-eku"));
    }

    #[test]
    fn the_line_for_any_alert_is_not_used_for_a_certificate_that_the_client_refused() {
        assert_eq!(text(Stack::Rustls, "path-length"), None);
        assert!(text(Stack::Rustls, "alpn-mismatch").is_some());
    }
}
