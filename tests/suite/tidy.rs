//! What a reader may count on: every file says what it is, none has grown too long, and
//! generated files say how they came to be.

use std::path::{Path, PathBuf};

use crate::support::root;

/// A file past this many lines of code wants a reason, and a place in `LONG`.
const MOST_LINES: usize = 500;
/// The files that have one.
const LONG: [&str; 0] = [];
/// What lists code as data, so that its length is no measure.
const TESTS: &str = "tests/suite/";

#[test]
fn every_source_file_opens_with_what_it_is() {
    for (name, text) in sources() {
        let first = text.lines().next().unwrap_or_default();
        let is_program = name.starts_with("tests/must-not-compile/");
        let opens = first.starts_with("//! ") || first.starts_with("#![doc = include_str!");
        assert!(opens || is_program, "{name} does not open with a `//!` line");
    }
}

#[test]
fn no_source_file_is_too_long() {
    for (name, text) in sources() {
        let code = text.lines().filter(|line| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with("//")
        });
        let count = code.count();
        let may = LONG.contains(&name.as_str()) || name.starts_with(TESTS);
        assert!(count <= MOST_LINES || may, "{name} has {count} lines of code");
        assert!(count > MOST_LINES || !LONG.contains(&name.as_str()), "{name} is long no more");
    }
}

#[test]
fn generated_files_say_how_they_came_to_be_and_nothing_about_when_or_where() {
    let mut seen = 0;
    for (name, text) in sources().into_iter().filter(|(name, _)| name.contains("/generated/")) {
        seen += 1;
        assert!(runcomfy_codegen::is_generated(&text), "{name} has no generated header");
        let head: String = text.lines().take(2).collect();
        assert!(head.ends_with("do not edit by hand."), "{name}: {head}");
        for trace in [env!("CARGO_MANIFEST_DIR"), "/home/", "/tmp/", "C:\\"] {
            assert!(!text.contains(trace), "{name} holds {trace}");
        }
    }
    assert!(seen >= 3, "the generated files were not found");
}

#[test]
fn handwritten_code_does_not_silence_its_judges() {
    for (name, text) in sources() {
        for silencer in ["allow(", "expect("] {
            let attribute = format!("#[{silencer}");
            let inner = format!("#![{silencer}");
            let found = text.lines().any(|line| {
                let line = line.trim();
                line.starts_with(&attribute) || line.starts_with(&inner)
            });
            assert!(!found, "{name} has `{attribute}…)]`");
        }
    }
}

#[test]
fn schemas_readme_lists_every_code() {
    let text = std::fs::read_to_string(root().join("schemas/README.md")).expect("it is there");
    for code in runcomfy_codegen::Code::ALL {
        let row = text.lines().find(|line| line.starts_with(&format!("| `{code}` |")));
        let level = format!("| {} |", format!("{:?}", code.severity()).to_lowercase());
        assert!(row.is_some_and(|row| row.contains(&level)), "no row `| `{code}` {level}`");
    }
}

/// Every Rust source of the workspace, by its path.
fn sources() -> Vec<(String, String)> {
    let root = root();
    let mut sources = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["codegen", "crates", "xtask", "tests"].iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("it is there") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).expect("it can be read");
                sources.push((relative(&root, &path), text));
            }
        }
    }
    assert!(sources.len() > 40, "the sources were not found");
    sources
}

fn relative(root: &Path, path: &Path) -> String {
    let steps = path.strip_prefix(root).expect("it is below").iter();
    steps.map(|step| step.to_string_lossy()).collect::<Vec<_>>().join("/")
}
