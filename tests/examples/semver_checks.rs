//! Whether `cargo semver-checks` agrees on which changes of a schema break a build. It runs
//! once over all cases; where it sees less than is said, `blind_spots.txt` has the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, ExitCode};

use runcomfy_codegen::{Change, Level};
use runcomfy_tests::changes::{Case, Side, Sides, cases};
use xtask::scratch::{RUNCOMFY, Scratch};

/// Cases in which it sees no break, each with why: `name: reason`.
const BLIND_SPOTS: &str = include_str!("../support/changes/blind_spots.txt");

fn main() -> ExitCode {
    let cases = cases();
    let sides = Sides::of(&cases);
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/schema-changes");
    for (name, side) in [("old", &sides.old), ("new", &sides.new)] {
        write(&home.join(name), side);
    }
    let Some(said) = judged(&home) else { return ExitCode::FAILURE };
    let broken = broken(&said, &cases);
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
            (true, false, None) => wrong.push(format!("{name}: it sees no break")),
            (false, true, _) => wrong.push(format!("{name}: it sees a break, and we none")),
            (true, true, Some(_)) => wrong.push(format!("{name}: no blind spot any more")),
            (false, false, Some(_)) => wrong.push(format!("{name}: a blind spot without a break")),
        }
    }
    for name in blind.keys().filter(|name| !cases.iter().any(|case| case.name == **name)) {
        wrong.push(format!("{name}: a blind spot without a case"));
    }
    println!(
        "cases: {}; breaking: {}, of which cargo semver-checks sees {}; blind spots: {}",
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
    let scratch = Scratch::new(folder, "scratch", &[RUNCOMFY]).expect("there is room");
    scratch.write_sources(&side.library().into_iter().collect()).expect("there is room");
}

/// What it says; nothing where it did not come to a verdict.
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
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if !said.contains("semver requires new major version") {
        eprintln!("error: no verdict of `cargo semver-checks`:\n{said}");
        return None;
    }
    Some(said)
}

/// The cases whose files it names where something must not have changed.
fn broken(said: &str, cases: &[Case]) -> BTreeSet<&'static str> {
    let names = |case: &&Case| said.contains(&format!("src/generated/acme/{}.rs:", case.module()));
    cases.iter().filter(names).map(|case| case.name).collect()
}
