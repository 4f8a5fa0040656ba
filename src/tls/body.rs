//! Bytes that share the memory of the message they were sent in.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A part of a message, kept without a copy of its own: a hello has some twenty extensions, and most are never looked at.
#[derive(Clone)]
pub struct Body {
    message: Arc<[u8]>,
    range: Range<usize>,
}

impl Body {
    /// The part of `message` in `range`; as much of it as there is.
    pub(super) fn part(message: &Arc<[u8]>, range: Range<usize>) -> Self {
        Self { message: Arc::clone(message), range }
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.message.get(self.range.clone()).unwrap_or_default()
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self { range: 0..bytes.len(), message: bytes.into() }
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Body {}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_compared_by_their_bytes() {
        let message: Arc<[u8]> = Arc::from([1, 2, 3, 4].as_slice());
        assert_eq!(Body::part(&message, 1..3), Body::from(vec![2, 3]));
        assert_ne!(Body::part(&message, 0..2), Body::part(&message, 1..3));
    }

    #[test]
    fn a_range_beyond_the_end_is_empty() {
        let message: Arc<[u8]> = Arc::from([1].as_slice());
        assert!(Body::part(&message, 1..3).is_empty());
    }
}
