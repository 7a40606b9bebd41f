//! Decides whether a JSON value, such as a default, keeps to its own schema.

use runcomfy::codegen_support::schema::Rule as Plain;
use serde_json::Value;

use crate::model::{Model, Rule, Shape, UnionKind, ValueSchema};

/// Returns `true` if a model accepts an input.
#[cfg(feature = "judge")]
pub(crate) fn accepts(model: &Model, input: &Value) -> bool {
    fits_object(0, model.others.as_ref(), input, model)
        && model.rules.iter().all(|rule| keeps(rule, input, model))
}

/// Returns `true` if a value keeps to its schema.
pub(crate) fn fits(of: &ValueSchema, value: &Value, model: &Model) -> bool {
    fits_shape(&of.shape, value, model) && of.rules.iter().all(|rule| keeps(rule, value, model))
}

fn fits_shape(shape: &Shape, value: &Value, model: &Model) -> bool {
    match (shape, value) {
        (Shape::Any, _) | (Shape::Nullable(_), Value::Null) => true,
        (Shape::Null, value) => value.is_null(),
        (Shape::Boolean, value) => value.is_boolean(),
        (Shape::Integer, value) => value.as_f64().is_some_and(|float| float.fract() == 0.0),
        (Shape::Number, value) => value.is_number(),
        (Shape::Text | Shape::Media(_), value) => value.is_string(),
        (Shape::List(item), Value::Array(items)) => {
            items.iter().all(|value| fits(item, value, model))
        }
        (Shape::Map(of), Value::Object(entries)) => {
            entries.values().all(|value| fits(of, value, model))
        }
        (Shape::Object(index), value) => fits_object(*index, None, value, model),
        (Shape::Open(index, others), value) => fits_object(*index, Some(others), value, model),
        (Shape::Nullable(inner), value) => fits(inner, value, model),
        (Shape::Union(index), value) => fits_union(*index, value, model),
        (Shape::List(_) | Shape::Map(_), _) => false,
    }
}

fn fits_union(index: usize, value: &Value, model: &Model) -> bool {
    let Some(union) = model.unions.get(index) else { return true };
    let mut branches = union.branches.iter();
    match union.kind {
        UnionKind::AnyOf => branches.any(|of| fits(of, value, model)),
        UnionKind::OneOf => branches.filter(|of| fits(of, value, model)).count() == 1,
        UnionKind::ByKind => {
            branches.all(|of| !is_of_kind(&of.shape, value) || fits(of, value, model))
        }
    }
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

fn fits_object(index: usize, others: Option<&ValueSchema>, value: &Value, model: &Model) -> bool {
    let (Some(of), Value::Object(entries)) = (model.inputs.get(index), value) else { return false };
    let mut required = of.fields.iter().filter(|field| field.required.is_some());
    required.all(|field| entries.contains_key(&field.wire))
        && entries.iter().all(|(name, value)| {
            let field = of.fields.iter().find(|field| field.wire == *name);
            let schema = field.map(|field| &field.schema).or(others);
            schema.is_some_and(|of| fits(of, value, model))
        })
}

/// Returns `true` if a value keeps a rule, as the checker of `runcomfy` decides.
fn keeps(rule: &Rule, value: &Value, model: &Model) -> bool {
    match rule {
        Rule::Plain(rule) => rule.allows(value),
        Rule::Strings(index) => {
            let variants = model.enums.get(*index).map(|string_enum| &string_enum.variants);
            variants.into_iter().flatten().any(|variant| *value == variant.value.as_str())
        }
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

/// Returns `true` if two values are the same, as the checker of `runcomfy` decides: in one list,
/// they are not unique.
fn is_same(choice: Value, value: &Value) -> bool {
    !Plain::UniqueItems.allows(&Value::Array(vec![choice, value.clone()]))
}
