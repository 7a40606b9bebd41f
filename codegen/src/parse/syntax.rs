//! JSON text → a syntax tree, within the limits.

use std::collections::HashSet;
use std::ops::Range;

use jsonc_parser::ast;
use serde_json::Value;

use super::node::at;
use crate::diagnostic::{Code, Findings, Place};
use crate::settings::File;

/// More of a schema is not read: the largest real one has some 20 KiB.
const MOST_BYTES: usize = 10 * 1024 * 1024;
/// Deeper nesting is refused: real schemas have some 12 levels, and both this
/// generator and the checker recurse as deep.
const MOST_DEPTH: usize = 64;
/// More values of one file are refused: the largest real schema has some 1,000, and a
/// value takes more memory than its text.
const MOST_VALUES: usize = 50_000;
/// A longer pointer to a value is refused, and with it a longer name: every value keeps
/// its own. The longest real one has some 100 bytes.
const MOST_POINTER: usize = 2048;

/// Whether a document that a fixup changes keeps to the limits of size and depth: a
/// patch that copies can double it with every operation.
pub(crate) fn is_within_limits(document: &Value) -> bool {
    fn fits(value: &Value, depth: usize, values: &mut usize, bytes: &mut usize) -> bool {
        *values += 1;
        let within = *values <= MOST_VALUES && *bytes <= MOST_BYTES && depth <= MOST_DEPTH;
        within
            && match value {
                Value::Null | Value::Bool(_) | Value::Number(_) => true,
                Value::String(text) => {
                    *bytes += text.len();
                    true
                }
                Value::Array(all) => all.iter().all(|value| fits(value, depth + 1, values, bytes)),
                Value::Object(entries) => entries.iter().all(|(name, value)| {
                    *bytes += name.len();
                    fits(value, depth + 1, values, bytes)
                }),
            }
    }
    let (mut values, mut bytes) = (0, 0);
    fits(document, 0, &mut values, &mut bytes) && bytes <= MOST_BYTES
}

/// The syntax tree of a text that is JSON, within the limits, with no key twice.
pub(super) fn syntax<'t>(file: &File<'t>, findings: &mut Findings) -> Option<ast::Value<'t>> {
    let whole = file.whole();
    if file.text.len() > MOST_BYTES {
        let message = format!("the file has over {} MiB", MOST_BYTES / 1024 / 1024);
        findings.push(Code::LimitPassed, &whole, message, "give a smaller schema");
        return None;
    }
    if let Some((message, offset)) = beyond(file.text) {
        let place = Place { span: offset..offset + 1, ..whole };
        findings.push(Code::LimitPassed, &place, message, "give a smaller schema");
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

/// What of a text goes beyond a limit, and where, as far as its characters show: a parser
/// would run out of memory or stack. A depth that leaves room for a tree is judged there,
/// where the value has a name.
fn beyond(text: &str) -> Option<(String, usize)> {
    let (mut depth, mut values) = (0_usize, 1_usize);
    let (mut within, mut escaped) = (false, false);
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if within => escaped = true,
            b'"' => within = !within,
            _ if within => {}
            b'{' | b'[' => (depth, values) = (depth + 1, values + 1),
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > 2 * MOST_DEPTH {
            return Some((format!("nested deeper than {MOST_DEPTH} levels"), offset));
        }
        if values > MOST_VALUES {
            return Some((format!("over {MOST_VALUES} values"), offset));
        }
    }
    None
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
    if place.pointer.len() > MOST_POINTER {
        let message = format!("the names that lead here have over {MOST_POINTER} bytes");
        findings.push(Code::LimitPassed, place, message, "give shorter names");
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
