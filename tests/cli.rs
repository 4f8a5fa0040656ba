//! The command as a user runs it: options, exit status, pipes, files.

mod support;

use std::process::Stdio;

use assert_cmd::Command;
use support::tool::{capture, tlspcap};

fn stdout(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn json(command: &mut Command) -> serde_json::Value {
    serde_json::from_str(&stdout(command)).expect("JSON")
}

#[test]
fn a_failed_handshake_is_no_error_unless_asked_for() {
    tlspcap().arg("explain").arg(capture("seed")).assert().code(0);
    tlspcap().args(["explain", "--exit-code"]).arg(capture("seed")).assert().code(1);
    tlspcap().args(["explain", "--exit-code"]).arg(capture("ok-tls12")).assert().code(0);
}

#[test]
fn what_cannot_be_read_is_status_2_with_the_name_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("notes.pcap");
    std::fs::write(&text, "these are notes\n").expect("written");
    let output = tlspcap().arg("explain").arg(&text).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("notes.pcap") && error.contains("not a capture"), "{error}");
    tlspcap().args(["explain", "no-such-file"]).assert().code(2);
    tlspcap().args(["explain"]).assert().code(2);
    tlspcap().args(["explain", "--no-such-option", "x"]).assert().code(2);
}

#[test]
fn standard_input_tells_the_same_as_the_file() {
    let bytes = std::fs::read(capture("seed")).expect("a capture");
    let mut from_file = json(tlspcap().args(["explain", "--format", "json"]).arg(capture("seed")));
    let mut from_pipe = json(tlspcap().args(["explain", "--format", "json", "-"]).write_stdin(bytes));
    assert_eq!(from_pipe["capture"]["path"], "-");
    from_file["capture"]["path"] = "".into();
    from_pipe["capture"]["path"] = "".into();
    assert_eq!(from_file, from_pipe);
}

#[test]
fn a_compressed_capture_is_known_by_its_content() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("capture.bin");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&std::fs::read(capture("seed")).expect("a capture")).expect("written");
    std::fs::write(&path, gzip.finish().expect("gzip")).expect("written");
    let report = json(tlspcap().args(["explain", "--format", "json"]).arg(&path));
    assert_eq!(report["capture"]["compression"], "gzip");
    assert_eq!(report["summary"]["failed"], 1);
}

#[test]
fn ndjson_has_a_connection_a_line_and_takes_several_files() {
    let text = stdout(
        tlspcap().args(["explain", "--format", "ndjson"]).arg(capture("seed")).arg(capture("ok-tls12")),
    );
    let outcomes: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["outcome"].to_string())
        .collect();
    assert!(
        outcomes.contains(&"\"failed\"".to_owned()) && outcomes.contains(&"\"established\"".to_owned()),
        "{outcomes:?}"
    );
    let of =
        |part: &str| text.lines().filter(|line| line.contains("\"capture\":") && line.contains(part)).count();
    assert_eq!((of("seed"), of("ok-tls12")), (1, 1), "each line names its file");
}

#[test]
fn reports_of_several_files_stand_apart() {
    let text = stdout(tlspcap().arg("explain").arg(capture("ok-tls12")).arg(capture("tls13-ok")));
    assert!(text.contains("TLS 1.2\n\n"), "{text}");
}

