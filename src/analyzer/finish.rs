//! The end of a stream: its facts are put together, and it is decided whether TLS was meant.

use crate::connection::{
    At, Connection, DirectionFacts, Outcome, RecordMap, RoleBasis, RstFacts, Teardown, Timeline, Tunnel,
    Undelivered,
};
use crate::decode::Endpoint;
use crate::error::Warning;
use crate::tcp::{CloseReason, Dir, Ending, IcmpNote, StreamInfo};
use crate::tls::message::Side;
use crate::tunnel::{asks_for_tls, port_means_tls};

use super::live::Live;
use super::prelude::FirstBytes;
use super::state::{Phase, StreamState};

/// Which direction is the client's, when `dir`'s first TLS bytes show their sender to be `speaker`.
pub(super) fn roles(info: &StreamInfo, dir: Dir, speaker: Option<Side>) -> (bool, RoleBasis) {
    match speaker {
        Some(Side::Client) => (dir == Dir::Forward, RoleBasis::ClientHello),
        Some(Side::Server) => (dir == Dir::Reverse, RoleBasis::ServerMessage),
        None if info.saw_syn || info.saw_syn_ack => (true, RoleBasis::Syn),
        None => (!looks_like_server(info.opener, info.responder), RoleBasis::Port),
    }
}

/// The first endpoint's port is the better known one.
fn looks_like_server(first: Endpoint, second: Endpoint) -> bool {
    match (port_means_tls(first.port), port_means_tls(second.port)) {
        (true, false) => true,
        (false, true) => false,
        _ => first.port < second.port,
    }
}

