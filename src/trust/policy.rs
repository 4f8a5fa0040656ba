//! Whose rules decide what is an anchor and what is refused: stacks differ, so the policy is an input.

/// A set of rules for path building and host names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    /// JDK: any certificate of the store is an anchor; the CN counts when there is no DNS name in the SAN.
    Java,
    /// OpenSSL's default: only self-signed certificates of the store are anchors.
    Openssl,
    /// OpenSSL with `-partial_chain`, curl, GnuTLS, NSS, Go: any certificate of the store is an anchor.
    OpensslPartial,
    /// rustls-webpki: any CA certificate of the store is an anchor, a leaf is not; SHA-1 and small keys are refused.
    Webpki,
    /// The playbook's and RFC 5280's strictest reading: the root must be in the store; SHA-1, MD5 and small keys are refused.
    Strict,
}

impl Policy {
    /// Its name as the option and the report write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Java => "java",
            Self::Openssl => "openssl",
            Self::OpensslPartial => "openssl-partial",
            Self::Webpki => "webpki",
            Self::Strict => "strict",
        }
    }
}

/// What may end a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchors {
    /// Any certificate of the store, the leaf too.
    Any,
    /// Any certificate of the store that is an issuer in the path. The leaf only when its issuers lead nowhere, and then
    /// they are checked all the same.
    AnyLeafLast,
    /// Any certificate of the store that is an issuer in the path; the leaf only when it is self-signed.
    Issuers,
    /// Self-signed certificates of the store; others serve as intermediates.
    SelfSigned,
}

/// The rules of a policy as data, each one observed of the stack that the policy is named for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) anchors: Anchors,
    /// A leaf that is itself an anchor is taken as it is.
    pub(super) anchored_leaf_unchecked: bool,
    /// The anchor's dates, basicConstraints, usages and extensions are checked like any other's.
    pub(super) anchor_is_checked: bool,
    /// An anchor that issued something has to be a CA, by basicConstraints and keyUsage, unless it is older than version 3.
    pub(super) anchor_is_ca: bool,
    /// The anchor's nameConstraints bind what is below it.
    pub(super) anchor_constrains: bool,
    /// Where there is no DNS name the common name is bound by nameConstraints like one.
    pub(super) constrains_common_name: bool,
    /// Directory names in nameConstraints are compared; otherwise any such constraint refuses everything.
    pub(super) compares_directory_names: bool,
    /// When the likeliest issuer leads nowhere the others of that name are tried.
    pub(super) tries_all_issuers: bool,
    /// Names are compared by their bytes.
    pub(super) names_by_bytes: bool,
    /// Key identifiers that differ rule an issuer out, whatever the signature says.
    pub(super) key_ids_must_agree: bool,
    /// The same, but for anchors alone.
    pub(super) key_ids_of_anchors_must_agree: bool,
    /// A CA with an extKeyUsage has to allow the leaf's.
    pub(super) eku_of_issuers: bool,
    /// `anyExtendedKeyUsage` and the old server-gated usages are as good as serverAuth.
    pub(super) any_eku: bool,
    /// Microsoft's and Netscape's server-gated usages are as good as serverAuth.
    pub(super) gated_eku: bool,
    /// A CA's keyUsage has to allow keyCertSign.
    pub(super) key_usage_of_issuers: bool,
    /// The leaf's keyUsage has to allow a TLS key exchange or signature.
    pub(super) key_usage_of_leaf: bool,
    /// A CA may be used as a leaf.
    pub(super) leaf_may_be_ca: bool,
    /// A root without basicConstraints is taken when it has a keyUsage with keyCertSign, or is of version 1.
    pub(super) old_roots: bool,
    /// Certificates of version 1 and 2 are refused, but for anchors.
    pub(super) version3_only: bool,
    /// Bytes after a certificate do not matter.
    pub(super) tolerates_trailing_bytes: bool,
    /// An unreadable certificate beside the path does not matter.
    pub(super) skips_unreadable: bool,
    /// The only signature algorithms that are supported, by dotted object identifier; none when all are.
    pub(super) signatures: Option<&'static [&'static str]>,
    pub(super) refuses_sha1: bool,
    pub(super) refuses_md5: bool,
    pub(super) least_rsa_bits: u32,
    pub(super) least_ec_bits: u32,
    /// A stapled response that says revoked is heeded.
    pub(super) heeds_staple: bool,
    /// A leaf that demands a staple is refused without one.
    pub(super) demands_staple: bool,
    /// Critical extensions that are understood, by dotted object identifier.
    pub(super) understands: &'static [&'static str],
}

impl Policy {
    /// Its rules.
    pub(super) const fn rules(self) -> Rules {
        match self {
            Self::Java => JAVA,
            Self::Openssl => OPENSSL,
            Self::OpensslPartial => Rules { anchors: Anchors::AnyLeafLast, heeds_staple: true, ..OPENSSL },
            Self::Webpki => WEBPKI,
            Self::Strict => STRICT,
        }
    }
}

