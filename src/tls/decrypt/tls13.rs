//! Records of TLS 1.3 and its drafts: traffic keys (RFC 8446 §7.3) and the record layer (RFC 8446 §5.2).

use super::DecryptError;
use super::aead::numbered_nonce;
use super::cipher::{self, Opener};
use super::draft::Draft;
use super::prf;
use super::sequence::Sequence;
use super::suite::{AeadKind, HashKind, MacKind};
use crate::tls::keylog::Secret;

/// The cipher, hash and draft of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scheme {
    pub(super) aead: AeadKind,
    pub(super) hash: HashKind,
    pub(super) draft: Draft,
}

/// How far one direction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Early,
    Handshake,
    Application,
    /// After one more key update; a direction that is there is in `Application` again.
    Updated,
}

/// One direction.
pub(super) struct Direction {
    scheme: Scheme,
    early: Option<Secret>,
    handshake: Option<Secret>,
    application: Option<Secret>,
    stage: Stage,
    /// The keys of `stage`; `None` when its secret was not logged.
    keys: Option<Keys>,
    sequence: Sequence,
    /// Records may be missing, so that the change to the next keys may be too.
    gap: bool,
}

impl Direction {
    /// `early` is given for a client that offered early data, with the secret when it was logged.
    pub(super) fn new(
        scheme: Scheme,
        early: Option<Option<Secret>>,
        handshake: Option<Secret>,
        application: Option<Secret>,
    ) -> Self {
        let stage = if early.is_some() { Stage::Early } else { Stage::Handshake };
        let mut this = Self {
            scheme,
            early: early.flatten(),
            handshake,
            application,
            stage,
            keys: None,
            sequence: Sequence::default(),
            gap: false,
        };
        this.enter(stage);
        this
    }

    /// Opens one record and returns its inner type.
    pub(super) fn open(
        &mut self,
        header: [u8; 5],
        fragment: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<u8, DecryptError> {
        let start = out.len();
        let mut tried = false;
        if let Some(keys) = &self.keys {
            tried = true;
            if let Some(number) = keys.open(self.sequence.candidates(), header, fragment, out)? {
                self.sequence.hit(number);
                self.gap = false;
                return inner_type(out, start);
            }
        }
        for stage in self.later_stages() {
            let Some(keys) = self.derive(stage) else { continue };
            tried = true;
            let mut sequence = Sequence::default();
            if self.gap {
                sequence.lost();
            }
            if let Some(number) = keys.open(sequence.candidates(), header, fragment, out)? {
                self.adopt(stage, keys);
                self.sequence.hit(number);
                self.gap = false;
                return inner_type(out, start);
            }
        }
        Err(self.refuse(tried))
    }

    /// The sender's Finished was read.
    pub(super) fn finished(&mut self) {
        if self.stage != Stage::Application {
            self.enter(Stage::Application);
        }
    }

    /// The client's EndOfEarlyData was read.
    pub(super) fn end_of_early_data(&mut self) {
        if self.stage == Stage::Early {
            self.enter(Stage::Handshake);
        }
    }

    /// The sender's KeyUpdate was read.
    pub(super) fn key_update(&mut self) {
        if self.stage == Stage::Application {
            self.application = self.updated();
            self.enter(Stage::Application);
        }
    }

    pub(super) fn skip(&mut self) {
        self.sequence.skip();
    }

    pub(super) fn lost(&mut self) {
        self.sequence.lost();
        self.gap = true;
    }

    /// The `verify_data` of the sender's Finished (RFC 8446 §4.4.4).
    pub(super) fn verify_data(&self, transcript_hash: &[u8]) -> Option<prf::MacValue> {
        let Scheme { hash, draft, .. } = self.scheme;
        let mut key = [0_u8; 48];
        let key = key.get_mut(..hash.output_len())?;
        let secret = self.handshake.as_ref()?.as_bytes();
        prf::expand_label(hash, secret, draft.prefix(), b"finished", key).then_some(())?;
        let mac = if hash == HashKind::Sha384 { MacKind::Sha384 } else { MacKind::Sha256 };
        Some(prf::hmac(mac, key, &[transcript_hash]))
    }

    /// The stages whose keys the record may be under although nobody said so: a server refuses early data without
    /// telling the record layer, and a gap hides the message that ends a stage.
    fn later_stages(&self) -> impl Iterator<Item = Stage> + use<> {
        let unsure = self.gap || self.keys.is_none();
        let handshake = self.stage == Stage::Early;
        let application = self.stage < Stage::Application && unsure;
        [(Stage::Handshake, handshake), (Stage::Application, application), (Stage::Updated, self.gap)]
            .into_iter()
            .filter_map(|(stage, wanted)| wanted.then_some(stage))
    }

    fn derive(&self, stage: Stage) -> Option<Keys> {
        let secret = match stage {
            Stage::Early => self.early,
            Stage::Handshake => self.handshake,
            Stage::Application => self.application,
            Stage::Updated => self.updated(),
        };
        Keys::derive(self.scheme, secret.as_ref()?)
    }

    fn updated(&self) -> Option<Secret> {
        let Scheme { hash, draft, .. } = self.scheme;
        self.application
            .as_ref()?
            .next(|old, new| prf::expand_label(hash, old, draft.prefix(), draft.update(), new))
    }

    fn adopt(&mut self, stage: Stage, keys: Keys) {
        if stage == Stage::Updated {
            self.application = self.updated();
        }
        self.stage = stage.min(Stage::Application);
        self.keys = Some(keys);
    }

    fn enter(&mut self, stage: Stage) {
        self.keys = self.derive(stage);
        self.stage = stage;
        self.sequence = Sequence::default();
        if self.gap {
            self.sequence.lost();
        }
    }

    /// What to say of a record that no key fits. The receiver of refused early data skips such records and does not
    /// count them (RFC 8446 §4.2.10).
    fn refuse(&mut self, tried: bool) -> DecryptError {
        match (self.stage, tried) {
            (_, false) => DecryptError::NoKey,
            (Stage::Early, true) => {
                if self.gap {
                    self.count_miss();
                }
                DecryptError::EarlyData
            }
            (_, true) => {
                self.count_miss();
                DecryptError::BadRecord
            }
        }
    }

    fn count_miss(&mut self) {
        self.sequence.miss();
        self.gap &= self.sequence.is_searching();
    }
}

/// The key and IV that follow from a traffic secret.
struct Keys {
    cipher: Box<dyn Opener>,
    iv: [u8; 12],
    scheme: Scheme,
}

impl Keys {
    /// `None` when the secret is not as long as the hash, so it is another connection's.
    fn derive(scheme: Scheme, secret: &Secret) -> Option<Self> {
        let Scheme { aead, hash, draft } = scheme;
        let secret = Some(secret.as_bytes()).filter(|secret| secret.len() == hash.output_len())?;
        let (mut key, mut iv) = ([0_u8; 32], [0_u8; 12]);
        let key = key.get_mut(..aead.key_len())?;
        let derived = prf::expand_label(hash, secret, draft.prefix(), b"key", key)
            && prf::expand_label(hash, secret, draft.prefix(), b"iv", &mut iv);
        derived.then_some(())?;
        Some(Self { cipher: cipher::aead(aead, key)?, iv, scheme })
    }

