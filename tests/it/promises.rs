//! The promises of `docs/guarantees.md` and `docs/media.md`: each is in `promises/table.toml` with
//! its test and a change that breaks it. `.ci/promises` makes these changes in a copy of the
//! workspace, one at a time, and sees the test fail.

mod breaking;
mod copy;

use std::path::Path;

use toml_edit::{DocumentMut, Table};

use self::copy::Test;
use crate::support::root;

/// The paragraphs and sentences that promise nothing that a test could prove, by their first words,
/// and the reason.
const EXPLANATIONS: [(&str, &str); 22] = [
    ("Each promise of this client", "says how to read the document"),
    ("RunComfy has no idempotency key", "introduces the table, which is proved"),
    ("No client can protect you from one case", "says what is not promised"),
    ("- One client can wait for ten thousand jobs", "is measured in docs/benchmarks.md"),
    ("A cell such as `again; NotSent` means", "says how to read the table"),
    ("| what happens | submit | read | cancel |", "is proved by the first promise"),
    ("- **Read** is status", "defines a word of the table"),
    ("- The HTTP library does not report", "gives the reason for two rows"),
    ("`runcomfy-ledger` keeps each job in a file", "introduces the promises below it"),
    ("Write down what you are about to do", "is the program of the ledger test"),
    ("After a restart, look at each intent:", "is the program of the ledger test"),
    ("- with an id:", "is the program of the ledger test"),
    ("- with `not sent`:", "is the program of the ledger test"),
    ("- with neither:", "is the program of the ledger test"),
    ("Rules such as `width_pixels>`", "defines the subject"),
    ("`tests/it/promises/table.toml` names", "says how to read the document"),
    ("*Refused* names the rule", "says how to read the table"),
    ("`client.preflight(&input)` returns all of it", "introduces the list, which is proved"),
    ("*Bytes read* are the bytes", "says how to read the table"),
    ("RunComfy does not say which size", "says what is not promised"),
    ("A program can therefore take URLs", "follows from the sentences before it"),
    ("It should not create `Media::file`", "is advice"),
];

/// The document whose paragraphs name their tests.
const GUARANTEES: &str = "guarantees";
/// The document of which each sentence has a row in the table. Its readers want no names of tests.
const MEDIA: &str = "media";

/// Environment variable of `.ci/promises`: `all`, or words, of which the promises to break have one.
const WANTED: &str = "RUNCOMFY_PROMISES";

/// A promise, and a change of the code that breaks it.
#[derive(Debug)]
struct Promise {
    /// The name of the document in `docs/`.
    doc: String,
    /// The words of the document.
    words: String,
    /// The test that fails if it is broken, as `file::test`.
    test: String,
    file: String,
    old: String,
    new: String,
}

/// A paragraph, a list item or a table of a document, on one line.
#[derive(Debug)]
struct Block {
    text: String,
    is_table: bool,
}

#[test]
fn every_promise_of_the_docs_names_its_tests() {
    let mut unproved = Vec::new();
    let blocks = blocks_of(GUARANTEES);
    for (index, block) in blocks.iter().enumerate() {
        // A table is proved by the paragraph behind it, or the one before.
        let around = [index.checked_sub(1), Some(index), Some(index + 1)];
        let around = around.into_iter().flatten().filter_map(|index| blocks.get(index));
        let is_proved = match block.is_table {
            true => around.clone().any(|block| block.text.contains("Proved by")),
            false => block.text.contains("Proved by"),
        };
        if !is_proved && explanation(&block.text).is_none() {
            unproved.push(block.text.as_str());
        }
        for test in block.tests() {
            assert!(find_test(test).is_some(), "there is no test `{test}`");
        }
    }
    assert!(unproved.is_empty(), "these promises name no test:\n{}", unproved.join("\n"));
}

#[test]
fn every_sentence_about_media_has_a_test() {
    let table = table();
    let mut unproved = Vec::new();
    for block in &blocks_of(MEDIA) {
        for sentence in block.sentences() {
            let mut rows = table.iter().filter(|promise| promise.doc == MEDIA);
            let is_proved =
                rows.any(|promise| sentence.contains(promise.words.trim_end_matches('.')));
            if !is_proved && explanation(sentence).is_none() {
                unproved.push(sentence.to_owned());
            }
        }
    }
    assert!(unproved.is_empty(), "these sentences have no test:\n{}", unproved.join("\n"));
}

#[test]
fn every_explanation_is_of_a_promise() {
    let blocks: Vec<Block> = [GUARANTEES, MEDIA].into_iter().flat_map(blocks_of).collect();
    for (words, _) in EXPLANATIONS {
        let mut sentences = blocks.iter().flat_map(Block::sentences);
        assert!(sentences.any(|text| text.starts_with(words)), "nothing begins with {words:?}");
    }
}

