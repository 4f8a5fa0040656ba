//! The screens in README.md and the guide are what the command prints.

mod support;

use std::path::Path;

use support::tool::tlspcap;

/// A command of a page with what the page shows of its output.
struct Screen {
    arguments: Vec<String>,
    shown: Vec<String>,
}

/// The blocks of a page that begin with `$ tlspcap`.
fn screens(page: &str) -> Vec<Screen> {
    let mut screens = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line != "```text" {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let Some(command) = block.first().and_then(|line| line.strip_prefix("$ tlspcap ")) else { continue };
        screens.push(Screen {
            arguments: command.split(' ').map(str::to_owned).collect(),
            shown: block.iter().skip(1).map(|line| (*line).to_owned()).collect(),
        });
    }
    screens
}

/// Whether `shown` stands in `output`, line for line; `…` on a line of its own stands for any number of lines.
fn is_shown(shown: &[String], output: &[&str]) -> Result<(), String> {
    let mut at = 0;
    for part in shown.split(|line| line.trim() == "…").filter(|part| !part.is_empty()) {
        let found = output.get(at..).unwrap_or_default().windows(part.len()).position(|lines| lines == part);
        at += found.ok_or_else(|| format!("this is not printed:\n{}", part.join("\n")))? + part.len();
    }
    Ok(())
}

#[test]
fn the_screens_of_the_pages_are_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut pages = vec![root.join("README.md")];
    pages.extend(
        std::fs::read_dir(root.join("docs/guide"))
            .expect("a guide")
            .map(|entry| entry.expect("a page").path()),
    );
    let mut seen = 0;
    for page in pages {
        for screen in screens(&std::fs::read_to_string(&page).expect("a page")) {
            // What is written goes to a folder of the test's own, captures are read where they are.
            std::fs::create_dir_all(folder.path()).expect("a folder");
            let arguments =
                screen.arguments.iter().map(|argument| match argument.strip_prefix("captures/") {
                    Some(_) => argument.clone(),
                    None if argument == "case.pcap" => folder.path().join(argument).display().to_string(),
                    None => argument.clone(),
                });
            let output = tlspcap().current_dir(root).args(arguments).output().expect("it runs");
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&text).replace(&format!("{}/", folder.path().display()), "");
            let lines: Vec<&str> = text.lines().collect();
            if let Err(error) = is_shown(&screen.shown, &lines) {
                panic!("{}: {:?}: {error}\nbut:\n{text}", page.display(), screen.arguments);
            }
            seen += 1;
        }
    }
    assert!(seen >= 3, "{seen} screens");
}

#[test]
fn every_command_of_the_pages_is_understood() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let help: String = ["explain", "triage", "chain", "trim", "diff", "causes", "schema", "completions"]
        .into_iter()
        .map(|command| {
            let output = tlspcap().args([command, "--help"]).output().expect("it runs");
            String::from_utf8(output.stdout).expect("UTF-8")
        })
        .collect();
    // Of builds with the optional features.
    let optional = ["--watch"];
    let mut pages = vec![root.join("README.md"), root.join("docs/LIMITS.md"), root.join("docs/json.md")];
    pages.extend(
        std::fs::read_dir(root.join("docs/guide"))
            .expect("a guide")
            .map(|entry| entry.expect("a page").path()),
    );
    for page in pages {
        for line in std::fs::read_to_string(&page).expect("a page").lines() {
            for (at, _) in line.match_indices("tlspcap ") {
                let command = line[at..].split(['`', '|', '#']).next().unwrap_or_default();
                for word in command.split([' ', '\'']).filter(|word| word.starts_with("--") && word.len() > 2)
                {
                    let option = word.trim_end_matches([',', '.', ')', ';']);
                    let known = help.contains(&format!("{option} ")) || help.contains(&format!("{option}\n"));
                    assert!(known || optional.contains(&option), "{}: {option} in {line}", page.display());
                }
            }
        }
    }
}

#[test]
fn every_chapter_keeps_to_the_width_of_a_terminal() {
    for cause in tlspcap::diagnose::CAUSES {
        let text = tlspcap::render::chapter_text(cause.chapter, 80, false);
        for line in text.lines().filter(|line| unicode_width::UnicodeWidthStr::width(*line) > 80) {
            assert!(!line.trim_start().contains(' '), "{}: {line}", cause.code);
        }
        assert!(!text.contains("](") && !text.contains("\n|"), "{}", cause.code);
    }
}
