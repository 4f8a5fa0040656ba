//! What the followers of single protocols tell the [`Prelude`](super::Prelude).

/// A side of the connection. Which of them will be the TLS client is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peer {
    /// The side that opened the connection, as far as the caller knows.
    A,
    /// The other one.
    B,
}

impl Peer {
    /// The other side.
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// A protocol in which TLS was asked for or carried.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Passed {
    /// `starttls-smtp`, `http-connect`, `socks`, …: the word of the report.
    pub kind: &'static str,
    /// Host and port asked for in a CONNECT or SOCKS request, or the destination in a PROXY header.
    pub target: Option<String>,
    /// The last answer that refused, escaped, in one line of at most 80 characters.
    pub refusal: Option<String>,
    /// The answer that lets TLS or the tunnel begin was seen.
    pub granted: bool,
    /// The server said what it offers and TLS was not among it, in these words; nobody asked for TLS and nothing else followed.
    pub withheld: Option<String>,
    /// After the refusal the asker asked again, and no answer was seen.
    pub asked_again: bool,
    /// After the refusal the asker went on in plain text.
    pub went_on: bool,
}

/// What a follower makes of the bytes at the front of one direction.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More bytes are needed, of this side or of the other.
    Wait,
    /// A message of this many bytes; it may reach beyond the bytes at hand.
    Used(usize),
    /// A message of so many bytes asks for TLS or a tunnel.
    Asks(usize),
    /// A message of so many bytes grants TLS, which begins in both directions.
    Begins(usize),
    /// A message of so many bytes opens a tunnel: another protocol begins in both directions.
    Opens(usize),
    /// A message of so many bytes refuses, in these words.
    Refuses(usize, String),
    /// A message of so many bytes says what its sender offers, and TLS is not among it, in these words.
    Withholds(usize, String),
    /// It is this protocol and will not lead to TLS.
    Plain(&'static str),
    /// It is none of the protocols that can be followed, or no longer.
    Unknown,
}
