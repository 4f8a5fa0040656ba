//! Seeded chains, good ones and each with a few faults, and the stores that they are held against.

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    NameConstraints, SanType, date_time_ymd,
};

/// One question: is the first certificate of the chain acceptable to somebody who trusts the store?
pub struct Case {
    /// What it is, for who reads the test's output.
    pub label: String,
    /// Seconds since 1970 at which it is judged.
    pub at: i64,
    pub chain: Vec<Vec<u8>>,
    pub store: Vec<Vec<u8>>,
    /// What was done to it. A disagreement is explained by these.
    pub faults: Vec<Fault>,
}

impl Case {
    pub fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }
}

/// The time at which the seeded cases are judged: 2026-06-15.
const AT: i64 = 1_781_481_600;

/// Within the validity of the cases that OpenSSL made: 2030-01-01.
const AT_WEAK: i64 = 1_893_456_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    LeafExpired,
    LeafNotYetValid,
    IntermediateExpired,
    RootExpired,
    IntermediateNotSent,
    StoreOfOtherRoot,
    StoreOfIntermediate,
    StoreOfLeaf,
    StoreOfLeafAndIntermediate,
    StoreWithNonRoots,
    SentShuffled,
    SentExtra,
    SentTwice,
    SentRoot,
    LeafForClients,
    LeafForAnything,
    LeafUsageEmptyOfTls,
    IntermediateForClients,
    IntermediateForServers,
    IntermediateNotCa,
    IntermediateWithoutConstraints,
    IntermediateMayNotSign,
    RootNotCa,
    RootWithoutConstraints,
    PathLengthOfIntermediate,
    PathLengthOfRoot,
    NamesOfIntermediate,
    NamesOfRoot,
    LeafForged,
    IntermediateForged,
    RootForged,
    LeafUnknownCritical,
    IntermediateUnknownCritical,
    RootUnknownCritical,
    LeafCriticalPolicies,
    LeafExtensionTwice,
    LeafTrailingBytes,
    LeafIsCa,
    LeafSelfSigned,
    LeafWithoutNames,
    IntermediateNameInCapitals,
    KeyIdsDisagree,
    NamesakeSent,
    NamesakeInStore,
    CrossSigned,
}

use Fault::*;

const ALL: [Fault; 45] = [
    LeafExpired,
    LeafNotYetValid,
    IntermediateExpired,
    RootExpired,
    IntermediateNotSent,
    StoreOfOtherRoot,
    StoreOfIntermediate,
    StoreOfLeaf,
    StoreOfLeafAndIntermediate,
    StoreWithNonRoots,
    SentShuffled,
    SentExtra,
    SentTwice,
    SentRoot,
    LeafForClients,
    LeafForAnything,
    LeafUsageEmptyOfTls,
    IntermediateForClients,
    IntermediateForServers,
    IntermediateNotCa,
    IntermediateWithoutConstraints,
    IntermediateMayNotSign,
    RootNotCa,
    RootWithoutConstraints,
    PathLengthOfIntermediate,
    PathLengthOfRoot,
    NamesOfIntermediate,
    NamesOfRoot,
    LeafForged,
    IntermediateForged,
    RootForged,
    LeafUnknownCritical,
    IntermediateUnknownCritical,
    RootUnknownCritical,
    LeafCriticalPolicies,
    LeafExtensionTwice,
    LeafTrailingBytes,
    LeafIsCa,
    LeafSelfSigned,
    LeafWithoutNames,
    IntermediateNameInCapitals,
    KeyIdsDisagree,
    NamesakeSent,
    NamesakeInStore,
    CrossSigned,
];

/// A small generator of numbers (SplitMix64), so that a seed gives the same cases everywhere.
pub struct Seeded(pub u64);

