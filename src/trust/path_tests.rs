//! One issue after the other, on chains made for it.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

use super::*;
use crate::trust::{Entry, EntryKind, NamedEntry, StoreKind};

/// 2026-06-15.
const AT: i64 = 1_781_481_600;

struct Authority {
    params: CertificateParams,
    key: KeyPair,
    certificate: Arc<Certificate>,
}

fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Test");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2036, 1, 1);
    params.use_authority_key_identifier_extension = true;
    params
}

fn read(der: &[u8]) -> Arc<Certificate> {
    Arc::new(Certificate::from_der(Arc::from(der)))
}

fn authority(common_name: &str, issuer: Option<&Authority>) -> Authority {
    let mut params = params(common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().unwrap();
    let certificate = match issuer {
        None => params.self_signed(&key).unwrap(),
        Some(issuer) => params.signed_by(&key, &Issuer::from_params(&issuer.params, &issuer.key)).unwrap(),
    };
    Authority { certificate: read(certificate.der()), params, key }
}

fn issue(issuer: &Authority, change: impl FnOnce(&mut CertificateParams)) -> Arc<Certificate> {
    let mut params = params("host.example");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    read(params.signed_by(&key, &Issuer::from_params(&issuer.params, &issuer.key)).unwrap().der())
}

fn store(certificates: &[&Arc<Certificate>]) -> Store {
    let entries = certificates
        .iter()
        .map(|certificate| Entry { alias: None, kind: EntryKind::Certificate(Arc::clone(certificate)) })
        .collect();
    Store { source: "store.pem".to_owned(), kind: StoreKind::Given, entries, ..Store::default() }
}

fn request<'a>(chain: &'a [Arc<Certificate>], store: &'a Store, policy: Policy) -> PathRequest<'a> {
    PathRequest {
        chain,
        store,
        at: AT,
        now: None,
        policy,
        client: false,
        elsewhere: &[],
        ocsp: None,
        asked_ocsp: false,
    }
}

fn fatal(report: &PathReport) -> Vec<ProblemKind> {
    report.problems.iter().filter(|problem| problem.fatal).map(|problem| problem.kind).collect()
}

fn notes(report: &PathReport) -> Vec<ProblemKind> {
    report.problems.iter().filter(|problem| !problem.fatal).map(|problem| problem.kind).collect()
}

fn verdicts(report: &PathReport) -> Vec<&'static str> {
    report.rows.iter().map(|row| row.verdict.name()).collect()
}

/// A root, an intermediate below it, and a leaf below that.
fn three() -> (Authority, Authority, Arc<Certificate>) {
    let root = authority("Test Root", None);
    let intermediate = authority("Test CA", Some(&root));
    let leaf = issue(&intermediate, |_| {});
    (root, intermediate, leaf)
}

const ALL: [Policy; 5] =
    [Policy::Java, Policy::Openssl, Policy::OpensslPartial, Policy::Webpki, Policy::Strict];

#[test]
fn a_good_chain_is_accepted_under_every_policy() {
    let (root, intermediate, leaf) = three();
    let chain = [leaf, intermediate.certificate];
    let store = store(&[&root.certificate]);
    for policy in ALL {
        let report = check(&request(&chain, &store, policy));
        assert!(report.accepted, "{policy:?}: {:?}", report.problems);
        assert!(report.problems.is_empty(), "{policy:?}: {:?}", report.problems);
        assert_eq!(verdicts(&report), ["sent-only", "sent-only", "truststore-only"]);
        assert!(report.path.iter().all(|element| element.signature == SignatureState::Good));
        assert_eq!(report.missing, None);
    }
}

