//! Packets in, connections out: owns the stream table and one TLS session per stream. No I/O, no clock, no thread.

mod derive;
mod finish;
mod fold;
mod live;
mod prelude;
mod renegotiation;
mod state;
mod timeline;

use std::collections::VecDeque;
use std::sync::Arc;

use foldhash::quality::RandomState;
use hashbrown::HashSet;

use crate::capture::Timestamp;
use crate::connection::Connection;
use crate::decode::{Endpoint, IcmpError, Segment, TcpFlags};
use crate::error::Warning;
use crate::limits::Limits;
use crate::tcp::SegmentKind;
use crate::tcp::{
    CloseReason, Delivery, Dir, Ending, Hole, IcmpNote, Placed, SegmentNote, StreamHandler, StreamInfo,
    StreamTable, TableStats,
};
use crate::tls::keylog::Secrets;
use crate::x509::CertificateBytes;

use state::{StreamState, Tools};

/// Follows every TCP connection of a capture and hands out those that are TLS, or were meant to be.
///
/// Call [`push`](Self::push) for each segment, [`poll`](Self::poll) until it returns `None` whenever it suits, and
/// [`finish`](Self::finish) at the end of the capture; then poll once more.
pub struct Analyzer {
    table: StreamTable<Handler>,
}

impl Analyzer {
    /// An analyzer that holds no more than `limits` allow and decrypts with `secrets`.
    pub fn new(limits: &Limits, secrets: Arc<Secrets>) -> Self {
        let handler = Handler {
            limits: limits.clone(),
            secrets: (!secrets.is_empty()).then_some(secrets),
            done: VecDeque::new(),
            tls_servers: HashSet::default(),
            unanswered: 0,
            certificates: CertificateBytes::new(limits.certificate_cache),
        };
        Self { table: StreamTable::new(handler, limits) }
    }

    /// Takes secrets that were found in the capture: they count for connections whose ServerHello is still to come.
    pub fn set_secrets(&mut self, secrets: Arc<Secrets>) {
        self.table.handler_mut().secrets = (!secrets.is_empty()).then_some(secrets);
    }

    /// Takes the next segment, in the order of the capture, and says to which stream it belongs.
    pub fn push(&mut self, packet: u64, time: Timestamp, segment: &Segment<'_>) -> Placed {
        self.table.push(packet, time, segment)
    }

    /// Takes an ICMP error about a segment, in the order of the capture, and says to which stream that belongs; `None` where
    /// Wireshark counts it to none.
    pub fn icmp(&mut self, packet: u64, time: Timestamp, error: &IcmpError) -> Option<u64> {
        self.table.icmp(packet, time, error)
    }

    /// The next connection that is over, in the order in which they ended.
    pub fn poll(&mut self) -> Option<Box<Connection>> {
        self.table.handler_mut().done.pop_front()
    }

    /// Ends the capture: what is still open is handed over, with the counts of the stream table.
    pub fn finish(self) -> (VecDeque<Box<Connection>>, AnalyzerStats) {
        let (handler, table) = self.table.finish();
        (handler.done, AnalyzerStats { table, unanswered_syns: handler.unanswered })
    }
}

/// What an analyzer counted.
#[derive(Debug, Clone, Default)]
pub struct AnalyzerStats {
    /// The stream table's counts.
    pub table: TableStats,
    /// Connections of a TLS port given up without an answer because too many were open: counted, not reported one by one.
    pub unanswered_syns: u64,
}

/// The floor above the stream table.
struct Handler {
    limits: Limits,
    secrets: Option<Arc<Secrets>>,
    done: VecDeque<Box<Connection>>,
    /// Servers that spoke TLS somewhere in this capture: a connection to them that ends early was meant to be TLS.
    tls_servers: HashSet<Endpoint, RandomState>,
    unanswered: u64,
    certificates: CertificateBytes,
}

/// Servers remembered for [`Handler::tls_servers`].
const REMEMBERED_SERVERS: usize = 65_536;

impl Handler {
    fn tools(&mut self) -> Tools<'_> {
        Tools { limits: &self.limits, secrets: self.secrets.as_ref(), certificates: &mut self.certificates }
    }

    fn remember(&mut self, connection: &Connection) {
        if connection.speaks_tls[1]
            && connection.tunnel.is_none()
            && self.tls_servers.len() < REMEMBERED_SERVERS
        {
            self.tls_servers.insert(connection.server);
        }
    }
}

/// The state of a stream, with its first SYN when that was passed over.
fn begun(info: &StreamInfo, packet: u64, limits: &Limits) -> StreamState {
    let mut state = StreamState::new(info);
    if info.saw_syn && info.first_packet != packet {
        let note = SegmentNote {
            packet: info.first_packet,
            time: info.first_time,
            dir: Dir::Forward,
            flags: TcpFlags(TcpFlags::SYN),
            len: 0,
            captured: 0,
            kind: SegmentKind::Normal,
            offset: None,
            acked: None,
            window: 0,
            ttl: info.first_ttl,
            ip_id: None,
        };
        state.segment(info, &note, limits);
    }
    state
}

/// A SYN without data.
const fn is_bare_syn(note: &SegmentNote) -> bool {
    note.flags.has(TcpFlags::SYN) && !note.flags.has(TcpFlags::ACK) && note.len == 0
}

impl StreamHandler for Handler {
    type State = StreamState;

    fn segment(&mut self, state: &mut Option<StreamState>, info: &StreamInfo, note: &SegmentNote) {
        if state.is_none() && is_bare_syn(note) && info.first_packet == note.packet {
            // A SYN says no more than `info` does; a flood of them must cost nothing.
            return;
        }
        let limits = &self.limits;
        state.get_or_insert_with(|| begun(info, note.packet, limits)).segment(info, note, limits);
    }

    fn data(&mut self, state: &mut Option<StreamState>, info: &StreamInfo, delivery: Delivery<'_>) {
        if let Some(state) = state {
            state.data(info, delivery, &mut self.tools());
        }
    }

    fn gap(&mut self, state: &mut Option<StreamState>, _info: &StreamInfo, hole: Hole<'_>) {
        if let Some(state) = state {
            state.gap(hole, &mut self.tools());
        }
    }

    fn needs_past(&self, state: &Option<StreamState>) -> bool {
        state.as_ref().is_none_or(|state| !state.is_quiet())
    }

    fn icmp(&mut self, state: &mut Option<StreamState>, info: &StreamInfo, note: &IcmpNote) {
        let limits = &self.limits;
        state.get_or_insert_with(|| begun(info, note.packet, limits)).icmp(note);
    }

    fn warning(&mut self, state: &mut Option<StreamState>, _info: &StreamInfo, warning: Warning) {
        if let Some(state) = state {
            state.warning(warning);
        }
    }

    fn closed(&mut self, state: &mut Option<StreamState>, info: &StreamInfo, ending: Ending<'_>) {
        let reason = ending.reason;
        let state = match state {
            Some(state) => state,
            None if reason == CloseReason::Evicted => {
                self.unanswered += 1;
                return;
            }
            None => state.insert(begun(info, u64::MAX, &self.limits)),
        };
        if reason == CloseReason::Reused && state.is_unanswered() {
            // The client tried again with another initial number: what counts is that attempt.
            return;
        }
        if reason == CloseReason::Evicted && state.is_unanswered() {
            self.unanswered += 1;
            return;
        }
        let tls_meant = |server: &Endpoint| self.tls_servers.contains(server);
        if let Some(connection) = state.finish(info, &ending, tls_meant) {
            self.remember(&connection);
            self.done.push_back(connection);
        }
    }
}
