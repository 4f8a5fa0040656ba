//! A chain held against a trust store, a host name against a leaf: pure functions of values; the time is an argument.

mod big_number;
mod build;
mod checks;
mod constraints;
mod formats;
mod graph;
pub mod hostname;
mod index;
mod missing;
mod near_miss;
pub mod ocsp;
mod order;
pub mod path;
mod policy;
mod rows;
pub mod signature;
mod signature_cache;
mod signature_scheme;
mod staple;
mod store;
mod words;

pub use checks::tell_moment;
pub use formats::parse_dn;
pub use hostname::HostnameReport;
pub use hostname::check as check_hostname;
pub use hostname::covers_for_all as covers_host_for_all;
pub use index::Index;
pub use path::{
    ElementSource, MissingIssuer, OcspState, PathElement, PathReport, PathRequest, Problem, ProblemKind, Row,
    RowVerdict, SignatureState,
};
pub use path::{check as check_path, check_with as check_path_with};
pub use policy::Policy;
pub use signature::WeakHash;
pub use signature_cache::SignatureCache;
pub use store::{Entry, EntryKind, NamedEntry, Store, StoreKind};
