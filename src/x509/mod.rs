//! Certificates and names (RFC 5280), read through x509-parser; nothing here knows where a certificate came from.

mod cache;
mod certificate;
pub(crate) mod der;
mod extensions;
mod key;
mod name;
mod name_text;
mod parse;

pub use cache::CertificateCache;
pub use certificate::{
    BasicConstraints, Certificate, Fields, GeneralName, NameConstraints, extended_key_usage_name,
};
pub use key::{KeyAlgorithm, PublicKey, SignatureAlgorithm};
pub use name::{Attribute, Name};
