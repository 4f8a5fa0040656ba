//! `tlspcap triage` as users and engines run it: every input answered, whatever it is, in the same bytes every time.

#[path = "triage/files.rs"]
mod files;
#[path = "triage/isolated.rs"]
#[cfg(target_os = "linux")]
mod isolated;
#[path = "triage/poison.rs"]
mod poison;
#[path = "triage/resumed.rs"]
mod resumed;
#[path = "triage/streamed.rs"]
mod streamed;
#[path = "triage/watched.rs"]
#[cfg(feature = "watch")]
mod watched;

use files::{collection, rows, seed, text, triage};

#[test]
fn rows_are_the_same_bytes_with_any_number_of_threads_and_in_processes() {
    let folder = collection(90);
    let one = text(triage().args(["--jobs", "1"]).arg(folder.path()));
    assert_eq!(one.lines().count(), 90);
    for options in [&["--jobs", "2"][..], &["--jobs", "8"], &["--isolate", "none", "--jobs", "3"]] {
        assert_eq!(text(triage().args(options).arg(folder.path())), one, "{options:?}");
    }
}

#[test]
fn the_packet_of_a_refusal_by_icmp_is_the_icmp_error() {
    for (case, packet) in [("icmp-prohibited", 8), ("icmp-no-host", 9)] {
        let path = files::captures().join(case).join("capture.pcap");
        assert_eq!(rows(&text(triage().arg(path)))[0]["packet"], packet, "{case}");
    }
}

#[test]
fn shards_are_disjoint_and_together_the_whole() {
    let folder = collection(40);
    let mut whole: Vec<String> = text(triage().arg(folder.path())).lines().map(str::to_owned).collect();
    let mut parts = Vec::new();
    for index in 0..3 {
        let output = text(triage().args(["--shard", &format!("{index}/3")]).arg(folder.path()));
        parts.extend(output.lines().map(str::to_owned));
    }
    let auto = text(triage().env("JOB_COMPLETION_INDEX", "2").args(["--shard", "auto/3"]).arg(folder.path()));
    assert!(parts.ends_with(&auto.lines().map(str::to_owned).collect::<Vec<_>>()));
    whole.sort();
    parts.sort();
    assert_eq!(parts, whole);
}

#[test]
fn equal_contents_are_told_by_their_first_path_with_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["b.pcap", "a.pcap", "c.pcap"] {
        std::fs::write(folder.path().join(name), seed()).expect("written");
    }
    std::fs::write(folder.path().join("d.txt"), "other").expect("written");
    let one = text(triage().args(["--hash", "--jobs", "1"]).arg(folder.path()));
    assert_eq!(text(triage().args(["--hash", "--jobs", "8"]).arg(folder.path())), one);
    let rows = rows(&one);
    let first = rows[0]["path"].as_str().expect("a path");
    assert!(rows[0]["duplicate_of"].is_null() && rows[3]["duplicate_of"].is_null());
    assert_eq!(
        (rows[1]["duplicate_of"].as_str(), rows[2]["duplicate_of"].as_str()),
        (Some(first), Some(first))
    );
    // Also of a file of which nothing but the start was looked at.
    assert_eq!(rows[3]["sha256"], "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa");
}

#[test]
fn exit_statuses_are_those_of_the_contract() {
    let empty = tempfile::tempdir().expect("a folder");
    let folder = collection(2);
    triage().assert().code(2);
    triage().arg(empty.path()).assert().code(2);
    triage().args(["--shard", "4/4"]).arg(folder.path()).assert().code(2);
    triage().args(["--files-from", "no-such-list"]).assert().code(2);
    triage().arg(folder.path()).assert().code(0);
    triage().arg("no-such-file").assert().code(0);
    triage().args(["--exit-code"]).arg(folder.path()).assert().code(1);
    triage().args(["-o", "no/such/folder/rows.ndjson"]).arg(folder.path()).assert().code(1);
    triage().args(["--stream", "--files-from", "-"]).write_stdin("").assert().code(0);
}

#[test]
fn names_come_from_lists_by_line_or_by_nul() {
    let folder = collection(3);
    let names: Vec<String> = rows(&text(triage().arg(folder.path())))
        .iter()
        .map(|row| row["path"].as_str().expect("a path").to_owned())
        .collect();
    let lines = names.join("\n");
    let nul = names.join("\0");
    let answered = |output: String| -> Vec<String> {
        rows(&output).iter().map(|row| row["path"].as_str().expect("a path").to_owned()).collect()
    };
    assert_eq!(answered(text(triage().args(["--files-from", "-"]).write_stdin(lines.clone()))), names);
    assert_eq!(answered(text(triage().arg("-").write_stdin(lines.clone() + "\r\n\n"))), names);
    assert_eq!(answered(text(triage().args(["-0", "--files-from", "-"]).write_stdin(nul))), names);
    let list = folder.path().join("list");
    std::fs::write(&list, lines).expect("written");
    assert_eq!(answered(text(triage().arg("--files-from").arg(&list))), names);
}

#[test]
fn a_table_for_people_fits_80_columns_and_names_causes_and_examples() {
    let folder = collection(60);
    let table = text(triage().args(["--format", "table"]).arg(folder.path()));
    assert!(table.starts_with("60 captures, "), "{table}");
    for heading in ["Causes", "Servers", "Equal failures"] {
        assert!(table.contains(heading), "{heading} in\n{table}");
    }
    let example = folder.path().display().to_string();
    for line in table.lines().filter(|line| !line.contains(&example)) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn csv_has_the_columns_of_the_schema_and_no_formula() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("=cmd,\"x\".pcap"), seed()).expect("written");
    let output = text(triage().args(["--format", "csv", "=cmd,\"x\".pcap"]).current_dir(folder.path()));
    let mut reader = csv::Reader::from_reader(output.as_bytes());
    let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let names: Vec<&str> = tlspcap::triage::COLUMNS.iter().map(|(name, _)| *name).collect();
    assert_eq!(header, names);
    let record = reader.records().next().expect("a row").expect("CSV");
    assert_eq!(&record[1], "'=cmd,\"x\".pcap");
    assert!(reader.records().next().is_none());
}

#[test]
fn connections_get_a_row_each_when_asked_for() {
    let case = files::captures().join("seed");
    let per_capture = rows(&text(triage().arg(case.join("capture.pcap"))));
    let failed = per_capture[0]["failed"].as_u64().expect("a number");
    let per_connection = rows(&text(triage().arg("--connections").arg(case.join("capture.pcap"))));
    assert_eq!(per_connection.len() as u64, failed);
    assert!(per_connection.iter().all(|row| row["connection"].is_u64()));
}

#[test]
fn an_output_file_appears_whole_and_in_the_form_of_its_name() {
    let folder = collection(5);
    let out = tempfile::tempdir().expect("a folder");
    for (name, start) in [
        ("rows.ndjson", "{\"schema\":\"tlspcap.triage/1\""),
        ("rows.csv", "schema,path,status"),
        ("summary.html", "<!DOCTYPE html>"),
    ] {
        let path = out.path().join(name);
        triage().arg("-o").arg(&path).arg(folder.path()).assert().code(0);
        let text = std::fs::read_to_string(&path).expect("written");
        assert!(text.starts_with(start), "{text}");
    }
    assert_eq!(std::fs::read_dir(out.path()).expect("a folder").count(), 3, "nothing is left beside them");
}
