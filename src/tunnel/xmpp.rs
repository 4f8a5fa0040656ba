//! STARTTLS in XMPP (RFC 6120 §5).

use super::identify::sample;
use super::step::{Peer, Step};

/// Follows the elements of both sides; everything up to the next `>` is one message.
#[derive(Debug, Default)]
pub(super) struct Xmpp {
    /// The side that sent `<stream:features>`; its `<starttls>` is an offer.
    server: Option<Peer>,
    asked: Option<Peer>,
    /// `<proceed>` was opened and its `</proceed>` is still to come.
    closing: bool,
}

/// A longer run without `>` is not what a stream begins with.
const ELEMENT_BYTES: usize = 2048;

impl Xmpp {
    pub(super) fn step(&mut self, from: Peer, bytes: &[u8]) -> Step {
        if self.asked == Some(from) {
            return closing_tag(bytes);
        }
        let Some(end) = memchr::memchr(b'>', bytes) else {
            return if bytes.len() > ELEMENT_BYTES { Step::Unknown } else { Step::Wait };
        };
        let used = end + 1;
        let piece = bytes.get(..used).unwrap_or_default();
        // Text before the element belongs to the element before it.
        let element = memchr::memchr(b'<', piece).and_then(|at| piece.get(at..)).unwrap_or_default();
        self.element(from, element, used)
    }

    fn element(&mut self, from: Peer, element: &[u8], used: usize) -> Step {
        match name(element) {
            b"stream:features" | b"features" => self.server = Some(from),
            b"starttls" if self.server != Some(from) => {
                self.asked = Some(from);
                return Step::Asks(used);
            }
            b"proceed" if self.asked == Some(from.other()) && !element.ends_with(b"/>") => {
                self.closing = true
            }
            b"proceed" if self.asked == Some(from.other()) => return Step::Begins(used),
            b"" if self.closing => return Step::Begins(used),
            b"failure" | b"stream:error" if self.asked == Some(from.other()) => {
                self.asked = None;
                return Step::Refuses(used, sample(element));
            }
            b"auth" | b"iq" | b"message" => return Step::Plain("XMPP"),
            _ => {}
        }
        Step::Used(used)
    }
}

/// The end of a request that is not written `<starttls/>`, which holds no more; all else waits for the answer.
fn closing_tag(bytes: &[u8]) -> Step {
    const TAG: &[u8] = b"</starttls>";
    if bytes.starts_with(TAG) { Step::Used(TAG.len()) } else { Step::Wait }
}

/// Empty for a closing tag.
fn name(element: &[u8]) -> &[u8] {
    let rest = element.strip_prefix(b"<").unwrap_or_default();
    let end = rest.iter().position(|byte| matches!(byte, b' ' | b'/' | b'>' | b'\n' | b'\r' | b'\t'));
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::script::{a, assert_begins, assert_refused, b, play};

    const OPEN: &str =
        "<?xml version='1.0'?><stream:stream to='im.example' xmlns='jabber:client' version='1.0'>";
    const FEATURES: &str = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";

    #[test]
    fn proceed_lets_tls_begin() {
        let start = [a(OPEN), b(OPEN), b(FEATURES)];
        for (ask, proceed) in [
            (
                "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
                "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
            ),
            ("<starttls xmlns='u'></starttls>", "<proceed xmlns='u'></proceed>"),
        ] {
            assert_begins(&[&start[..], &[a(ask), b(proceed)]].concat(), "starttls-xmpp", None);
        }
    }

    #[test]
    fn failure_refuses() {
        let turns = [a(OPEN), b(OPEN), b(FEATURES), a("<starttls xmlns='u'/>"), b("<failure xmlns='u'/>")];
        assert_refused(&turns, "starttls-xmpp", "<failure xmlns='u'/>");
    }

    #[test]
    fn a_login_without_tls_is_plain() {
        let end = play(&[a(OPEN), b(OPEN), b(FEATURES), a("<auth mechanism='PLAIN'>"), a("AA==</auth>")]);
        assert_eq!(end.plain, Some("XMPP"));
    }
}