/// Returns the reason why a text promises nothing, if that is known.
fn explanation(text: &str) -> Option<&'static str> {
    EXPLANATIONS.iter().find(|(words, _)| text.starts_with(words)).map(|(_, reason)| *reason)
}

#[test]
fn every_promise_has_a_change_that_breaks_it() {
    let table = table();
    for promise in &table {
        let Promise { doc, words, test, file, old, new } = promise;
        let blocks = blocks_of(doc);
        let block = blocks.iter().find(|block| block.text.contains(words.as_str()));
        let block = block.unwrap_or_else(|| unreachable!("docs/{doc}.md has no words `{words}`"));
        let names_it = block.tests().contains(&test.as_str()) || block.is_table || doc == MEDIA;
        assert!(names_it, "docs/{doc}.md: `{words}` does not name the test `{test}`");
        assert!(find_test(test).is_some(), "there is no test `{test}`");
        let found = read(file).matches(old.as_str()).count();
        assert_eq!(found, 1, "{file} has `{old}` {found} times, for `{words}`");
        assert_ne!(old, new, "{words}");
    }
    for block in blocks_of(GUARANTEES) {
        for test in block.tests() {
            let is_broken = table.iter().any(|promise| promise.test == test);
            assert!(is_broken, "promises/table.toml breaks nothing that `{test}` proves");
        }
    }
}

/// The long form.
#[test]
fn each_broken_promise_fails_its_test() {
    let Ok(wanted) = std::env::var(WANTED) else { return };
    let wanted: Vec<&str> = wanted.split_whitespace().collect();
    let promises = table().into_iter().filter(|promise| {
        let text = format!("{promise:?}");
        wanted.iter().any(|word| *word == "all" || text.contains(word))
    });
    let promises: Vec<(Test, Promise)> =
        promises.map(|promise| (find_test(&promise.test).expect("it exists"), promise)).collect();
    assert!(!promises.is_empty(), "no promise has one of the words {wanted:?}");
    let unnoticed = breaking::unnoticed(promises);
    assert!(unnoticed.is_empty(), "promises can be broken:\n{}", unnoticed.join("\n"));
}

impl Block {
    /// The tests behind `Proved by`.
    fn tests(&self) -> Vec<&str> {
        let Some((_, tests)) = self.text.split_once("Proved by") else { return Vec::new() };
        tests.split('`').skip(1).step_by(2).collect()
    }

    /// Its sentences. A table is one.
    fn sentences(&self) -> Vec<&str> {
        match self.is_table {
            true => vec![&self.text],
            false => self.text.split(". ").collect(),
        }
    }
}

/// Splits a document into its blocks, without headings and code.
fn blocks_of(doc: &str) -> Vec<Block> {
    let text = read(&format!("docs/{doc}.md"));
    let mut blocks: Vec<Block> = Vec::new();
    let (mut is_open, mut is_code) = (false, false);
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        }
        let line = line.trim();
        if is_code || line.is_empty() || line.starts_with('#') || line.starts_with("```") {
            is_open = false;
            continue;
        }
        let is_table = line.starts_with('|');
        match blocks.last_mut() {
            Some(last) if is_open && !line.starts_with("- ") && last.is_table == is_table => {
                last.text.push(' ');
                last.text.push_str(line);
            }
            _ => blocks.push(Block { text: line.to_owned(), is_table }),
        }
        is_open = true;
    }
    blocks
}

/// Finds a test by its file and its name.
fn find_test(test: &str) -> Option<Test> {
    let (file, name) = test.split_once("::")?;
    let file = format!("/{file}.rs");
    let mut sources = crate::tidy::sources().into_iter();
    let source =
        sources.find(|source| source.name.ends_with(&file) && has_test(&source.text, name))?;
    Some(Test { file: source.name.clone(), name: name.to_owned() })
}

fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.windows(2).any(|pair| {
        let is_test = pair[0].starts_with("#[test]") || pair[0].starts_with("#[tokio::test");
        is_test && pair[1].contains(&format!("fn {name}("))
    })
}

fn table() -> Vec<Promise> {
    let document: DocumentMut =
        include_str!("promises/table.toml").parse().expect("the table is TOML");
    let promises = document["promise"].as_array_of_tables().expect("it lists promises");
    promises.iter().map(promise).collect()
}

fn promise(table: &Table) -> Promise {
    let text = |key: &str| {
        let value = table.get(key).and_then(|value| value.as_str());
        value.unwrap_or_else(|| unreachable!("`{key}` is missing in {table}")).to_owned()
    };
    Promise {
        doc: text("doc"),
        words: text("words"),
        test: text("test"),
        file: text("file"),
        old: text("old"),
        new: text("new"),
    }
}

fn read(file: &str) -> String {
    let path = root().join(Path::new(file));
    std::fs::read_to_string(&path).unwrap_or_else(|why| unreachable!("{file}: {why}"))
}
