//! The promises of `docs/guarantees.md` and `docs/media.md`: each names its tests, and each is in
//! `promises/table.toml` with a change that breaks it. `.ci/promises` makes these changes in a
//! copy of the workspace, one at a time, and sees the named test fail.

mod copy;

use std::path::Path;

use toml_edit::{DocumentMut, Table};

use self::copy::{Outcome, Workspace};
use crate::support::root;

/// The paragraphs that promise nothing that a test could prove, by their first words, and the
/// reason.
const EXPLANATIONS: [(&str, &str); 14] = [
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
];

/// The documents, in `docs/`.
const DOCS: [&str; 1] = ["guarantees"];

/// Environment variable of `.ci/promises`: `all`, or a word of the promises to break.
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
    let mut used = Vec::new();
    for doc in DOCS {
        let blocks = blocks(&read(&format!("docs/{doc}.md")));
        for (index, block) in blocks.iter().enumerate() {
            // A table is proved by the paragraph behind it, or the one before.
            let around = [index.checked_sub(1), Some(index), Some(index + 1)];
            let around = around.into_iter().flatten().filter_map(|index| blocks.get(index));
            let is_proved = match block.is_table {
                true => around.clone().any(|block| block.text.contains("Proved by")),
                false => block.text.contains("Proved by"),
            };
            let explanation = EXPLANATIONS.iter().find(|(words, _)| block.text.starts_with(words));
            used.extend(explanation);
            if !is_proved && explanation.is_none() {
                unproved.push(format!("docs/{doc}.md: {}", block.text));
            }
            for test in block.tests() {
                assert!(find_test(test).is_some(), "docs/{doc}.md: there is no test `{test}`");
            }
        }
    }
    assert!(
        unproved.is_empty(),
        "{} promises name no test:\n{}",
        unproved.len(),
        unproved.join("\n")
    );
    for explanation in &EXPLANATIONS {
        assert!(used.contains(&explanation), "no paragraph begins with {explanation:?}");
    }
}

#[test]
fn every_promise_has_a_change_that_breaks_it() {
    let table = table();
    for promise in &table {
        let Promise { doc, words, test, file, old, new } = promise;
        let blocks = blocks(&read(&format!("docs/{doc}.md")));
        let block = blocks.iter().find(|block| block.text.contains(words.as_str()));
        let block = block.unwrap_or_else(|| unreachable!("docs/{doc}.md has no words `{words}`"));
        let names_it = block.tests().contains(&test.as_str()) || block.is_table;
        assert!(names_it, "docs/{doc}.md: `{words}` does not name the test `{test}`");
        let found = read(file).matches(old.as_str()).count();
        assert_eq!(found, 1, "{file} has `{old}` {found} times, for `{words}`");
        assert_ne!(old, new, "{words}");
    }
    for doc in DOCS {
        for block in blocks(&read(&format!("docs/{doc}.md"))) {
            for test in block.tests() {
                let is_broken = table.iter().any(|promise| promise.test == test);
                assert!(is_broken, "promises/table.toml breaks nothing that `{test}` proves");
            }
        }
    }
}

/// The long form: takes about a minute for each promise.
#[test]
fn each_broken_promise_fails_its_test() {
    let Ok(wanted) = std::env::var(WANTED) else { return };
    let promises: Vec<Promise> = table()
        .into_iter()
        .filter(|promise| wanted == "all" || format!("{promise:?}").contains(&wanted))
        .collect();
    assert!(!promises.is_empty(), "no promise has the words `{wanted}`");
    let workspace = Workspace::new(&root());
    let mut tests: Vec<&str> = promises.iter().map(|promise| promise.test.as_str()).collect();
    tests.sort();
    tests.dedup();
    for test in tests {
        let (package, filter) = find_test(test).expect("it exists");
        let outcome = workspace.run(package, &filter);
        assert!(matches!(outcome, Outcome::Passed), "`{test}` without a change {outcome}");
    }
    let mut unnoticed = Vec::new();
    for (index, promise) in promises.iter().enumerate() {
        let Promise { words, test, file, old, new, .. } = promise;
        let text = workspace.read(file);
        workspace.write(file, &text.replace(old, new));
        let (package, filter) = find_test(test).expect("it exists");
        let start = std::time::Instant::now();
        let outcome = workspace.run(package, &filter);
        workspace.write(file, &text);
        let seconds = start.elapsed().as_secs();
        println!("{}/{} {seconds} s {outcome}: {words}", index + 1, promises.len());
        if !matches!(outcome, Outcome::Failed) {
            unnoticed.push(format!("{words}: `{test}` {outcome}"));
        }
    }
    assert!(unnoticed.is_empty(), "promises can be broken:\n{}", unnoticed.join("\n"));
}

impl Block {
    /// The tests behind `Proved by`.
    fn tests(&self) -> Vec<&str> {
        let Some((_, tests)) = self.text.split_once("Proved by") else { return Vec::new() };
        tests.split('`').skip(1).step_by(2).collect()
    }
}

/// Splits a document into its blocks, without headings and code.
fn blocks(text: &str) -> Vec<Block> {
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

/// The package of a test, and the words that select it.
fn find_test(test: &str) -> Option<(&'static str, String)> {
    let (file, name) = test.split_once("::")?;
    for source in crate::tidy::sources() {
        if !source.name.ends_with(&format!("/{file}.rs")) || !has_test(&source.text, name) {
            continue;
        }
        let package = match source.name.split_once('/')? {
            ("tests", _) => "runcomfy-tests",
            ("codegen", _) => "runcomfy-codegen",
            ("crates", rest) if rest.starts_with("runcomfy/") => "runcomfy",
            ("crates", rest) if rest.starts_with("runcomfy-ledger/") => "runcomfy-ledger",
            ("crates", rest) if rest.starts_with("runcomfy-simulator/") => "runcomfy-simulator",
            _ => return None,
        };
        return Some((package, format!("::{name}")));
    }
    None
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