#[test]
fn a_store_of_leaf_and_intermediate_is_enough_for_the_jdk_and_not_for_openssl() {
    let (root, intermediate, leaf) = three();
    let store = store(&[&leaf, &intermediate.certificate]);
    let chain = [leaf, intermediate.certificate, root.certificate];
    let java = check(&request(&chain, &store, Policy::Java));
    assert!(java.accepted);
    assert_eq!(notes(&java), [ProblemKind::UntrustedRoot, ProblemKind::RootSent]);
    assert!(check(&request(&chain, &store, Policy::OpensslPartial)).accepted);
    assert!(check(&request(&chain, &store, Policy::Webpki)).accepted);
    for policy in [Policy::Openssl, Policy::Strict] {
        let report = check(&request(&chain, &store, policy));
        assert!(!report.accepted && !report.path_found);
        assert_eq!(fatal(&report), [ProblemKind::UntrustedRoot]);
        assert_eq!(verdicts(&report), ["match", "match", "missing-from-truststore"]);
        let missing = report.missing.unwrap();
        assert_eq!(missing.subject.rfc4514(), "CN=Test Root,O=Test");
        assert!(missing.sent && missing.is_root == Some(true));
    }
    let report = check(&request(&chain[..2], &store, Policy::Strict));
    assert_eq!(
        fatal(&report),
        [ProblemKind::UntrustedRoot],
        "the root need not be sent to be the one that is missing"
    );
    assert_eq!(verdicts(&report), ["match", "match", "missing-from-truststore"]);
    let missing = report.missing.unwrap();
    assert!(!missing.sent && missing.is_root.is_none());
}

#[test]
fn a_missing_intermediate_is_told_from_a_missing_root() {
    let (root, intermediate, leaf) = three();
    let chain = [leaf];
    let trusting = store(&[&root.certificate]);
    let report = check(&request(&chain, &trusting, Policy::Openssl));
    assert_eq!(fatal(&report), [ProblemKind::MissingIntermediate]);
    assert!(!report.problems[0].certain);
    assert_eq!(verdicts(&report), ["sent-only", "missing-from-chain"]);
    assert_eq!(
        report.missing.unwrap().key_id,
        intermediate.certificate.parsed().unwrap().ski.as_deref().map(<[u8]>::to_vec)
    );

    let elsewhere = [Arc::clone(&intermediate.certificate), Arc::clone(&root.certificate)];
    let seen = PathRequest { elsewhere: &elsewhere, ..request(&chain, &trusting, Policy::Openssl) };
    let report = check(&seen);
    assert_eq!(fatal(&report), [ProblemKind::MissingIntermediate]);
    assert!(report.problems[0].certain);
    assert_eq!(report.missing.unwrap().found.unwrap().0, intermediate.certificate.der);

    let chain = [Arc::clone(&chain[0]), intermediate.certificate];
    let stranger = authority("Other", None);
    let other = store(&[&stranger.certificate]);
    let report = check(&PathRequest { elsewhere: &elsewhere, ..request(&chain, &other, Policy::Openssl) });
    assert_eq!(fatal(&report), [ProblemKind::UntrustedRoot]);
    assert!(report.problems[0].certain, "the root was seen elsewhere");
    assert!(!report.accepted, "what was seen elsewhere repairs nothing");
}

#[test]
fn a_ca_of_the_same_name_with_another_key_is_another_ca() {
    let (_, intermediate, leaf) = three();
    let namesake = authority("Test Root", None);
    let chain = [leaf, intermediate.certificate];
    let store = store(&[&namesake.certificate]);
    for policy in ALL {
        let report = check(&request(&chain, &store, policy));
        assert_eq!(fatal(&report), [ProblemKind::UntrustedRoot], "{policy:?}");
        assert!(report.problems[0].text.contains("with another key"), "{}", report.problems[0].text);
    }
}

#[test]
fn a_forged_signature_is_placed_and_the_path_goes_on() {
    let (root, intermediate, leaf) = three();
    let mut der = leaf.der.to_vec();
    let last = der.len() - 1;
    der[last] ^= 1;
    let chain = [read(&der), intermediate.certificate];
    let report = check(&request(&chain, &store(&[&root.certificate]), Policy::Java));
    assert_eq!(fatal(&report), [ProblemKind::BadSignature]);
    assert_eq!((report.problems[0].certificate, report.path.len()), (Some(0), 3));
    assert_eq!(notes(&report), []);
}

#[test]
fn expiry_is_told_by_place_with_both_dates() {
    let root = authority("Test Root", None);
    let old = |params: &mut CertificateParams| params.not_after = date_time_ymd(2026, 6, 12);
    let chain = [issue(&root, old)];
    let report = check(&request(&chain, &store(&[&root.certificate]), Policy::Webpki));
    assert_eq!(fatal(&report), [ProblemKind::Expired]);
    assert_eq!(
        report.problems[0].text,
        "CN=host.example,O=Test had expired 3 days before 2026-06-15T00:00:00Z \
         (valid from 2020-01-01T00:00:00Z to 2026-06-12T00:00:00Z)"
    );
    let chain = [issue(&root, |params| params.not_before = date_time_ymd(2026, 7, 1))];
    let now = Some(AT + 365 * 86_400);
    let trusted = store(&[&root.certificate]);
    let report = check(&PathRequest { now, ..request(&chain, &trusted, Policy::Java) });
    assert_eq!(fatal(&report), [ProblemKind::NotYetValid]);
    assert!(report.problems[0].text.ends_with("; today it is valid)"), "{}", report.problems[0].text);
}

