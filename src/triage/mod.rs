//! Many captures: one row each, whatever happens.

mod archive;
mod capture;
#[cfg(feature = "cloud")]
mod cloud;
mod column;
mod engine;
mod group;
mod hashing;
mod input;
mod isolate;
mod row;
mod signature;
mod source;

pub use capture::{Local, Settings};
pub use column::{COLUMNS, ColumnKind, REQUIRED};
pub use engine::{Job, Stamp, Worker, run};
pub use group::{Group, Groups};
pub use input::{Named, display_name, in_shard, is_remote, listed, walk};
pub use isolate::{Isolated, confine};
pub use row::{ErrorKind, Row, SCHEMA, Status, triage_schema};
pub use signature::signatures;
