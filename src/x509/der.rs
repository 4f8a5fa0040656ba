//! Walks DER elements (X.690 §8.1), for the structures that x509-parser leaves raw: keys, parameters, OCSP.

/// One element: its identifier octet, its content, and both with the length between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// The elements that follow one another in some bytes. A malformed one ends the walk with `None`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Der<'a> {
    rest: &'a [u8],
}

impl<'a> Der<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next element. Identifiers above 30 and indefinite lengths do not occur in what is read here.
    pub(crate) fn read(&mut self) -> Option<Element<'a>> {
        let (&tag, after_tag) = self.rest.split_first()?;
        let (&first, after_first) = after_tag.split_first()?;
        let (length, body) = if first < 0x80 {
            (usize::from(first), after_first)
        } else {
            let count = usize::from(first & 0x7f);
            if !(1..=4).contains(&count) || tag & 0x1f == 0x1f {
                return None;
            }
            let (digits, body) = after_first.split_at_checked(count)?;
            (digits.iter().fold(0, |sum, &digit| sum << 8 | usize::from(digit)), body)
        };
        let (content, rest) = body.split_at_checked(length)?;
        let whole = self.rest.get(..self.rest.len() - rest.len())?;
        self.rest = rest;
        Some(Element { tag, content, whole })
    }

    /// The content of the next element, which has to carry this identifier.
    pub(crate) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let element = self.read()?;
        (element.tag == tag).then_some(element.content)
    }

    /// The content of the next element when it carries this identifier; otherwise nothing is consumed.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.rest.first() != Some(&tag) {
            return None;
        }
        self.expect(tag)
    }

    /// A nested SEQUENCE.
    pub(crate) fn sequence(&mut self) -> Option<Der<'a>> {
        self.expect(SEQUENCE).map(Der::new)
    }
}

/// An object identifier in its dotted form.
pub type Oid = std::borrow::Cow<'static, str>;

/// The dotted form of an OBJECT IDENTIFIER's content. Arcs above 64 bits are refused.
pub(crate) fn oid(content: &[u8]) -> Option<Oid> {
    common(content).map(Oid::Borrowed).or_else(|| dotted(content).map(Oid::Owned))
}

/// The identifiers that nearly every certificate has.
fn common(content: &[u8]) -> Option<&'static str> {
    Some(match content {
        [0x55, 0x04, 0x03] => "2.5.4.3",
        [0x55, 0x04, 0x05] => "2.5.4.5",
        [0x55, 0x04, 0x06] => "2.5.4.6",
        [0x55, 0x04, 0x07] => "2.5.4.7",
        [0x55, 0x04, 0x08] => "2.5.4.8",
        [0x55, 0x04, 0x0a] => "2.5.4.10",
        [0x55, 0x04, 0x0b] => "2.5.4.11",
        [0x55, 0x1d, 0x0e] => "2.5.29.14",
        [0x55, 0x1d, 0x0f] => "2.5.29.15",
        [0x55, 0x1d, 0x11] => "2.5.29.17",
        [0x55, 0x1d, 0x13] => "2.5.29.19",
        [0x55, 0x1d, 0x1f] => "2.5.29.31",
        [0x55, 0x1d, 0x20] => "2.5.29.32",
        [0x55, 0x1d, 0x23] => "2.5.29.35",
        [0x55, 0x1d, 0x25] => "2.5.29.37",
        [0x2b, 6, 1, 5, 5, 7, 1, 1] => "1.3.6.1.5.5.7.1.1",
        [0x2b, 6, 1, 5, 5, 7, 3, 1] => "1.3.6.1.5.5.7.3.1",
        [0x2b, 6, 1, 5, 5, 7, 3, 2] => "1.3.6.1.5.5.7.3.2",
        [0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2] => "1.3.6.1.4.1.11129.2.4.2",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1] => "1.2.840.113549.1.1.1",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5] => "1.2.840.113549.1.1.5",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11] => "1.2.840.113549.1.1.11",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12] => "1.2.840.113549.1.1.12",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1] => "1.2.840.10045.2.1",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7] => "1.2.840.10045.3.1.7",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2] => "1.2.840.10045.4.3.2",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3] => "1.2.840.10045.4.3.3",
        _ => return None,
    })
}