    /// The number under which the record opens; its plaintext is then at the end of `out`, which otherwise is as
    /// it was.
    fn open(
        &self,
        numbers: std::ops::Range<u64>,
        header: [u8; 5],
        fragment: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Option<u64>, DecryptError> {
        let start = out.len();
        let text_len =
            fragment.len().checked_sub(self.scheme.aead.tag_len()).ok_or(DecryptError::Malformed)?;
        let (text, tag) = fragment.split_at_checked(text_len).ok_or(DecryptError::Malformed)?;
        let aad = if self.scheme.draft.covers_header() { header.as_slice() } else { &[] };
        for number in numbers {
            out.extend_from_slice(text);
            let buffer = out.get_mut(start..).unwrap_or_default();
            if self.cipher.open(&numbered_nonce(self.iv, number), aad, buffer, tag) {
                return Ok(Some(number));
            }
            out.truncate(start);
        }
        Ok(None)
    }
}

/// Removes the padding and the type before it (RFC 8446 §5.4).
fn inner_type(out: &mut Vec<u8>, start: usize) -> Result<u8, DecryptError> {
    let inner = out.get(start..).unwrap_or_default();
    let at = inner.iter().rposition(|byte| *byte != 0).ok_or(DecryptError::Malformed)?;
    let kind = inner.get(at).copied().ok_or(DecryptError::Malformed)?;
    out.truncate(start + at);
    Ok(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_removed_down_to_the_type() {
        let mut out = b"kept hello\x17\0\0\0".to_vec();
        assert_eq!(inner_type(&mut out, 5), Ok(23));
        assert_eq!(out, b"kept hello");
        let mut out = vec![1, 0, 0, 0];
        assert_eq!(inner_type(&mut out, 1), Err(DecryptError::Malformed));
    }
}
