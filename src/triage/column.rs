//! The fields of a row as columns of a table: names, types and order.

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// A moment in microseconds, UTC.
    Time,
    /// True or false.
    Bool,
}

/// The fields of a row in order, as columns of a table. All but the first five may be null.
pub const COLUMNS: [(&str, ColumnKind); 47] = {
    use ColumnKind::{Bool, Int32, Int64, Text, Time};
    [
        ("schema", Text),
        ("path", Text),
        ("status", Text),
        ("packets", Int64),
        ("bytes", Int64),
        ("path_encoded", Bool),
        ("error_kind", Text),
        ("error", Text),
        ("sha256", Text),
        ("first_time", Time),
        ("last_time", Time),
        ("connections", Int32),
        ("established", Int32),
        ("failed", Int32),
        ("incomplete", Int32),
        ("cause", Text),
        ("confidence", Text),
        ("failed_by", Text),
        ("summary", Text),
        ("connection", Int32),
        ("stream", Int32),
        ("packet", Int64),
        ("client", Text),
        ("server", Text),
        ("sni", Text),
        ("version", Text),
        ("cipher_suite", Text),
        ("alpn", Text),
        ("client_stack", Text),
        ("ja3", Text),
        ("ja4", Text),
        ("alert", Int32),
        ("alert_name", Text),
        ("alert_sender", Text),
        ("teardown", Text),
        ("leaf_subject", Text),
        ("leaf_issuer", Text),
        ("leaf_sha256", Text),
        ("leaf_not_after", Time),
        ("chain_length", Int32),
        ("missing_issuer", Text),
        ("causes", Text),
        ("signature", Text),
        ("signature_host", Text),
        ("duplicate_of", Text),
        ("warnings", Text),
        ("has_keys", Bool),
    ]
};

/// Columns at the start that are never null.
pub const REQUIRED: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::{Row, Status};

    #[test]
    fn the_columns_are_the_fields_of_a_row() {
        let row = serde_json::to_value(Row::named(String::new(), Status::Ok)).unwrap();
        let fields: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(fields, COLUMNS.iter().map(|(name, _)| name).collect::<Vec<_>>());
        let nulls = row.as_object().unwrap().values().filter(|value| value.is_null()).count();
        assert_eq!(nulls, COLUMNS.len() - REQUIRED);
    }
}
