//! Name constraints (RFC 5280 §4.2.1.10): what a CA may be for, held against the names of all that is below it.

use std::net::IpAddr;

use crate::trust::graph::Node;
use crate::trust::policy::Rules;
use crate::trust::words::subject;
use crate::x509::{Fields, GeneralName, NameConstraints};

/// Each violation: the position of the offending certificate in the path, and a sentence. Constraints are read of the
/// first `constraining` certificates of the path.
pub(super) fn violations(path: &[&Node<'_>], constraining: usize, rules: &Rules) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut comparisons = MAX_COMPARISONS;
    for (above, ca) in path.iter().enumerate().take(constraining).skip(1) {
        let Some(constraints) = &ca.fields.name_constraints else { continue };
        for (position, node) in path.iter().enumerate().take(above) {
            // A CA may reissue itself with a new key; its own name is then not bound.
            if position > 0 && node.fields.is_self_issued() {
                continue;
            }
            let names = names(node.fields, position == 0 && rules.constrains_common_name);
            let size = names.len() * (constraints.permitted.len() + constraints.excluded.len());
            let Some(left) = comparisons.checked_sub(size) else {
                found.push((position, format!("{} has too many names to check", subject(node.fields))));
                return found;
            };
            comparisons = left;
            if let Some((name, why)) = first_violation(constraints, &names, rules) {
                let text = format!("{name} of {} {why} {}", subject(node.fields), subject(ca.fields));
                found.push((position, text));
            }
        }
    }
    found
}

/// All names of a certificate that constraints can be about.
fn names(fields: &Fields, with_common_name: bool) -> Vec<GeneralName> {
    let mut names = fields.san.clone();
    if !fields.subject.is_empty() {
        names.push(GeneralName::Directory(Box::new(fields.subject.clone())));
    }
    names.extend(fields.subject.values(EMAIL_ADDRESS).map(|value| GeneralName::Email(value.to_owned())));
    // Where the common name still stands in for a host name it is bound like one.
    let host = fields.subject.common_name().filter(|name| with_common_name && looks_like_host(name));
    if let Some(host) = host.filter(|_| fields.dns_names().next().is_none()) {
        names.push(GeneralName::Dns(host.to_owned()));
    }
    names
}

fn looks_like_host(name: &str) -> bool {
    name.contains('.')
        && name.parse::<IpAddr>().is_err()
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

fn first_violation<'n>(
    constraints: &NameConstraints,
    names: &'n [GeneralName],
    rules: &Rules,
) -> Option<(&'n GeneralName, &'static str)> {
    let about_directories = || {
        let mut bases = constraints.permitted.iter().chain(&constraints.excluded);
        bases.any(|base| matches!(base, GeneralName::Directory(_)))
    };
    names.iter().find_map(|name| {
        if !rules.compares_directory_names && matches!(name, GeneralName::Directory(_)) && about_directories()
        {
            return Some((name, "cannot be compared, by this client, with the nameConstraints of"));
        }
        if constraints.excluded.iter().any(|base| is_within(name, base)) {
            return Some((name, "is excluded by the nameConstraints of"));
        }
        let mut alike = constraints.permitted.iter().filter(|base| same_kind(name, base)).peekable();
        let limited = alike.peek().is_some();
        (limited && !alike.any(|base| is_within(name, base)))
            .then_some((name, "is outside of what is permitted by the nameConstraints of"))
    })
}

fn same_kind(name: &GeneralName, base: &GeneralName) -> bool {
    matches!(
        (name, base),
        (GeneralName::Dns(_), GeneralName::Dns(_))
            | (GeneralName::Ip(_), GeneralName::Network(_))
            | (GeneralName::Email(_), GeneralName::Email(_))
            | (GeneralName::Uri(_), GeneralName::Uri(_))
            | (GeneralName::Directory(_), GeneralName::Directory(_))
    )
}

fn is_within(name: &GeneralName, base: &GeneralName) -> bool {
    match (name, base) {
        (GeneralName::Dns(name), GeneralName::Dns(base)) => is_subdomain(name, base),
        (GeneralName::Ip(address), GeneralName::Network(network)) => is_in_network(*address, network),
        (GeneralName::Email(name), GeneralName::Email(base)) => is_mailbox_of(name, base),
        (GeneralName::Uri(name), GeneralName::Uri(base)) => {
            uri_host(name).is_some_and(|host| is_host_of(host, base))
        }
        (GeneralName::Directory(name), GeneralName::Directory(base)) => name.starts_with(base),
        _ => false,
    }
}

/// A base without a dot in front covers itself and all below it, one with a dot only what is below it.
fn is_subdomain(name: &str, base: &str) -> bool {
    let (name, base) = (name.to_ascii_lowercase(), base.to_ascii_lowercase());
    match name.strip_suffix(&*base) {
        Some("") => !base.starts_with('.'),
        Some(front) => base.is_empty() || base.starts_with('.') || front.ends_with('.'),
        None => false,
    }
}

/// A base without a dot in front is one host, one with a dot all hosts below it (mail and URIs).
fn is_host_of(host: &str, base: &str) -> bool {
    match base.starts_with('.') {
        true => is_subdomain(host, base),
        false => base.is_empty() || host.eq_ignore_ascii_case(base),
    }
}

fn is_mailbox_of(name: &str, base: &str) -> bool {
    let Some((mailbox, host)) = name.rsplit_once('@') else { return false };
    match base.rsplit_once('@') {
        Some((wanted, at)) => mailbox == wanted && host.eq_ignore_ascii_case(at),
        None => is_host_of(host, base),
    }
}

fn uri_host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Some(host.split_once(':').map_or(host, |(host, _)| host))
}

