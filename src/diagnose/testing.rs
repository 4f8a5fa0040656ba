//! Connections built by hand, for the tests of this folder.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::capture::Timestamp;
use crate::connection::{
    At, Connection, DirectionFacts, Outcome, ProtectedRecord, RoleBasis, RstFacts, SeenAlert, SentChain,
    Teardown, Timeline,
};
use crate::decode::Endpoint;
use crate::iana::{AlertDescription, CipherSuite, NamedGroup, Version};
use crate::tls::message::{Alert, ClientHello, ServerHello, Side};

/// Builds a connection packet by packet; each step takes the next packet number and one millisecond.
pub(super) struct Builder {
    connection: Connection,
    packet: u64,
    nanos: i64,
}

const MS: i64 = 1_000_000;

impl Builder {
    /// TCP is established: packets 1 to 3.
    pub(super) fn tcp() -> Self {
        let mut builder = Self { connection: empty(), packet: 0, nanos: 1_600_000_000_000 * MS };
        builder.connection.syn = Some(builder.next(()));
        builder.connection.syn_count = 1;
        builder.connection.syn_ack = Some(builder.next(()));
        builder.next(());
        builder
    }

    /// A ClientHello was sent, for both current versions and with a name.
    pub(super) fn hello() -> Self {
        let mut builder = Self::tcp();
        let hello = ClientHello {
            version: Version(0x0303),
            supported_versions: [Version(0x0304), Version(0x0303)].into_iter().collect(),
            cipher_suites: [0x1301, 0x1302, 0xc02b, 0xc02f, 0xc030, 0x009c].map(CipherSuite).to_vec(),
            groups: [0x001d, 0x0017].map(NamedGroup).into_iter().collect(),
            sni: Some("api.example".into()),
            ..ClientHello::default()
        };
        builder.connection.client_hello = Some(builder.next(Box::new(hello)));
        builder.connection.speaks_tls[0] = true;
        builder.data(Side::Client, 500);
        builder
    }

    /// TLS 1.2 up to the ServerHelloDone, with three certificates: packet 5.
    pub(super) fn tls12() -> Self {
        let mut builder = Self::hello();
        let hello = ServerHello {
            version: Version(0x0303),
            cipher_suite: CipherSuite(0xc02f),
            ..ServerHello::default()
        };
        let at = builder.next(Box::new(hello));
        let certificates: Vec<Arc<[u8]>> = (1..=3).map(|byte| Arc::from([byte])).collect();
        builder.connection.server_chain = Some(At {
            packet: at.packet,
            first_packet: at.packet,
            time: at.time,
            value: SentChain { certificates, complete: true, ..SentChain::default() },
        });
        builder.connection.server_hello_done =
            Some(At { packet: at.packet, first_packet: at.packet, time: at.time, value: () });
        builder.connection.server_hello = Some(at);
        builder.connection.speaks_tls[1] = true;
        builder.data(Side::Server, 4000);
        builder
    }

    /// TLS 1.3 up to the ServerHello, with this suite.
    pub(super) fn tls13(suite: u16) -> Self {
        let mut builder = Self::hello();
        let hello = ServerHello {
            version: Version(0x0303),
            selected_version: Some(Version(0x0304)),
            cipher_suite: CipherSuite(suite),
            ..ServerHello::default()
        };
        builder.connection.server_hello = Some(builder.next(Box::new(hello)));
        builder.connection.speaks_tls[1] = true;
        builder.data(Side::Server, 122);
        builder
    }

    /// The server asks for a client certificate.
    pub(super) fn certificate_request(mut self) -> Self {
        self.connection.certificate_request = Some(self.next(Box::default()));
        self
    }

    /// The client's Certificate, with this many certificates, and its key exchange.
    pub(super) fn client_certificates(mut self, count: u8) -> Self {
        let certificates = (0..count).map(|byte| Arc::from([byte])).collect();
        self.connection.client_chain =
            Some(self.next(SentChain { certificates, complete: true, ..SentChain::default() }));
        self.connection.client_key_exchange = Some(self.next(()));
        self
    }

    /// Both Finished.
    pub(super) fn finished(mut self) -> Self {
        self.connection.finished = [Some(self.next(())), Some(self.next(()))];
        self
    }

    /// Application data in both directions.
    pub(super) fn application_data(mut self) -> Self {
        self.connection.application_data = [Some(self.next(())), Some(self.next(()))];
        self
    }

    /// Encrypted records of type 23 from the client, each in its packet.
    pub(super) fn client_records(mut self, lens: &[u32]) -> Self {
        self.records(0, lens);
        self
    }

