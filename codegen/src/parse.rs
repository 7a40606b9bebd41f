//! `parse`: JSON text → [`Schema`]. It goes on past a problem, so that one run shows
//! them all.

pub(crate) mod fixup;
mod keywords;
mod node;
mod references;
mod schema;
mod syntax;
mod validations;

pub use keywords::{Treatment, keywords};

use serde_json::Value;

use crate::diagnostic::{Code, Findings};
use crate::schema::Schema;
use crate::settings::File;
use node::{Node, Side};
use syntax::syntax;

pub(crate) use syntax::is_within_limits;

/// Parses an input schema.
pub(crate) fn input(file: &File<'_>, findings: &mut Findings) -> Option<Schema> {
    let ast = syntax(file, findings)?;
    Some(schema::document(&Node::root(&ast, file), Side::Input, findings))
}

/// The schema that a value is, for tests.
#[cfg(test)]
pub(crate) fn schema(value: &Value) -> Schema {
    let text = value.to_string();
    let file = File { path: "input.json".to_owned(), text: &text };
    input(&file, &mut Findings::default()).unwrap_or_default()
}

/// Parses an output schema, which stands under the one key `output`.
pub(crate) fn output(file: &File<'_>, findings: &mut Findings) -> Option<Schema> {
    let ast = syntax(file, findings)?;
    let root = Node::root(&ast, file);
    match root.entries().unwrap_or_default().as_slice() {
        [(name, output)] if *name == "output" => {
            Some(schema::document(output, Side::Output, findings))
        }
        _ => {
            findings.push(
                Code::NotAnObject,
                &root.place,
                "an output schema stands under the one key `output`",
                "write it as {\"output\": {…}}",
            );
            None
        }
    }
}

/// Parses a file that is data, not a schema.
pub(crate) fn data(file: &File<'_>, findings: &mut Findings) -> Option<Value> {
    syntax(file, findings).map(Value::from)
}
