//! Why a leaf that seems to be for a host is not: the mistakes that are made with names in certificates.

use crate::trust::hostname::{Asked, CommonName, Rules, Wildcards, covers};
use crate::x509::Fields;

/// The likeliest reason why a leaf that seems to be for this host is not.
pub(super) fn explain(leaf: &Fields, asked: &Asked, rules: Rules) -> Option<String> {
    match asked {
        Asked::Address(address) => {
            let text = address.to_string();
            let as_name = leaf.dns_names().chain(leaf.subject.common_name()).any(|name| name == text);
            as_name.then(|| {
                format!(
                    "{text} is there only as a name; an address has to be an IP entry of the subjectAltName"
                )
            })
        }
        Asked::Host(host) => leaf
            .dns_names()
            .find_map(|name| near_name(name, host))
            .or_else(|| common_name_only(leaf, host, rules)),
    }
}

fn near_name(name: &str, host: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    if lower.strip_suffix('.') == Some(host) {
        return Some(format!("{name} ends in a dot, which a name in a certificate must not"));
    }
    if !name.is_ascii() && idna::domain_to_ascii(name).is_ok_and(|ascii| ascii == host) {
        return Some(format!("{name} is in Unicode; in a certificate it has to be {host}"));
    }
    if let Some(parent) = lower.strip_prefix("*.") {
        if parent == host {
            return Some(format!("{name} covers what is below {host}, not {host} itself"));
        }
        if host.strip_suffix(parent).is_some_and(|front| front.ends_with('.')) {
            return Some(match parent.contains('.') {
                true => format!("{name} covers one label only, and {host} has more"),
                false => format!("{name} is a wildcard for a whole top-level domain, which nobody takes"),
            });
        }
    }
    if lower.contains('*') && covers(name, host, Wildcards::InAny) {
        return Some(format!(
            "{name} has its star inside a label or in a later one, which this client does not take"
        ));
    }
    if lower.strip_prefix("www.") == Some(host) || host.strip_prefix("www.") == Some(&*lower) {
        return Some(format!("{name} and {host} differ by www"));
    }
    None
}

fn common_name_only(leaf: &Fields, host: &str, rules: Rules) -> Option<String> {
    let name = leaf.subject.common_name().filter(|name| covers(name, host, Wildcards::WholeFirst))?;
    Some(match rules.common_name {
        CommonName::Never => format!("only the common name is {name}, which this client does not look at"),
        _ => {
            format!("the common name is {name}, but it does not count beside the names of the subjectAltName")
        }
    })
}
