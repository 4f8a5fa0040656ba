//! What a ClientHello leaves a server to choose from: a narrow offer is why nothing was in common (RFC 8446 §4.1.1).

use crate::diagnose::words;
use crate::iana::{CipherSuite, NamedGroup, SignatureScheme, Version};
use crate::tls::message::ClientHello;

/// The offer of a ClientHello without GREASE (RFC 8701) and signalling values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    /// The versions that it names, or the one up to which it goes when it has no `supported_versions`.
    pub versions: Vec<Version>,
    /// It names its versions one by one.
    pub explicit: bool,
    /// The cipher suites of TLS 1.2 and below.
    pub suites: Vec<CipherSuite>,
    /// The cipher suites of TLS 1.3.
    pub suites13: Vec<CipherSuite>,
    /// The groups.
    pub groups: Vec<NamedGroup>,
    /// The signature schemes.
    pub schemes: Vec<SignatureScheme>,
}

/// The part of an offer that leaves least to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Narrow {
    /// One group, or none of those that every server has.
    Groups,
    /// One or two suites, or suites for one kind of certificate key only.
    Suites,
    /// Signature schemes for one kind of certificate key other than RSA only.
    Signatures,
    /// TLS 1.3 and nothing else, or nothing that is still in use.
    Versions,
    /// Nothing stands out.
    Nothing,
}

impl Offer {
    pub(super) fn read(hello: &ClientHello) -> Self {
        let named: Vec<Version> =
            hello.supported_versions.iter().copied().filter(|version| !is_grease(version.0)).collect();
        let explicit = !named.is_empty();
        let versions = if explicit { named } else { vec![hello.version] };
        let real =
            hello.cipher_suites.iter().copied().filter(|suite| !is_grease(suite.0) && !is_signal(*suite));
        let (suites13, suites) = real.partition(|suite| suite.0 >> 8 == 0x13);
        let groups = hello.groups.iter().copied().filter(|group| !is_grease(group.0)).collect();
        let schemes = hello.signature_schemes.iter().copied().filter(|scheme| !is_grease(scheme.0)).collect();
        Self { versions, explicit, suites, suites13, groups, schemes }
    }

    /// TLS 1.3 is among the versions.
    pub(super) fn has_13(&self) -> bool {
        self.versions.iter().any(|version| is_13(*version))
    }

    /// A version below TLS 1.3 is among them.
    pub(super) fn has_older(&self) -> bool {
        self.versions.iter().any(|version| !is_13(*version))
    }

    /// The highest version below TLS 1.3.
    pub(super) fn best_older(&self) -> Option<Version> {
        self.versions.iter().copied().filter(|version| !is_13(*version)).max()
    }

    /// The part that leaves least to choose.
    pub(super) fn narrow(&self) -> Narrow {
        let common = self.groups.iter().any(|group| COMMON_GROUPS.contains(&group.0));
        if !self.groups.is_empty() && (self.groups.len() == 1 || !common) {
            return Narrow::Groups;
        }
        if self.has_older() && (self.suites.len() <= 2 || self.one_kind_of_key()) && !self.has_13() {
            return Narrow::Suites;
        }
        if !self.schemes.is_empty() && !self.schemes.iter().any(|scheme| takes_rsa(*scheme)) {
            return Narrow::Signatures;
        }
        // Every server with TLS 1.3 has a suite of the usual three; one alone may be the one that it lacks.
        if !self.has_older() && self.suites13.len() == 1 {
            return Narrow::Suites;
        }
        let tls12 = self.best_older().is_some_and(|version| version.0 >= 0x0303);
        if !self.has_older() || !self.has_13() && !tls12 {
            return Narrow::Versions;
        }
        match self.suites.len() <= 2 && self.suites13.len() <= 1 {
            true => Narrow::Suites,
            false => Narrow::Nothing,
        }
    }

    /// All suites want the same kind of key in the server's certificate.
    fn one_kind_of_key(&self) -> bool {
        let ecdsa = self.suites.iter().filter(|suite| wants_ecdsa(**suite)).count();
        ecdsa == 0 || ecdsa == self.suites.len()
    }

    /// `TLS 1.2`, `TLS 1.2 and TLS 1.3`, `up to TLS 1.1`.
    pub(super) fn versions_text(&self) -> String {
        let names: Vec<String> = self.versions.iter().map(|version| words::version(*version)).collect();
        match self.explicit {
            true => words::list(&names),
            false => format!("up to {}", words::list(&names)),
        }
    }

    /// The groups, the first few by name.
    pub(super) fn groups_text(&self) -> String {
        let names: Vec<String> = self.groups.iter().take(6).map(|group| words::group(*group)).collect();
        words::list(&names)
    }

    /// The signature schemes, the first few by name.
    pub(super) fn schemes_text(&self) -> String {
        let names: Vec<String> = self.schemes.iter().take(4).map(|scheme| words::scheme(*scheme)).collect();
        words::list(&names)
    }

