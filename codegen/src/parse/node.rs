//! A JSON value with its place, and the readers of simple keyword values.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Findings, Place};
use crate::number::Number;
use crate::settings::File;

/// A JSON value with its place.
pub(super) struct Node<'t> {
    pub value: &'t ast::Value<'t>,
    pub place: Place,
    pub within: Within<'t>,
}

/// The way to read a value, as decided by its document and the schemas around it.
#[derive(Clone, Copy)]
pub(super) struct Within<'t> {
    pub side: Side,
    /// The targets of references in the document, as JSON pointers.
    pub targets: &'t BTreeSet<String>,
    /// The draft ignores the keywords beside a `$ref`.
    pub has_bare_references: bool,
    /// An `$id` begins another document, so pointers do not start at the root of the file.
    pub has_other_base: bool,
}

/// The schema of a model that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Input,
    Output,
}

impl<'t> Node<'t> {
    pub(super) fn root(value: &'t ast::Value<'t>, file: &File<'_>) -> Self {
        static NONE: BTreeSet<String> = BTreeSet::new();
        let within = Within {
            side: Side::Input,
            targets: &NONE,
            has_bare_references: false,
            has_other_base: false,
        };
        Self { value, place: file.range(), within }
    }

    fn child(&self, step: &str, value: &'t ast::Value<'t>) -> Self {
        Self { value, place: place_below(&self.place, step, value), within: self.within }
    }

    /// Returns the entries of an object.
    pub(super) fn entries(&self) -> Option<Vec<(&'t str, Self)>> {
        let properties = self.value.as_object()?.properties.iter();
        let entries = properties.map(|property| {
            (property.name.as_str(), self.child(property.name.as_str(), &property.value))
        });
        Some(entries.collect())
    }

    /// Returns the value at a JSON pointer below this one.
    pub(super) fn at(&self, pointer: &str) -> Option<Self> {
        let mut node = Self { value: self.value, place: self.place.clone(), within: self.within };
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let value = match node.value {
                ast::Value::Object(object) => &object.get(&step)?.value,
                ast::Value::Array(array) => array.elements.get(step.parse::<usize>().ok()?)?,
                _ => return None,
            };
            node = node.child(&step, value);
        }
        Some(node)
    }

    /// Returns the elements of an array.
    pub(super) fn elements(&self) -> Option<Vec<Self>> {
        let elements = self.value.as_array()?.elements.iter().enumerate();
        Some(elements.map(|(index, value)| self.child(&index.to_string(), value)).collect())
    }

    pub(super) fn string(&self) -> Option<&'t str> {
        self.value.as_string_lit().map(|literal| literal.value.as_ref())
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        self.value.as_boolean_lit().map(|literal| literal.value)
    }

    pub(super) fn to_value(&self) -> Value {
        self.value.clone().into()
    }
}

/// Returns the place of a value one step below another.
pub(super) fn place_below(above: &Place, step: &str, value: &ast::Value<'_>) -> Place {
    let range = value.range();
    // Every value of a file has a place, so its pointer is written in one piece.
    let mut pointer = String::with_capacity(above.pointer.len() + "/".len() + step.len());
    pointer.push_str(&above.pointer);
    pointer.push('/');
    pointer.push_str(&escape_step(step));
    Place { file: above.file.clone(), pointer, span: range.start..range.end }
}

/// Escapes a step of a JSON pointer.
pub(super) fn escape_step(step: &str) -> Cow<'_, str> {
    match step.contains(['~', '/']) {
        true => step.replace('~', "~0").replace('/', "~1").into(),
        false => step.into(),
    }
}

/// Reports that a keyword's value is not of the `expected` form.
pub(super) fn malformed(node: &Node<'_>, expected: &str, findings: &mut Findings) {
    findings.push(Diagnostic::malformed_keyword(&node.place, expected));
}

pub(super) fn text(node: &Node<'_>, findings: &mut Findings) -> Option<String> {
    let text = node.string().map(str::to_owned);
    if text.is_none() {
        malformed(node, "a string", findings);
    }
    text
}

pub(super) fn flag(node: &Node<'_>, findings: &mut Findings) -> bool {
    let flag = node.boolean();
    if flag.is_none() {
        malformed(node, "true or false", findings);
    }
    flag.unwrap_or_default()
}

/// Reads a whole number from 0, which may be written `1995.0`.
pub(super) fn count(node: &Node<'_>, findings: &mut Findings) -> Option<u64> {
    let value = node.to_value();
    let count = value.as_u64().or_else(|| {
        let float = value.as_f64()?;
        (float.fract() == 0.0 && (0.0..9e15).contains(&float)).then_some(float as u64)
    });
    if count.is_none() {
        malformed(node, "a whole number from 0", findings);
    }
    count
}

/// Reads a bound, which may be an integer that no float holds exactly.
pub(super) fn bound(node: &Node<'_>, findings: &mut Findings) -> Option<Number> {
    let value = node.to_value();
    let whole = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    let float = value.as_f64().filter(|float| float.is_finite());
    let bound = match (whole, float) {
        (Some(whole), Some(float)) if float as i128 == whole => Some(Number::Float(float)),
        (Some(whole), _) => Some(Number::Integer(whole)),
        (None, float) => float.map(Number::Float),
    };
    if bound.is_none() {
        malformed(node, "a number", findings);
    }
    bound
}

/// Reads a number that must be a float.
pub(super) fn number(node: &Node<'_>, findings: &mut Findings) -> Option<f64> {
    match bound(node, findings)? {
        Number::Float(float) => Some(float),
        Number::Integer(_) => {
            malformed(node, "a number that a 64-bit float holds exactly", findings);
            None
        }
    }
}

/// Reads a `multipleOf`.
pub(super) fn step(node: &Node<'_>, findings: &mut Findings) -> Option<f64> {
    let step = number(node, findings)?;
    if step <= 0.0 {
        malformed(node, "a number over 0", findings);
        return None;
    }
    Some(step)
}
