//! Every field that is compared, in the order in which they are told. What always differs is not among them: randoms, session ids,
//! key shares' values, client ports, times of day.

use super::fact::Field;
use super::fact::Group::{Certificates, ClientCertificate, ClientHello, Path, Result, ServerChoice};

pub(super) const SNI: Field = Field::new(ClientHello, "sni", "server name asked for");
pub(super) const VERSIONS: Field = Field::new(ClientHello, "versions-offered", "versions offered");
pub(super) const SUITES: Field = Field::new(ClientHello, "cipher-suites-offered", "cipher suites offered");
pub(super) const GROUPS: Field = Field::new(ClientHello, "groups-offered", "groups offered");
pub(super) const KEY_SHARES: Field = Field::new(ClientHello, "key-shares-offered", "key shares sent");
pub(super) const SCHEMES: Field =
    Field::new(ClientHello, "signature-algorithms-offered", "signature algorithms offered");
pub(super) const ALPN_OFFERED: Field = Field::new(ClientHello, "alpn-offered", "protocols offered (ALPN)");
pub(super) const EXTENSIONS: Field = Field::new(ClientHello, "extensions-sent", "extensions of the client");
pub(super) const RESUMPTION: Field = Field::new(ClientHello, "resumption-offered", "resumption offered");
pub(super) const STACK: Field = Field::new(ClientHello, "client-stack", "client stack");
pub(super) const JA4: Field = Field::new(ClientHello, "ja4", "JA4");
pub(super) const JA3: Field = Field::new(ClientHello, "ja3", "JA3");

pub(super) const VERSION: Field = Field::new(ServerChoice, "version", "version chosen");
pub(super) const SUITE: Field = Field::new(ServerChoice, "cipher-suite", "cipher suite chosen");
pub(super) const GROUP: Field = Field::new(ServerChoice, "group", "key exchange group");
pub(super) const ALPN: Field = Field::new(ServerChoice, "alpn", "protocol chosen (ALPN)");
pub(super) const SERVER_EXTENSIONS: Field =
    Field::new(ServerChoice, "server-extensions", "extensions of the server");
pub(super) const RETRY: Field = Field::new(ServerChoice, "hello-retry", "HelloRetryRequest");
pub(super) const RESUMED: Field = Field::new(ServerChoice, "resumed", "session resumed");

pub(super) const LEAF: Field = Field::new(Certificates, "leaf", "leaf certificate");
pub(super) const LEAF_ISSUER: Field = Field::new(Certificates, "leaf-issuer", "issuer of the leaf");
pub(super) const LEAF_NAMES: Field = Field::new(Certificates, "leaf-names", "names of the leaf");
pub(super) const LEAF_VALIDITY: Field = Field::new(Certificates, "leaf-validity", "validity of the leaf");
pub(super) const LEAF_KEY: Field = Field::new(Certificates, "leaf-key", "key of the leaf");
pub(super) const LEAF_SIGNATURE: Field = Field::new(Certificates, "leaf-signature", "signature of the leaf");
pub(super) const CHAIN: Field = Field::new(Certificates, "chain", "certificates after the leaf");
pub(super) const OCSP: Field = Field::new(Certificates, "ocsp", "stapled OCSP response");
pub(super) const TRUSTED: Field = Field::new(Certificates, "trust", "chain against the trust store");
pub(super) const HOSTNAME: Field = Field::new(Certificates, "hostname", "name against the certificate");

pub(super) const ASKED: Field =
    Field::new(ClientCertificate, "certificate-request", "client certificate asked for");
pub(super) const AUTHORITIES: Field =
    Field::new(ClientCertificate, "authorities", "authorities that the server names");
pub(super) const SENT: Field = Field::new(ClientCertificate, "client-certificate", "client certificate sent");
pub(super) const CLIENT_CHAIN: Field =
    Field::new(ClientCertificate, "client-chain", "certificates after the client's");

pub(super) const CLIENT: Field = Field::new(Path, "client", "client address");
pub(super) const SERVER: Field = Field::new(Path, "server", "server address and port");
pub(super) const TUNNEL: Field = Field::new(Path, "tunnel", "before TLS");
pub(super) const CLIENT_TTL: Field = Field::new(Path, "client-ttl", "TTL of the client's packets");
pub(super) const SERVER_TTL: Field = Field::new(Path, "server-ttl", "TTL of the server's packets");
pub(super) const RTT: Field = Field::new(Path, "round-trip", "SYN to SYN, ACK");
pub(super) const RESENT: Field = Field::new(Path, "retransmissions", "packets sent again");

pub(super) const DURATION: Field = Field::new(Result, "duration", "ClientHello to the end of the handshake");
pub(super) const ALERTS: Field = Field::new(Result, "alerts", "alerts");
pub(super) const TEARDOWN: Field = Field::new(Result, "teardown", "closed by");
pub(super) const HISTORY: Field = Field::new(Result, "history", "messages (history)");
pub(super) const VERDICT: Field = Field::new(Result, "verdict", "verdict");