    /// The suites of TLS 1.2 and below, by number: the first few and how many there are.
    pub(super) fn suites_text(&self) -> String {
        let all: Vec<CipherSuite> = self.suites13.iter().chain(&self.suites).copied().collect();
        let names: Vec<String> = all.iter().take(4).map(|suite| words::suite(*suite)).collect();
        match all.len() > names.len() {
            true => format!("{} and {} more", names.join(", "), all.len() - names.len()),
            false => words::list(&names),
        }
    }
}

/// TLS 1.3 or a draft of it (RFC 8446 §4.2.1).
fn is_13(version: Version) -> bool {
    version.0 == 0x0304 || version.0 >> 8 == 0x7f
}

/// A reserved value that a client sends so that servers stay tolerant (RFC 8701).
fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

/// Renegotiation info and fallback: no suites (RFC 5746 §3.3, RFC 7507 §2).
fn is_signal(suite: CipherSuite) -> bool {
    matches!(suite.0, 0x00ff | 0x5600)
}

/// The suite needs a certificate with an EC key: ECDH_ECDSA and ECDHE_ECDSA (RFC 8422 §2, RFC 5289, RFC 7251, RFC 7905).
fn wants_ecdsa(suite: CipherSuite) -> bool {
    matches!(
        suite.0,
        0xc001..=0xc00a | 0xc023..=0xc026 | 0xc02b..=0xc02e | 0xc048..=0xc04b | 0xc05c..=0xc05f
            | 0xc072..=0xc075 | 0xc086..=0xc089 | 0xc0ac..=0xc0af | 0xcca9
    )
}

/// A signature by an RSA key: PKCS #1 v1.5 of any hash, or PSS (RFC 8446 §4.2.3).
fn takes_rsa(scheme: SignatureScheme) -> bool {
    scheme.0 & 0xff == 1 && scheme.0 >> 8 <= 6 || matches!(scheme.0, 0x0804..=0x0806 | 0x0809..=0x080b)
}

/// Groups of which nearly every server has one: P-256, P-384, X25519, and X25519 with ML-KEM.
const COMMON_GROUPS: [u16; 4] = [0x0017, 0x0018, 0x001d, 0x11ec];

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(versions: &[u16], suites: &[u16], groups: &[u16]) -> Offer {
        Offer::read(&ClientHello {
            version: Version(0x0303),
            supported_versions: versions.iter().copied().map(Version).collect(),
            cipher_suites: suites.iter().copied().map(CipherSuite).collect(),
            groups: groups.iter().copied().map(NamedGroup).collect(),
            ..ClientHello::default()
        })
    }

    const MANY: [u16; 8] = [0x1301, 0x1302, 0xc02b, 0xc02f, 0xc030, 0xcca9, 0x009c, 0x00ff];

    #[test]
    fn one_group_is_narrower_than_many_suites() {
        assert_eq!(offer(&[0x0304, 0x0303], &MANY, &[0x001d]).narrow(), Narrow::Groups);
        assert_eq!(offer(&[0x0304, 0x0303], &MANY, &[0x001e, 0x0019]).narrow(), Narrow::Groups);
        assert_eq!(offer(&[0x0304, 0x0303], &MANY, &[0x0a0a, 0x001d, 0x0017]).narrow(), Narrow::Nothing);
    }

    #[test]
    fn suites_for_one_kind_of_key_are_narrow() {
        assert_eq!(offer(&[], &[0xc030, 0x00ff], &[0x001d, 0x0017]).narrow(), Narrow::Suites);
        assert_eq!(offer(&[], &[0xc02b, 0xc02c, 0xc009, 0xc00a], &[0x001d, 0x0017]).narrow(), Narrow::Suites);
    }

    #[test]
    fn one_suite_of_tls_13_alone_is_narrower_than_the_version() {
        assert_eq!(offer(&[0x0304], &[0x1302, 0x00ff], &[0x001d, 0x0017]).narrow(), Narrow::Suites);
    }

    #[test]
    fn signatures_of_one_kind_of_key_are_narrow_unless_it_is_rsa() {
        let with = |schemes: &[u16]| {
            let mut all = offer(&[0x0304], &[0x1301, 0x1302], &[0x001d, 0x0017]);
            all.schemes = schemes.iter().copied().map(SignatureScheme).collect();
            all.narrow()
        };
        assert_eq!(with(&[0x0403, 0x0503]), Narrow::Signatures);
        assert_eq!(with(&[0x0403, 0x0804]), Narrow::Versions);
    }

    #[test]
    fn tls_13_alone_is_a_narrow_choice_of_versions() {
        assert_eq!(offer(&[0x7a7a, 0x0304], &[0x1301, 0x1302], &[0x001d, 0x0017]).narrow(), Narrow::Versions);
    }
}