fn is_in_network(address: IpAddr, network: &[u8]) -> bool {
    let bytes = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let (base, mask) = network.split_at(network.len() / 2);
    base.len() == bytes.len()
        && bytes.iter().zip(base).zip(mask).all(|((byte, base), mask)| byte & mask == base & mask)
}

/// Names times constraints of one path, as in Go and rustls-webpki.
const MAX_COMPARISONS: usize = 250_000;

const EMAIL_ADDRESS: &str = "1.2.840.113549.1.9.1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::Policy;

    #[test]
    fn a_domain_covers_itself_and_what_is_below_it() {
        assert!(is_subdomain("a.Example.com", "example.com"));
        assert!(is_subdomain("example.com", "example.com"));
        assert!(!is_subdomain("badexample.com", "example.com"));
        assert!(is_subdomain("a.example.com", ".example.com"));
        assert!(!is_subdomain("example.com", ".example.com"));
        assert!(is_subdomain("anything", ""));
    }

    #[test]
    fn addresses_are_compared_under_the_mask() {
        let network = [192, 0, 2, 0, 255, 255, 255, 0];
        assert!(is_in_network([192, 0, 2, 9].into(), &network));
        assert!(!is_in_network([192, 0, 3, 9].into(), &network));
        assert!(!is_in_network(IpAddr::from([0; 16]), &network));
        assert!(!is_in_network([192, 0, 2, 9].into(), &[1, 2, 3]));
    }

    #[test]
    fn mail_and_uris_are_compared_by_their_host() {
        assert!(is_mailbox_of("a@Example.com", "example.com"));
        assert!(!is_mailbox_of("a@b.example.com", "example.com"));
        assert!(is_mailbox_of("a@b.example.com", ".example.com"));
        assert!(is_mailbox_of("a@example.com", "a@example.com"));
        assert!(!is_mailbox_of("b@example.com", "a@example.com"));
        assert_eq!(uri_host("https://user@host.example:8443/path"), Some("host.example"));
        assert_eq!(uri_host("urn:isbn:1"), None);
    }

    #[test]
    fn a_kind_of_name_without_permitted_subtree_is_free() {
        let constraints = NameConstraints {
            permitted: vec![GeneralName::Dns("example.com".to_owned())],
            excluded: vec![GeneralName::Dns("secret.example.com".to_owned())],
        };
        let outcome =
            |name: GeneralName| first_violation(&constraints, &[name], &Policy::Strict.rules()).is_some();
        assert!(!outcome(GeneralName::Email("a@b.c".to_owned())));
        assert!(!outcome(GeneralName::Dns("a.example.com".to_owned())));
        assert!(outcome(GeneralName::Dns("a.secret.example.com".to_owned())));
        assert!(outcome(GeneralName::Dns("example.org".to_owned())));
    }
}
