//! Whether a default or an example keeps to its own schema.

use runcomfy::codegen_support::schema::Rule as Plain;
use serde_json::Value;

use crate::model::{Model, Rule, Shape, UnionKind, ValueSchema};

/// Whether the whole of an input keeps to its model.
#[cfg(test)]
pub(crate) fn takes(model: &Model, value: &Value) -> bool {
    object(0, model.others.as_ref(), value, model)
        && model.rules.iter().all(|rule| keeps(rule, value, model))
}

/// Whether a value keeps to what the model says of it.
pub(crate) fn fits(of: &ValueSchema, value: &Value, model: &Model) -> bool {
    let parts = match (&of.shape, value) {
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
        (Shape::Object(index), value) => object(*index, None, value, model),
        (Shape::Open(index, others), value) => object(*index, Some(others), value, model),
        (Shape::Nullable(inner), value) => fits(inner, value, model),
        (Shape::Union(index), value) => model.unions.get(*index).is_none_or(|union| {
            let mut branches = union.branches.iter();
            match union.kind {
                UnionKind::AnyOf => branches.any(|of| fits(of, value, model)),
                UnionKind::OneOf => branches.filter(|of| fits(of, value, model)).count() == 1,
                UnionKind::ByKind => {
                    branches.all(|of| !is_of_kind(&of.shape, value) || fits(of, value, model))
                }
            }
        }),
        (Shape::List(_) | Shape::Map(_), _) => false,
    };
    parts && of.rules.iter().all(|rule| keeps(rule, value, model))
}

/// Whether a value is of the kind that a branch of an untyped schema is about.
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

fn object(index: usize, others: Option<&ValueSchema>, value: &Value, model: &Model) -> bool {
    let (Some(of), Value::Object(entries)) = (model.inputs.get(index), value) else { return false };
    let known = |name: &str| of.fields.iter().find(|field| field.wire == name);
    let named = entries.iter().all(|(name, value)| match (known(name), others) {
        (Some(field), _) => fits(&field.schema, value, model),
        (None, Some(of)) => fits(of, value, model),
        (None, None) => false,
    });
    let mut required = of.fields.iter().filter(|field| field.required.is_some());
    named && required.all(|field| entries.contains_key(&field.wire))
}

/// Whether a value keeps a rule, as the checker of `runcomfy` says.
fn keeps(rule: &Rule, value: &Value, model: &Model) -> bool {
    match rule {
        Rule::Plain(rule) => rule.allows(value),
        Rule::Strings(index) => {
            let variants = model.enums.get(*index).map(|words| &words.variants);
            let mut words = variants.into_iter().flatten().map(|variant| variant.value.as_str());
            value.as_str().is_some_and(|text| words.any(|word| word == text))
        }
        Rule::Integers(choices) => {
            choices.iter().any(|choice| is_same(Value::from(*choice), value))
        }
        Rule::Values(choices) => {
            let parsed = |choice: &String| serde_json::from_str::<Value>(choice).ok();
            choices.iter().filter_map(parsed).any(|choice| is_same(choice, value))
        }
        // These are about what the value points to.
        Rule::Measured(..) | Rule::Unchecked(..) | Rule::Annotation(..) => true,
    }
}

/// Whether two values are the same, as the checker of `runcomfy` says: in one list, they
/// would not be unique.
fn is_same(choice: Value, value: &Value) -> bool {
    !Plain::UniqueItems.allows(&Value::Array(vec![choice, value.clone()]))
}
