//! Names in `subjectAltName` and in name constraints (RFC 5280 §4.2.1.6).

use std::fmt;
use std::net::IpAddr;

use data_encoding::HEXLOWER;

use crate::x509::Name;

/// A name in `subjectAltName` or in a name constraint (RFC 5280 §4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeneralName {
    /// A DNS name, as encoded.
    Dns(String),
    /// An IP address.
    Ip(IpAddr),
    /// A network, in a name constraint: address and mask as encoded.
    Network(Vec<u8>),
    /// A mail address.
    Email(String),
    /// A URI.
    Uri(String),
    /// A directory name.
    Directory(Box<Name>),
    /// Anything else, or one that is malformed: shown, never matched.
    Other(String),
}

impl fmt::Display for GeneralName {
    /// As OpenSSL prints it: `DNS:a.example`, `IP:192.0.2.1`, `email:`, `URI:`, `DirName:`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(out, "DNS:{name}"),
            Self::Ip(address) => write!(out, "IP:{address}"),
            Self::Network(bytes) => write!(out, "IP:{}", network(bytes)),
            Self::Email(name) => write!(out, "email:{name}"),
            Self::Uri(name) => write!(out, "URI:{name}"),
            Self::Directory(name) => write!(out, "DirName:{}", name.rfc4514()),
            Self::Other(text) => out.write_str(text),
        }
    }
}

fn network(bytes: &[u8]) -> String {
    let (address, mask) = bytes.split_at(bytes.len() / 2);
    match (ip_address(address), ip_address(mask)) {
        (Some(address), Some(mask)) => format!("{address}/{mask}"),
        _ => HEXLOWER.encode(bytes),
    }
}

/// An address from its 4 or 16 bytes.
pub(crate) fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_prints_as_address_and_mask() {
        let name = GeneralName::Network(vec![192, 0, 2, 0, 255, 255, 255, 0]);
        assert_eq!(name.to_string(), "IP:192.0.2.0/255.255.255.0");
        assert_eq!(GeneralName::Network(vec![1, 2, 3]).to_string(), "IP:010203");
    }
}
