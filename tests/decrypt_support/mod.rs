//! A reader for the captures of `captures/decrypt-*/`: Ethernet on loopback, one connection, nothing lost, so that
//! the tests of decryption rest on nothing but decryption.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::Digest;
use tlspcap::iana::{CipherSuite, Version};
use tlspcap::tls::decrypt::{DecryptError, Decryptor, HashKind};
use tlspcap::tls::keylog::Secrets;
use tlspcap::tls::message::{Extensions, ServerHello, Side};

/// One folder of `captures/`.
pub struct Case {
    pub name: String,
    pub folder: PathBuf,
    pub table: toml::Table,
}

impl Case {
    /// All folders whose name begins with `decrypt-`, in order.
    pub fn all() -> Vec<Self> {
        let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
        let mut names: Vec<String> = fs::read_dir(captures)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("decrypt-"))
            .collect();
        names.sort();
        names.iter().map(|name| Self::named(name)).collect()
    }

    pub fn named(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name);
        let table = fs::read_to_string(folder.join("case.toml")).unwrap().parse().unwrap();
        Self { name: name.into(), folder, table }
    }

    pub fn text(&self, key: &str) -> &str {
        self.table[key].as_str().unwrap()
    }

    pub fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        assert_eq!(secrets.read(&self.folder.join(self.text("keylog"))).unwrap(), []);
        secrets
    }

    pub fn records(&self) -> Vec<(Side, Record)> {
        records(&fs::read(self.folder.join("capture.pcap")).unwrap())
    }
}

/// One TLS record.
#[derive(Clone)]
pub struct Record {
    pub header: [u8; 5],
    pub fragment: Vec<u8>,
}

/// The records of both sides, in the order in which they are complete. The client sends the first segment.
pub fn records(pcap: &[u8]) -> Vec<(Side, Record)> {
    let u32_at = |at: usize| u32::from_le_bytes(pcap[at..at + 4].try_into().unwrap());
    assert_eq!((u32_at(0), u32_at(20)), (0xa1b2_c3d4, 1), "microseconds, Ethernet");
    let (mut records, mut at) = (Vec::new(), 24);
    let mut client = Stream::default();
    let mut server = Stream::default();
    let mut client_port = None;
    while at < pcap.len() {
        let len = u32_at(at + 8) as usize;
        let frame = &pcap[at + 16..at + 16 + len];
        at += 16 + len;
        let tcp = match frame[12..14] {
            [0x08, 0x00] => &frame[14 + usize::from(frame[14] & 15) * 4..14 + be16(frame, 16)],
            _ => &frame[54..54 + be16(frame, 18)],
        };
        let port = be16(tcp, 0);
        let from = if *client_port.get_or_insert(port) == port { Side::Client } else { Side::Server };
        let stream = if from == Side::Client { &mut client } else { &mut server };
        stream.take(tcp);
        while let Some(record) = stream.cut() {
            records.push((from, record));
        }
    }
    records
}

#[derive(Default)]
struct Stream {
    next: Option<u32>,
    bytes: Vec<u8>,
}

impl Stream {
    fn take(&mut self, tcp: &[u8]) {
        let sequence = u32::from_be_bytes(tcp[4..8].try_into().unwrap());
        let payload = &tcp[usize::from(tcp[12] >> 4) * 4..];
        let next = self.next.get_or_insert(sequence.wrapping_add(1));
        if !payload.is_empty() && sequence == *next {
            self.bytes.extend_from_slice(payload);
            *next = next.wrapping_add(payload.len() as u32);
        }
    }

    fn cut(&mut self) -> Option<Record> {
        let header: [u8; 5] = self.bytes.get(..5)?.try_into().unwrap();
        let end = 5 + be16(&header, 3);
        let fragment = self.bytes.get(5..end)?.to_vec();
        self.bytes.drain(..end);
        Some(Record { header, fragment })
    }
}

fn be16(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))
}

/// What a connection says, followed with its keys.
#[derive(Default)]
pub struct Session {
    secrets: Secrets,
    pub decryptor: Option<Decryptor>,
    client_random: [u8; 32],
    early: bool,
    /// Records of the client from before the ServerHello.
    waiting: Vec<Record>,
    handshake: [Vec<u8>; 2],
    transcript: Vec<u8>,
    /// The application data of client and server.
    pub data: [Vec<u8>; 2],
    /// The alerts of client and server.
    pub alerts: [Vec<u8>; 2],
    /// Whether each Finished fits its transcript.
    pub finished: Vec<Option<bool>>,
    /// The KeyUpdates of client and server.
    pub key_updates: [usize; 2],
    /// What could not be opened.
    pub errors: Vec<DecryptError>,
    /// Whether the records of client and server are protected (TLS 1.2 and below).
    pub protected: [bool; 2],
}

impl Session {
    pub fn new(secrets: Secrets) -> Self {
        Self { secrets, ..Self::default() }
    }

    pub fn take(&mut self, from: Side, record: &Record) {
        let modern = self.decryptor.as_ref().is_some_and(|decryptor| !self.legacy(decryptor));
        match record.header[0] {
            20 if modern => {}
            // Before the ServerHello only early data follows the dummy of a TLS 1.3 client.
            20 if self.decryptor.is_none() => {}
            20 => {
                self.protected[from as usize] = true;
                self.decryptor.as_mut().unwrap().change_cipher_spec(from);
            }
            23 if self.decryptor.is_none() => self.waiting.push(record.clone()),
            23 => self.open(from, record),
            _ if self.protected[from as usize] => self.open(from, record),
            kind => self.plain(from, kind, &record.fragment),
        }
    }

    fn legacy(&self, decryptor: &Decryptor) -> bool {
        !decryptor.suite_name().starts_with("TLS_AES") && !decryptor.suite_name().starts_with("TLS_CHACHA")
    }

