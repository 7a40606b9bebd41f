//! Parses JSON text into a [`Schema`]. Goes on after a problem, to report them all in one run.

pub(crate) mod fixup;
mod keywords;
mod node;
mod references;
mod schema;
mod syntax;
mod validations;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Findings, Place};
use crate::schema::Schema;
use crate::settings::File;
use node::{Node, Side};
use syntax::parse_tree;

pub(crate) use keywords::MAX_CHOICES;
pub use keywords::{Treatment, keywords};
pub(crate) use syntax::is_within_limits;

/// Parses an input schema.
pub(crate) fn input(file: &File<'_>, findings: &mut Findings) -> Option<Schema> {
    let tree = parse_tree(file, findings)?;
    Some(schema::read_document(&Node::root(&tree, file), Side::Input, findings))
}

/// Parses an output schema, which is under the one key `output`.
pub(crate) fn output(file: &File<'_>, findings: &mut Findings) -> Option<Schema> {
    let tree = parse_tree(file, findings)?;
    let root = Node::root(&tree, file);
    match root.entries().unwrap_or_default().as_slice() {
        [(name, output)] if *name == "output" => {
            Some(schema::read_document(output, Side::Output, findings))
        }
        _ => {
            findings.push(Diagnostic::output_not_wrapped(&root.place));
            None
        }
    }
}

/// Parses a file that is data, not a schema.
pub(crate) fn data(file: &File<'_>, findings: &mut Findings) -> Option<Value> {
    parse_tree(file, findings).map(Value::from)
}

/// Returns the strings of a list in a file that is data, with their places. The list is the value
/// of a key.
pub(crate) fn strings(file: &File<'_>, key: &str) -> Vec<(String, Place)> {
    // What is wrong with the file was reported when it was parsed as data.
    let Some(tree) = parse_tree(file, &mut Findings::default()) else { return Vec::new() };
    let root = Node::root(&tree, file);
    let list = root.entries().unwrap_or_default().into_iter().find(|(name, _)| *name == key);
    let elements = list.and_then(|(_, list)| list.elements()).unwrap_or_default();
    let strings = elements.into_iter();
    strings.filter_map(|node| Some((node.string()?.to_owned(), node.place))).collect()
}

/// Parses a schema for a test.
#[cfg(test)]
pub(crate) fn schema(value: &Value) -> Schema {
    let text = value.to_string();
    let file = File { path: "input.json".to_owned(), text: &text };
    input(&file, &mut Findings::default()).unwrap_or_default()
}
