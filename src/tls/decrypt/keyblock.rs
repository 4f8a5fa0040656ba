//! From the master secret to the keys of both directions, SSL 3.0 to TLS 1.2 (RFC 5246 §6.3).

use super::aead::AeadKeys;
use super::cbc::CbcKeys;
use super::cipher;
use super::prf;
use super::suite::{Bulk, HashKind, MacKind, Suite};
use super::tls12::{Keys, Protection, Rc4Keys, RecordMac};
use crate::tls::message::{ServerHello, Side};

/// What the ServerHello settled for both directions.
pub(super) struct Parameters<'a> {
    pub(super) suite: Suite,
    pub(super) version: u16,
    pub(super) encrypt_then_mac: bool,
    /// `truncated_hmac` (RFC 6066 §7) was accepted: MACs have 10 bytes.
    pub(super) truncated_hmac: bool,
    /// `None` for a suite without encryption, whose MACs then go unchecked.
    pub(super) master: Option<&'a [u8]>,
    pub(super) client_random: &'a [u8; 32],
    pub(super) server_random: &'a [u8; 32],
}

impl<'a> Parameters<'a> {
    pub(super) fn new(
        suite: Suite,
        hello: &'a ServerHello,
        client_random: &'a [u8; 32],
        master: Option<&'a [u8]>,
    ) -> Self {
        Self {
            suite,
            version: hello.negotiated().0,
            encrypt_then_mac: hello.encrypt_then_mac,
            truncated_hmac: hello.extensions.as_ref().is_some_and(|all| all.find(TRUNCATED_HMAC).is_some()),
            master,
            client_random,
            server_random: &hello.random,
        }
    }

    /// The keys of both directions, client first; `None` when the suite does not fit the version.
    pub(super) fn keys(&self) -> Option<(Keys, Keys)> {
        let (mac, key, iv) = self.lengths();
        let mut block = [0_u8; KEY_BLOCK];
        if let Some(master) = self.master {
            self.fill(master, &mut block);
        }
        let mut rest = block.as_slice();
        let mut cut = |len: usize| {
            let (head, tail) = rest.split_at_checked(len)?;
            rest = tail;
            Some(head)
        };
        let (client_mac, server_mac) = (cut(mac)?, cut(mac)?);
        let (client_key, server_key) = (cut(key)?, cut(key)?);
        let (client_iv, server_iv) = (cut(iv)?, cut(iv)?);
        Some((
            self.direction(client_mac, client_key, client_iv)?,
            self.direction(server_mac, server_key, server_iv)?,
        ))
    }

    fn fill(&self, master: &[u8], block: &mut [u8]) {
        let seed = [*self.server_random, *self.client_random].concat();
        match self.version {
            SSL_3_0 => prf::ssl3_key_block(master, &seed, block),
            version => prf::prf(prf_hash(version, self.suite), master, b"key expansion", &seed, block),
        }
    }

    /// Bytes of a MAC key, an encryption key and an IV in the key block.
    fn lengths(&self) -> (usize, usize, usize) {
        match self.suite.bulk {
            Bulk::Null(mac) => (mac.len(), 0, 0),
            Bulk::Rc4(mac) => (mac.len(), 16, 0),
            Bulk::Cbc(block, mac) => (mac.len(), block.key_len(), block.block_len()),
            Bulk::Aead(aead) => (0, aead.key_len(), 12 - aead.explicit_len()),
        }
    }

    fn direction(&self, mac_key: &[u8], key: &[u8], iv: &[u8]) -> Option<Keys> {
        let mac = |kind: MacKind| RecordMac {
            kind,
            key: self.master.is_some().then(|| mac_key.to_vec()),
            len: if self.truncated_hmac { 10 } else { kind.len() },
            ssl3: self.version == SSL_3_0,
        };
        let protection = match self.suite.bulk {
            // SSL 3.0 knows two hashes only, and AEAD suites need the PRF and the record layer of TLS 1.2.
            Bulk::Null(kind) | Bulk::Rc4(kind) | Bulk::Cbc(_, kind)
                if self.version == SSL_3_0 && !matches!(kind, MacKind::Md5 | MacKind::Sha1) =>
            {
                return None;
            }
            Bulk::Aead(_) if self.version < TLS_1_2 => return None,
            Bulk::Null(kind) => Protection::Null(mac(kind)),
            Bulk::Rc4(kind) => Protection::Rc4(Box::new(Rc4Keys::new(key, mac(kind))?)),
            Bulk::Cbc(block, kind) => {
                let chained = self.version < TLS_1_1;
                let first_iv = chained.then_some(iv);
                let cipher = cipher::cbc(block, key)?;
                Protection::Cbc(CbcKeys::new(cipher, mac(kind), first_iv, self.encrypt_then_mac))
            }
            Bulk::Aead(kind) => Protection::Aead(AeadKeys::new(kind, key, iv)?),
        };
        Some(protection.into())
    }
}

/// The hash of the PRF and the Finished messages of a version up to TLS 1.2.
pub(super) fn prf_hash(version: u16, suite: Suite) -> HashKind {
    if version < TLS_1_2 { HashKind::Md5Sha1 } else { suite.hash }
}

/// The `verify_data` of a Finished message (RFC 5246 §7.4.9); not for SSL 3.0.
pub(super) fn verify_data(hash: HashKind, master: &[u8], from: Side, transcript_hash: &[u8]) -> [u8; 12] {
    let label: &[u8] = match from {
        Side::Client => b"client finished",
        Side::Server => b"server finished",
    };
    let mut data = [0; 12];
    prf::prf(hash, master, label, transcript_hash, &mut data);
    data
}

/// `ProtocolVersion` values (RFC 5246 §6.2.1, RFC 6101 §5.2.1).
pub(super) const SSL_3_0: u16 = 0x0300;
const TLS_1_1: u16 = 0x0302;
pub(super) const TLS_1_2: u16 = 0x0303;
/// Extension number of `truncated_hmac`.
const TRUNCATED_HMAC: u16 = 4;
/// Bytes of the longest key block: two MAC keys of SHA-384, two keys of 32 bytes, two IVs of 16.
const KEY_BLOCK: usize = 2 * (48 + 32 + 16);
