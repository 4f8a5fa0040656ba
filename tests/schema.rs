//! The schemas are an interface: they change only with a reviewed snapshot.

#[test]
fn the_schema_of_the_report_is_the_one_that_was_reviewed() {
    let schema = serde_json::to_string_pretty(&tlspcap::report::report_schema()).expect("JSON");
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("report_schema", schema);
    });
}

#[test]
fn the_schema_of_the_rows_is_the_one_that_was_reviewed() {
    let schema = serde_json::to_string_pretty(&tlspcap::triage::triage_schema()).expect("JSON");
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("triage_schema", schema);
    });
}

#[test]
fn the_schema_of_the_comparison_is_the_one_that_was_reviewed() {
    let schema = serde_json::to_string_pretty(&tlspcap::report::diff_schema()).expect("JSON");
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("diff_schema", schema);
    });
}
