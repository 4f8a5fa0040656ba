//! A stream that speaks TLS.

use smallvec::SmallVec;

use crate::capture::Timestamp;
use crate::connection::{Connection, RoleBasis};
use crate::tcp::Dir;
use crate::tls::message::Side;
use crate::tls::session::TlsSession;

use super::prelude::{FirstBytes, PreludePhase};
use super::renegotiation::Aside;

/// A stream that speaks TLS.
pub(super) struct Live {
    pub(super) session: TlsSession,
    pub(super) connection: Box<Connection>,
    /// The direction of the client is forward.
    pub(super) client_is_forward: bool,
    /// Offsets at which TLS begins, once known: forward, reverse.
    pub(super) base: [Option<u64>; 2],
    /// The preamble, while it is not known where TLS begins in one direction.
    pub(super) prelude: Option<Box<PreludePhase>>,
    /// Recent deliveries per direction, so that a message can be given its packets.
    pub(super) marks: [Marks; 2],
    pub(super) history: String,
    /// The first handshake, while a second one runs.
    pub(super) aside: Option<Aside>,
    /// Directions that still must show their first bytes.
    pub(super) unseen: [bool; 2],
}

impl Live {
    /// Who sends in a direction.
    pub(super) fn side(&self, dir: Dir) -> Side {
        if (dir == Dir::Forward) == self.client_is_forward { Side::Client } else { Side::Server }
    }

    /// It is known now which direction is the client's.
    pub(super) fn set_client(&mut self, forward: bool, shown_by: Side) {
        if self.client_is_forward != forward {
            self.client_is_forward = forward;
            std::mem::swap(&mut self.connection.client, &mut self.connection.server);
        }
        self.connection.role = match shown_by {
            Side::Client => RoleBasis::ClientHello,
            Side::Server => RoleBasis::ServerMessage,
        };
    }

    /// Bytes before TLS in a direction are no fault where a preamble was recognised.
    pub(super) fn keep_plain(&mut self, first: &mut FirstBytes, begins: [Option<u64>; 2]) {
        if self.connection.tunnel.is_some() {
            return;
        }
        for dir in [Dir::Forward, Dir::Reverse] {
            let i = dir.index();
            if begins[i].is_none() {
                let side = self.side(dir) as usize;
                self.connection.plain[side] = first[i].take();
            }
        }
    }

    /// The handshake is over: packets of data and acknowledgments say nothing new.
    pub(super) fn is_quiet(&self) -> bool {
        let c = &self.connection;
        let finished = c.finished.iter().all(Option::is_some);
        let flowing = c.tcp.iter().map(|d| d.app_records).sum::<u64>() > QUIET_RECORDS;
        finished && c.application_data.iter().any(Option::is_some) || flowing
    }

    /// Forgets the deliveries before the one with this offset.
    pub(super) fn forget(&mut self, i: usize, offset: u64) {
        let marks = &mut self.marks[i];
        let before = marks.partition_point(|mark| mark.offset <= offset).saturating_sub(1);
        marks.drain(..before);
    }

    pub(super) fn mark(&mut self, i: usize, mut mark: Mark) {
        let marks = &mut self.marks[i];
        // Bytes that came ahead of their turn are there with the packet that closes the gap before them, as in Wireshark.
        if let Some(before) = marks.last().filter(|before| before.packet > mark.packet) {
            mark = Mark { offset: mark.offset, ..*before };
        }
        if marks.len() >= MARKS {
            marks.drain(..MARKS / 2);
        }
        marks.push(mark);
    }
}

/// Where a delivery begins in its direction, and the packet with which it and all before it was there.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) offset: u64,
    pub(super) packet: u64,
    pub(super) time: Timestamp,
}

/// Those of one direction: as a rule one or two.
pub(super) type Marks = SmallVec<[Mark; 2]>;

/// Deliveries remembered per direction, to name the packet in which a message began.
const MARKS: usize = 256;
/// Application data records after which a TLS 1.3 connection without keys is taken to be past its handshake.
const QUIET_RECORDS: u64 = 24;
