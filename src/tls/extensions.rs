//! The extensions of a hello as they were sent (RFC 8446 §4.2), read where they lie.

use crate::iana::ExtensionType;
use crate::tls::cursor::Cursor;

/// One extension; its body is parsed by the accessors of the hello that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Its number in the IANA registry.
    pub kind: ExtensionType,
    /// Its body, without type and length.
    pub body: &'a [u8],
}

/// All extensions of a hello in the order sent, in the bytes in which they came: a hello has some twenty, and most are never
/// looked at.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Extensions {
    block: Box<[u8]>,
}

impl Extensions {
    /// The extensions of a block without its length, as far as they are whole.
    pub(super) fn new(block: &[u8]) -> Self {
        Self { block: block.into() }
    }

    /// The extensions one after the other.
    pub fn iter(&self) -> Iter<'_> {
        Iter { rest: Cursor::new(&self.block) }
    }

    /// The first extension of this number.
    pub fn find(&self, kind: u16) -> Option<Extension<'_>> {
        self.iter().find(|extension| extension.kind.0 == kind)
    }

    /// The one that the end of the block cuts off.
    pub(super) fn broken(&self) -> Option<ExtensionType> {
        let mut all = self.iter();
        all.by_ref().for_each(drop);
        all.rest.u16().map(ExtensionType)
    }
}

impl std::fmt::Debug for Extensions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<'a> IntoIterator for &'a Extensions {
    type Item = Extension<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Extensions by number and body; bodies are cut at 65,535 bytes.
impl<B: AsRef<[u8]>> FromIterator<(u16, B)> for Extensions {
    fn from_iter<I: IntoIterator<Item = (u16, B)>>(all: I) -> Self {
        let mut block = Vec::new();
        for (kind, body) in all {
            let body = body.as_ref();
            let len = u16::try_from(body.len()).unwrap_or(u16::MAX);
            block.extend(kind.to_be_bytes());
            block.extend(len.to_be_bytes());
            block.extend_from_slice(&body[..usize::from(len)]);
        }
        Self { block: block.into() }
    }
}

/// Walks over extensions.
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    rest: Cursor<'a>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = Extension<'a>;

    fn next(&mut self) -> Option<Extension<'a>> {
        let mut rest = self.rest;
        let kind = ExtensionType(rest.u16()?);
        let body = rest.vec16()?;
        self.rest = rest;
        Some(Extension { kind, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_come_as_they_were_sent() {
        let all: Extensions = [(0, &b"a"[..]), (43, b""), (0x4a4a, b"xyz")].into_iter().collect();
        let kinds: Vec<u16> = all.iter().map(|extension| extension.kind.0).collect();
        assert_eq!(kinds, [0, 43, 0x4a4a]);
        assert_eq!(all.find(0x4a4a).unwrap().body, b"xyz");
        assert_eq!((all.find(1), all.broken()), (None, None));
    }

    #[test]
    fn one_that_is_cut_off_is_named_and_those_before_it_stay() {
        let all = Extensions::new(&[0, 5, 0, 1, 9, 0, 16, 0, 3, 1]);
        assert_eq!(all.iter().count(), 1);
        assert_eq!(all.broken(), Some(ExtensionType(16)));
        assert_eq!(Extensions::new(&[0]).broken(), None);
    }
}
