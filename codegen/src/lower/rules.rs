//! The rules of a value: one a keyword.

use runcomfy::Metric;
use runcomfy::codegen_support::schema::Rule as Plain;
use runcomfy::media::Bound as MediaBound;
use serde_json::Value;

use super::infer::kind;
use super::lowerer::Lowerer;
use super::naming::Direction;
use crate::diagnostic::Code;
use crate::model::{Rule, Shape};
use crate::number::Number;
use crate::schema::{Schema, TypeWord, Validation};

impl Lowerer<'_> {
    /// The rule of an entry of `validations`.
    pub(super) fn custom(&mut self, validation: &Validation, shape: &Shape) -> Rule {
        let message = validation.message.clone();
        match (known(validation), shape) {
            (Some((metric, limit)), Shape::Media(_)) => Rule::Measured(metric, limit, message),
            _ => {
                if self.direction == Direction::Input {
                    self.findings.push(
                        Code::UnknownRule,
                        &validation.place,
                        format!("`{}` is no rule that this version checks here", validation.rule),
                        "nothing: it is carried, and shown as unchecked",
                    );
                }
                Rule::Unchecked(validation.rule.clone(), validation.value.to_string(), message)
            }
        }
    }
}

/// The choices of a schema that are of its type.
pub(super) fn choices_of(schema: &Schema) -> Vec<Value> {
    let of_kind = |choice: &&Value| match kind(schema) {
        TypeWord::String => choice.is_string(),
        TypeWord::Boolean => choice.is_boolean(),
        TypeWord::Integer => choice.as_f64().is_some_and(|float| float.fract() == 0.0),
        TypeWord::Number => choice.is_number(),
        TypeWord::Array => choice.is_array(),
        TypeWord::Object => choice.is_object(),
        TypeWord::Null => choice.is_null(),
        TypeWord::Unknown => true,
    };
    schema.choices.iter().flatten().filter(of_kind).cloned().collect()
}

/// The rule of an `enum` of any values.
pub(super) fn values(choices: &[Value]) -> Rule {
    Rule::Values(choices.iter().map(Value::to_string).collect())
}

/// The metric and limit of a custom rule, where both are known.
pub(super) fn known(validation: &Validation) -> Option<(Metric, MediaBound)> {
    let number = match &validation.value {
        // Numbers are also written as strings.
        Value::String(text) => text.trim().parse().ok()?,
        value => value.as_f64()?,
    };
    let (name, limit) = MediaBound::split(&validation.rule, number)?;
    Some((Metric::from_name(name.trim())?, limit)).filter(|_| number.is_finite())
}

/// Returns the rules that hold nothing but numbers.
pub(super) fn bounds(schema: &Schema) -> Vec<Rule> {
    let minimum = schema.minimum.map(|bound| match bound {
        Number::Float(float) => Plain::Minimum(float),
        Number::Integer(whole) => Plain::MinimumInteger(whole),
    });
    let maximum = schema.maximum.map(|bound| match bound {
        Number::Float(float) => Plain::Maximum(float),
        Number::Integer(whole) => Plain::MaximumInteger(whole),
    });
    [
        schema.min_length.map(Plain::MinLength),
        schema.max_length.map(Plain::MaxLength),
        minimum,
        schema.exclusive_minimum.map(Plain::ExclusiveMinimum),
        maximum,
        schema.exclusive_maximum.map(Plain::ExclusiveMaximum),
        schema.multiple_of.map(Plain::MultipleOf),
        schema.min_items.map(Plain::MinItems),
        schema.max_items.map(Plain::MaxItems),
        schema.unique_items.then_some(Plain::UniqueItems),
        schema.min_properties.map(Plain::MinProperties),
        schema.max_properties.map(Plain::MaxProperties),
    ]
    .into_iter()
    .flatten()
    .map(Rule::Plain)
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::parse::schema;

    #[test]
    fn a_custom_rule_is_known_by_its_metric_its_operator_and_a_number() {
        let cases = [
            ("width_pixels>", json!(300), Some((Metric::WidthPixels, MediaBound::Over(300.0)))),
            (
                "width/height <",
                json!(" 2.5 "),
                Some((Metric::WidthOverHeight, MediaBound::Under(2.5))),
            ),
            ("frames<", json!(300), None),
            ("width_pixels", json!(300), None),
            ("width_pixels>", json!("many"), None),
            ("width_pixels>", json!("inf"), None),
            ("width_pixels>", json!(null), None),
        ];
        for (rule, value, expected) in cases {
            let entry = json!({"validation_rule": rule, "validation_value": value});
            let schema = schema(&json!({ "validations": [entry] }));
            let found: Vec<_> = schema.validations.iter().map(known).collect();
            assert_eq!(found, [expected], "{rule} {value}");
        }
    }
}
