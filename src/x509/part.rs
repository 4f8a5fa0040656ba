//! Bytes that share the memory of the certificate they stand in.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// A part of a certificate, kept without a copy of its own: a name, a key, a signature.
#[derive(Clone)]
pub struct Part {
    whole: Arc<[u8]>,
    start: u32,
    len: u32,
}

impl Part {
    /// The bytes `part`, shared when they lie in `whole`, copied when they do not.
    pub(super) fn of(whole: &Arc<[u8]>, part: &[u8]) -> Self {
        let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
        match (u32::try_from(start), u32::try_from(part.len())) {
            (Ok(at), Ok(len)) if whole.get(start..start.saturating_add(part.len())) == Some(part) => {
                Self { whole: Arc::clone(whole), start: at, len }
            }
            _ => Self::from(part.to_vec()),
        }
    }
}

impl Deref for Part {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let start = self.start as usize;
        self.whole.get(start..start + self.len as usize).unwrap_or_default()
    }
}

impl From<Vec<u8>> for Part {
    fn from(bytes: Vec<u8>) -> Self {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Self { whole: bytes.into(), start: 0, len }
    }
}

impl Default for Part {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Part {}

/// As the bytes themselves, so that a map with parts for keys is asked with bytes.
impl Hash for Part {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl Borrow<[u8]> for Part {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_shares_the_bytes_it_stands_in_and_others_are_copied() {
        let whole: Arc<[u8]> = Arc::from([1, 2, 3, 4].as_slice());
        let part = Part::of(&whole, &whole[1..3]);
        assert_eq!((&*part, Arc::strong_count(&whole)), (&[2, 3][..], 2));
        assert_eq!(&*Part::of(&whole, &whole[4..]), &[0; 0]);
        let elsewhere = Part::of(&whole, &[2, 3]);
        assert_eq!((&elsewhere, Arc::strong_count(&whole)), (&part, 2));
    }
}