impl Seeded {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((word ^ (word >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// Makes the cases: each fault alone several times, then up to three together.
pub fn cases(seed: u64, count: usize) -> Vec<Case> {
    let keys: Vec<KeyPair> = (0..10).map(|_| KeyPair::generate().unwrap()).collect();
    let mut random = Seeded(seed);
    (0..count)
        .map(|number| {
            let mut faults = Vec::new();
            if number % 8 != 0 {
                faults.push(ALL[number % ALL.len()]);
            }
            while random.one_in(3) && faults.len() < 3 {
                faults.push(ALL[random.below(ALL.len())]);
            }
            faults.dedup();
            Maker { keys: &keys, random: &mut random, faults }.make()
        })
        .collect()
}

/// Chains of leaf and trusted root whose keys or signatures are weak or unusual, made with OpenSSL 3.0.
pub fn weak() -> Vec<Case> {
    include_str!("weak.pem").split("# ").skip(1).map(weak_case).collect()
}

fn weak_case(text: &str) -> Case {
    let certificates: Vec<Vec<u8>> = text
        .split("-----BEGIN CERTIFICATE-----")
        .skip(1)
        .map(|block| block.lines().take_while(|line| !line.starts_with('-')).collect::<String>())
        .map(|base64| data_encoding::BASE64.decode(base64.as_bytes()).unwrap())
        .collect();
    let label = text.lines().next().unwrap_or_default().to_owned();
    let (leaf, root) = (certificates[0].clone(), certificates[1].clone());
    Case { label, at: AT_WEAK, chain: vec![leaf], store: vec![root], faults: Vec::new() }
}

struct Maker<'a> {
    keys: &'a [KeyPair],
    random: &'a mut Seeded,
    faults: Vec<Fault>,
}

/// What a certificate is to become, and with which key.
struct Plan {
    params: CertificateParams,
    key: usize,
}

impl Maker<'_> {
    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    fn make(mut self) -> Case {
        let between = 1 + self.random.below(3);
        let root = self.root();
        let intermediates: Vec<Plan> = (0..between).map(|level| self.intermediate(level, between)).collect();
        let leaf = self.leaf();

        let mut root_der = self.issue(&root, None);
        let mut chain = Vec::new();
        let mut issuer = &root;
        for plan in &intermediates {
            chain.insert(0, self.issue(plan, Some(issuer)));
            issuer = plan;
        }
        let first = chain.len() - 1;
        let leaf_issuer = if self.has(LeafSelfSigned) { None } else { Some(issuer) };
        let mut leaf_der = self.issue(&leaf, leaf_issuer);
        if self.has(LeafForged) {
            forge(&mut leaf_der);
        }
        if self.has(IntermediateForged) {
            forge(&mut chain[0]);
        }
        if self.has(RootForged) {
            forge(&mut root_der);
        }
        if self.has(LeafTrailingBytes) {
            leaf_der.extend([0, 0]);
        }
        let store = self.store(&root_der, &leaf_der, &chain, &root);
        let top = chain[first].clone();
        let mut sent = self.sent(leaf_der, chain, &root_der, &root);
        if self.has(CrossSigned) {
            self.cross_sign(&mut sent, &intermediates[0], &top);
        }
        Case { label: format!("{:?}", self.faults), at: AT, chain: sent, store, faults: self.faults }
    }

    fn root(&self) -> Plan {
        let mut params = ca("Oracle Root");
        if self.has(RootExpired) {
            params.not_after = date_time_ymd(2026, 1, 1);
        }
        if self.has(RootNotCa) {
            params.is_ca = IsCa::ExplicitNoCa;
        }
        if self.has(RootWithoutConstraints) {
            params.is_ca = IsCa::NoCa;
            params.key_usages.clear();
        }
        if self.has(PathLengthOfRoot) {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        }
        if self.has(NamesOfRoot) {
            params.name_constraints = Some(elsewhere());
        }
        if self.has(RootUnknownCritical) {
            params.custom_extensions.push(unknown_critical());
        }
        Plan { params, key: 0 }
    }

    fn intermediate(&mut self, level: usize, between: usize) -> Plan {
        let mut params = ca(&format!("Oracle CA {level}"));
        // Faults go to the one that issues the leaf, or to the one below the root.
        let lowest = level + 1 == between;
        let highest = level == 0;
        if highest && self.has(IntermediateExpired) {
            params.not_after = date_time_ymd(2026, 1, 1);
        }
        if lowest {
            if self.has(IntermediateNotCa) {
                params.is_ca = IsCa::ExplicitNoCa;
            }
            if self.has(IntermediateWithoutConstraints) {
                params.is_ca = IsCa::NoCa;
                if self.random.one_in(2) {
                    params.key_usages.clear();
                }
            }
            if self.has(IntermediateMayNotSign) {
                params.key_usages = vec![KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
            }
            if self.has(IntermediateForClients) {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }
            if self.has(IntermediateForServers) {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }
        }
        if highest {
            if self.has(PathLengthOfIntermediate) {
                params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            }
            if self.has(NamesOfIntermediate) {
                params.name_constraints = Some(self.constraints());
            }
            if self.has(IntermediateUnknownCritical) {
                params.custom_extensions.push(unknown_critical());
            }
        }
        Plan { params, key: 1 + level }
    }

    fn leaf(&mut self) -> Plan {
        let mut params = CertificateParams::default();
        params.distinguished_name = name("host.example.com");
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        params.use_authority_key_identifier_extension = !self.random.one_in(4);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = vec![
            SanType::DnsName("host.example.com".try_into().unwrap()),
            SanType::IpAddress([192, 0, 2, 7].into()),
        ];
        if self.has(LeafExpired) {
            params.not_after = date_time_ymd(2026, 6, 1);
        }
        if self.has(LeafNotYetValid) {
            params.not_before = date_time_ymd(2026, 7, 1);
        }
        if self.has(LeafForClients) {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        }
        if self.has(LeafForAnything) {
            params.extended_key_usages = match self.random.below(2) {
                0 => vec![ExtendedKeyUsagePurpose::Any],
                _ => Vec::new(),
            };
        }
        if self.has(LeafUsageEmptyOfTls) {
            params.key_usages = vec![KeyUsagePurpose::CrlSign];
        }
        if self.has(LeafUnknownCritical) {
            params.custom_extensions.push(unknown_critical());
        }
        if self.has(LeafCriticalPolicies) {
            // certificatePolicies with anyPolicy.
            let content = vec![0x30, 0x08, 0x30, 0x06, 0x06, 0x04, 0x55, 0x1d, 0x20, 0x00];
            let mut policies = CustomExtension::from_oid_content(&[2, 5, 29, 32], content);
            policies.set_criticality(true);
            params.custom_extensions.push(policies);
        }
        if self.has(LeafExtensionTwice) {
            let content = vec![0x30, 0x03, 0x82, 0x01, 0x61];
            params.custom_extensions.push(CustomExtension::from_oid_content(&[2, 5, 29, 17], content));
        }
        if self.has(LeafIsCa) {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        if self.has(LeafWithoutNames) {
            params.subject_alt_names.clear();
        }
        Plan { params, key: 5 }
    }

    fn constraints(&mut self) -> NameConstraints {
        let dns = |name: &str| GeneralSubtree::DnsName(name.to_owned());
        let network = |address| GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(address, 24));
        let (permitted_subtrees, excluded_subtrees) = match self.random.below(8) {
            0 => (vec![dns("example.com")], vec![]),
            1 => (vec![dns("example.org")], vec![]),
            2 => (vec![dns(".example.com")], vec![]),
            3 => (vec![], vec![dns("host.example.com")]),
            4 => (vec![network([192, 0, 2, 0])], vec![]),
            5 => (vec![], vec![network([192, 0, 2, 0])]),
            6 => (vec![GeneralSubtree::DirectoryName(organization("Oracle"))], vec![]),
            _ => (vec![GeneralSubtree::DirectoryName(organization("Elsewhere"))], vec![]),
        };
        NameConstraints { permitted_subtrees, excluded_subtrees }
    }

    fn issue(&self, plan: &Plan, issuer: Option<&Plan>) -> Vec<u8> {
        let key = &self.keys[plan.key];
        let Some(issuer) = issuer else {
            return plan.params.self_signed(key).unwrap().der().to_vec();
        };
        let mut signer = issuer.params.clone();
        if self.has(IntermediateNameInCapitals) && issuer.key == 1 {
            signer.distinguished_name = name("ORACLE CA 0");
        }
        if self.has(KeyIdsDisagree) && issuer.key == 1 {
            signer.key_identifier_method = KeyIdMethod::PreSpecified(vec![9; 20]);
        }
        let issuer = Issuer::new(signer, &self.keys[issuer.key]);
        plan.params.signed_by(key, &issuer).unwrap().der().to_vec()
    }

    fn store(&self, root: &[u8], leaf: &[u8], chain: &[Vec<u8>], plan: &Plan) -> Vec<Vec<u8>> {
        let other = ca("Other Root").self_signed(&self.keys[8]).unwrap().der().to_vec();
        let mut store = if self.has(StoreOfOtherRoot) {
            vec![other]
        } else if self.has(StoreOfIntermediate) {
            vec![other, chain[0].clone()]
        } else if self.has(StoreOfLeaf) {
            vec![leaf.to_vec()]
        } else if self.has(StoreOfLeafAndIntermediate) {
            vec![leaf.to_vec(), chain[0].clone()]
        } else if self.has(StoreWithNonRoots) {
            [&[root.to_vec(), other], chain].concat()
        } else {
            vec![other, root.to_vec()]
        };
        if self.has(NamesakeInStore) {
            store.insert(0, plan.params.self_signed(&self.keys[9]).unwrap().der().to_vec());
        }
        store
    }

    fn sent(&mut self, leaf: Vec<u8>, chain: Vec<Vec<u8>>, root: &[u8], plan: &Plan) -> Vec<Vec<u8>> {
        let mut sent = chain;
        if self.has(IntermediateNotSent) {
            sent.remove(self.random.below(sent.len()));
        }
        if self.has(SentRoot) {
            sent.push(root.to_vec());
        }
        if self.has(SentExtra) {
            let stranger = ca("Stranger").self_signed(&self.keys[7]).unwrap().der().to_vec();
            sent.insert(self.random.below(sent.len() + 1), stranger);
        }
        if self.has(SentTwice) {
            sent.push(sent.first().unwrap_or(&leaf).clone());
        }
        if self.has(NamesakeSent) {
            // The same name as the leaf's issuer, with another key.
            let issuer = Plan { params: ca("Oracle CA 0"), key: 6 };
            sent.insert(0, self.issue(&issuer, Some(plan)));
        }
        if self.has(SentShuffled) {
            sent.reverse();
        }
        sent.insert(0, leaf);
        sent
    }

    /// The top intermediate also as issued by a root that nobody has; it comes first.
    fn cross_sign(&self, sent: &mut Vec<Vec<u8>>, plan: &Plan, top: &[u8]) {
        let stranger = Plan { params: ca("Unknown Root"), key: 7 };
        let crossed = self.issue(plan, Some(&stranger));
        let place = sent.iter().position(|der| der == top).unwrap_or(sent.len());
        sent.insert(place, crossed);
    }
}

fn ca(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name(common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2036, 1, 1);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = organization("Oracle");
    name.push(DnType::CommonName, common_name);
    name
}

fn organization(organization: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, organization);
    name
}

fn elsewhere() -> NameConstraints {
    NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.org".to_owned())],
        excluded_subtrees: Vec::new(),
    }
}

fn unknown_critical() -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![0x05, 0x00]);
    extension.set_criticality(true);
    extension
}

/// Changes a byte of the signature's last number.
fn forge(der: &mut [u8]) {
    let last = der.len() - 3;
    der[last] ^= 0x55;
}