#[test]
fn the_dates_of_an_anchor_matter_to_openssl_alone() {
    let mut root = authority("Test Root", None);
    root.params.not_after = date_time_ymd(2026, 1, 1);
    root.certificate = read(root.params.self_signed(&root.key).unwrap().der());
    let chain = [issue(&root, |_| {})];
    let store = store(&[&root.certificate]);
    let outcome = |policy| fatal(&check(&request(&chain, &store, policy)));
    assert_eq!(outcome(Policy::Java), []);
    assert_eq!(outcome(Policy::Webpki), []);
    assert_eq!(outcome(Policy::Openssl), [ProblemKind::ExpiredIntermediate]);
}

#[test]
fn a_leaf_that_signed_itself_is_called_so() {
    let key = KeyPair::generate().unwrap();
    let chain = [read(params("host.example").self_signed(&key).unwrap().der())];
    let other = authority("Test Root", None);
    for policy in ALL {
        let report = check(&request(&chain, &store(&[&other.certificate]), policy));
        assert_eq!(fatal(&report), [ProblemKind::SelfSigned], "{policy:?}");
        assert_eq!(verdicts(&report), ["missing-from-truststore"]);
        assert!(check(&request(&chain, &store(&[&chain[0]]), policy)).accepted, "{policy:?}");
    }
}

#[test]
fn order_repetition_and_strangers_are_notes() {
    let (root, intermediate, leaf) = three();
    let lower = authority("Lower CA", Some(&intermediate));
    let low_leaf = issue(&lower, |_| {});
    let stranger = authority("Stranger", None);
    let trusted = store(&[&root.certificate]);
    let outcome = |chain: &[&Arc<Certificate>]| {
        let chain: Vec<_> = chain.iter().map(|certificate| Arc::clone(certificate)).collect();
        let report = check(&request(&chain, &trusted, Policy::Openssl));
        assert!(report.accepted);
        notes(&report)
    };
    let (upper, lower) = (&intermediate.certificate, &lower.certificate);
    assert_eq!(outcome(&[&low_leaf, upper, lower]), [ProblemKind::WrongOrder]);
    assert_eq!(outcome(&[&low_leaf, lower, upper, lower]), [ProblemKind::ExtraCertificate]);
    assert_eq!(outcome(&[&low_leaf, lower, &stranger.certificate, upper]), [ProblemKind::ExtraCertificate]);
    assert_eq!(outcome(&[&leaf, upper, &root.certificate]), [ProblemKind::RootSent]);
    assert_eq!(outcome(&[&low_leaf, lower, upper]), []);
}

#[test]
fn a_chain_that_begins_with_the_ca_is_said_to_be_in_the_wrong_order() {
    let (root, intermediate, leaf) = three();
    let chain = [intermediate.certificate, leaf];
    let report = check(&request(&chain, &store(&[&root.certificate]), Policy::Webpki));
    assert_eq!(fatal(&report), [ProblemKind::WrongEku]);
    assert!(notes(&report).contains(&ProblemKind::WrongOrder));
}

#[test]
fn a_store_of_names_matches_by_name() {
    let (root, intermediate, leaf) = three();
    let fields = root.certificate.parsed().unwrap();
    let named = NamedEntry {
        subject: fields.subject.java(),
        issuer: fields.issuer.java(),
        serial: Some(fields.serial_hex()),
        not_after: None,
    };
    let entries = vec![Entry { alias: None, kind: EntryKind::Named(named) }];
    let store =
        Store { source: "keystore.json".to_owned(), kind: StoreKind::Given, entries, ..Store::default() };
    for chain in [
        &[Arc::clone(&leaf), Arc::clone(&intermediate.certificate)][..],
        &[leaf, intermediate.certificate, root.certificate],
    ] {
        let report = check(&request(chain, &store, Policy::Openssl));
        assert!(report.accepted && report.by_name, "{:?}", report.problems);
        assert_eq!(report.rows.len(), 3);
        assert!(report.rows[2].in_truststore);
    }
}

