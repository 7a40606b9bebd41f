//! Style checks: every file opens with a doc line, none is too long, and generated files name
//! the command that generated them.

mod circles;
mod examples;
mod style;

use std::path::{Path, PathBuf};

use quote::ToTokens;
use runcomfy_codegen::Treatment;

use crate::support::root;

/// A file with more lines of code needs a reason, and an entry in `LONG`.
const MAX_LINES: usize = 500;
/// The files that may be longer.
const LONG: [&str; 0] = [];
/// The guides that name files of the workspace.
const GUIDES: [&str; 7] = [
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "docs/compatibility.md",
    "docs/guarantees.md",
    "docs/ledger.md",
    "docs/media.md",
    "schemas/README.md",
];
/// Tests list code as data, so their length does not count.
const TESTS: &str = "tests/it/";

#[test]
fn every_source_file_opens_with_a_doc_line() {
    for Source { name, text } in sources() {
        let first = text.lines().next().unwrap_or_default();
        let is_program = name.starts_with("tests/ui/");
        let opens = first.starts_with("//! ") || first.starts_with("#![doc = include_str!");
        assert!(opens || is_program, "{name} does not open with a `//!` line");
    }
}

#[test]
fn no_source_file_is_too_long() {
    for Source { name, text } in sources() {
        let code = text.lines().filter(|line| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with("//")
        });
        let count = code.count();
        let may = LONG.contains(&name.as_str()) || name.starts_with(TESTS);
        assert!(count <= MAX_LINES || may, "{name} has {count} lines of code");
        assert!(count > MAX_LINES || !LONG.contains(&name.as_str()), "{name} is no longer long");
    }
}

#[test]
fn generated_files_name_their_command_and_no_path() {
    let mut seen = 0;
    for Source { name, text } in
        sources().into_iter().filter(|source| !is_handwritten(&source.name))
    {
        seen += 1;
        assert!(runcomfy_codegen::is_generated(&text), "{name} has no generated header");
        let head = text.lines().take_while(|line| line.starts_with("//!"));
        let head: Vec<&str> = head.map(|line| line.trim_start_matches("//!").trim()).collect();
        assert!(head.join(" ").ends_with("; do not edit by hand."), "{name}: {head:?}");
        for trace in [env!("CARGO_MANIFEST_DIR"), "/home/", "/tmp/", "C:\\"] {
            assert!(!text.contains(trace), "{name} holds {trace}");
        }
    }
    assert!(seen >= 3, "the generated files were not found");
}

#[test]
fn handwritten_code_silences_no_lint() {
    for Source { name, text } in sources().into_iter().filter(|of| is_handwritten(&of.name)) {
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
fn guides_name_existing_files() {
    let sources = sources();
    for guide in GUIDES {
        let text = std::fs::read_to_string(root().join(guide)).expect("it exists");
        let prose = text.split("```").step_by(2);
        for path in prose.flat_map(|prose| prose.split('`').skip(1).step_by(2)) {
            let is_path = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b));
            let exists = sources
                .iter()
                .any(|source| format!("/{}", source.name).ends_with(&format!("/{path}")));
            assert!(exists || !is_path || !path.ends_with(".rs"), "{guide} names `{path}`");
        }
    }
}

#[test]
fn schemas_readme_lists_every_code() {
    let text = std::fs::read_to_string(root().join("schemas/README.md")).expect("it exists");
    for code in runcomfy_codegen::Code::ALL {
        let row = text.lines().find(|line| line.starts_with(&format!("| `{code}` |")));
        let level = format!("| {} |", format!("{:?}", code.severity()).to_lowercase());
        assert!(row.is_some_and(|row| row.contains(&level)), "no row `| `{code}` {level}`");
    }
}

#[test]
fn schemas_readme_lists_every_keyword_with_its_treatment() {
    let text = std::fs::read_to_string(root().join("schemas/README.md")).expect("it exists");
    let (_, table) = text.split_once("| keyword | how it is handled |").expect("there is a table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut listed = Vec::new();
    for row in rows {
        let (names, becomes) = row[1..].split_once('|').expect("it has two columns");
        let refused = becomes.trim() == "refused |";
        let annotation = becomes.trim() == "annotation |";
        let names = names.split('`').skip(1).step_by(2);
        listed.extend(names.map(|name| (name.to_owned(), refused, annotation)));
    }
    for (keyword, treatment) in runcomfy_codegen::keywords() {
        let row = listed.iter().find(|(name, ..)| name == keyword);
        let (_, refused, annotation) = row.unwrap_or_else(|| panic!("no row for `{keyword}`"));
        assert_eq!(*refused, treatment == Treatment::Refused, "{keyword}");
        assert_eq!(*annotation, treatment == Treatment::Annotation, "{keyword}");
    }
    for (name, ..) in &listed {
        let known = runcomfy_codegen::keywords().any(|(keyword, _)| keyword == name);
        // A value of `type`, and a prefix of names.
        assert!(known || ["null", "x-"].contains(&name.as_str()), "`{name}` is no keyword");
    }
}

#[test]
fn every_supported_keyword_is_in_a_fixture() {
    let folder = std::fs::read_dir(root().join("tests/fixtures")).expect("it exists");
    let all: String = folder
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.is_file())
        .map(|path| std::fs::read_to_string(path).expect("it is text"))
        .collect();
    for (keyword, treatment) in runcomfy_codegen::keywords() {
        let found = all.contains(&format!("\"{keyword}\":"));
        assert!(found || treatment != Treatment::Carried, "no fixture has `{keyword}`");
    }
}

