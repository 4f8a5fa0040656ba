//! How certificates and times are put in a problem's sentence.

use jiff::Timestamp;

use crate::x509::Fields;

/// A time as RFC 3339 in UTC, from seconds since 1970.
pub(super) fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .map_or_else(|_| format!("{seconds} s after 1970"), |time| time.to_string())
}

/// A length of time in its largest unit: `3 days`, `1 hour`.
pub(super) fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let (count, unit) = match seconds {
        86_400.. => (seconds / 86_400, "day"),
        3_600.. => (seconds / 3_600, "hour"),
        60.. => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// A certificate's subject, or what it has in its place.
pub(super) fn subject(fields: &Fields) -> String {
    if !fields.subject.is_empty() {
        return fields.subject.rfc4514();
    }
    match fields.san.first() {
        Some(name) => format!("(no subject, {name})"),
        None => format!("(no subject, serial {})", fields.serial_hex()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_their_largest_unit() {
        assert_eq!(span(3 * 86_400 + 5), "3 days");
        assert_eq!(span(-3_600), "1 hour");
        assert_eq!(span(59), "59 seconds");
        assert_eq!(span(i64::MIN), "106751991167300 days");
    }

    #[test]
    fn a_time_out_of_range_is_still_told() {
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(time(i64::MAX), "9223372036854775807 s after 1970");
    }
}
