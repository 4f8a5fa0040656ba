//! Tags, lengths and values of ASN.1 (X.690 §8.1), as far as the containers of certificates need them.

/// `SEQUENCE`.
pub(super) const SEQUENCE: u8 = 0x30;
/// `INTEGER`.
pub(super) const INTEGER: u8 = 0x02;
/// `BIT STRING`.
pub(super) const BIT_STRING: u8 = 0x03;
/// `OCTET STRING`.
pub(super) const OCTET_STRING: u8 = 0x04;
/// `OBJECT IDENTIFIER`.
pub(super) const OID: u8 = 0x06;
/// `[0]`, constructed.
pub(super) const CONTEXT_0: u8 = 0xa0;

/// How deep values of indefinite length may nest; more is refused, so that hostile input costs little.
const MAX_DEPTH: u8 = 12;

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tlv<'a> {
    /// Its identifier octet.
    pub tag: u8,
    /// Its content octets, without the end marker of an indefinite length.
    pub content: &'a [u8],
    /// The element with its header.
    pub whole: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// The elements within, up to the first that is malformed.
    pub fn children(self) -> Children<'a> {
        Children { rest: self.content }
    }

    /// The elements within when there are at most `max`: enough to tell what a structure is.
    pub fn first(self, max: usize) -> Vec<Tlv<'a>> {
        self.children().take(max).collect()
    }
}

/// The elements of some content octets, in order.
#[derive(Debug, Clone)]
pub(super) struct Children<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Children<'a> {
    type Item = Tlv<'a>;

    fn next(&mut self) -> Option<Tlv<'a>> {
        let (tlv, rest) = read(self.rest)?;
        self.rest = rest;
        Some(tlv)
    }
}

/// Reads one element and gives the bytes after it; `None` when it is cut short or malformed.
pub(super) fn read(bytes: &[u8]) -> Option<(Tlv<'_>, &[u8])> {
    read_nested(bytes, MAX_DEPTH)
}

fn read_nested(bytes: &[u8], depth: u8) -> Option<(Tlv<'_>, &[u8])> {
    let (&tag, after_tag) = bytes.split_first()?;
    let (&first, after_first) = after_tag.split_first()?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    if first == 0x80 {
        return indefinite(bytes, tag, after_first, depth.checked_sub(1)?);
    }
    let (length, after) = definite_length(first, after_first)?;
    let content = after.get(..length)?;
    let rest = after.get(length..)?;
    let whole = bytes.get(..bytes.len() - rest.len())?;
    Some((Tlv { tag, content, whole }, rest))
}

fn definite_length(first: u8, after: &[u8]) -> Option<(usize, &[u8])> {
    if first < 0x80 {
        return Some((usize::from(first), after));
    }
    let count = usize::from(first & 0x7f);
    if count > 4 {
        return None;
    }
    let (octets, after) = after.split_at_checked(count)?;
    let length = octets.iter().fold(0_u64, |sum, &octet| sum << 8 | u64::from(octet));
    Some((usize::try_from(length).ok()?, after))
}

/// An element that ends at the end-of-contents octets, as older tools write PKCS#7.
fn indefinite<'a>(bytes: &'a [u8], tag: u8, start: &'a [u8], depth: u8) -> Option<(Tlv<'a>, &'a [u8])> {
    if tag & 0x20 == 0 {
        return None;
    }
    let mut rest = start;
    loop {
        if let Some(after) = rest.strip_prefix(&[0, 0]) {
            let content = start.get(..start.len() - rest.len())?;
            let whole = bytes.get(..bytes.len() - after.len())?;
            return Some((Tlv { tag, content, whole }, after));
        }
        rest = read_nested(rest, depth)?.1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_ends_where_its_length_says() {
        let (tlv, rest) = read(&[0x30, 0x03, 0x02, 0x01, 0x05, 0xff]).unwrap();
        assert_eq!((tlv.tag, tlv.content, rest), (SEQUENCE, &[0x02, 0x01, 0x05][..], &[0xff][..]));
        assert_eq!(tlv.whole.len(), 5);
    }

    #[test]
    fn a_length_beyond_the_bytes_is_refused() {
        assert_eq!(read(&[0x30, 0x82, 0xff, 0xff, 0x00]), None);
        assert_eq!(read(&[0x30, 0x85, 0, 0, 0, 0, 1, 0]), None);
        assert_eq!(read(&[0x30]), None);
    }

    #[test]
    fn an_indefinite_length_ends_at_its_own_marker() {
        let bytes = [0x30, 0x80, 0x30, 0x80, 0x02, 0x01, 0x00, 0, 0, 0, 0, 0x09];
        let (tlv, rest) = read(&bytes).unwrap();
        assert_eq!((tlv.content.len(), rest), (7, &[0x09][..]));
        assert_eq!(read(&[0x30, 0x80].repeat(1000)), None);
    }
}
