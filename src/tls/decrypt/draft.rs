//! What differs between TLS 1.3 and the drafts before it that were deployed (draft-ietf-tls-tls13-18 to -28).

/// What changed between the drafts, by draft number; the RFC counts as the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Draft(u8);

impl Draft {
    /// TLS 1.3, a draft from 18 on, or one that was deployed under a number of its own; `None` for other versions.
    pub(super) fn of(version: u16) -> Option<Self> {
        match version {
            0x0304 => Some(Self(u8::MAX)),
            0x7f12..=0x7f1c => Some(Self(version.to_be_bytes()[1])),
            // Facebook's deployments of drafts 23 and 26.
            0xfb17 | 0xfb1a => Some(Self(version.to_be_bytes()[1])),
            _ => None,
        }
    }

    /// The prefix of every label (RFC 8446 §7.1).
    pub(super) fn prefix(self) -> &'static [u8] {
        if self.0 < 20 { b"TLS 1.3, " } else { b"tls13 " }
    }

    /// The label of the next application traffic secret (RFC 8446 §7.2).
    pub(super) fn update(self) -> &'static [u8] {
        if self.0 < 20 { b"application traffic secret" } else { b"traffic upd" }
    }

    /// Whether the tag covers the record header.
    pub(super) fn covers_header(self) -> bool {
        self.0 >= 25
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_differ_in_label_update_and_covered_header() {
        let of =
            |version| Draft::of(version).map(|draft| (draft.prefix(), draft.update(), draft.covers_header()));
        let old: (&[u8], &[u8], bool) = (b"TLS 1.3, ", b"application traffic secret", false);
        let new: (&[u8], &[u8], bool) = (b"tls13 ", b"traffic upd", false);
        assert_eq!(of(0x7f12), Some(old));
        assert_eq!(of(0x7f14), Some(new));
        assert_eq!(of(0x7f18), Some(new));
        assert_eq!(of(0x7f19), Some((new.0, new.1, true)));
        assert_eq!(of(0xfb17), Some(new));
        assert_eq!(of(0x0304), Some((new.0, new.1, true)));
        assert_eq!(of(0x7f11), None);
        assert_eq!(of(0x7e02), None);
        assert_eq!(of(0x0303), None);
    }
}
