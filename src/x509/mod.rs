//! Certificates and names (RFC 5280), read through x509-parser; nothing here knows where a certificate came from.

mod cache;
mod certificate;
mod extensions;
mod name;

pub use cache::CertificateCache;
pub use certificate::{
    BasicConstraints, Certificate, Fields, GeneralName, KeyAlgorithm, NameConstraints, PublicKey,
    SignatureAlgorithm,
};
pub use name::{Attribute, Name};
