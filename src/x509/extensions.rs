//! The extensions of a certificate, each by itself: one that cannot be read costs only itself (RFC 5280 §4.2).

use std::net::IpAddr;

use x509_parser::extensions::{GeneralName as Parsed, ParsedExtension, X509Extension};

use crate::x509::{BasicConstraints, Fields, GeneralName, Name, NameConstraints};

/// Takes every extension into `fields`; the first of a kind counts.
pub(super) fn extensions(fields: &mut Fields, list: &[X509Extension<'_>]) {
    let mut seen: Vec<String> = Vec::new();
    for extension in list {
        let oid = extension.oid.to_id_string();
        if seen.contains(&oid) {
            fields.oddities.push(format!("the extension {oid} is there twice"));
            continue;
        }
        take(fields, extension, &oid);
        seen.push(oid);
    }
}

fn take(fields: &mut Fields, extension: &X509Extension<'_>, oid: &str) {
    match extension.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(names) => {
            fields.san = names.general_names.iter().map(general_name).collect()
        }
        ParsedExtension::BasicConstraints(constraints) => {
            fields.basic_constraints =
                Some(BasicConstraints { ca: constraints.ca, path_len: constraints.path_len_constraint });
        }
        ParsedExtension::KeyUsage(usage) => fields.key_usage = Some(usage.flags),
        ParsedExtension::ExtendedKeyUsage(usage) => fields.extended_key_usage = Some(purposes(usage)),
        ParsedExtension::NameConstraints(constraints) => {
            let trees = |trees: &Option<Vec<x509_parser::extensions::GeneralSubtree<'_>>>| {
                trees.iter().flatten().map(|tree| constraint(&tree.base)).collect()
            };
            fields.name_constraints = Some(NameConstraints {
                permitted: trees(&constraints.permitted_subtrees),
                excluded: trees(&constraints.excluded_subtrees),
            });
        }
        ParsedExtension::SubjectKeyIdentifier(id) => fields.ski = Some(id.0.to_vec()),
        ParsedExtension::AuthorityKeyIdentifier(id) => {
            fields.aki = id.key_identifier.as_ref().map(|id| id.0.to_vec());
        }
        ParsedExtension::AuthorityInfoAccess(access) => {
            for description in access.iter() {
                let Parsed::URI(uri) = description.access_location else { continue };
                match description.access_method.to_id_string().as_str() {
                    "1.3.6.1.5.5.7.48.1" => fields.ocsp.push(uri.to_owned()),
                    "1.3.6.1.5.5.7.48.2" => fields.ca_issuers.push(uri.to_owned()),
                    _ => {}
                }
            }
        }
        ParsedExtension::CRLDistributionPoints(points) => {
            for point in points.iter() {
                if let Some(x509_parser::extensions::DistributionPointName::FullName(names)) =
                    &point.distribution_point
                {
                    fields.crl.extend(names.iter().filter_map(|name| match name {
                        Parsed::URI(uri) => Some((*uri).to_owned()),
                        _ => None,
                    }));
                }
            }
        }
        ParsedExtension::ParseError { .. } => {
            fields.oddities.push(format!("the extension {oid} cannot be read"));
            if extension.critical {
                fields.unknown_critical.push(oid.to_owned());
            }
        }
        ParsedExtension::UnsupportedExtension { .. } | ParsedExtension::Unparsed => {
            if oid == "1.3.6.1.5.5.7.1.24" {
                // SEQUENCE OF INTEGER with 5, status_request (RFC 7633).
                fields.must_staple = extension.value.windows(3).any(|window| window == [2, 1, 5]);
            } else if extension.critical {
                fields.unknown_critical.push(oid.to_owned());
            }
        }
        _ => {}
    }
}

fn purposes(usage: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> Vec<String> {
    const NAMED: [&str; 7] = [
        "2.5.29.37.0",
        "1.3.6.1.5.5.7.3.1",
        "1.3.6.1.5.5.7.3.2",
        "1.3.6.1.5.5.7.3.3",
        "1.3.6.1.5.5.7.3.4",
        "1.3.6.1.5.5.7.3.8",
        "1.3.6.1.5.5.7.3.9",
    ];
    let flags = [
        usage.any,
        usage.server_auth,
        usage.client_auth,
        usage.code_signing,
        usage.email_protection,
        usage.time_stamping,
        usage.ocsp_signing,
    ];
    let named = NAMED.iter().zip(flags).filter(|(_, set)| *set).map(|(oid, _)| (*oid).to_owned());
    named.chain(usage.other.iter().map(|oid| oid.to_id_string())).collect()
}

fn general_name(name: &Parsed<'_>) -> GeneralName {
    match name {
        Parsed::DNSName(name) => GeneralName::Dns((*name).to_owned()),
        Parsed::IPAddress(bytes) => match address(bytes) {
            Some(address) => GeneralName::Ip(address),
            None => GeneralName::Other(format!("IP:{}", data_encoding::HEXLOWER.encode(bytes))),
        },
        Parsed::RFC822Name(name) => GeneralName::Email((*name).to_owned()),
        Parsed::URI(uri) => GeneralName::Uri((*uri).to_owned()),
        Parsed::DirectoryName(name) => GeneralName::Directory(Name::of(name)),
        Parsed::RegisteredID(oid) => GeneralName::Other(format!("RID:{}", oid.to_id_string())),
        Parsed::OtherName(oid, _) => GeneralName::Other(oid.to_id_string()),
        _ => GeneralName::Other("malformed".to_owned()),
    }
}

/// In a name constraint an IP address is a network.
fn constraint(name: &Parsed<'_>) -> GeneralName {
    match name {
        Parsed::IPAddress(bytes) => GeneralName::Network(bytes.to_vec()),
        other => general_name(other),
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(v4));
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}
