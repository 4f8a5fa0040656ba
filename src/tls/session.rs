//! Both directions of one connection: records, joined messages, alerts, and what can be opened with keys.

mod event;
mod join;
mod keyed;
mod machine;
mod transcript;

use std::sync::Arc;

use crate::limits::Limits;
use crate::tls::keylog::Secrets;
use crate::tls::message::Side;
use crate::tls::record::RecordReader;

pub use crate::tls::probe::{Probe, looks_like_tls};
pub use event::{Sink, TlsEvent, TlsEventKind};

use machine::Core;

/// One TLS connection.
pub struct TlsSession {
    halves: [RecordReader; 2],
    core: Core,
}

impl TlsSession {
    /// A session within `limits`; with `secrets` it opens what it can.
    pub fn new(limits: &Limits, secrets: Option<Arc<Secrets>>) -> Self {
        Self { halves: [RecordReader::new(), RecordReader::new()], core: Core::new(limits, secrets) }
    }

    /// Takes the next bytes in order of one direction; `offset` is where they lie in it. What becomes complete is handed to `sink`.
    ///
    /// `past` is what came in the direction so far, these bytes with it, from offset 0 on: as much as the caller remembers without
    /// a hole, so that it need not be kept here as well. It may end anywhere, also before `bytes`, but while it reaches into the record
    /// that is being read it must not be less than it was.
    pub fn push(&mut self, from: Side, offset: u64, bytes: &[u8], past: &[u8], sink: &mut dyn Sink) {
        let core = std::cell::RefCell::new(&mut self.core);
        self.halves[from as usize].push(
            offset,
            bytes,
            past,
            &mut |header| core.borrow().keeps(from, header),
            &mut |cut| core.borrow_mut().cut(from, cut, sink),
        );
    }

    /// `len` bytes from `offset` on are missing in the capture. Reading goes on at the next record that can be found. `past` as for
    /// [`push`](Self::push).
    pub fn gap(&mut self, from: Side, offset: u64, len: u64, past: &[u8], sink: &mut dyn Sink) {
        let core = &mut self.core;
        if self.halves[from as usize].gap(offset, len, past, &mut |cut| core.cut(from, cut, sink)) {
            core.lost(from, offset, sink);
        }
    }

    /// The stream is over: what was unfinished is said. `past` as for [`push`](Self::push), of the client and of the server.
    pub fn finish(&mut self, past: [&[u8]; 2], sink: &mut dyn Sink) {
        for from in [Side::Client, Side::Server] {
            let core = &mut self.core;
            self.halves[from as usize]
                .finish(u64::MAX, past[from as usize], &mut |cut| core.cut(from, cut, sink));
            self.core.give_up(from, u64::MAX, 0, sink);
        }
    }

    /// The offset in a direction at which that begins which is not told yet, when its next byte has the offset `next`: no event
    /// to come begins before it.
    pub fn begun(&self, from: Side, next: u64) -> u64 {
        let record = self.halves[from as usize].begun(next);
        self.core.joiners[from as usize].begun().map_or(record, |message| message.min(record))
    }

    /// Whether the next `len` bytes of a direction lie within one record of application data that is not opened, or is not needed
    /// any more because both sides have finished.
    pub fn is_in_data(&self, from: Side, len: u64) -> bool {
        let finished = self.core.finished.iter().all(|done| *done);
        self.halves[from as usize]
            .body_left()
            .is_some_and(|(header, kept, left)| header.kind() == 23 && len <= left && (!kept || finished))
    }
}
