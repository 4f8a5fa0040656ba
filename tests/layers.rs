//! The house: a module imports only from the floors below it, and an outside crate stays in its folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What each module may import beside itself.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("limits", &[]),
    ("iana", &[]),
    ("capture", &["error", "limits"]),
    ("decode", &["capture", "error", "limits"]),
    ("tcp", &["capture", "decode", "error", "limits"]),
    ("tunnel", &[]),
    ("tls", &["error", "iana", "limits"]),
    ("x509", &["error", "iana", "limits"]),
    ("trust", &["error", "x509", "limits"]),
    ("connection", &["capture", "decode", "error", "iana", "tcp", "tls", "tunnel", "x509"]),
    ("fingerprint", &["connection", "iana", "tls"]),
    (
        "analyzer",
        &["capture", "connection", "decode", "error", "iana", "limits", "tcp", "tls", "tunnel", "x509"],
    ),
    (
        "diagnose",
        &[
            "capture",
            "connection",
            "decode",
            "error",
            "fingerprint",
            "iana",
            "tcp",
            "tls",
            "trust",
            "tunnel",
            "x509",
        ],
    ),
    (
        "report",
        &[
            "capture",
            "connection",
            "decode",
            "diagnose",
            "error",
            "fingerprint",
            "iana",
            "tcp",
            "tls",
            "trust",
            "x509",
        ],
    ),
    ("render", &["report"]),
    (
        "explain",
        &[
            "analyzer",
            "capture",
            "connection",
            "decode",
            "diagnose",
            "error",
            "fingerprint",
            "iana",
            "limits",
            "report",
            "tls",
            "trust",
            "x509",
        ],
    ),
    (
        "trim",
        &[
            "analyzer",
            "capture",
            "connection",
            "decode",
            "diagnose",
            "error",
            "explain",
            "limits",
            "report",
            "tcp",
            "tls",
            "tunnel",
        ],
    ),
    ("compare", &["connection", "diagnose", "error", "explain", "report", "tls"]),
    ("triage", &["capture", "diagnose", "error", "explain", "limits", "render", "report", "tls", "trust"]),
];

/// Outside crates that stay in one folder.
const CRATES: &[(&str, &str)] = &[
    ("pcap_parser", "capture"),
    ("etherparse", "decode"),
    ("tls_parser", "tls"),
    ("x509_parser", "x509"),
    ("clap", "cli"),
    ("comfy_table", "render"),
];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// Each file with its module's name and its text without the tests at its foot.
fn modules() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&root).expect("below src").to_owned();
            let first =
                inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).expect("a readable source");
            let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
            (first.trim_end_matches(".rs").to_owned(), inside, text)
        })
        .filter(|(module, _, _)| module != "lib" && module != "main")
        .collect()
}

/// Modules that a text names as `crate::module`.
fn imports(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

#[test]
fn imports_run_downward_only() {
    let mut wrong = Vec::new();
    for (module, path, text) in modules().into_iter().filter(|(module, _, _)| module != "cli") {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{} is in no floor of the table", path.display()));
            continue;
        };
        for import in imports(&text) {
            let known = MAY_IMPORT.iter().any(|(name, _)| *name == import);
            if known && import != module && !allowed.contains(&import.as_str()) {
                wrong.push(format!("{} imports {import}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_floors_has_no_circle() {
    fn reaches(from: &str, to: &str, seen: &mut Vec<String>) -> bool {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == from) else { return false };
        allowed.iter().any(|next| {
            *next == to
                || (!seen.iter().any(|s| s == next) && {
                    seen.push((*next).to_owned());
                    reaches(next, to, seen)
                })
        })
    }
    for (module, _) in MAY_IMPORT {
        assert!(!reaches(module, module, &mut Vec::new()), "{module} reaches itself");
    }
}

#[test]
fn outside_crates_stay_in_their_folder() {
    for (module, path, text) in modules() {
        for (name, home) in CRATES {
            let used = text.lines().any(|line| {
                let line = line.trim_start();
                !line.starts_with("//") && line.contains(&format!("{name}::"))
            });
            assert!(!used || module == *home, "{} uses {name}, which belongs to {home}", path.display());
        }
    }
}

#[test]
fn only_the_command_line_prints() {
    for (module, path, text) in modules().into_iter().filter(|(module, _, _)| module != "cli") {
        let prints = text.lines().any(|line| {
            let line = line.trim_start();
            !line.starts_with("//")
                && (line.contains("println!(") || line.contains("eprint!(") || line.contains("dbg!("))
        });
        assert!(!prints, "{} prints ({module})", path.display());
    }
}
