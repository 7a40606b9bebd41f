//! Every command has a snapshot of its help, and a page that shows it succeed and fail.

use std::path::Path;

use crate::docs::folder;

/// The command whose page shows its parts as one story.
const STORY: &str = "batch";

/// Returns the words of every command, such as `jobs show`.
fn commands() -> Vec<String> {
    let root = rcomfy::command();
    let tops = root.get_subcommands().flat_map(|top| {
        let name = top.get_name().to_owned();
        let below = top.get_subcommands().map(|below| below.get_name().to_owned());
        let below: Vec<String> = below.map(|below| format!("{name} {below}")).collect();
        std::iter::once(name).chain(below)
    });
    tops.collect()
}

#[test]
fn every_command_has_a_snapshot_of_its_help() {
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
    let has_none = |name: &String| {
        let file = format!("it__help__help_{}.snap", name.replace(' ', "_"));
        !snapshots.join(file).exists()
    };
    let missing: Vec<String> = commands().into_iter().filter(has_none).collect();
    assert!(missing.is_empty(), "help.rs does not review {missing:?}");
}

#[test]
fn every_command_is_shown_to_succeed_and_to_fail() {
    let commands = commands();
    let mut missing = Vec::new();
    for name in &commands {
        let top = name.split(' ').next().unwrap_or(name);
        if top == STORY {
            continue;
        }
        let page = folder().join(format!("{top}.md"));
        let page = std::fs::read_to_string(&page).unwrap_or_default();
        for is_success in [true, false] {
            if !shows(&page, name, &commands, is_success) {
                missing.push(format!("{name}: {}", if is_success { "success" } else { "failure" }));
            }
        }
    }
    assert!(missing.is_empty(), "examples of docs/cli lack {missing:#?}");
}

/// Returns `true` if a page has an example of a command that ends so.
fn shows(page: &str, name: &str, commands: &[String], is_success: bool) -> bool {
    let examples = page.split("\n$ ").skip(1);
    let mut ended = examples.map(|example| {
        let example = example.split("\n```").next().unwrap_or_default();
        let line = example.lines().next().unwrap_or_default();
        (line, !example.contains("\n[exit code "))
    });
    ended.any(|(line, ended_well)| ended_well == is_success && is_of(line, name, commands))
}

/// Returns `true` if a line runs a command, and not one below it.
fn is_of(line: &str, name: &str, commands: &[String]) -> bool {
    let runs = |name: &str| {
        let words = format!("rcomfy {name}");
        line.ends_with(&words) || line.contains(&format!("{words} "))
    };
    let below = format!("{name} ");
    runs(name) && !commands.iter().any(|other| other.starts_with(&below) && runs(other))
}
