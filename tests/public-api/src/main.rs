//! Writes the public API of the published crates to files that are reviewed, or compares it:
//!
//! ```sh
//! cargo run --manifest-path tests/public-api/Cargo.toml             # accept the API as it is
//! cargo run --manifest-path tests/public-api/Cargo.toml -- --check  # fail if it differs
//! ```
//!
//! The files of `runcomfy` and `runcomfy-ledger` have a line for each public item. That of
//! `runcomfy-models` has a line for each module, with the number of its items and a digest of
//! them: the generated code shows what changed. Hidden items are in none.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const ACCEPT: &str = "cargo run --manifest-path tests/public-api/Cargo.toml";

/// The form in which an API is written down.
#[derive(Clone, Copy)]
enum Form {
    Items,
    ModuleDigests,
}

fn main() -> ExitCode {
    let is_check = std::env::args().nth(1).as_deref() == Some("--check");
    match run(is_check) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(is_check: bool) -> Result<ExitCode, Box<dyn Error>> {
    let mut code = ExitCode::SUCCESS;
    let crates = [
        ("runcomfy", "--all-features", Form::Items),
        ("runcomfy-ledger", "", Form::Items),
        ("runcomfy-models", "", Form::ModuleDigests),
    ];
    for (name, features, form) in crates {
        let json = rustdoc_json(name, features)?;
        let items = match items(&json) {
            Ok(items) => items,
            Err(error) => {
                println!("skipped {name}: this Rust writes another rustdoc JSON ({error})");
                continue;
            }
        };
        let text = match form {
            Form::Items => items.concat(),
            Form::ModuleDigests => digests(&items),
        };
        let file = folder().join(format!("{name}.txt"));
        let reviewed = std::fs::read_to_string(&file).unwrap_or_default();
        if !is_check {
            std::fs::write(&file, &text)?;
            println!("wrote {}", file.display());
        } else if reviewed != text {
            print_difference(&reviewed, &text);
            println!("the public API of {name} changed; if it should have, accept it: {ACCEPT}");
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Builds the docs of a crate as JSON. Returns the path of the file.
fn rustdoc_json(name: &str, features: &str) -> Result<PathBuf, Box<dyn Error>> {
    let root = folder().join("../..");
    let target = root.join("target/public-api");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(&root).env("RUSTC_BOOTSTRAP", "1");
    cargo.args(["rustdoc", "--locked", "--quiet", "--lib", "--package", name]);
    cargo.args((!features.is_empty()).then_some(features)).arg("--target-dir").arg(&target);
    cargo.args(["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"]);
    if !cargo.status()?.success() {
        return Err(format!("the docs of {name} could not be built").into());
    }
    Ok(target.join(format!("doc/{}.json", name.replace('-', "_"))))
}

/// Returns a line for each public item of a crate, sorted.
fn items(json: &Path) -> Result<Vec<String>, public_api::Error> {
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .include_function_parameter_names(true)
        .build()?;
    let shown = api.items().map(ToString::to_string).filter(|item| !is_method_of_derive(item));
    let mut items: Vec<String> = shown.map(|item| item + "\n").collect();
    items.sort();
    items.dedup();
    Ok(items)
}

/// Returns `true` for a method whose trait the line of its `impl` names already.
fn is_method_of_derive(item: &str) -> bool {
    let name = item.split('(').next().and_then(|path| path.split("::").last()).unwrap_or_default();
    let name = name.split('<').next().unwrap_or_default();
    item.starts_with("pub fn ")
        && matches!(
            name,
            "clone"
                | "cmp"
                | "deserialize"
                | "drop"
                | "eq"
                | "fmt"
                | "hash"
                | "partial_cmp"
                | "serialize"
                | "source"
        )
}

fn digests(items: &[String]) -> String {
    let modules: BTreeSet<&str> =
        items.iter().filter_map(|item| item.trim_end().strip_prefix("pub mod ")).collect();
    let mut items_of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for item in items {
        items_of.entry(module_of(item, &modules)).or_default().push(item);
    }
    let mut text = String::new();
    for (module, items) in items_of {
        text += &format!("{module}: {} items, {:016x}\n", items.len(), fnv(&items.concat()));
    }
    text
}

/// Returns the module of an item: the longest one that begins the first path of the crate in it.
fn module_of<'m>(item: &str, modules: &BTreeSet<&'m str>) -> &'m str {
    let start = item.find("runcomfy_models").unwrap_or(0);
    let path = &item[start..];
    let around = modules.iter().filter(|module| {
        let rest = path.strip_prefix(**module);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    });
    around.max_by_key(|module| module.len()).copied().unwrap_or_default()
}

/// The FNV-1a hash, which stays the same from one Rust to the next.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn print_difference(old: &str, new: &str) {
    for line in old.lines().filter(|line| !new.lines().any(|other| other == *line)) {
        println!("- {line}");
    }
    for line in new.lines().filter(|line| !old.lines().any(|other| other == *line)) {
        println!("+ {line}");
    }
}
