//! Whether a leaf is for the host asked for (RFC 9525 §6).

use std::net::IpAddr;

use crate::trust::{Policy, near_miss};
use crate::x509::{Fields, GeneralName};

/// What the comparison of a leaf's names with the name asked for gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostnameReport {
    /// The name asked for, as it was given.
    pub expected: String,
    /// Whether a name of the leaf covers it, under the policy.
    pub matches: bool,
    /// The name that covers it.
    pub matched: Option<String>,
    /// It matched only by the common name, because the leaf has no DNS name in its SAN.
    pub by_common_name: bool,
    /// The names that the leaf presents: DNS and IP entries of the SAN; without any, the common name.
    pub names: Vec<String>,
    /// Why a name that looks alike does not cover it: a wildcard that spans labels, a trailing dot, an IDNA form…
    pub note: Option<String>,
}

/// Compares the names of a leaf with the name that was asked for: a host name, in any letter case, with or without a
/// trailing dot, also in Unicode; or an IP address, also in brackets.
pub fn check(leaf: &Fields, expected: &str, policy: Policy) -> HostnameReport {
    let asked = Asked::new(expected);
    let rules = Rules::of(policy);
    let in_san = match &asked {
        Asked::Address(address) => {
            leaf.san.iter().find(|name| **name == GeneralName::Ip(*address)).map(|_| address.to_string())
        }
        Asked::Host(host) => {
            leaf.dns_names().find(|name| covers(name, host, rules.wildcards)).map(str::to_owned)
        }
    };
    let by_name = match &asked {
        Asked::Host(host) if in_san.is_none() && rules.consults_common_name(leaf) => {
            leaf.subject.common_name().filter(|name| covers(name, host, rules.wildcards)).map(str::to_owned)
        }
        _ => None,
    };
    let matches = in_san.is_some() || by_name.is_some();
    HostnameReport {
        expected: expected.to_owned(),
        matches,
        by_common_name: by_name.is_some(),
        matched: in_san.or(by_name),
        names: presented(leaf),
        note: if matches { None } else { near_miss::explain(leaf, &asked, rules) },
    }
}

/// Whether a DNS name of the SAN covers `host` under every policy; `false` also where that takes a closer look, as for
/// addresses and for names that are not in ASCII.
pub fn covers_for_all(leaf: &Fields, host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    // A name whose last label is a number may be an address.
    let letters =
        host.rsplit('.').next().is_some_and(|label| label.starts_with(|c: char| c.is_ascii_lowercase()));
    letters
        && host.bytes().all(plain)
        && !host.contains("xn--")
        && leaf.dns_names().any(|name| covers(name, host, Wildcards::WholeFirst))
}

pub(super) enum Asked {
    Address(IpAddr),
    /// In lower case, as A-labels, without a trailing dot.
    Host(String),
}

