//! Cuts one direction of a stream into records (RFC 8446 §5.1) without copying what is not kept.

mod open;
#[cfg(test)]
mod tests;

use crate::tls::probe::{MAX_FRAGMENT, Probe, looks_like_tls};

use open::{Open, Tail, range};

pub(super) use open::TAIL;

/// The header of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Header {
    pub(super) bytes: [u8; 5],
}

impl Header {
    /// Content type on the wire.
    pub(super) const fn kind(self) -> u8 {
        self.bytes[0]
    }

    /// Bytes of the fragment.
    pub(super) const fn len(self) -> usize {
        (self.bytes[3] as usize) << 8 | self.bytes[4] as usize
    }

    fn is_plausible(self) -> bool {
        matches!(self.kind(), 20..=24)
            && self.bytes[1] == 3
            && self.bytes[2] <= 4
            && self.len() <= MAX_FRAGMENT
    }
}

/// What is wanted of a record's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Nothing: its length says all.
    Nothing,
    /// Its last bytes, at most [`TAIL`]: the cipher of the next record may go on from them.
    Tail,
    /// All of it.
    Whole,
}

/// What the reader is in the middle of.
#[derive(Debug)]
enum Stage {
    Header([u8; 5], usize),
    Body(Open),
    /// A two-byte header and a body in SSLv2 framing.
    Sslv2(Vec<u8>),
    /// Not at a record's start: waiting for one.
    Lost,
    /// Nothing more is read.
    Done,
}

/// One direction.
#[derive(Debug)]
pub(super) struct RecordReader {
    stage: Stage,
    any: bool,
    /// Deliveries looked through for a record's start since the reader was lost.
    searched: u32,
    said_lost: bool,
}