    /// The same from the server.
    pub(super) fn server_records(mut self, lens: &[u32]) -> Self {
        self.records(1, lens);
        self
    }

    fn records(&mut self, side: usize, lens: &[u32]) {
        for &len in lens {
            let at = self.next(());
            self.connection.protected[side].push(ProtectedRecord {
                packet: at.packet,
                time: at.time,
                content_type: 23,
                len,
            });
        }
    }

    /// An alert in clear.
    pub(super) fn alert(mut self, sender: Side, level: u8, description: u8) -> Self {
        let closed = self.connection.closed_by().is_some_and(|(side, _)| side != sender);
        let alert = Some(Alert { level, description: AlertDescription(description) });
        let seen = SeenAlert { sender, alert, encrypted: false, after_peer_closed: closed };
        let at = self.next(seen);
        self.connection.alerts.push(at);
        self
    }

    /// An alert that cannot be read, behind the Finished of TLS 1.2.
    pub(super) fn hidden_alert(mut self, sender: Side) -> Self {
        let at = self.next(SeenAlert { sender, alert: None, encrypted: true, after_peer_closed: false });
        self.connection.alerts.push(at);
        self
    }

    /// A FIN.
    pub(super) fn fin(mut self, side: Side) -> Self {
        let at = self.next(());
        self.connection.teardown.fin[side as usize] = Some(at);
        self
    }

    /// A RST with ACK, with this time to live.
    pub(super) fn rst(mut self, side: Side, ttl: u8) -> Self {
        let at = self.next(());
        self.connection.teardown.rst[side as usize] = Some(RstFacts {
            packet: at.packet,
            time: at.time,
            ack: true,
            ttl,
            ip_id: None,
            usual_ttl: Some(64),
        });
        self
    }

    /// Nothing happens for a while.
    pub(super) fn wait(mut self, seconds: i64) -> Self {
        self.nanos += seconds * 1000 * MS;
        self
    }

    /// The connection.
    pub(super) fn build(mut self) -> Connection {
        self.connection.last_packet = self.packet;
        self.connection.end = Timestamp::new(self.nanos, 6);
        self.connection
    }

    fn next<T>(&mut self, value: T) -> At<T> {
        self.packet += 1;
        self.nanos += MS;
        At { packet: self.packet, first_packet: self.packet, time: Timestamp::new(self.nanos, 6), value }
    }

    fn data(&mut self, side: Side, bytes: u64) {
        let facts = &mut self.connection.tcp[side as usize];
        facts.payload_bytes += bytes;
        facts.acked_bytes += bytes;
    }
}

fn empty() -> Connection {
    let endpoint = |last: u8, port: u16| Endpoint { addr: IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), port };
    let facts = DirectionFacts { packets: 3, ..DirectionFacts::default() };
    let start = Timestamp::new(1_600_000_000_000 * MS, 6);
    Connection {
        stream: 0,
        client: endpoint(1, 50_000),
        server: endpoint(2, 443),
        role: RoleBasis::Syn,
        first_packet: 1,
        last_packet: 1,
        start,
        end: start,
        syn: None,
        syn_count: 0,
        syn_ack: None,
        tcp: [facts; 2],
        speaks_tls: [false; 2],
        left_tls: [None, None],
        unfinished_data: [false; 2],
        plain: [None, None],
        tunnel: None,
        client_hello: None,
        second_client_hello: None,
        client_hello_lost: None,
        hello_retry: None,
        server_hello: None,
        alpn: None,
        server_chain: None,
        server_key_exchange: None,
        server_signature_good: None,
        server_certificate_verify: None,
        client_certificate_verify: None,
        certificate_request: None,
        server_hello_done: None,
        client_chain: None,
        client_key_exchange: None,
        change_cipher_spec: [None, None],
        finished: [None, None],
        session_ticket: false,
        resumed: false,
        renegotiation: false,
        renegotiated_after: None,
        alerts: Vec::new(),
        protected: [Vec::new(), Vec::new()],
        application_data: [None, None],
        decrypted: false,
        lacks_secret: false,
        decrypt_problem: None,
        teardown: Teardown::default(),
        maps: Default::default(),
        gaps: Vec::new(),
        undelivered: Vec::new(),
        starts_mid_stream: false,
        open_at_end: false,
        quiet_before_end_s: 0.0,
        history: String::new(),
        timeline: Timeline::default(),
        warnings: Vec::new(),
        outcome: Outcome::Incomplete,
    }
}
