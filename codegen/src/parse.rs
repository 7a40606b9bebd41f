//! Parses JSON text into a [`Schema`]. Goes on after a problem, to report them all in one run.

pub(crate) mod fixup;
mod keywords;
mod node;
mod references;
mod schema;
mod syntax;
mod validations;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Findings};
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

/// Parses a schema for a test.
#[cfg(test)]
pub(crate) fn schema(value: &Value) -> Schema {
    let text = value.to_string();
    let file = File { path: "input.json".to_owned(), text: &text };
    input(&file, &mut Findings::default()).unwrap_or_default()
}