/// JDK 17. SHA-1 is refused only below the JDK's own roots (`jdk.certpath.disabledAlgorithms`), which the check sees.
const JAVA: Rules = Rules {
    anchors: Anchors::Any,
    anchored_leaf_unchecked: true,
    anchor_is_checked: false,
    anchor_is_ca: true,
    anchor_constrains: false,
    constrains_common_name: true,
    compares_directory_names: true,
    tries_all_issuers: true,
    names_by_bytes: false,
    key_ids_must_agree: false,
    key_ids_of_anchors_must_agree: true,
    eku_of_issuers: false,
    any_eku: true,
    gated_eku: true,
    key_usage_of_issuers: true,
    key_usage_of_leaf: true,
    leaf_may_be_ca: true,
    old_roots: false,
    version3_only: false,
    tolerates_trailing_bytes: true,
    skips_unreadable: false,
    signatures: None,
    refuses_sha1: false,
    refuses_md5: true,
    least_rsa_bits: 1024,
    least_ec_bits: 224,
    heeds_staple: true,
    demands_staple: false,
    understands: &[
        "2.5.29.15",
        "2.5.29.17",
        "2.5.29.19",
        "2.5.29.30",
        "2.5.29.32",
        "2.5.29.33",
        "2.5.29.36",
        "2.5.29.37",
        "2.5.29.54",
        "2.5.29.31",
        "2.16.840.1.113730.1.1",
    ],
};

/// OpenSSL 3.0 at security level 2, as Debian and its kin set it.
const OPENSSL: Rules = Rules {
    anchors: Anchors::SelfSigned,
    anchored_leaf_unchecked: false,
    anchor_is_checked: true,
    anchor_is_ca: true,
    anchor_constrains: true,
    constrains_common_name: true,
    compares_directory_names: true,
    tries_all_issuers: false,
    names_by_bytes: false,
    key_ids_must_agree: true,
    key_ids_of_anchors_must_agree: true,
    eku_of_issuers: true,
    any_eku: false,
    gated_eku: true,
    key_usage_of_issuers: true,
    key_usage_of_leaf: true,
    leaf_may_be_ca: true,
    old_roots: true,
    version3_only: false,
    tolerates_trailing_bytes: false,
    skips_unreadable: false,
    signatures: None,
    refuses_sha1: true,
    refuses_md5: true,
    least_rsa_bits: 2048,
    least_ec_bits: 224,
    heeds_staple: false,
    demands_staple: false,
    understands: &[
        "2.5.29.15",
        "2.5.29.17",
        "2.5.29.19",
        "2.5.29.30",
        "2.5.29.31",
        "2.5.29.32",
        "2.5.29.33",
        "2.5.29.36",
        "2.5.29.37",
        "2.5.29.54",
        "2.16.840.1.113730.1.1",
        "1.3.6.1.5.5.7.1.7",
        "1.3.6.1.5.5.7.1.8",
        "1.3.6.1.5.5.7.1.14",
    ],
};

/// rustls-webpki 0.103.
const WEBPKI: Rules = Rules {
    anchors: Anchors::Issuers,
    anchored_leaf_unchecked: false,
    anchor_is_checked: false,
    anchor_is_ca: false,
    anchor_constrains: true,
    constrains_common_name: false,
    compares_directory_names: false,
    tries_all_issuers: true,
    names_by_bytes: true,
    key_ids_must_agree: false,
    key_ids_of_anchors_must_agree: false,
    eku_of_issuers: true,
    any_eku: false,
    gated_eku: false,
    key_usage_of_issuers: false,
    key_usage_of_leaf: false,
    leaf_may_be_ca: false,
    old_roots: false,
    version3_only: true,
    tolerates_trailing_bytes: false,
    skips_unreadable: true,
    signatures: Some(WEBPKI_SIGNATURES),
    refuses_sha1: true,
    refuses_md5: true,
    least_rsa_bits: 2048,
    least_ec_bits: 256,
    heeds_staple: false,
    demands_staple: false,
    understands: &["2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.30", "2.5.29.31", "2.5.29.37"],
};

/// RSA PKCS#1 v1.5 and PSS, ECDSA, Ed25519 and ML-DSA, with SHA-256 and up, as with its AWS-LC provider.
const WEBPKI_SIGNATURES: &[&str] = &[
    "1.2.840.113549.1.1.10",
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.12",
    "1.2.840.113549.1.1.13",
    "1.2.840.10045.4.3.2",
    "1.2.840.10045.4.3.3",
    "1.2.840.10045.4.3.4",
    "1.3.101.112",
    "2.16.840.1.101.3.4.3.17",
    "2.16.840.1.101.3.4.3.18",
    "2.16.840.1.101.3.4.3.19",
];

const STRICT: Rules = Rules {
    anchors: Anchors::SelfSigned,
    anchored_leaf_unchecked: false,
    anchor_is_checked: true,
    anchor_is_ca: true,
    anchor_constrains: true,
    constrains_common_name: true,
    compares_directory_names: true,
    tries_all_issuers: true,
    names_by_bytes: false,
    key_ids_must_agree: true,
    key_ids_of_anchors_must_agree: true,
    eku_of_issuers: true,
    any_eku: false,
    gated_eku: false,
    key_usage_of_issuers: true,
    key_usage_of_leaf: true,
    leaf_may_be_ca: true,
    old_roots: false,
    version3_only: false,
    tolerates_trailing_bytes: false,
    skips_unreadable: false,
    signatures: None,
    refuses_sha1: true,
    refuses_md5: true,
    least_rsa_bits: 2048,
    least_ec_bits: 224,
    heeds_staple: true,
    demands_staple: true,
    understands: &[
        "2.5.29.15",
        "2.5.29.17",
        "2.5.29.19",
        "2.5.29.30",
        "2.5.29.31",
        "2.5.29.32",
        "2.5.29.33",
        "2.5.29.36",
        "2.5.29.37",
        "2.5.29.54",
    ],
};
