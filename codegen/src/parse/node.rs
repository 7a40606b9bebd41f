//! A JSON value with its place, and the readers of what stands in a keyword.

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use serde_json::Value;

use crate::diagnostic::{Code, Findings, Place};
use crate::number::Number;
use crate::settings::File;

/// A JSON value with its place.
pub(super) struct Node<'t> {
    pub value: &'t ast::Value<'t>,
    pub place: Place,
    pub within: Within,
}

/// What the document, and the schemas above a value, say of how it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Within {
    pub side: Side,
    /// Whether the draft is one in which `$ref` says all that a schema says.
    pub bare_references: bool,
    /// Whether an `$id` makes pointers mean another document.
    pub other_base: bool,
}

/// Which of a model's schemas is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Input,
    Output,
}

impl<'t> Node<'t> {
    pub(super) fn root(value: &'t ast::Value<'t>, file: &File<'_>) -> Self {
        let within = Within { side: Side::Input, bare_references: false, other_base: false };
        Self { value, place: file.whole(), within }
    }

    pub(super) fn child(&self, step: &str, value: &'t ast::Value<'t>) -> Self {
        Self { value, place: at(&self.place, step, value), within: self.within }
    }

    /// The entries, where this is an object.
    pub(super) fn entries(&self) -> Option<Vec<(&'t str, Self)>> {
        let properties = &self.value.as_object()?.properties;
        let entry = |prop: &'t ast::ObjectProp<'t>| {
            (prop.name.as_str(), self.child(prop.name.as_str(), &prop.value))
        };
        Some(properties.iter().map(entry).collect())
    }

    /// The elements, where this is an array.
    pub(super) fn elements(&self) -> Option<Vec<Self>> {
        let elements = self.value.as_array()?.elements.iter().enumerate();
        Some(elements.map(|(index, value)| self.child(&index.to_string(), value)).collect())
    }

    pub(super) fn string(&self) -> Option<&'t str> {
        self.value.as_string_lit().map(|literal| literal.value.as_ref())
    }

    pub(super) fn to_value(&self) -> Value {
        self.value.clone().into()
    }
}

pub(super) fn at(above: &Place, step: &str, value: &ast::Value<'_>) -> Place {
    let step = step.replace('~', "~0").replace('/', "~1");
    let range = value.range();
    Place {
        file: above.file.clone(),
        pointer: format!("{}/{step}", above.pointer),
        span: range.start..range.end,
    }
}

pub(super) fn malformed(node: &Node<'_>, wanted: &str, findings: &mut Findings) {
    let is_name = |step: &&str| step.parse::<usize>().is_err();
    let keyword = node.place.pointer.rsplit('/').find(is_name).unwrap_or_default();
    findings.push(
        Code::MalformedKeyword,
        &node.place,
        format!("`{keyword}` must be {wanted}"),
        "correct the schema, or add a fixup",
    );
}

pub(super) fn text(node: &Node<'_>, findings: &mut Findings) -> Option<String> {
    let text = node.string().map(str::to_owned);
    if text.is_none() {
        malformed(node, "a string", findings);
    }
    text
}

pub(super) fn flag(node: &Node<'_>, findings: &mut Findings) -> bool {
    let flag = node.value.as_boolean_lit().map(|literal| literal.value);
    if flag.is_none() {
        malformed(node, "true or false", findings);
    }
    flag.unwrap_or_default()
}

/// A count: a whole number from 0, which may be written `1995.0`.
pub(super) fn count(node: &Node<'_>, findings: &mut Findings) -> Option<u64> {
    let value = node.to_value();
    let whole = |float: &f64| float.fract() == 0.0 && (0.0..9e15).contains(float);
    let count = value.as_u64().or_else(|| value.as_f64().filter(whole).map(|float| float as u64));
    if count.is_none() {
        malformed(node, "a whole number from 0", findings);
    }
    count
}

/// A bound, which may be an integer that no float holds exactly.
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

/// A bound that has to be a float.
pub(super) fn number(node: &Node<'_>, findings: &mut Findings) -> Option<f64> {
    match bound(node, findings)? {
        Number::Float(float) => Some(float),
        Number::Integer(_) => {
            malformed(node, "a number that a 64-bit float holds exactly", findings);
            None
        }
    }
}

pub(super) fn step(node: &Node<'_>, findings: &mut Findings) -> Option<f64> {
    let step = number(node, findings)?;
    if step <= 0.0 {
        malformed(node, "a number over 0", findings);
        return None;
    }
    Some(step)
}
