//! Guesses that were made before: clients of one kind send hellos of one shape.

use std::sync::Arc;

use foldhash::quality::RandomState;
use hashbrown::HashMap;

use super::ja3::is_grease;
use super::recognise::recognise;
use super::shape::{BODIES, is_padded_length, message_len};
use super::stack::StackGuess;
use crate::tls::message::ClientHello;

/// Recognises clients, each shape of a ClientHello once. It remembers a bounded number of shapes.
#[derive(Debug, Default)]
pub struct Recogniser {
    known: HashMap<Box<[u8]>, Arc<StackGuess>, RandomState>,
    /// The shape in hand.
    shape: Vec<u8>,
}

/// Shapes remembered; then it begins anew, since a client may send as many as it likes.
const SHAPES: usize = 512;

impl Recogniser {
    /// What [`recognise`] says of this hello.
    pub fn recognise(&mut self, hello: &ClientHello) -> Arc<StackGuess> {
        self.shape.clear();
        write_shape(hello, &mut self.shape);
        if let Some(guess) = self.known.get(self.shape.as_slice()) {
            return Arc::clone(guess);
        }
        let guess = Arc::new(recognise(hello));
        if self.known.len() >= SHAPES {
            self.known.clear();
        }
        self.known.insert(self.shape.as_slice().into(), Arc::clone(&guess));
        guess
    }
}

/// Everything of a hello that a guess depends on: not its random bytes, its server name, its shares of keys.
fn write_shape(hello: &ClientHello, to: &mut Vec<u8>) {
    let bits = [hello.sslv2, hello.extensions.is_some(), hello.offers_psk];
    to.extend(bits.map(u8::from));
    to.push(u8::from(is_padded_length(message_len(hello))));
    to.push(u8::try_from(hello.session_id.len()).unwrap_or(u8::MAX));
    numbers(to, hello.cipher_suites.iter().map(|suite| suite.0));
    let extensions = || hello.extensions.iter().flatten();
    numbers(to, extensions().map(|extension| extension.kind.0));
    numbers(to, hello.groups.iter().map(|group| group.0));
    numbers(to, hello.signature_schemes.iter().map(|scheme| scheme.0));
    numbers(to, hello.supported_versions.iter().map(|version| version.0));
    bytes(to, &hello.point_formats);
    for extension in extensions().filter(|extension| BODIES.contains(&extension.kind.0)) {
        bytes(to, extension.body);
    }
    for protocol in &hello.alpn {
        bytes(to, protocol.as_bytes());
    }
}

/// A list with its length. GREASE is drawn anew for every hello (RFC 8701), and one value of it is as good as another.
fn numbers(to: &mut Vec<u8>, list: impl Iterator<Item = u16>) {
    let begin = to.len();
    to.extend([0; 4]);
    for value in list {
        to.extend_from_slice(&if is_grease(value) { GREASE } else { value.to_be_bytes() });
    }
    let len = u32::try_from(to.len() - begin).unwrap_or(u32::MAX);
    to[begin..begin + 4].copy_from_slice(&len.to_be_bytes());
}

/// The first value of GREASE.
const GREASE: [u8; 2] = [0x0a, 0x0a];

fn bytes(to: &mut Vec<u8>, part: &[u8]) {
    to.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
    to.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    use super::super::samples::{Sample, hello};
    use super::*;
    use crate::iana::CipherSuite;

    #[test]
    fn hellos_that_differ_in_random_values_have_one_shape() {
        let mut recogniser = Recogniser::default();
        let sample = Sample { suites: "1301 1302 c02b", kinds: "0 10 13 43 51", ..Sample::default() };
        let plain = hello(&sample);
        for grease in [0x0a0a, 0x1a1a, 0xfafa] {
            let mut greased = plain.clone();
            greased.random = [grease as u8; 32];
            greased.sni = Some("other.example".to_owned());
            greased.cipher_suites.insert(0, CipherSuite(grease));
            recogniser.recognise(&greased);
        }
        assert_eq!(recogniser.known.len(), 1);
        recogniser.recognise(&plain);
        assert_eq!(recogniser.known.len(), 2, "without GREASE it is another shape");
    }

    #[test]
    fn the_shapes_remembered_are_bounded() {
        let mut recogniser = Recogniser::default();
        for suite in 0..3 * SHAPES {
            let suite = CipherSuite(u16::try_from(suite).unwrap());
            recogniser.recognise(&ClientHello { cipher_suites: vec![suite], ..ClientHello::default() });
        }
        assert!(recogniser.known.len() <= SHAPES);
    }
}