/// A connection of which nothing is known but its ends.
pub(super) fn empty_connection(info: &StreamInfo, client_is_forward: bool, role: RoleBasis) -> Connection {
    let (client, server) =
        if client_is_forward { (info.opener, info.responder) } else { (info.responder, info.opener) };
    Connection {
        stream: info.stream,
        client,
        server,
        role,
        first_packet: info.first_packet,
        last_packet: info.first_packet,
        start: info.first_time,
        end: info.first_time,
        syn: None,
        syn_count: 0,
        syn_ack: None,
        tcp: [DirectionFacts::default(); 2],
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
        server_certificate_verify: None,
        client_certificate_verify: None,
        server_signature_good: None,
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
        maps: [RecordMap::default(), RecordMap::default()],
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

impl StreamState {
    /// The connection, when it is TLS or was meant to be. `tls_meant` says whether a server speaks TLS elsewhere.
    pub(super) fn finish(
        &mut self,
        info: &StreamInfo,
        ending: &Ending<'_>,
        tls_meant: impl Fn(&Endpoint) -> bool,
    ) -> Option<Box<Connection>> {
        self.end_session(ending.past);
        let phase = std::mem::replace(&mut self.phase, Phase::Silent);
        let mut history = String::new();
        let (mut connection, client_is_forward) = match phase {
            Phase::Tls(live) => {
                let Live { connection, client_is_forward, history: so_far, .. } = *live;
                history = so_far;
                (connection, client_is_forward)
            }
            Phase::Silent | Phase::Probing(_) => {
                let (forward, role) = roles(info, Dir::Forward, None);
                let connection = Box::new(empty_connection(info, forward, role));
                if !(port_means_tls(connection.server.port) || tls_meant(&connection.server)) {
                    return None;
                }
                (connection, forward)
            }
            Phase::Prelude(phase) => self.not_tls(info, phase.into_facts(), &tls_meant)?,
            Phase::Plain(first, tunnel) => self.not_tls(info, (*first, tunnel), &tls_meant)?,
        };
        let speaks = connection.speaks_tls.contains(&true) || connection.client_hello_lost.is_some();
        let silent = !speaks && connection.plain.iter().all(Option::is_none);
        if silent && info.first_packet == ending.last_packet && !info.saw_syn {
            // A lone packet from before the capture began says nothing.
            return None;
        }
        connection.history = history;
        self.complete(&mut connection, client_is_forward, info, ending);
        Some(connection)
    }

    /// A stream without a TLS record: of interest where TLS was meant, or a proxy or STARTTLS said no.
    fn not_tls(
        &self,
        info: &StreamInfo,
        (first, tunnel): (FirstBytes, Option<Box<At<Tunnel>>>),
        tls_meant: &impl Fn(&Endpoint) -> bool,
    ) -> Option<(Box<Connection>, bool)> {
        let (forward, role) = roles(info, Dir::Forward, None);
        let mut connection = Box::new(empty_connection(info, forward, role));
        let told = tunnel.as_ref().is_some_and(|at| self.was_told_no(&at.value));
        let meant = port_means_tls(connection.server.port) || tls_meant(&connection.server);
        connection.plain = first;
        if !forward {
            connection.plain.swap(0, 1);
        }
        let answer = connection.plain[Side::Server as usize].as_ref();
        let expects_tls = answer.is_some_and(|at| asks_for_tls(at.value.protocol));
        if !told && !meant && !expects_tls {
            return None;
        }
        connection.tunnel = tunnel;
        Some((connection, forward))
    }

    /// TLS or a tunnel for it was refused, or not even answered, or a client left where TLS was not offered.
    fn was_told_no(&self, tunnel: &Tunnel) -> bool {
        let to_tls = tunnel.target.as_deref().and_then(|target| target.rsplit(':').next()?.parse().ok());
        let way_to_tls = !tunnel.kind.starts_with("starttls") && to_tls.is_some_and(port_means_tls);
        let unanswered = !tunnel.granted && tunnel.withheld.is_none() && way_to_tls;
        tunnel.refusal.is_some() || unanswered || tunnel.withheld.is_some() && self.client_left()
    }

    /// The side that opened the connection closed it, ahead of the other and without a reset.
    fn client_left(&self) -> bool {
        let [client, server] = self.fin.each_ref().map(|at| at.as_ref().map(|at| at.packet));
        let reset = self.rst.iter().flatten().map(|rst| rst.packet).min();
        client.is_some_and(|fin| server.is_none_or(|other| fin < other) && reset.is_none_or(|rst| fin < rst))
    }

    fn complete(
        &mut self,
        connection: &mut Connection,
        client_is_forward: bool,
        info: &StreamInfo,
        ending: &Ending<'_>,
    ) {
        let mut tcp = self.tcp;
        if !client_is_forward {
            tcp.swap(0, 1);
        }
        for (facts, seen) in tcp.iter_mut().zip(connection.tcp) {
            facts.app_records = seen.app_records;
            facts.app_bytes = seen.app_bytes;
        }
        connection.tcp = tcp;
        (connection.last_packet, connection.end) = (ending.last_packet, ending.last_time);
        connection.syn = self.syn.take();
        connection.syn_count = self.syn_count;
        connection.syn_ack = self.syn_ack.take();
        connection.starts_mid_stream = !info.saw_syn && !info.saw_syn_ack;
        connection.open_at_end = ending.reason == CloseReason::EndOfCapture;
        let fin = std::mem::take(&mut self.fin);
        let rst = std::mem::take(&mut self.rst);
        connection.teardown = teardown(fin, rst, client_is_forward);
        connection.undelivered =
            self.icmp.drain(..).map(|note| undelivered(&note, client_is_forward)).collect();
        connection.gaps = self.gaps.drain(..).map(|(_, gap)| gap).collect();
        let mut warnings: Vec<Warning> = std::mem::take(&mut self.warnings);
        warnings.append(&mut connection.warnings);
        connection.warnings = warnings;
        if ending.reason == CloseReason::Evicted {
            connection.warnings.push(Warning::general(
                "evicted",
                "too many connections were open at a time: this one was given up before its end",
            ));
        }
        connection.timeline = std::mem::take(&mut self.timeline).into_timeline(client_is_forward);
        super::derive::derive(connection);
    }

    /// Tells the session that no more bytes come.
    fn end_session(&mut self, past: [&[u8]; 2]) {
        let Phase::Tls(live) = &mut self.phase else { return };
        let marks = std::mem::take(&mut live.marks);
        let client_is_forward = live.client_is_forward;
        let mut events = Vec::new();
        let by_side = if client_is_forward { past } else { [past[1], past[0]] };
        live.session.finish(by_side, &mut |event| events.push(event));
        for event in events {
            let i = usize::from((event.from == Side::Client) != client_is_forward);
            let mut folder = super::fold::Folder {
                connection: &mut live.connection,
                timeline: &mut self.timeline,
                history: &mut live.history,
                aside: &mut live.aside,
                marks: &marks[i],
                current: self.current.as_ref(),
                at_end: true,
                closed: [None, None],
            };
            folder.event(event);
        }
        super::renegotiation::end(&mut live.connection, live.aside.take());
    }
}

fn undelivered(note: &IcmpNote, client_is_forward: bool) -> At<Undelivered> {
    let IcmpNote { packet, time, about, is_of_start, error } = *note;
    let sender = if (about == Dir::Forward) == client_is_forward { Side::Client } else { Side::Server };
    let value = Undelivered { sender, is_of_start, from: error.from, problem: error.problem };
    At { packet, first_packet: packet, time, value }
}

/// Teardown facts by side.
fn teardown(fin: [Option<At<()>>; 2], rst: [Option<RstFacts>; 2], client_is_forward: bool) -> Teardown {
    let mut teardown = Teardown { fin, rst };
    if !client_is_forward {
        teardown.fin.swap(0, 1);
        teardown.rst.swap(0, 1);
    }
    teardown
}
