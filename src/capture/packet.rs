//! One captured packet, and the clock that it was stamped with.

use std::fmt;

use super::link_type::LinkType;

/// A moment of the capture's own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub nanos: i64,
    /// Decimal digits of the second that the capture recorded: 6 for microseconds, 9 for nanoseconds.
    pub digits: u8,
}

impl Timestamp {
    /// A moment given in nanoseconds since 1970, with its recorded precision in decimal digits (0 to 9).
    pub const fn new(nanos: i64, digits: u8) -> Self {
        Self { nanos, digits }
    }

    /// Whole seconds since 1970, rounded down.
    pub const fn seconds(self) -> i64 {
        self.nanos.div_euclid(1_000_000_000)
    }

    /// Seconds from `earlier` to `self`; negative when the capture's clock went back.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.nanos.saturating_sub(earlier.nanos)) as f64 / 1e9
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with the capture's own precision.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.seconds().div_euclid(86_400), self.seconds().rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
            second / 3600,
            second / 60 % 60,
            second % 60
        )?;
        let fraction = self.nanos.rem_euclid(1_000_000_000);
        match self.digits.min(9) {
            0 => {}
            digits => {
                let shown = fraction / 10_i64.pow(9 - u32::from(digits));
                write!(f, ".{shown:0width$}", width = usize::from(digits))?;
            }
        }
        f.write_str("Z")
    }
}

/// Days since 1970-01-01 to year, month and day of the proleptic Gregorian calendar.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// One packet as it was captured, borrowed from the reader until the next one is read.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    /// Its number from 1 over the whole file, as Wireshark numbers frames.
    pub number: u64,
    /// When it was captured.
    pub time: Timestamp,
    /// What its first header is.
    pub link_type: LinkType,
    /// Bytes that it had on the wire; more than `data` holds when the snap length cut it.
    pub original_len: u32,
    /// The captured bytes, from the link-layer header on.
    pub data: &'a [u8],
}

/// Where the next packet lies in the window, and what its headers say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// When it was captured.
    pub(super) time: Timestamp,
    /// What its first header is.
    pub(super) link_type: LinkType,
    /// Bytes that it had on the wire.
    pub(super) original_len: u32,
    /// Bytes of the window before its data.
    pub(super) skip: usize,
    /// Bytes of its data.
    pub(super) len: usize,
    /// Bytes of the window that it takes in all.
    pub(super) whole: usize,
    /// Its interface by its place in the section; 0 in a pcap.
    pub(super) interface: u32,
}

impl Found {
    /// Takes a frame check sequence of `fcs` bytes off the end, or as much of it as was captured.
    pub(super) fn without_fcs(mut self, fcs: u32) -> Self {
        self.original_len = self.original_len.saturating_sub(fcs);
        self.len = self.len.min(self.original_len as usize);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_the_digits_that_the_capture_has() {
        let nanos = 1_621_420_862_123_456_789;
        assert_eq!(Timestamp::new(nanos, 6).to_string(), "2021-05-19T10:41:02.123456Z");
        assert_eq!(Timestamp::new(nanos, 9).to_string(), "2021-05-19T10:41:02.123456789Z");
        assert_eq!(Timestamp::new(nanos, 0).to_string(), "2021-05-19T10:41:02Z");
        assert_eq!(Timestamp::new(-1, 3).to_string(), "1969-12-31T23:59:59.999Z");
    }
}
