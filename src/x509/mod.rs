//! Certificates and names (RFC 5280), read through x509-parser; nothing here knows where a certificate came from.

mod cache;
mod certificate;
pub(crate) mod der;
mod extensions;
mod general_name;
mod key;
mod name;
mod name_text;
mod parse;
mod part;
mod recent;

pub use cache::{CertificateBytes, CertificateCache};
pub use certificate::{BasicConstraints, Certificate, Fields, NameConstraints, extended_key_usage_name};
pub use der::Oid;
pub use general_name::GeneralName;
pub use key::{KeyAlgorithm, PublicKey, SignatureAlgorithm};
pub use name::{Attribute, Name};
pub use part::Part;
