//! `parse`: JSON text → [`Schema`]. It goes on past a problem, so that one run shows
//! them all.

pub(crate) mod fixup;
mod keywords;

pub use keywords::{Treatment, keywords};

use std::collections::HashSet;
use std::ops::Range;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use serde_json::Value;

use crate::diagnostic::{Code, Findings, Place};
use crate::document::Schema;

/// More of a schema is not read: the largest real one has some 20 KiB.
const MOST_BYTES: usize = 10 * 1024 * 1024;
/// Deeper nesting is refused: real schemas have some 12 levels, and both this
/// generator and the checker recurse as deep.
const MOST_DEPTH: usize = 64;

/// One file under the schemas folder.
pub(crate) struct File<'a> {
    /// Its path in the schemas folder, with `/`.
    pub path: String,
    /// What it holds.
    pub text: &'a str,
}

/// Parses an input schema.
pub(crate) fn input(file: &File<'_>, findings: &mut Findings) -> Option<Schema> {
    let ast = syntax(file, findings)?;
    Some(keywords::schema(&Node { value: &ast, place: file.whole() }, findings))
}

/// Parses an output schema, which stands under the one key `output`.
pub(crate) fn output(file: &File<'_>, findings: &mut Findings) -> Option<Schema> {
    let ast = syntax(file, findings)?;
    let root = Node { value: &ast, place: file.whole() };
    match root.entries().unwrap_or_default().as_slice() {
        [(name, output)] if *name == "output" => Some(keywords::schema(output, findings)),
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

impl File<'_> {
    /// The place that is the whole file.
    pub(crate) fn whole(&self) -> Place {
        Place { file: self.path.clone(), pointer: String::new(), span: 0..self.text.len() }
    }
}

/// A JSON value with its place.
struct Node<'t> {
    value: &'t ast::Value<'t>,
    place: Place,
}

impl<'t> Node<'t> {
    fn child(&self, step: &str, value: &'t ast::Value<'t>) -> Self {
        Self { value, place: at(&self.place, step, value) }
    }

    /// The entries, where this is an object.
    fn entries(&self) -> Option<Vec<(&'t str, Self)>> {
        let properties = &self.value.as_object()?.properties;
        let entry = |prop: &'t ast::ObjectProp<'t>| {
            (prop.name.as_str(), self.child(prop.name.as_str(), &prop.value))
        };
        Some(properties.iter().map(entry).collect())
    }

    /// The elements, where this is an array.
    fn elements(&self) -> Option<Vec<Self>> {
        let elements = self.value.as_array()?.elements.iter().enumerate();
        Some(elements.map(|(index, value)| self.child(&index.to_string(), value)).collect())
    }

    fn string(&self) -> Option<&'t str> {
        self.value.as_string_lit().map(|literal| literal.value.as_ref())
    }

    fn to_value(&self) -> Value {
        self.value.clone().into()
    }
}

fn at(above: &Place, step: &str, value: &ast::Value<'_>) -> Place {
    let step = step.replace('~', "~0").replace('/', "~1");
    let range = value.range();
    Place {
        file: above.file.clone(),
        pointer: format!("{}/{step}", above.pointer),
        span: range.start..range.end,
    }
}

/// The syntax tree of a text that is JSON, within the limits, with no key twice.
fn syntax<'t>(file: &File<'t>, findings: &mut Findings) -> Option<ast::Value<'t>> {
    let whole = file.whole();
    if file.text.len() > MOST_BYTES {
        let message = format!("the file has over {} MiB", MOST_BYTES / 1024 / 1024);
        findings.push(Code::LimitPassed, &whole, message, "give a smaller schema");
        return None;
    }
    match tree(file.text) {
        Ok(tree) => sound(&tree, &whole, 0, findings).then_some(tree),
        Err((message, span)) => {
            let place = Place { span, ..whole };
            findings.push(Code::InvalidJson, &place, message, "give the whole schema, as JSON");
            None
        }
    }
}

/// The syntax tree. The text is judged by `serde_json`, whose idea of JSON is strict;
/// the other parser knows where each value stands.
fn tree(text: &str) -> Result<ast::Value<'_>, (String, Range<usize>)> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| {
        let start = offset(text, error.line(), error.column());
        (error.to_string(), start..start)
    })?;
    let strict = jsonc_parser::ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    match jsonc_parser::parse_to_ast(text, &Default::default(), &strict) {
        Ok(parsed) => parsed.value.ok_or_else(|| ("the file is empty".to_owned(), 0..0)),
        Err(error) => Err((error.to_string(), error.range().start..error.range().end)),
    }
}

/// The byte at a line and column, both from 1, the column in bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut offset = (before + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Whether a tree keeps to the depth and has no key twice in one object.
fn sound(value: &ast::Value<'_>, place: &Place, depth: usize, findings: &mut Findings) -> bool {
    if depth > MOST_DEPTH {
        let message = format!("nested deeper than {MOST_DEPTH} levels");
        findings.push(Code::LimitPassed, place, message, "flatten the schema");
        return false;
    }
    match value {
        ast::Value::Object(object) => {
            let mut names = HashSet::new();
            object.properties.iter().fold(true, |sound_so_far, prop| {
                let name = prop.name.as_str();
                let place = at(place, name, &prop.value);
                let once = names.insert(name);
                if !once {
                    findings.push(
                        Code::DuplicateKey,
                        &place,
                        format!("the key `{name}` is here twice"),
                        "keep one of the two",
                    );
                }
                sound(&prop.value, &place, depth + 1, findings) && once && sound_so_far
            })
        }
        ast::Value::Array(array) => {
            array.elements.iter().enumerate().fold(true, |sound_so_far, (index, value)| {
                let place = at(place, &index.to_string(), value);
                sound(value, &place, depth + 1, findings) && sound_so_far
            })
        }
        ast::Value::StringLit(_)
        | ast::Value::NumberLit(_)
        | ast::Value::BooleanLit(_)
        | ast::Value::NullKeyword(_) => true,
    }
}