    pub fn open(&mut self, from: Side, record: &Record) {
        let mut out = b"before".to_vec();
        match self.decryptor.as_mut().unwrap().open(from, record.header, &record.fragment, &mut out) {
            Ok(kind) => {
                let content = out.strip_prefix(b"before").expect("what was there stays").to_vec();
                self.plain(from, kind, &content);
            }
            Err(error) => {
                assert_eq!(out, b"before");
                self.errors.push(error);
            }
        }
    }

    fn plain(&mut self, from: Side, kind: u8, content: &[u8]) {
        match kind {
            21 => self.alerts[from as usize].extend_from_slice(content),
            22 => {
                self.handshake[from as usize].extend_from_slice(content);
                while let Some(message) = cut_message(&mut self.handshake[from as usize]) {
                    self.message(from, &message);
                }
            }
            23 => self.data[from as usize].extend_from_slice(content),
            other => panic!("content type {other}"),
        }
    }

    fn message(&mut self, from: Side, message: &[u8]) {
        let modern = self.decryptor.as_ref().is_some_and(|decryptor| !self.legacy(decryptor));
        match (message[0], from) {
            (1, Side::Client) => self.client_hello(message),
            (2, Side::Server) => return self.server_hello(message),
            (5, Side::Client) => self.decryptor.as_mut().unwrap().end_of_early_data(),
            (20, _) => self.finish(from, message),
            (24, _) => {
                self.key_updates[from as usize] += 1;
                self.decryptor.as_mut().unwrap().key_update(from);
            }
            _ => {}
        }
        // A HelloRequest is no part of the transcript, nor what follows a handshake.
        let after = modern && message[0] == 4;
        if !after && !matches!(message[0], 0 | 24) {
            self.transcript.extend_from_slice(message);
        }
    }

    fn client_hello(&mut self, message: &[u8]) {
        let modern = self.decryptor.as_ref().is_some_and(|decryptor| !self.legacy(decryptor));
        assert!(!modern);
        // After a HelloRetryRequest the transcript goes on, and the first random counts.
        if self.transcript.first() != Some(&254) {
            self.transcript.clear();
            self.client_random = message[6..38].try_into().unwrap();
            self.early = client_extensions(message).find(42).is_some();
        }
    }

    fn server_hello(&mut self, message: &[u8]) {
        let hello = parse_server_hello(message);
        if hello.is_retry {
            let hash = if hello.cipher_suite.0 == 0x1302 { HashKind::Sha384 } else { HashKind::Sha256 };
            let first = digest(hash, &self.transcript);
            self.transcript = [&[254, 0, 0, first.len() as u8], first.as_slice(), message].concat();
            return;
        }
        self.transcript.extend_from_slice(message);
        match &mut self.decryptor {
            Some(decryptor) => decryptor.renegotiate(&self.secrets, &self.client_random, &hello).unwrap(),
            None => {
                let decryptor = Decryptor::new(&self.secrets, &self.client_random, &hello, self.early);
                self.decryptor = Some(decryptor.unwrap());
                for record in std::mem::take(&mut self.waiting) {
                    self.open(Side::Client, &record);
                }
            }
        }
    }

    fn finish(&mut self, from: Side, message: &[u8]) {
        let decryptor = self.decryptor.as_mut().unwrap();
        let hash = digest(decryptor.hash(), &self.transcript);
        self.finished.push(decryptor.verify_finished(from, &hash, &message[4..]));
        decryptor.finished(from);
    }
}

/// The hash of a transcript.
pub fn digest(hash: HashKind, bytes: &[u8]) -> Vec<u8> {
    match hash {
        HashKind::Md5Sha1 => [&md5::Md5::digest(bytes)[..], &sha1::Sha1::digest(bytes)[..]].concat(),
        HashKind::Sha256 => sha2::Sha256::digest(bytes).to_vec(),
        HashKind::Sha384 => sha2::Sha384::digest(bytes).to_vec(),
    }
}

fn cut_message(bytes: &mut Vec<u8>) -> Option<Vec<u8>> {
    let header = bytes.get(..4)?;
    let len = 4 + usize::from(header[1]) * 65_536 + be16(header, 2);
    (bytes.len() >= len).then(|| bytes.drain(..len).collect())
}

fn client_extensions(message: &[u8]) -> Extensions {
    let mut at = 39 + usize::from(message[38]);
    at += 2 + be16(message, at);
    at += 1 + usize::from(message[at]);
    extensions(&message[at..])
}

fn extensions(block: &[u8]) -> Extensions {
    let mut rest = block.get(2..).unwrap_or_default();
    let next = || {
        let (kind, len) = rest.first().map(|_| (be16(rest, 0), be16(rest, 2)))?;
        let (this, after) = rest.split_at(4 + len);
        rest = after;
        Some((kind as u16, &this[4..]))
    };
    std::iter::from_fn(next).collect()
}

/// A ServerHello message with its header.
pub fn parse_server_hello(message: &[u8]) -> ServerHello {
    let at = 39 + usize::from(message[38]);
    let extensions = extensions(&message[at + 3..]);
    let has = |kind| extensions.find(kind);
    let random: [u8; 32] = message[6..38].try_into().unwrap();
    ServerHello {
        version: Version(be16(message, 4) as u16),
        random,
        cipher_suite: CipherSuite(be16(message, at) as u16),
        compression: message[at + 2],
        selected_version: has(43).map(|extension| Version(be16(extension.body, 0) as u16)),
        encrypt_then_mac: has(22).is_some(),
        is_retry: random.starts_with(&[0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11]),
        extensions: Some(extensions),
        ..ServerHello::default()
    }
}
