//! Protocol versions as they stand on the wire (RFC 8446 §4.2.1, appendix D).

use std::fmt;

use super::Version;

impl Version {
    /// SSL 2.0.
    pub const SSL20: Self = Self(0x0002);
    /// SSL 3.0 (RFC 6101).
    pub const SSL30: Self = Self(0x0300);
    /// TLS 1.0 (RFC 2246).
    pub const TLS10: Self = Self(0x0301);
    /// TLS 1.1 (RFC 4346).
    pub const TLS11: Self = Self(0x0302);
    /// TLS 1.2 (RFC 5246).
    pub const TLS12: Self = Self(0x0303);
    /// TLS 1.3 (RFC 8446).
    pub const TLS13: Self = Self(0x0304);

    /// TLS 1.3, one of its drafts, or an experiment with it.
    pub const fn is_tls13(self) -> bool {
        self.0 == 0x0304 || self.0 >> 8 == 0x7f || self.0 >> 8 == 0x7e || self.0 >> 8 == 0xfb
    }

    /// A value that is sent to keep peers tolerant (RFC 8701).
    pub const fn is_grease(self) -> bool {
        super::is_grease(self.0)
    }

    /// Its name, when it has one.
    pub const fn name(self) -> Option<&'static str> {
        match self.0 {
            0x0002 => Some("SSL 2.0"),
            0x0300 => Some("SSL 3.0"),
            0x0301 => Some("TLS 1.0"),
            0x0302 => Some("TLS 1.1"),
            0x0303 => Some("TLS 1.2"),
            0x0304 => Some("TLS 1.3"),
            _ => None,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), self.0 >> 8) {
            (Some(name), _) => f.write_str(name),
            (None, 0x7f) => write!(f, "TLS 1.3 (draft {})", self.0 & 0xff),
            (None, 0x7e | 0xfb) => write!(f, "TLS 1.3 (experiment 0x{:04x})", self.0),
            (None, _) if self.is_grease() => f.write_str("GREASE"),
            (None, _) => write!(f, "0x{:04x}", self.0),
        }
    }
}
