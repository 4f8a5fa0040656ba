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
