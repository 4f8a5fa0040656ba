//! The JSON Schema of the report, derived from its types.

use crate::report::Report;

/// The JSON Schema of `tlspcap.report/1`.
pub fn report_schema() -> schemars::Schema {
    schemars::schema_for!(Report)
}