/// What the reader tells.
#[derive(Debug)]
pub(super) enum Cut<'a> {
    /// A record; `body` is what was kept of it. `damage`: from this byte of a body kept whole on bytes are missing.
    Record {
        header: Header,
        start: u64,
        end: u64,
        kept: Keep,
        body: &'a [u8],
        damage: Option<usize>,
        missing: u64,
    },
    /// A message in SSLv2 framing: its bytes without the header.
    Sslv2 { start: u64, end: u64, body: &'a [u8] },
    /// Bytes where a record's header was due; told once.
    NotTls { at: u64, sample: &'a [u8] },
    /// The rest of a record, and perhaps more, is missing. `body` is what was kept of it.
    Broken { header: Header, start: u64, end: u64, body: &'a [u8], missing: u64 },
}

/// Deliveries that are searched for a record's start.
const SEARCHES: u32 = 256;

impl RecordReader {
    pub(super) const fn new() -> Self {
        Self { stage: Stage::Header([0; 5], 0), any: false, searched: 0, said_lost: false }
    }

    /// Takes bytes in order from `offset` on. `keep` decides by a record's header what is wanted of its body.
    pub(super) fn push(
        &mut self,
        offset: u64,
        bytes: &[u8],
        past: &[u8],
        keep: &mut dyn FnMut(Header) -> Keep,
        tell: &mut dyn FnMut(Cut<'_>),
    ) {
        let end = offset + bytes.len() as u64;
        let mut rest = bytes;
        while !rest.is_empty() {
            let at = end - rest.len() as u64;
            match &mut self.stage {
                Stage::Done => return,
                Stage::Lost => match self.find(rest) {
                    Some(skip) => {
                        rest = &rest[skip..];
                        self.stage = Stage::Header([0; 5], 0);
                    }
                    None => return,
                },
                Stage::Header(header, have) => {
                    if *have == 0 && !self.any && rest[0] & 0x80 != 0 {
                        self.stage = Stage::Sslv2(Vec::new());
                        continue;
                    }
                    let len = rest.len().min(5 - *have);
                    header[*have..*have + len].copy_from_slice(&rest[..len]);
                    *have += len;
                    if *have < 5 {
                        return;
                    }
                    let head = Header { bytes: *header };
                    let start = at + len as u64 - 5;
                    rest = &rest[len..];
                    self.any = true;
                    if !head.is_plausible() {
                        self.stage = Stage::Lost;
                        if !std::mem::replace(&mut self.said_lost, true) {
                            let sample = if len == 5 { &bytes[bytes.len() - rest.len() - 5..] } else { rest };
                            tell(Cut::NotTls { at: start, sample: &sample[..sample.len().min(64)] });
                        }
                        continue;
                    }
                    self.said_lost = false;
                    self.stage = Stage::Body(Open {
                        header: head,
                        start,
                        left: head.len(),
                        keep: keep(head),
                        body: Vec::new(),
                        remembered: false,
                        tail: None,
                        damage: None,
                        missing: 0,
                    });
                    if head.len() == 0 {
                        self.close(&[], start + 5, past, tell);
                    }
                }
                Stage::Body(open) => {
                    let len = rest.len().min(open.left);
                    let (part, after) = rest.split_at(len);
                    rest = after;
                    open.left -= len;
                    let whole = len == open.header.len();
                    if open.keep == Keep::Tail && !whole {
                        open.tail.get_or_insert_with(|| Box::new(Tail::EMPTY)).push(part);
                    } else if open.keep == Keep::Whole && !whole {
                        open.take(part, at + len as u64, past);
                    }
                    if open.left == 0 {
                        self.close(part, at + len as u64, past, tell);
                    }
                }
                Stage::Sslv2(held) => {
                    held.extend_from_slice(rest);
                    rest = &[];
                    self.sslv2(end, past, keep, tell);
                }
            }
        }
    }

    /// Where that begins which is not told yet, when the next byte has the offset `next`.
    pub(super) fn begun(&self, next: u64) -> u64 {
        match &self.stage {
            Stage::Header(_, have) => next.saturating_sub(*have as u64),
            Stage::Body(open) => open.start,
            Stage::Sslv2(held) => next.saturating_sub(held.len() as u64),
            Stage::Lost | Stage::Done => next,
        }
    }

    /// The record that is being read, if any: its header, whether its body is kept, and the bytes of it that are still to come.
    pub(super) fn body_left(&self) -> Option<(Header, bool, u64)> {
        match &self.stage {
            Stage::Body(open) => Some((open.header, open.keep == Keep::Whole, open.left as u64)),
            _ => None,
        }
    }

    /// A record's last byte was seen at `end`; `part` is its last piece, all of it when nothing was held.
    fn close(&mut self, part: &[u8], end: u64, past: &[u8], tell: &mut dyn FnMut(Cut<'_>)) {
        let Stage::Body(open) = std::mem::replace(&mut self.stage, Stage::Header([0; 5], 0)) else { return };
        let whole = part.len() == open.header.len();
        let body: &[u8] = match (open.keep, whole) {
            (Keep::Nothing, _) => &[],
            (Keep::Tail, true) => &part[part.len().saturating_sub(TAIL)..],
            (Keep::Tail, false) => open.tail.as_deref().map_or(&[], Tail::bytes),
            (Keep::Whole, true) => part,
            (Keep::Whole, false) if open.remembered => range(past, open.begin(), end).unwrap_or_default(),
            (Keep::Whole, false) => &open.body,
        };
        tell(Cut::Record {
            header: open.header,
            start: open.start,
            end,
            kept: open.keep,
            body,
            damage: open.damage,
            missing: open.missing,
        });
    }

    fn sslv2(
        &mut self,
        end: u64,
        past: &[u8],
        keep: &mut dyn FnMut(Header) -> Keep,
        tell: &mut dyn FnMut(Cut<'_>),
    ) {
        let Stage::Sslv2(held) = &mut self.stage else { return };
        if held.len() < 3 {
            return;
        }
        let len = usize::from(held[0] & 0x7f) << 8 | usize::from(held[1]);
        if held.len() < 2 + len {
            return;
        }
        let held = std::mem::take(held);
        self.any = true;
        let (message, rest) = held.split_at(2 + len);
        let start = end - held.len() as u64;
        tell(Cut::Sslv2 { start, end: start + message.len() as u64, body: &message[2..] });
        // A hello that offers SSL 3.0 or more goes on in records; SSL 2.0 itself is encrypted from here on.
        let records = message.get(2) == Some(&1) && message.get(3) == Some(&3);
        self.stage = if records { Stage::Header([0; 5], 0) } else { Stage::Done };
        if records && !rest.is_empty() {
            self.push(start + message.len() as u64, rest, past, keep, tell);
        }
    }

    /// `len` bytes from `offset` on are missing. Returns whether it is not known any more how many records passed.
    pub(super) fn gap(&mut self, offset: u64, len: u64, past: &[u8], tell: &mut dyn FnMut(Cut<'_>)) -> bool {
        self.any = true;
        match &mut self.stage {
            Stage::Body(open) if len <= open.left as u64 => {
                let missing = len as usize;
                open.left -= missing;
                open.missing += len;
                open.tail = None;
                if open.keep == Keep::Whole {
                    open.hold(offset, past);
                    open.damage.get_or_insert(open.body.len());
                    open.body.resize(open.body.len() + missing, 0);
                }
                if open.left == 0 {
                    self.close(&[], offset + len, past, tell);
                }
                false
            }
            Stage::Body(_) => {
                let Stage::Body(open) = std::mem::replace(&mut self.stage, Stage::Lost) else { return true };
                let (body, missing) = (open.intact(open.reached(), past), open.missing + open.left as u64);
                tell(Cut::Broken { header: open.header, start: open.start, end: offset, body, missing });
                self.searched = 0;
                self.said_lost = true;
                true
            }
            Stage::Header(..) | Stage::Sslv2(_) | Stage::Lost => {
                self.stage = Stage::Lost;
                self.searched = 0;
                self.said_lost = true;
                true
            }
            Stage::Done => false,
        }
    }

    /// The stream ends: what was kept of an unfinished record.
    pub(super) fn finish(&mut self, end: u64, past: &[u8], tell: &mut dyn FnMut(Cut<'_>)) {
        if let Stage::Body(open) = std::mem::replace(&mut self.stage, Stage::Done) {
            let body = open.intact(open.reached(), past);
            let missing = open.missing + open.left as u64;
            tell(Cut::Broken { header: open.header, start: open.start, end, body, missing });
        }
    }

    /// Where in a delivery a record begins, for one who has lost the place: at its start, or where one header follows another.
    fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        self.searched += 1;
        if self.searched > SEARCHES {
            return None;
        }
        let header = |at: usize| {
            let bytes: [u8; 5] = bytes.get(at..at + 5)?.try_into().ok()?;
            Some(Header { bytes }).filter(|header| header.is_plausible() && header.len() > 0)
        };
        if header(0).is_some() && matches!(looks_like_tls(bytes), Probe::Yes(_)) {
            return Some(0);
        }
        (1..bytes.len().saturating_sub(4)).find(|at| {
            header(*at).is_some_and(|head| {
                let next = at + 5 + head.len();
                next == bytes.len() || header(next).is_some()
            })
        })
    }
}