#[test]
fn without_a_store_the_path_is_built_but_not_judged() {
    let (root, intermediate, leaf) = three();
    let chain = [leaf, intermediate.certificate, root.certificate];
    let report = check(&request(&chain, &Store::default(), Policy::Strict));
    assert!(!report.accepted && !report.path_found);
    assert_eq!((fatal(&report), report.path.len()), (vec![], 3));
    assert!(report.problems[0].text.contains("no trust store was given"));
}

#[test]
fn a_client_certificate_is_asked_for_client_auth() {
    let root = authority("Test Root", None);
    let trusted = store(&[&root.certificate]);
    let client = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    let chain = [issue(&root, client)];
    assert!(check(&PathRequest { client: true, ..request(&chain, &trusted, Policy::Webpki) }).accepted);
    assert_eq!(fatal(&check(&request(&chain, &trusted, Policy::Webpki))), [ProblemKind::WrongEku]);
}

#[test]
fn a_staple_that_is_demanded_and_missing_is_noted() {
    let root = authority("Test Root", None);
    let trusted = store(&[&root.certificate]);
    // TLSFeature with status_request.
    let feature =
        CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], vec![0x30, 0x03, 0x02, 0x01, 0x05]);
    let chain = [issue(&root, |params| params.custom_extensions.push(feature))];
    let asked = PathRequest { asked_ocsp: true, ..request(&chain, &trusted, Policy::Strict) };
    assert_eq!(fatal(&check(&asked)), [ProblemKind::Staple]);
    assert_eq!(fatal(&check(&PathRequest { asked_ocsp: false, ..asked })), []);
    assert_eq!(notes(&check(&PathRequest { policy: Policy::Openssl, ..asked })), [ProblemKind::Staple]);
}

#[test]
fn what_cannot_be_read_is_said_to_be_malformed() {
    let (root, intermediate, leaf) = three();
    let trusted = store(&[&root.certificate]);
    let report = check(&request(&[read(b"junk")], &trusted, Policy::Java));
    assert_eq!((fatal(&report), report.path.len()), (vec![ProblemKind::Malformed], 1));
    let chain = [leaf, intermediate.certificate, read(b"junk")];
    assert_eq!(fatal(&check(&request(&chain, &trusted, Policy::Java))), [ProblemKind::Malformed]);
    assert!(check(&request(&chain, &trusted, Policy::Webpki)).accepted);
    assert!(check(&request(&[], &trusted, Policy::Java)).path.is_empty());
}

#[test]
fn a_ring_of_cas_and_many_namesakes_end_in_an_answer() {
    let one = authority("One", None);
    let two = authority("Two", Some(&one));
    let ring = {
        let issuer = Issuer::from_params(&two.params, &two.key);
        read(one.params.signed_by(&one.key, &issuer).unwrap().der())
    };
    let mut chain = vec![issue(&two, |_| {}), two.certificate, ring];
    let namesakes = (0..40).map(|_| authority("Two", None).certificate);
    chain.extend(namesakes);
    let report = check(&request(&chain, &store(&[&authority("Other", None).certificate]), Policy::Java));
    assert!(!report.accepted);
    assert!(report.path.len() <= 3);
}

#[test]
fn changed_bytes_anywhere_in_a_chain_end_in_an_answer() {
    let (root, intermediate, leaf) = three();
    let trusted = store(&[&root.certificate]);
    let mut refused = 0;
    for (place, change) in (0..leaf.der.len()).step_by(3).zip([0x01, 0x80, 0xff].into_iter().cycle()) {
        for position in 0..2 {
            let mut chain = [leaf.der.to_vec(), intermediate.certificate.der.to_vec()];
            let Some(byte) = chain[position].get_mut(place) else { continue };
            *byte ^= change;
            let chain = chain.map(|der| read(&der));
            for policy in ALL {
                let report = check(&request(&chain, &trusted, policy));
                assert_eq!(report.path.len().min(1), 1);
                refused += usize::from(!report.accepted);
            }
        }
    }
    assert!(refused > 500, "a changed certificate is not accepted, and {refused} were refused");
}
