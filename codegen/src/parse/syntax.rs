//! Parses JSON text into a syntax tree, within limits of size.

use std::collections::HashSet;
use std::fmt;

use jsonc_parser::ast;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::node::place_below;
use crate::diagnostic::{Diagnostic, Findings, Place, SizeLimit};
use crate::settings::File;

/// The maximum size of a schema in bytes: the largest real one has some 20 KiB.
const MAX_BYTES: usize = 10 * 1024 * 1024;
/// The maximum nesting: real schemas have some 12 levels, and both this generator and the
/// checker recurse as deep.
const MAX_LEVELS: usize = 64;
/// The maximum nesting before a file is read no further. Up to here, the place of a value that
/// is too deep has a name. `serde_json` stops at 128.
const MAX_SCANNED_LEVELS: usize = 120;
/// The maximum number of values of a file: the largest real schema has some 1,000, and a value
/// takes more memory than its text.
const MAX_VALUES: usize = 50_000;
/// The maximum length in bytes of the pointer to a value, and so of a name: every value keeps
/// its own. The longest real one has some 100 bytes.
const MAX_POINTER: usize = 2048;

/// Parses the text of a file that is JSON, within the limits, and has no key twice.
pub(super) fn parse_tree<'t>(file: &File<'t>, findings: &mut Findings) -> Option<ast::Value<'t>> {
    let place = file.range();
    if file.text.len() > MAX_BYTES {
        findings.push(Diagnostic::limit_passed(&place, SizeLimit::Bytes(MAX_BYTES)));
        return None;
    }
    if let Err(diagnostic) = scan(file.text, &place) {
        findings.push(diagnostic);
        return None;
    }
    match parse_places(file.text, &place) {
        Ok(tree) => validate_tree(&tree, &place, 0, findings).then_some(tree),
        Err(diagnostic) => {
            findings.push(diagnostic);
            None
        }
    }
}

/// Returns `true` if a document that a fixup changes keeps to the limits of size and depth: a
/// patch that copies can double it with every operation.
pub(crate) fn is_within_limits(document: &Value) -> bool {
    let (mut values, mut bytes) = (0, 0);
    fits(document, 0, &mut values, &mut bytes) && bytes <= MAX_BYTES
}

fn fits(value: &Value, level: usize, values: &mut usize, bytes: &mut usize) -> bool {
    *values += 1;
    if *values > MAX_VALUES || *bytes > MAX_BYTES || level > MAX_LEVELS {
        return false;
    }
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => {
            *bytes += text.len();
            true
        }
        Value::Array(all) => all.iter().all(|value| fits(value, level + 1, values, bytes)),
        Value::Object(entries) => entries.iter().all(|(name, value)| {
            *bytes += name.len();
            fits(value, level + 1, values, bytes)
        }),
    }
}

/// Checks with `serde_json`, whose idea of JSON is strict, that a text is JSON. Stops at a limit,
/// so the parser that builds a tree cannot exhaust memory or stack.
fn scan(text: &str, whole: &Place) -> Result<(), Diagnostic> {
    let mut scan = Scan { values: 0, passed: None };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let scanned = ScanValue { scan: &mut scan, level: 0 }.deserialize(&mut deserializer);
    let Err(error) = scanned.and_then(|()| deserializer.end()) else { return Ok(()) };
    let start = offset(text, error.line(), error.column());
    let place = Place { span: start..start, ..whole.clone() };
    Err(match scan.passed {
        Some(limit) => Diagnostic::limit_passed(&place, limit),
        None => Diagnostic::invalid_json(&place, error),
    })
}

/// The count of a scan, and the limit that stopped it.
struct Scan {
    values: usize,
    passed: Option<SizeLimit>,
}

/// Scans one value.
struct ScanValue<'s> {
    scan: &'s mut Scan,
    level: usize,
}

impl ScanValue<'_> {
    fn below(&mut self) -> ScanValue<'_> {
        ScanValue { scan: self.scan, level: self.level + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for ScanValue<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.scan.values += 1;
        let passed = if self.level > MAX_SCANNED_LEVELS {
            Some(SizeLimit::Levels(MAX_LEVELS))
        } else if self.scan.values > MAX_VALUES {
            Some(SizeLimit::Values(MAX_VALUES))
        } else {
            None
        };
        if passed.is_some() {
            self.scan.passed = passed;
            return Err(D::Error::custom("a limit is passed"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ScanValue<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(self.below())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_key::<IgnoredAny>()?.is_some() {
            entries.next_value_seed(self.below())?;
        }
        Ok(())
    }
}

/// Parses a text that is JSON into a tree that knows the place of each value.
fn parse_places<'t>(text: &'t str, whole: &Place) -> Result<ast::Value<'t>, Diagnostic> {
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
        Ok(parsed) => {
            parsed.value.ok_or_else(|| Diagnostic::invalid_json(whole, "the file is empty"))
        }
        Err(error) => {
            let place = Place { span: error.range().start..error.range().end, ..whole.clone() };
            Err(Diagnostic::invalid_json(&place, error))
        }
    }
}

/// Returns the byte offset of a line and column, both from 1, the column in bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut offset = (before + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// Returns `true` if a tree keeps to the limits and has no key twice in an object.
fn validate_tree(
    value: &ast::Value<'_>,
    place: &Place,
    level: usize,
    findings: &mut Findings,
) -> bool {
    if level > MAX_LEVELS {
        findings.push(Diagnostic::limit_passed(place, SizeLimit::Levels(MAX_LEVELS)));
        return false;
    }
    if place.pointer.len() > MAX_POINTER {
        findings.push(Diagnostic::limit_passed(place, SizeLimit::Pointer(MAX_POINTER)));
        return false;
    }
    let mut is_valid = true;
    match value {
        ast::Value::Object(object) => {
            let mut names = HashSet::new();
            for property in &object.properties {
                let name = property.name.as_str();
                let place = place_below(place, name, &property.value);
                if !names.insert(name) {
                    findings.push(Diagnostic::duplicate_key(&place, name));
                    is_valid = false;
                }
                is_valid &= validate_tree(&property.value, &place, level + 1, findings);
            }
        }
        ast::Value::Array(array) => {
            for (index, value) in array.elements.iter().enumerate() {
                let place = place_below(place, &index.to_string(), value);
                is_valid &= validate_tree(value, &place, level + 1, findings);
            }
        }
        ast::Value::StringLit(_)
        | ast::Value::NumberLit(_)
        | ast::Value::BooleanLit(_)
        | ast::Value::NullKeyword(_) => {}
    }
    is_valid
}
