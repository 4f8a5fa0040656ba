//! Hellos for the tests, written as the lists that they hold.

use crate::iana::{CipherSuite, NamedGroup, SignatureScheme, Version};
use crate::tls::message::{ClientHello, Extensions};

/// The lists of a hello in hexadecimal; extensions are decimal, as registries number them, unless they are GREASE.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) suites: &'static str,
    pub(super) kinds: &'static str,
    pub(super) groups: &'static str,
    pub(super) schemes: &'static str,
    pub(super) versions: &'static str,
    pub(super) formats: &'static [u8],
    pub(super) alpn: &'static [&'static str],
    /// Bytes of the session id.
    pub(super) session_id: usize,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            suites: "",
            kinds: "",
            groups: "",
            schemes: "",
            versions: "0304 0303",
            formats: &[0],
            alpn: &[],
            session_id: 32,
        }
    }
}

pub(super) fn hello(sample: &Sample) -> ClientHello {
    let kinds = sample.kinds.split_whitespace().map(kind);
    let extensions: Extensions = kinds.map(|kind| (kind, extension(kind, sample))).collect();
    ClientHello {
        version: Version(0x0303),
        session_id: vec![7; sample.session_id].into(),
        cipher_suites: numbers(sample.suites).map(CipherSuite).collect(),
        compression: [0].into_iter().collect(),
        sni: extensions.find(0).map(|_| "server.example".to_owned()),
        extensions: Some(extensions),
        alpn: sample.alpn.iter().map(|&protocol| protocol.to_owned()).collect(),
        supported_versions: numbers(sample.versions).map(Version).collect(),
        groups: numbers(sample.groups).map(NamedGroup).collect(),
        signature_schemes: numbers(sample.schemes).map(SignatureScheme).collect(),
        point_formats: sample.formats.into(),
        ..ClientHello::default()
    }
}

/// Bodies of the lengths that they have on the wire, where a length or a comparison matters.
fn extension(kind: u16, sample: &Sample) -> Vec<u8> {
    match kind {
        0 => vec![0; 19],
        10 => vec![0; 2 + 2 * numbers(sample.groups).count()],
        13 | 50 => numbers(sample.schemes).flat_map(u16::to_be_bytes).collect(),
        43 => vec![0; 1 + 2 * numbers(sample.versions).count()],
        45 => vec![1, 1],
        51 => vec![0; 38],
        _ => Vec::new(),
    }
}

fn kind(text: &str) -> u16 {
    let grease = text.len() == 4 && text.ends_with('a');
    if grease { number(text) } else { text.parse().unwrap() }
}

fn numbers(text: &str) -> impl Iterator<Item = u16> + '_ {
    text.split_whitespace().map(number)
}

fn number(text: &str) -> u16 {
    u16::from_str_radix(text, 16).unwrap()
}
