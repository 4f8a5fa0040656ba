//! A chain held against a trust store, a host name against a leaf: pure functions of values; the time is an argument.

mod formats;
mod hostname;
mod index;
mod path;
mod policy;
mod store;

pub use formats::parse_dn;
pub use hostname::HostnameReport;
pub use index::Index;
pub use path::{
    ElementSource, MissingIssuer, OcspState, PathElement, PathReport, PathRequest, Problem, ProblemKind, Row,
    RowVerdict, SignatureState,
};
pub use policy::Policy;
pub use store::{Entry, EntryKind, NamedEntry, Store, StoreKind};
