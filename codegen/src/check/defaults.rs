//! Decides whether a JSON value, such as a default, keeps to its own schema.

use std::fmt;

use runcomfy::codegen_support::schema::Rule as Plain;
use serde_json::Value;

use crate::model::{Model, Rule, Shape, UnionKind, ValueSchema};
use crate::pattern::compile;

/// The maximum length in characters of a value in a message.
const MAX_SHOWN: usize = 60;

/// Why a value does not keep to its schema.
#[derive(Debug, PartialEq)]
pub(crate) struct Misfit {
    /// The JSON pointer of the part that does not, below the value.
    pointer: String,
    expected: String,
    /// The part as JSON text.
    found: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pointer, expected, found } = self;
        match pointer.as_str() {
            "" => write!(f, "{expected} (found {found})"),
            pointer => write!(f, "{expected} at `{pointer}` (found {found})"),
        }
    }
}

impl Misfit {
    fn new(expected: impl Into<String>, found: &Value) -> Self {
        let found = shortened(&found.to_string());
        Self { pointer: String::new(), expected: expected.into(), found }
    }

    /// Returns the misfit of a part as one of the whole.
    fn below(self, step: impl fmt::Display) -> Self {
        Self { pointer: format!("/{step}{}", self.pointer), ..self }
    }
}

/// Returns `true` if a value keeps to its schema.
pub(crate) fn fits(of: &ValueSchema, value: &Value, model: &Model) -> bool {
    fit(of, value, model).is_ok()
}

/// Checks that a value keeps to its schema.
pub(crate) fn fit(of: &ValueSchema, value: &Value, model: &Model) -> Result<(), Misfit> {
    fit_shape(&of.shape, value, model)?;
    match of.rules.iter().find(|rule| !keeps(rule, value, model)) {
        Some(broken) => Err(Misfit::new(expected(broken, model), value)),
        None => Ok(()),
    }
}

fn fit_shape(shape: &Shape, value: &Value, model: &Model) -> Result<(), Misfit> {
    let (is_kind, noun) = match shape {
        Shape::Any => return Ok(()),
        Shape::Nullable(inner) if !value.is_null() => return fit(inner, value, model),
        Shape::Nullable(_) => return Ok(()),
        Shape::Object(index) => return fit_object(*index, None, value, model),
        Shape::Open(index, others) => return fit_object(*index, Some(others), value, model),
        Shape::Union(index) => return fit_union(*index, value, model),
        Shape::Null => (value.is_null(), "null"),
        Shape::Boolean => (value.is_boolean(), "a boolean"),
        Shape::Integer => {
            (value.as_f64().is_some_and(|float| float.fract() == 0.0), "a whole number")
        }
        Shape::Number => (value.is_number(), "a number"),
        Shape::Text | Shape::Media(_) => (value.is_string(), "a string"),
        Shape::List(_) => (value.is_array(), "a list"),
        Shape::Map(_) => (value.is_object(), "an object"),
    };
    match (shape, value) {
        _ if !is_kind => Err(Misfit::new(format!("must be {noun}"), value)),
        (Shape::List(of), Value::Array(items)) => {
            let mut items = items.iter().enumerate();
            items.try_for_each(|(index, item)| {
                fit(of, item, model).map_err(|misfit| misfit.below(index))
            })
        }
        (Shape::Map(of), Value::Object(entries)) => entries.iter().try_for_each(|(name, value)| {
            fit(of, value, model).map_err(|misfit| misfit.below(name))
        }),
        _ => Ok(()),
    }
}

fn fit_union(index: usize, value: &Value, model: &Model) -> Result<(), Misfit> {
    let Some(union) = model.unions.get(index) else { return Ok(()) };
    let mut branches = union.branches.iter();
    let (fits, expected) = match union.kind {
        UnionKind::AnyOf => {
            (branches.any(|of| fits(of, value, model)), "must match a branch of the union")
        }
        UnionKind::OneOf => (
            branches.filter(|of| fits(of, value, model)).count() == 1,
            "must match exactly one branch of the union",
        ),
        UnionKind::ByKind => {
            let mut branches = branches.filter(|of| is_of_kind(&of.shape, value));
            return branches.try_for_each(|of| fit(of, value, model));
        }
    };
    if fits { Ok(()) } else { Err(Misfit::new(expected, value)) }
}

