//! One thing that can be compared, as one connection shows it.

use crate::report::NOT_REACHED;

/// A fact of one connection under a name that every connection has.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fact {
    pub(super) field: Field,
    pub(super) value: Value,
    /// The packet that shows it.
    pub(super) packet: Option<u64>,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) group: Group,
}

/// Where in the handshake it belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    ClientHello,
    ServerChoice,
    Certificates,
    ClientCertificate,
    Path,
    Result,
}

/// What a connection shows of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    /// Values whose order says something.
    List(Vec<String>),
    /// Values whose order says nothing.
    Set(Vec<String>),
    /// Seconds; only a large difference is one.
    Seconds(f64),
    /// A count; only a large difference is one.
    Count(u64),
    /// There was nothing of the kind.
    None,
    /// It did not come to that, as the handshake had ended.
    NotReached,
    /// The capture does not show it: why.
    Hidden(&'static str),
}

impl Group {
    /// The word of the report.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ClientHello => "client-hello",
            Self::ServerChoice => "server-choice",
            Self::Certificates => "certificates",
            Self::ClientCertificate => "client-certificate",
            Self::Path => "path",
            Self::Result => "result",
        }
    }
}

impl Field {
    pub(super) const fn new(group: Group, name: &'static str, title: &'static str) -> Self {
        Self { name, title, group }
    }

    /// The fact that a connection shows of this field.
    pub(super) fn is(self, value: Value, packet: Option<u64>) -> Fact {
        Fact { field: self, value, packet }
    }
}

impl Value {
    /// Text, or nothing of the kind.
    pub(super) fn text(value: Option<impl Into<String>>) -> Self {
        value.map_or(Self::None, |value| Self::Text(value.into()))
    }

    /// How it is shown; `None` for a list.
    pub(super) fn shown(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::List(_) | Self::Set(_) => None,
            Self::Seconds(seconds) if *seconds < 1.0 => Some(format!("{:.1} ms", seconds * 1e3)),
            Self::Seconds(seconds) => Some(format!("{seconds:.2} s")),
            Self::Count(count) => Some(count.to_string()),
            Self::None => Some("none".to_owned()),
            Self::NotReached => Some(NOT_REACHED.to_owned()),
            Self::Hidden(why) => Some((*why).to_owned()),
        }
    }

    /// The values of a list; nothing for anything else.
    pub(super) fn values(&self) -> &[String] {
        match self {
            Self::List(values) | Self::Set(values) => values,
            _ => &[],
        }
    }

    pub(super) const fn is_list(&self) -> bool {
        matches!(self, Self::List(_) | Self::Set(_))
    }
}