fn dotted(content: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(3 * content.len());
    let mut arc: u64 = 0;
    for (index, &byte) in content.iter().enumerate() {
        arc = arc.checked_mul(128)?.checked_add(u64::from(byte & 0x7f))?;
        if byte & 0x80 != 0 {
            if index + 1 == content.len() {
                return None;
            }
            continue;
        }
        if text.is_empty() {
            let root = (arc / 40).min(2);
            push_decimal(&mut text, root);
            text.push('.');
            push_decimal(&mut text, arc - root * 40);
        } else {
            text.push('.');
            push_decimal(&mut text, arc);
        }
        arc = 0;
    }
    (!text.is_empty()).then_some(text)
}

/// Appends a number. Certificates are full of small ones, for which the formatting of the standard library is a detour.
pub(crate) fn push_decimal(text: &mut String, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend(digits[at..].iter().map(|digit| char::from(*digit)));
}

/// An unsigned INTEGER's content without its leading zeros.
pub(crate) fn magnitude(content: &[u8]) -> &[u8] {
    let zeros = content.iter().take_while(|&&byte| byte == 0).count();
    content.get(zeros..).unwrap_or_default()
}

/// The number of significant bits of an unsigned INTEGER's content.
pub(crate) fn bit_length(content: &[u8]) -> u32 {
    let digits = magnitude(content);
    let whole = u32::try_from(digits.len()).unwrap_or(u32::MAX / 8).saturating_mul(8);
    digits.first().map_or(0, |first| whole - first.leading_zeros())
}

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;

pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beyond_the_end_is_refused() {
        assert!(Der::new(&[0x30, 0x05, 0x01]).read().is_none());
        assert!(Der::new(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).read().is_none());
        assert!(Der::new(&[0x30, 0x80, 0x00, 0x00]).read().is_none());
    }

    #[test]
    fn object_identifiers_print_dotted() {
        assert_eq!(oid(&[0x55, 0x04, 0x03]).as_deref(), Some("2.5.4.3"));
        assert_eq!(oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]).as_deref(), Some("1.2.840.113549"));
        assert_eq!(oid(&[0x88, 0x37, 0x03]).as_deref(), Some("2.999.3"));
        assert_eq!(oid(&[0x55, 0x84]), None);
        assert_eq!(oid(&[]), None);
    }

    #[test]
    fn the_common_object_identifiers_are_what_they_would_be_dotted() {
        let arcs = (0..=255).flat_map(|last| [vec![0x55, 0x04, last], vec![0x55, 0x1d, last]]);
        let kinds = (0..=255).map(|last| vec![0x2b, 6, 1, 5, 5, 7, 3, last]);
        let rsa = (0..=255).map(|last| vec![0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last]);
        let longer = [
            vec![0x2b, 6, 1, 5, 5, 7, 1, 1],
            vec![0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2],
            vec![0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1],
            vec![0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
            vec![0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2],
            vec![0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3],
        ];
        let mut found = 0;
        for content in arcs.chain(kinds).chain(rsa).chain(longer) {
            if let Some(known) = common(&content) {
                assert_eq!(dotted(&content).as_deref(), Some(known));
                found += 1;
            }
        }
        assert_eq!(found, 27);
    }

    #[test]
    fn the_size_of_an_integer_ignores_leading_zeros() {
        assert_eq!(bit_length(&[0x00, 0xff]), 8);
        assert_eq!(bit_length(&[0x01, 0x00]), 9);
        assert_eq!(bit_length(&[0x00]), 0);
    }
}
