//! Compares our report of breaking changes with `cargo semver-checks`, over all cases at once.
//! `blind_spots.txt` lists the breaks that the tool does not see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, ExitCode};

use runcomfy_codegen::{Change, Level};
use runcomfy_tests::changes::{Case, Side, Sides, cases};

/// Cases in which the tool sees no break, as `name: reason`.
const BLIND_SPOTS: &str = include_str!("../support/changes/blind_spots.txt");

fn main() -> ExitCode {
    let cases = cases();
    let sides = Sides::of(&cases);
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/schema-changes");
    for (name, side) in [("old", &sides.old), ("new", &sides.new)] {
        write(&home.join(name), side);
    }
    let Some(printed) = judged(&home) else { return ExitCode::FAILURE };
    let broken = broken(&printed, &cases);
    let diff = sides.diff();
    let ours: BTreeSet<&str> = cases
        .iter()
        .filter(|case| {
            let model = diff.models.iter().find(|model| model.folder == case.folder());
            let breaks = |change: &Change| change.kind.level() == Level::Breaks;
            model.is_some_and(|model| model.changes.iter().any(breaks))
        })
        .map(|case| case.name)
        .collect();
    let blind: BTreeMap<&str, &str> = BLIND_SPOTS
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .filter_map(|line| line.split_once(": "))
        .collect();
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case.name;
        match (ours.contains(name), broken.contains(name), blind.get(name)) {
            (true, true, None) | (true, false, Some(_)) | (false, false, None) => {}
            (true, false, None) => wrong.push(format!("{name}: the tool sees no break")),
            (false, true, _) => wrong.push(format!("{name}: the tool sees a break, and we do not")),
            (true, true, Some(_)) => wrong.push(format!("{name}: no longer a blind spot")),
            (false, false, Some(_)) => wrong.push(format!("{name}: a blind spot without a break")),
        }
    }
    for name in blind.keys().filter(|name| !cases.iter().any(|case| case.name == **name)) {
        wrong.push(format!("{name}: a blind spot without a case"));
    }
    println!(
        "cases: {}; breaking: {}, seen by cargo semver-checks: {}; blind spots: {}",
        cases.len(),
        ours.len(),
        broken.len(),
        blind.len()
    );
    for wrong in &wrong {
        eprintln!("error: {wrong}");
    }
    if wrong.is_empty() && broken.len() > 10 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn write(folder: &Path, side: &Side) {
    let runcomfy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/runcomfy");
    let manifest = format!(
        "[package]\nname = \"scratch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies.runcomfy]\npath = {:?}\ndefault-features = false\nfeatures = [\"pattern\"]\n",
        runcomfy.display().to_string(),
    );
    // A module of an earlier run would be compiled too.
    std::fs::remove_dir_all(folder.join("src")).ok();
    for (name, text) in side.library().into_iter().chain([("Cargo.toml".to_owned(), manifest)]) {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().expect("it has a folder")).expect("it can be made");
        std::fs::write(file, text).expect("it can be written");
    }
}

/// Returns the output of the tool, or `None` if it gave no verdict.
fn judged(home: &Path) -> Option<String> {
    let output = Command::new("cargo")
        .args(["semver-checks", "--release-type", "minor", "--color", "never"])
        .arg("--baseline-root")
        .arg(home.join("old"))
        .arg("--manifest-path")
        .arg(home.join("new/Cargo.toml"))
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", home.join("target"))
        .output()
        .expect("cargo starts");
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    if !printed.contains("semver requires new major version") {
        eprintln!("error: no verdict of `cargo semver-checks`:\n{printed}");
        return None;
    }
    Some(printed)
}

/// Returns the cases whose files the tool names in a finding.
fn broken(printed: &str, cases: &[Case]) -> BTreeSet<&'static str> {
    let names =
        |case: &&Case| printed.contains(&format!("src/generated/acme/{}.rs:", case.module()));
    cases.iter().filter(names).map(|case| case.name).collect()
}
