//! Extensions of a certificate (RFC 5280 §4.2), each on its own: a bad one leaves the others readable.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use x509_parser::extensions::{
    AuthorityInfoAccess, DistributionPointName, ExtendedKeyUsage, GeneralName as Parsed, GeneralSubtree,
    NameConstraints as ParsedConstraints, ParsedExtension, X509Extension,
};
use x509_parser::oid_registry::Oid as ParsedOid;
use x509_parser::prelude::X509Certificate;

use crate::x509::der::{self, Der};
use crate::x509::general_name::ip_address;
use crate::x509::{BasicConstraints, Fields, GeneralName, Name, NameConstraints, Oid, Part};

/// Reads all extensions into the fields. Of one that is there twice the first counts.
pub(super) fn read(der: &Arc<[u8]>, certificate: &X509Certificate<'_>, fields: &mut Fields) {
    let mut seen: Vec<Oid> = Vec::new();
    for extension in certificate.extensions().iter().take(MAX_EXTENSIONS) {
        let oid = dotted(&extension.oid);
        if extension.critical {
            fields.critical.push(oid.clone());
        }
        if seen.contains(&oid) {
            fields.defect(format!("the extension {} is there twice", title(&oid)));
            continue;
        }
        if !take(der, extension, &oid, fields) && extension.critical {
            fields.unknown_critical.push(oid.clone());
        }
        seen.push(oid);
    }
    if certificate.extensions().len() > MAX_EXTENSIONS {
        fields.defect(format!("it has {} extensions", certificate.extensions().len()));
    }
}

/// Whether the extension is understood, by this program or by TLS stacks in general.
fn take(der: &Arc<[u8]>, extension: &X509Extension<'_>, oid: &str, fields: &mut Fields) -> bool {
    match extension.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(san) => {
            fields.san = san.general_names.iter().map(general_name).collect();
            if let Some(name) = san.general_names.iter().find(|name| matches!(name, Parsed::Invalid(..))) {
                fields
                    .oddities
                    .push(format!("a name in the subjectAltName cannot be read: {}", general_name(name)));
            }
        }
        ParsedExtension::BasicConstraints(constraints) => {
            fields.basic_constraints =
                Some(BasicConstraints { ca: constraints.ca, path_len: constraints.path_len_constraint });
        }
        ParsedExtension::KeyUsage(usage) => fields.key_usage = Some(usage.flags),
        ParsedExtension::ExtendedKeyUsage(usage) => {
            fields.extended_key_usage = Some(extended_key_usage(usage))
        }
        ParsedExtension::NameConstraints(constraints) => {
            fields.name_constraints = Some(name_constraints(constraints));
        }
        ParsedExtension::SubjectKeyIdentifier(id) => fields.ski = Some(Part::of(der, id.0)),
        ParsedExtension::AuthorityKeyIdentifier(id) => {
            fields.aki = id.key_identifier.as_ref().map(|id| Part::of(der, id.0));
        }
        ParsedExtension::AuthorityInfoAccess(access) => information_access(access, fields),
        ParsedExtension::CRLDistributionPoints(points) => {
            for point in points.iter() {
                if let Some(DistributionPointName::FullName(names)) = &point.distribution_point {
                    fields.crl.extend(names.iter().filter_map(url));
                }
            }
        }
        ParsedExtension::ParseError { .. } => {
            fields.defect(format!("the extension {} is malformed", title(oid)));
        }
        _ if oid == TLS_FEATURE => fields.must_staple = asks_for_staple(extension.value),
        _ => return UNDERSTOOD.contains(&oid),
    }
    true
}

fn extended_key_usage(usage: &ExtendedKeyUsage<'_>) -> Vec<Oid> {
    let known = [
        (usage.any, "2.5.29.37.0"),
        (usage.server_auth, "1.3.6.1.5.5.7.3.1"),
        (usage.client_auth, "1.3.6.1.5.5.7.3.2"),
        (usage.code_signing, "1.3.6.1.5.5.7.3.3"),
        (usage.email_protection, "1.3.6.1.5.5.7.3.4"),
        (usage.time_stamping, "1.3.6.1.5.5.7.3.8"),
        (usage.ocsp_signing, "1.3.6.1.5.5.7.3.9"),
    ];
    known
        .iter()
        .filter(|(present, _)| *present)
        .map(|(_, oid)| Oid::Borrowed(oid))
        .chain(usage.other.iter().map(dotted))
        .collect()
}

/// The dotted form, as for all other object identifiers.
fn dotted(oid: &ParsedOid<'_>) -> Oid {
    der::oid(oid.as_bytes()).unwrap_or_else(|| Oid::Owned(oid.to_id_string()))
}

fn name_constraints(parsed: &ParsedConstraints<'_>) -> NameConstraints {
    let subtrees = |list: &Option<Vec<GeneralSubtree<'_>>>| {
        list.iter().flatten().map(|subtree| constraint(&subtree.base)).collect()
    };
    NameConstraints {
        permitted: subtrees(&parsed.permitted_subtrees),
        excluded: subtrees(&parsed.excluded_subtrees),
    }
}

