//! The guide and the README show programs and what they print. Each program is an example that
//! is built here, and each output is compared with what the commands print now.
//!
//! With `INSTA_UPDATE=always`, the documents are written instead: read the `git diff`.

mod commands;
mod document;
mod readme;

use std::collections::BTreeSet;
use std::path::PathBuf;

use runcomfy_simulator::Simulator;
use tempfile::TempDir;

use crate::support::root;
use commands::{Examples, normalized};
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
    let programs: Vec<&str> = guide.blocks("rust").collect();
    let mut shown = BTreeSet::new();
    for file in example_files() {
        let program = std::fs::read_to_string(&file).expect("it can be read");
        assert!(program.lines().count() <= MAX_LINES, "{} is too long", file.display());
        let found = programs.iter().position(|block| *block == program);
        assert!(found.is_some(), "docs/guide.md does not show {} as it is", file.display());
        shown.extend(found);
    }
    assert!(shown.len() > 10, "the examples were not found");
    assert_eq!(shown.len(), programs.len(), "docs/guide.md shows a program that is no example");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_output_of_the_guide_is_what_the_examples_print() {
    let mut guide = Document::read("docs/guide.md");
    let examples = Examples::build();
    let sections: Vec<_> = guide
        .sections()
        .map(|pieces| tokio::spawn(run_section(pieces.to_vec(), examples.clone())))
        .collect();
    let mut pieces = Vec::new();
    for section in sections {
        pieces.extend(section.await.expect("the section runs"));
    }
    guide.pieces = pieces;
    guide.compare();
}

/// Runs the commands of a section, in a folder and against a simulator of its own. Returns the
/// section with what they printed.
async fn run_section(mut pieces: Vec<Piece>, examples: Examples) -> Vec<Piece> {
    let folder = TempDir::new().expect("a folder can be made");
    let mut simulator: Option<Simulator> = None;
    for piece in &mut pieces {
        let Piece::Block { language, text } = piece else { continue };
        if language != "console" {
            continue;
        }
        let mut printed = String::new();
        for command in text.lines().filter_map(|line| line.strip_prefix("$ ")) {
            let simulator = match &mut simulator {
                Some(simulator) => simulator,
                none => none.insert(commands::start_simulator(command).await),
            };
            let output = examples.run(command, folder.path(), simulator).await;
            printed += &format!("$ {command}\n{}", normalized(&output));
        }
        *text = printed;
    }
    pieces
}
