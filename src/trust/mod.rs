//! A chain held against a trust store, a host name against a leaf: pure functions of values; the time is an argument.

mod big_number;
mod hostname;
mod path;
mod policy;
mod signature;
mod store;

pub use hostname::HostnameReport;
pub use path::{
    ElementSource, MissingIssuer, OcspState, PathElement, PathReport, PathRequest, Problem, ProblemKind, Row,
    RowVerdict, SignatureState,
};
pub use policy::Policy;
pub use signature::{WeakHash, verify, verify_certificate, verify_tls, weakness};
pub use store::{Entry, EntryKind, NamedEntry, Store, StoreKind};
