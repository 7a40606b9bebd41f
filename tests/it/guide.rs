//! The guide and the README show programs and what they print. Each program is an example that
//! is built here, and each output is compared with what the commands print now.
//!
//! With `INSTA_UPDATE=always`, the documents are written instead: read the `git diff`.

mod commands;
mod document;
mod pages;
mod readme;

use std::collections::BTreeSet;
use std::path::PathBuf;

use runcomfy_simulator::Simulator;
use tempfile::TempDir;
use toml_edit::{DocumentMut, Item};

use crate::support::{self, root};
use commands::{Programs, normalized};
use document::{Document, Piece};

/// The maximum number of lines of an example.
const MAX_LINES: usize = 60;

/// The examples that the guide shows, each in the file of its name.
fn example_files() -> Vec<PathBuf> {
    let folder = root().join("crates/runcomfy-models/examples");
    let files = std::fs::read_dir(folder).expect("there are examples");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("it can be read").path()).collect();
    files.sort();
    // It is shown by the README.
    files.retain(|file| file.file_stem().is_some_and(|name| name != "demo"));
    files
}

#[test]
fn each_program_of_the_guide_is_a_short_example() {
    let guide = Document::read("docs/guide.md");
    // A program with models of its own is built with them in the other test.
    let is_example = |program: &&str| !program.starts_with("mod generated;");
    let programs: BTreeSet<&str> = guide.blocks("rust").filter(is_example).collect();
    let files = example_files();
    let examples: Vec<String> =
        files.iter().map(|file| std::fs::read_to_string(file).expect("it can be read")).collect();
    for (file, program) in files.iter().zip(&examples) {
        assert!(program.lines().count() <= MAX_LINES, "{} is too long", file.display());
        let is_shown = programs.contains(program.as_str());
        assert!(is_shown, "docs/guide.md does not show {} as it is", file.display());
    }
    assert!(examples.len() > 10, "the examples were not found");
    assert_eq!(examples.len(), programs.len(), "docs/guide.md shows a program that is no example");
}

#[test]
fn each_dependency_of_the_documents_exists() {
    let mut found = 0;
    for document in ["README.md", "docs/guide.md"] {
        for block in Document::read(document).blocks("toml") {
            let block: DocumentMut = block.parse().expect("it is TOML");
            for (_, table) in block.iter() {
                let dependencies = table.as_table_like().expect("it is a table").iter();
                for (name, dependency) in dependencies {
                    let Some(path) = dependency.get("path").and_then(Item::as_str) else {
                        continue;
                    };
                    commands::assert_dependency(name, path, dependency.get("features"));
                    found += 1;
                }
            }
        }
    }
    assert!(found > 4, "{found} dependencies were found");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_output_of_the_guide_is_what_the_examples_print() {
    let mut guide = Document::read("docs/guide.md");
    let programs = Programs::build();
    let sections: Vec<_> = guide
        .sections()
        .map(|pieces| tokio::spawn(run_section(pieces.to_vec(), programs.clone())))
        .collect();
    let mut pieces = Vec::new();
    for section in sections {
        pieces.extend(section.await.expect("the section runs"));
    }
    guide.pieces = pieces;
    guide.compare();
}

/// Runs the commands of a section, in a folder and against a simulator of its own, with the files
/// that the section shows. Returns the section with what they printed.
async fn run_section(mut pieces: Vec<Piece>, programs: Programs) -> Vec<Piece> {
    let folder = TempDir::new().expect("a folder can be made");
    let folder = folder.path();
    let mut simulator: Option<Simulator> = None;
    for piece in &mut pieces {
        let Piece::Block { language, text } = piece else { continue };
        match language.as_str() {
            "json" => support::write(&folder.join("input.json"), text),
            "rust" => support::write(&folder.join("src/main.rs"), text),
            "toml" if text.starts_with("[dependencies]") => {
                commands::write_manifest(folder, "own-models", text);
            }
            "console" => {
                let mut printed = String::new();
                for command in text.lines().filter_map(|line| line.strip_prefix("$ ")) {
                    if simulator.is_none() || command.starts_with("runcomfy-simulator ") {
                        simulator = Some(commands::start_simulator(command, folder).await);
                    }
                    let simulator = simulator.as_ref().expect("it was started");
                    let output = programs.run(command, folder, simulator).await;
                    printed += &format!("$ {command}\n{}", normalized(&output));
                }
                *text = printed;
            }
            _ => {}
        }
    }
    pieces
}