/// In a constraint an address comes with its mask.
fn constraint(base: &Parsed<'_>) -> GeneralName {
    match base {
        Parsed::IPAddress(bytes) if matches!(bytes.len(), 8 | 32) => GeneralName::Network(bytes.to_vec()),
        Parsed::IPAddress(bytes) => GeneralName::Other(format!("IP:{}", HEXLOWER.encode(bytes))),
        _ => general_name(base),
    }
}

fn general_name(parsed: &Parsed<'_>) -> GeneralName {
    match parsed {
        Parsed::DNSName(name) => GeneralName::Dns((*name).to_owned()),
        Parsed::RFC822Name(name) => GeneralName::Email((*name).to_owned()),
        Parsed::URI(name) => GeneralName::Uri((*name).to_owned()),
        Parsed::IPAddress(bytes) => ip_address(bytes)
            .map_or_else(|| GeneralName::Other(format!("IP:{}", HEXLOWER.encode(bytes))), GeneralName::Ip),
        Parsed::DirectoryName(name) => Name::from_der(name.as_raw()).map_or_else(
            || GeneralName::Other(format!("DirName:#{}", HEXLOWER.encode(name.as_raw()))),
            |name| GeneralName::Directory(Box::new(name)),
        ),
        Parsed::OtherName(oid, _) => GeneralName::Other(format!("othername:{}", oid.to_id_string())),
        Parsed::RegisteredID(oid) => GeneralName::Other(format!("Registered ID:{}", oid.to_id_string())),
        Parsed::X400Address(_) => GeneralName::Other("X400Name".to_owned()),
        Parsed::EDIPartyName(_) => GeneralName::Other("EdiPartyName".to_owned()),
        Parsed::Invalid(tag, bytes) => {
            GeneralName::Other(format!("invalid (type {}):{}", tag.0, HEXLOWER.encode(bytes)))
        }
    }
}

fn information_access(access: &AuthorityInfoAccess<'_>, fields: &mut Fields) {
    for description in access.iter() {
        let Some(url) = url(&description.access_location) else { continue };
        match &*dotted(&description.access_method) {
            "1.3.6.1.5.5.7.48.2" => fields.ca_issuers.push(url),
            "1.3.6.1.5.5.7.48.1" => fields.ocsp.push(url),
            _ => {}
        }
    }
}

fn url(name: &Parsed<'_>) -> Option<String> {
    match name {
        Parsed::URI(url) => Some((*url).to_owned()),
        _ => None,
    }
}

/// The TLS feature `status_request` (5) or `status_request_v2` (17), RFC 7633 §4.
fn asks_for_staple(value: &[u8]) -> bool {
    let Some(mut features) = Der::new(value).sequence() else { return false };
    while let Some(feature) = features.expect(der::INTEGER) {
        if matches!(feature, [5] | [17]) {
            return true;
        }
    }
    false
}

fn title(oid: &str) -> String {
    match NAMES.iter().find(|(dotted, _)| *dotted == oid) {
        Some((_, name)) => format!("{oid} ({name})"),
        None => oid.to_owned(),
    }
}

/// Extensions of one certificate that are read.
const MAX_EXTENSIONS: usize = 64;

const TLS_FEATURE: &str = "1.3.6.1.5.5.7.1.24";

/// Extensions that carry nothing for a check here, but that TLS stacks take when they are critical.
const UNDERSTOOD: &[&str] = &[
    "2.5.29.16",
    "2.5.29.18",
    "2.5.29.32",
    "2.5.29.33",
    "2.5.29.36",
    "2.5.29.46",
    "2.5.29.54",
    "1.3.6.1.5.5.7.1.11",
    "1.3.6.1.4.1.11129.2.4.2",
    "2.16.840.1.113730.1.1",
    "2.16.840.1.113730.1.13",
];

const NAMES: &[(&str, &str)] = &[
    ("2.5.29.14", "subjectKeyIdentifier"),
    ("2.5.29.15", "keyUsage"),
    ("2.5.29.17", "subjectAltName"),
    ("2.5.29.18", "issuerAltName"),
    ("2.5.29.19", "basicConstraints"),
    ("2.5.29.30", "nameConstraints"),
    ("2.5.29.31", "cRLDistributionPoints"),
    ("2.5.29.32", "certificatePolicies"),
    ("2.5.29.33", "policyMappings"),
    ("2.5.29.35", "authorityKeyIdentifier"),
    ("2.5.29.36", "policyConstraints"),
    ("2.5.29.37", "extKeyUsage"),
    ("2.5.29.54", "inhibitAnyPolicy"),
    ("1.3.6.1.5.5.7.1.1", "authorityInfoAccess"),
    (TLS_FEATURE, "tlsfeature"),
    ("1.3.6.1.4.1.11129.2.4.2", "signed certificate timestamps"),
];
