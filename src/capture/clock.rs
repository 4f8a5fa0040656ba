//! Time stamps in the units of an interface become nanoseconds since 1970.

use super::packet::Timestamp;

/// How an interface counts time (pcapng `if_tsresol` and `if_tsoffset`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    scale: Scale,
    offset_nanos: i128,
    digits: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    /// Nanoseconds in one tick.
    Times(i128),
    /// Ticks in one nanosecond.
    Over(i128),
    /// Ticks of 2^-n seconds.
    Binary(u32),
    /// Ticks too short for 64 bits of them to reach a nanosecond.
    Nothing,
}

impl Clock {
    /// From the raw octet of `if_tsresol`: its top bit chooses between powers of ten and of two, the others
    /// are the negated exponent. `offset` is `if_tsoffset`, in seconds.
    pub(super) fn new(resolution: u8, offset: i64) -> Self {
        let exponent = u32::from(resolution & 0x7f);
        let (scale, digits) = if resolution & 0x80 != 0 {
            // 2^-10 s needs four decimal digits, as 1/1024 is less than 0.001.
            (Scale::Binary(exponent), (exponent * 30_103).div_ceil(100_000))
        } else {
            let scale = match exponent {
                0..=9 => Scale::Times(10_i128.pow(9 - exponent)),
                10..=38 => Scale::Over(10_i128.pow(exponent - 9)),
                _ => Scale::Nothing,
            };
            (scale, exponent)
        };
        Self { scale, offset_nanos: i128::from(offset) * 1_000_000_000, digits: digits.min(9) as u8 }
    }

    /// The moment `ticks` units after the interface's zero. What 64 bits of nanoseconds cannot hold (the years
    /// 1677 to 2262) becomes the nearest moment that they can.
    pub(super) fn at(&self, ticks: u64) -> Timestamp {
        let ticks = i128::from(ticks);
        let nanos = match self.scale {
            Scale::Times(factor) => ticks * factor,
            Scale::Over(divisor) => ticks / divisor,
            Scale::Binary(exponent) => (ticks * 1_000_000_000) >> exponent,
            Scale::Nothing => 0,
        };
        let nanos = (nanos + self.offset_nanos).clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Timestamp::new(nanos as i64, self.digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten_and_of_two_and_the_offset_are_computed_exactly() {
        assert_eq!(Clock::new(6, 0).at(1_500_000), Timestamp::new(1_500_000_000, 6));
        assert_eq!(Clock::new(0, 0).at(7), Timestamp::new(7_000_000_000, 0));
        assert_eq!(Clock::new(9, -2).at(2_000_000_001).nanos, 1);
        assert_eq!(Clock::new(12, 0).at(1_999), Timestamp::new(1, 9));
        assert_eq!(Clock::new(0x80 | 10, 3_600).at(1_536), Timestamp::new(3_601_500_000_000, 4));
        assert_eq!(Clock::new(0x80, 0).at(3), Timestamp::new(3_000_000_000, 0));
    }

    #[test]
    fn a_time_that_64_bits_cannot_hold_stops_at_the_nearest() {
        assert_eq!(Clock::new(0, 0).at(u64::MAX).nanos, i64::MAX);
        assert_eq!(Clock::new(6, i64::MIN).at(0).nanos, i64::MIN);
        assert_eq!(Clock::new(6, i64::MAX).at(u64::MAX).nanos, i64::MAX);
        for resolution in 0..=255 {
            Clock::new(resolution, -1).at(u64::MAX);
        }
    }
}
