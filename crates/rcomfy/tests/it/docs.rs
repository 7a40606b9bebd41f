//! The pages of `docs/cli/`: made from the command line, with examples that are run.

mod examples;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::schemas::definition;

/// Environment variable that writes the pages instead of comparing them.
const UPDATE: &str = "RCOMFY_UPDATE_DOCS";
/// The line at which the examples begin.
const EXAMPLES: &str = "## Examples\n";

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli")
}

fn is_updating() -> bool {
    std::env::var_os(UPDATE).is_some()
}

#[test]
fn a_page_for_each_command_is_up_to_date() {
    let mut root = rcomfy::command();
    root.build();
    let tops =
        root.get_subcommands_mut().map(|command| (command.get_name().to_owned(), top(command)));
    let tops: Vec<(String, String)> = tops.collect();
    let stale: Vec<String> = std::thread::scope(|scope| {
        let pages: Vec<_> =
            tops.iter().map(|(name, top)| scope.spawn(move || compare(name, top))).collect();
        pages.into_iter().filter_map(|page| page.join().expect("the examples run")).collect()
    });
    let stale = stale.join("\n");
    assert!(stale.is_empty(), "run the tests with {UPDATE}=1 to write these pages:\n{stale}");
}

/// Writes a page, or returns how it differs. Its simulator answers on threads of its own, while its
/// commands block this one.
fn compare(name: &str, top: &str) -> Option<String> {
    let path = folder().join(format!("{name}.md"));
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    let source = old.split_once(EXAMPLES).map_or("", |(_, examples)| examples);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let page = format!("{top}\n{EXAMPLES}{}", runtime.block_on(examples::run(source)));
    if is_updating() {
        std::fs::write(&path, &page).expect("written");
        return None;
    }
    (old != page).then(|| format!("{}\n{}", path.display(), difference(&old, &page)))
}

/// Returns the first lines that differ.
fn difference(old: &str, new: &str) -> String {
    let pairs = old.lines().zip(new.lines()).find(|(old, new)| old != new);
    pairs.map_or("one is longer".to_owned(), |(old, new)| format!("- {old}\n+ {new}"))
}

/// Returns the part of a page that is made from the command line.
fn top(command: &mut clap::Command) -> String {
    let name = command.get_name().to_owned();
    let help = help_of(command);
    let mut page = format!("# rcomfy {name}\n\n```text\n{help}\n```\n");
    page.push_str(&data_table(&name));
    for below in command.get_subcommands_mut() {
        if below.get_name() == "help" {
            continue;
        }
        let below_name = format!("{name} {}", below.get_name());
        page.push_str(&format!("\n## rcomfy {below_name}\n\n```text\n{}\n```\n", help_of(below)));
        page.push_str(&data_table(&below_name));
    }
    page
}

fn help_of(command: &mut clap::Command) -> String {
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    help.join("\n").trim_end().to_owned()
}

/// Returns the members of the `data` of a command, by its schema.
fn data_table(command: &str) -> String {
    let definition = definition(command).expect("a schema of the data");
    let link = format!("`#/$defs/{command}` of [data.schema.json](data.schema.json)");
    let mut text = format!("\nWith `--json`, `data` follows {link}.\n");
    if let Some(properties) = definition["properties"].as_object() {
        text.push_str("\n| member | meaning |\n| --- | --- |\n");
        for (name, property) in properties {
            let meaning =
                property["description"].as_str().map_or_else(|| named(property), str::to_owned);
            text.push_str(&format!("| `{name}` | {meaning} |\n"));
        }
    }
    text
}

/// Returns the name of the definition that a property refers to.
fn named(property: &Value) -> String {
    let name = property["$ref"].as_str().and_then(|path| path.rsplit('/').next());
    name.map_or_else(String::new, |name| format!("a `{name}`"))
}