impl Asked {
    fn new(expected: &str) -> Self {
        let bare = expected
            .trim()
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(expected.trim());
        // A zone identifier names an interface of this machine; certificates know none.
        let address = bare.split_once('%').map_or(bare, |(address, _)| address).parse();
        match address {
            Ok(address) => Self::Address(address),
            Err(_) => {
                let host = bare.strip_suffix('.').unwrap_or(bare);
                Self::Host(idna::domain_to_ascii(host).unwrap_or_else(|_| host.to_lowercase()))
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wildcards {
    /// `*` as the whole first label (RFC 9525 §6.3).
    WholeFirst,
    /// `*` anywhere in the first label, as OpenSSL's own check takes it.
    InFirst,
    /// `*` anywhere in any label, as the JDK takes it.
    InAny,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CommonName {
    /// It is never a host name (RFC 9525 §2).
    Never,
    /// It counts when the SAN has no DNS name.
    WithoutDnsName,
    /// It counts when the SAN has neither a DNS name nor an address.
    WithoutHostName,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) wildcards: Wildcards,
    pub(super) common_name: CommonName,
}

impl Rules {
    const fn of(policy: Policy) -> Self {
        let (wildcards, common_name) = match policy {
            Policy::Java => (Wildcards::InAny, CommonName::WithoutDnsName),
            Policy::Openssl => (Wildcards::InFirst, CommonName::WithoutDnsName),
            Policy::OpensslPartial => (Wildcards::WholeFirst, CommonName::WithoutHostName),
            Policy::Webpki | Policy::Strict => (Wildcards::WholeFirst, CommonName::Never),
        };
        Self { wildcards, common_name }
    }

    fn consults_common_name(self, leaf: &Fields) -> bool {
        let has_address = || leaf.san.iter().any(|name| matches!(name, GeneralName::Ip(_)));
        match self.common_name {
            CommonName::Never => false,
            CommonName::WithoutDnsName => leaf.dns_names().next().is_none(),
            CommonName::WithoutHostName => leaf.dns_names().next().is_none() && !has_address(),
        }
    }
}

/// Whether a presented name covers a host, which is in lower case and without a trailing dot.
pub(super) fn covers(presented: &str, host: &str, wildcards: Wildcards) -> bool {
    let presented = presented.to_ascii_lowercase();
    if presented.is_empty() || host.is_empty() || presented.starts_with('.') {
        return false;
    }
    if !presented.contains('*') {
        return presented == host;
    }
    let (first, parent) = presented.split_once('.').unwrap_or((&presented, ""));
    let (host_first, host_parent) = host.split_once('.').unwrap_or((host, ""));
    // A wildcard for a whole top-level domain is taken by nobody.
    if !parent.contains('.') || parent.split('.').any(str::is_empty) {
        return false;
    }
    match wildcards {
        Wildcards::WholeFirst => first == "*" && parent == host_parent && !host_first.is_empty(),
        Wildcards::InFirst => {
            let idna = first != "*" && (first.starts_with("xn--") || host_first.starts_with("xn--"));
            !idna
                && parent == host_parent
                && first.matches('*').count() == 1
                && label_covers(first, host_first)
        }
        Wildcards::InAny => {
            presented.split('.').count() == host.split('.').count()
                && presented.split('.').zip(host.split('.')).all(|(ours, theirs)| label_covers(ours, theirs))
        }
    }
}

/// Whether a label with stars, each for any letters, covers a label.
fn label_covers(pattern: &str, label: &str) -> bool {
    let Some((front, rest)) = pattern.split_once('*') else { return pattern == label };
    let Some(mut left) = label.strip_prefix(front) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some(place) = left.find(part) else { return false };
        left = left.get(place + part.len()..).unwrap_or_default();
    }
    true
}

fn presented(leaf: &Fields) -> Vec<String> {
    let names: Vec<String> = leaf
        .san
        .iter()
        .filter_map(|name| match name {
            GeneralName::Dns(name) => Some(name.clone()),
            GeneralName::Ip(address) => Some(address.to_string()),
            _ => None,
        })
        .collect();
    if names.is_empty() { leaf.subject.common_name().map(str::to_owned).into_iter().collect() } else { names }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;
    use crate::x509::Certificate;

    fn leaf(common_name: &str, names: &[&str]) -> Certificate {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.subject_alt_names = names
            .iter()
            .map(|name| match name.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName((*name).try_into().unwrap()),
            })
            .collect();
        let key = KeyPair::generate().unwrap();
        Certificate::from_der(Arc::from(params.self_signed(&key).unwrap().der().to_vec()))
    }

    fn report(common_name: &str, names: &[&str], expected: &str, policy: Policy) -> HostnameReport {
        check(leaf(common_name, names).parsed().unwrap(), expected, policy)
    }

    fn matches(name: &str, expected: &str) -> bool {
        report("", &[name], expected, Policy::Strict).matches
    }

    #[test]
    fn letter_case_trailing_dot_and_unicode_of_the_asked_name_do_not_matter() {
        assert!(matches("a.example", "A.Example."));
        assert!(matches("xn--kln-sna.example", "köln.example"));
        assert!(matches("a_b.example", "a_b.example"));
        assert!(!matches("a.example", "b.example"));
        assert!(!matches("a.example", ""));
    }

    #[test]
    fn a_wildcard_covers_one_label() {
        assert!(matches("*.example.com", "a.example.com"));
        assert!(!matches("*.example.com", "a.b.example.com"));
        assert!(!matches("*.example.com", "example.com"));
        assert!(!matches("*.com", "example.com"));
        assert!(!matches("*", "example"));
        assert!(!matches("a.*.com", "a.b.com"));
    }

    #[test]
    fn a_star_inside_a_label_is_taken_by_openssl_and_the_jdk_alone() {
        let outcome = |policy| report("", &["f*.example.com"], "foo.example.com", policy).matches;
        assert!(outcome(Policy::Java) && outcome(Policy::Openssl));
        assert!(!outcome(Policy::OpensslPartial) && !outcome(Policy::Webpki) && !outcome(Policy::Strict));
        let later = |policy| report("", &["a.*.example.com"], "a.b.example.com", policy).matches;
        assert!(later(Policy::Java) && !later(Policy::Openssl));
    }

    #[test]
    fn an_address_is_compared_as_bytes_with_ip_entries_only() {
        assert!(matches("192.0.2.1", "192.0.2.1"));
        assert!(matches("2001:db8::1", "[2001:0DB8:0::1]"));
        assert!(!matches("192.0.2.2", "192.0.2.1"));
        let by_name = report("192.0.2.1", &[], "192.0.2.1", Policy::Java);
        assert!(!by_name.matches);
        assert!(by_name.note.unwrap().contains("only as a name"));
    }

    #[test]
    fn the_common_name_counts_where_the_policy_says_so() {
        let alone = |policy| report("a.example", &[], "a.example", policy);
        assert!(alone(Policy::Java).by_common_name && alone(Policy::Openssl).matches);
        assert!(alone(Policy::OpensslPartial).matches);
        assert!(!alone(Policy::Webpki).matches && !alone(Policy::Strict).matches);
        assert!(alone(Policy::Strict).note.unwrap().contains("does not look at"));
        assert!(!report("a.example", &["b.example"], "a.example", Policy::Java).matches);
        let beside_address = |policy| report("a.example", &["192.0.2.1"], "a.example", policy).matches;
        assert!(beside_address(Policy::Java) && !beside_address(Policy::OpensslPartial));
    }

    #[test]
    fn a_near_miss_is_explained() {
        let note =
            |name: &str, host: &str| report("", &[name], host, Policy::Strict).note.unwrap_or_default();
        assert!(note("*.example.com", "a.b.example.com").contains("one label only"));
        assert!(note("*.example.com", "example.com").contains("not example.com itself"));
        assert!(note("www.example.com", "example.com").contains("differ by www"));
        assert!(note("a.example.", "a.example").contains("ends in a dot"));
        assert!(note("f*.example.com", "foo.example.com").contains("star inside"));
        assert_eq!(note("a.example", "b.example"), "");
    }

    #[test]
    fn the_names_shown_are_those_of_the_san_or_else_the_common_name() {
        assert_eq!(
            report("cn", &["a.example", "192.0.2.1"], "x", Policy::Java).names,
            ["a.example", "192.0.2.1"]
        );
        assert_eq!(report("cn", &[], "x", Policy::Java).names, ["cn"]);
    }
}