/// Returns `true` if a value is of the kind that a branch of an untyped schema is about.
fn is_of_kind(shape: &Shape, value: &Value) -> bool {
    match shape {
        Shape::List(_) => value.is_array(),
        Shape::Text | Shape::Media(_) => value.is_string(),
        Shape::Map(_) | Shape::Object(_) | Shape::Open(..) => value.is_object(),
        Shape::Any
        | Shape::Null
        | Shape::Boolean
        | Shape::Integer
        | Shape::Number
        | Shape::Nullable(_)
        | Shape::Union(_) => true,
    }
}

fn fit_object(
    index: usize,
    others: Option<&ValueSchema>,
    value: &Value,
    model: &Model,
) -> Result<(), Misfit> {
    let (Some(of), Value::Object(entries)) = (model.inputs.get(index), value) else {
        return Err(Misfit::new("must be an object", value));
    };
    let mut required = of.fields.iter().filter(|field| field.required.is_some());
    if let Some(missing) = required.find(|field| !entries.contains_key(&field.wire)) {
        return Err(Misfit::new(format!("must have `{}`", missing.wire), value));
    }
    entries.iter().try_for_each(|(name, value)| {
        let field = of.fields.iter().find(|field| field.wire == *name);
        match field.map(|field| &field.schema).or(others) {
            Some(of) => fit(of, value, model),
            None => Err(Misfit::new("must not be there", value)),
        }
        .map_err(|misfit| misfit.below(name))
    })
}

/// Returns `true` if a value keeps a rule, as the checker of `runcomfy` decides.
fn keeps(rule: &Rule, value: &Value, model: &Model) -> bool {
    match rule {
        Rule::Plain(rule) => rule.allows(value),
        Rule::Pattern(pattern) => value.as_str().is_none_or(|text| {
            // It was compiled when it was translated.
            compile(&pattern.translated).map_or(true, |regex| regex.is_match(text))
        }),
        Rule::Strings(index) => values_of(*index, model).any(|known| *value == known),
        Rule::Integers(choices) => {
            choices.iter().any(|choice| is_same(Value::from(*choice), value))
        }
        Rule::Values(choices) => choices
            .iter()
            .filter_map(|choice| serde_json::from_str(choice).ok())
            .any(|choice| is_same(choice, value)),
        // These are about the media that the value points to.
        Rule::Measured(..) | Rule::Unchecked(..) | Rule::Annotation(..) => true,
    }
}

fn values_of(index: usize, model: &Model) -> impl Iterator<Item = &str> {
    let variants = model.enums.get(index).map(|string_enum| &string_enum.variants);
    variants.into_iter().flatten().map(|variant| variant.value.as_str())
}

/// Returns what a rule expects, and the keyword.
fn expected(rule: &Rule, model: &Model) -> String {
    let values: Vec<String> = match rule {
        Rule::Plain(rule) => return format!("{} [{}]", rule.expected(), rule.name()),
        Rule::Pattern(pattern) => {
            return format!("must match the pattern `{}` [pattern]", pattern.written);
        }
        Rule::Strings(index) => {
            values_of(*index, model).map(|value| format!("{value:?}")).collect()
        }
        Rule::Integers(choices) => choices.iter().map(i64::to_string).collect(),
        Rule::Values(choices) => choices.clone(),
        Rule::Measured(..) | Rule::Unchecked(..) | Rule::Annotation(..) => Vec::new(),
    };
    format!("must be one of {}", shortened(&values.join(", ")))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns `true` if two values are the same, as the checker of `runcomfy` decides: in one list,
/// they are not unique.
fn is_same(choice: Value, value: &Value) -> bool {
    !Plain::UniqueItems.allows(&Value::Array(vec![choice, value.clone()]))
}