#[test]
fn an_output_file_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.json");
    tlspcap().args(["explain", "--format", "json", "-o"]).arg(&path).arg(capture("seed")).assert().code(0);
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).expect("written")).expect("JSON");
    assert_eq!(report["schema"], "tlspcap.report/1");
    tlspcap()
        .args(["explain", "-o"])
        .arg(folder.path().join("none.txt"))
        .arg("no-such-file")
        .assert()
        .code(2);
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).expect("a folder").map(|e| e.expect("entry").file_name()).collect();
    assert_eq!(left, ["report.json"]);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_written_and_stays_what_it_is() {
    use std::os::unix::ffi::OsStringExt;
    use std::os::unix::fs::FileTypeExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipe");
    let name = std::ffi::CString::new(path.clone().into_os_string().into_vec()).expect("a name");
    // SAFETY: the name is a string that ends in NUL and lives for the call.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let reader = std::thread::spawn({
        let path = path.clone();
        move || std::fs::read_to_string(path).expect("what comes")
    });
    tlspcap().args(["explain", "--format", "json", "-o"]).arg(&path).arg(capture("seed")).assert().code(0);
    assert!(std::fs::metadata(&path).expect("still there").file_type().is_fifo());
    let report: serde_json::Value = serde_json::from_str(&reader.join().expect("it read")).expect("JSON");
    assert_eq!(report["schema"], "tlspcap.report/1");
    let to_folder =
        tlspcap().args(["explain", "-o"]).arg(folder.path()).arg(capture("seed")).assert().code(2);
    let error = String::from_utf8_lossy(&to_folder.get_output().stderr).into_owned();
    assert!(error.contains("is a directory"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_file_that_is_written_anew_keeps_its_place_and_its_readers() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let (file, link) = (folder.path().join("case-17.txt"), folder.path().join("latest.txt"));
    std::fs::write(&file, "old").expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("changed");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    tlspcap().args(["explain", "-o"]).arg(&link).arg(capture("seed")).assert().code(0);
    assert!(std::fs::symlink_metadata(&link).expect("still there").file_type().is_symlink());
    assert!(std::fs::read_to_string(&file).expect("text").contains("ClientHello"));
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o640);
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let plain = stdout(tlspcap().arg("explain").arg(capture("seed")));
    assert!(!plain.contains('\u{1b}'));
    let coloured = stdout(tlspcap().args(["explain", "--color", "always"]).arg(capture("seed")));
    assert!(coloured.contains('\u{1b}'));
    let forced = stdout(tlspcap().env("CLICOLOR_FORCE", "1").arg("explain").arg(capture("seed")));
    assert_eq!(forced, coloured);
    let refused =
        stdout(tlspcap().env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1").arg("explain").arg(capture("seed")));
    assert_eq!(refused, plain);
}

#[test]
fn connections_are_chosen_by_number_and_by_expression() {
    let all = json(tlspcap().args(["explain", "--format", "json"]).arg(capture("ok-resumed")));
    let count = all["connections"].as_array().expect("a list").len();
    assert!(count > 1);
    let one =
        json(tlspcap().args(["explain", "--format", "json", "--connection", "2"]).arg(capture("ok-resumed")));
    assert_eq!(one["connections"].as_array().expect("a list").len(), 1);
    assert_eq!(one["connections"][0], all["connections"][1]);
    let resumed = json(
        tlspcap().args(["explain", "--format", "json", "--filter", "tls.resumed"]).arg(capture("ok-resumed")),
    );
    for connection in resumed["connections"].as_array().expect("a list") {
        assert_eq!(connection["tls"]["resumed"], true);
    }
    assert!(!resumed["connections"].as_array().expect("a list").is_empty());
    tlspcap().args(["explain", "--filter", "outcome =="]).arg(capture("seed")).assert().code(2);
}

#[cfg(unix)]
#[test]
fn ctrl_c_is_for_who_writes_the_pipe_and_the_report_comes_after_it() {
    use std::io::{Read as _, Write as _};
    let bytes = std::fs::read(capture("seed")).expect("a capture");
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("tlspcap"))
        .args(["explain", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(&bytes[..bytes.len() / 2]).expect("written");
    // What it does with the signal is set up before it reads; a pipe holds more than this half.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
    std::thread::sleep(std::time::Duration::from_millis(200));
    pipe.write_all(&bytes[bytes.len() / 2..]).expect("it still reads");
    drop(pipe);
    let mut text = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut text).expect("UTF-8");
    assert!(text.contains("FAILED: untrusted-root"), "{text}");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn what_chooses_no_connection_is_said() {
    let fails = |arguments: &[&str], said: &str| {
        let output = tlspcap().args(arguments).arg(capture("seed")).output().expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(said) && output.stdout.is_empty(), "{arguments:?}: {error}");
    };
    fails(&["explain", "--connection", "7"], "no such connection; the capture has 1 with TLS");
    fails(&["chain", "--connection", "0"], "no such connection; the capture has 1 with TLS");
    fails(&["explain", "--filter", "verdict.caus == expired"], "verdict has no field 'caus'; it has");
    fails(&["explain", "--filter", "id == 1"], "--connection ID");
    fails(&["explain", "--host", ""], "--host");
    let none = stdout(tlspcap().args(["explain", "--filter", "outcome == established"]).arg(capture("seed")));
    assert!(none.contains("--filter holds for none of them."), "{none}");
}

#[test]
fn a_page_is_of_one_capture_and_begins_with_what_failed() {
    let several = [capture("ok-tls12"), capture("seed")];
    tlspcap().args(["explain", "--format", "html"]).args(&several).assert().code(2);
    let page = stdout(tlspcap().args(["explain", "--format", "html"]).arg(capture("protocol-version")));
    let at = |part: &str| page.find(part).unwrap_or_else(|| panic!("{part} in {page}"));
    assert!(at("class=\"bad\"") < page.find("<details>").unwrap_or(usize::MAX), "{page}");
    let ok = stdout(tlspcap().args(["explain", "--format", "html"]).arg(capture("ok-tls12")));
    assert!(ok.contains("<details><summary><h2>#1 <span class=\"good\">established"), "{ok}");
    assert_eq!(ok.matches("<details>").count(), ok.matches("</details>").count());
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("tlspcap"))
        .args(["explain", "--format", "json"])
        .arg(capture("seed"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn chains_are_printed_and_exported() {
    let text = stdout(tlspcap().arg("chain").arg(capture("seed")));
    assert!(text.contains("Certificate chain\n  0 s:/"), "{text}");
    let pem = stdout(tlspcap().args(["chain", "--pem"]).arg(capture("seed")));
    assert!(pem.contains("-----BEGIN CERTIFICATE-----"));
    let folder = tempfile::tempdir().expect("a folder");
    tlspcap().args(["chain", "--der", "-o"]).arg(folder.path()).arg(capture("seed")).assert().code(0);
    let der = std::fs::read(folder.path().join("1-server-0.der")).expect("the leaf");
    assert_eq!(der[0], 0x30);
    tlspcap().args(["chain", "--der"]).arg(capture("seed")).assert().code(2);
}

#[test]
fn the_fix_is_exported_with_the_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("case");
    tlspcap().args(["explain", "--export"]).arg(&out).arg(capture("seed")).assert().code(0);
    assert!(std::fs::read_to_string(out.join("chain.pem")).expect("written").contains("BEGIN CERTIFICATE"));
    assert!(!std::fs::read_to_string(out.join("commands.txt")).expect("written").is_empty());
}

#[test]
fn a_wrong_password_is_said() {
    let store = capture("seed").with_file_name("truststore.jks");
    let output = tlspcap()
        .args(["explain", "--truststore-password", "wrong", "--truststore"])
        .arg(&store)
        .arg(capture("seed"))
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("truststore.jks") && error.contains("password"), "{error}");
}

#[test]
fn causes_schemas_completions_and_the_man_page_are_printed() {
    let list = stdout(tlspcap().arg("causes"));
    assert!(list.lines().any(|line| line.starts_with("untrusted-root ")), "{list}");
    assert!(stdout(tlspcap().args(["causes", "untrusted-root"])).starts_with("# untrusted-root"));
    tlspcap().args(["causes", "no-such-cause"]).assert().code(2);
    assert!(stdout(tlspcap().args(["schema", "report"])).contains("tlspcap"));
    assert!(stdout(tlspcap().args(["schema", "diff"])).contains("not_compared"));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(!stdout(tlspcap().args(["completions", shell])).is_empty(), "{shell}");
    }
    assert!(stdout(tlspcap().arg("man")).contains(".TH tlspcap"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(stdout(tlspcap().args(["completions", shell])).contains("missing-intermediate"), "{shell}");
    }
    assert!(stdout(tlspcap().arg("--version")).contains("features: "));
    assert_eq!(stdout(tlspcap().arg("-V")).lines().count(), 1);
}