#[test]
fn every_file_of_the_mutation_tests_exists() {
    let text = std::fs::read_to_string(root().join(".cargo/mutants.toml")).expect("it is there");
    let allowed = std::fs::read_to_string(root().join(".cargo/mutants-allowed.txt"));
    let allowed = allowed.expect("it is there");
    let globs = text.split('"').skip(1).step_by(2).filter(|glob| glob.ends_with(".rs"));
    let listed = allowed.lines().filter(|line| !line.starts_with('#'));
    let listed = listed.filter_map(|line| Some(line.split_once(": ")?.0));
    let files: Vec<&str> = globs.chain(listed).map(|file| file.trim_end_matches("/*.rs")).collect();
    assert!(files.len() > 5, "the files were not found");
    for file in files {
        assert!(root().join(file).exists(), "there is no {file}");
    }
}

// Attack M8: the fuzz targets run what the workspace runs.
#[test]
fn the_fuzz_targets_are_locked_to_the_workspaces_versions() {
    let own = locked("Cargo.lock");
    let fuzz = locked("tests/fuzz/Cargo.lock");
    let versions = |name: &str| own.iter().filter(|(own, _)| own == name).count();
    for (name, version) in &fuzz {
        let same = own.contains(&(name.clone(), version.clone()));
        assert!(same || versions(name) == 0, "tests/fuzz/Cargo.lock has {name} {version}");
    }
    for name in ["reqwest", "tokio", "runcomfy-codegen"] {
        assert!(fuzz.iter().any(|(found, _)| found == name), "no {name} in tests/fuzz/Cargo.lock");
    }
}

// Attack L16.
#[test]
fn architecture_lists_every_package_in_several_versions() {
    let mut names: Vec<String> = locked("Cargo.lock").into_iter().map(|(name, _)| name).collect();
    names.sort();
    let mut doubled: Vec<String> =
        names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone()).collect();
    doubled.dedup();
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("it is there");
    let (_, list) = text.split_once("In several versions in `Cargo.lock`: ").expect("a sentence");
    let (list, _) = list.split_once('.').expect("it ends");
    let listed: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    assert_eq!(doubled, listed);

    // ring, which is the default of `runcomfy`, wants an older getrandom than tempfile.
    let allowed = "getrandom v";
    let args = ["tree", "--offline", "--package", "runcomfy", "--all-features", "--duplicates"];
    let output = std::process::Command::new(env!("CARGO"))
        .args(args)
        .args(["--edges", "normal", "--depth", "0"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut others = printed.lines().filter(|line| !line.is_empty() && !line.starts_with(allowed));
    assert!(output.status.success() && others.next().is_none(), "{printed}");
}

// Attack L15.
#[test]
fn every_published_crate_has_the_licences() {
    let mut published = 0;
    for folder in published_folders() {
        let read = |file: &str| std::fs::read_to_string(root().join(&folder).join(file));
        published += 1;
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let text = std::fs::read_to_string(root().join(licence)).expect("it is there");
            assert!(read(licence).is_ok_and(|own| own == text), "{folder} has no {licence}");
        }
    }
    assert!(published >= 5, "the published crates were not found");
}

/// Returns the folders of the members of the workspace that are published.
pub(crate) fn published_folders() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).expect("it is there");
    let manifest: toml_edit::DocumentMut = text.parse().expect("it is TOML");
    let members = manifest["workspace"]["members"].as_array().expect("it lists members");
    let members = members.iter().map(|member| member.as_str().expect("it is a path").to_owned());
    let is_published = |folder: &String| {
        let text = std::fs::read_to_string(root().join(folder).join("Cargo.toml"));
        let manifest: toml_edit::DocumentMut =
            text.expect("it is a crate").parse().expect("it is TOML");
        manifest["package"].get("publish").and_then(toml_edit::Item::as_bool) != Some(false)
    };
    members.filter(is_published).collect()
}

/// Returns the names and versions of the packages in a lock file.
fn locked(file: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(root().join(file)).expect("it is there");
    let lock: toml_edit::DocumentMut = text.parse().expect("it is TOML");
    let packages = lock["package"].as_array_of_tables().expect("it lists packages");
    packages
        .iter()
        .map(|package| {
            let text = |key: &str| package[key].as_str().expect("it is a string").to_owned();
            (text("name"), text("version"))
        })
        .collect()
}

/// A Rust source of the workspace.
pub(crate) struct Source {
    /// Its path, with `/`.
    pub name: String,
    pub text: String,
}

fn is_handwritten(name: &str) -> bool {
    !name.contains("/generated/")
}

/// Returns `true` for a file that is built into a crate, and is not a test.
fn is_library(name: &str) -> bool {
    let Some((_, below)) = name.split_once("/src/") else { return false };
    let is_test = below.split('/').any(|step| matches!(step, "tests" | "tests.rs"));
    !is_test && !name.starts_with("tests/")
}

/// Returns `true` for a module of unit tests.
fn is_test(item: &syn::Item) -> bool {
    let syn::Item::Mod(item) = item else { return false };
    let is_cfg = |attribute: &syn::Attribute| {
        attribute.to_token_stream().to_string().replace(' ', "").contains("cfg(test)")
    };
    item.attrs.iter().any(is_cfg)
}

/// Returns every Rust source of the workspace.
pub(crate) fn sources() -> Vec<Source> {
    let root = root();
    let mut sources = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["codegen", "crates", "xtask", "tests"].iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("it exists") {
            let path = entry.expect("it can be read").path();
            if path.ends_with("target") {
                // The packages apart from the workspace build into folders of their own.
            } else if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).expect("it can be read");
                sources.push(Source { name: relative(&root, &path), text });
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
