//! The rules of a value, one for each keyword.

use runcomfy::codegen_support::schema::Rule as Plain;
use runcomfy::media::{Bound, Metric};
use serde_json::Value;

use super::infer::{noun, stated_kind};
use super::naming::Direction;
use crate::diagnostic::{Diagnostic, Findings};
use crate::model::{Rule, Shape};
use crate::nearest::nearest;
use crate::number::Number;
use crate::schema::{Schema, TypeWord, Validation};

/// Returns the rule of an entry of `validations` on values of a type.
pub(super) fn validation_rule(
    validation: &Validation,
    (shape, word): (&Shape, TypeWord),
    direction: Direction,
    findings: &mut Findings,
) -> Rule {
    let Validation { place, rule, value, value_place, message } = validation;
    let is_media = matches!(shape, Shape::Media(_));
    let problem = match media_rule(validation) {
        Ok((metric, bound)) if is_media => {
            return Rule::Measured(metric, bound, message.clone());
        }
        Ok(_) => Diagnostic::rule_of_no_media(place, rule, noun(word)),
        Err(RuleProblem::Unknown) => Diagnostic::unknown_rule(place, rule, nearest_rule(rule)),
        Err(RuleProblem::NoNumber) => Diagnostic::rule_without_number(value_place, rule, value),
    };
    if direction == Direction::Input {
        findings.push(problem);
    }
    Rule::Unchecked(rule.clone(), value.to_string(), message.clone())
}

/// Why a validation is not a rule about media.
#[derive(Debug, PartialEq)]
pub(super) enum RuleProblem {
    Unknown,
    NoNumber,
}

/// Returns the metric and bound of a validation that is about media.
pub(super) fn media_rule(validation: &Validation) -> Result<(Metric, Bound), RuleProblem> {
    let number = match &validation.value {
        // Numbers are also written as strings.
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_f64(),
    };
    let number = number.filter(|number: &f64| number.is_finite());
    let (name, bound) =
        Bound::split(&validation.rule, number.unwrap_or_default()).ok_or(RuleProblem::Unknown)?;
    let metric = Metric::from_name(name.trim()).ok_or(RuleProblem::Unknown)?;
    if number.is_some() { Ok((metric, bound)) } else { Err(RuleProblem::NoNumber) }
}

/// Returns the metric that an unknown rule is a misspelling of.
fn nearest_rule(rule: &str) -> Option<&'static str> {
    let name = rule.trim_end_matches(['<', '>', '=', ' ']);
    nearest(name, Metric::ALL.into_iter().map(Metric::name)).filter(|metric| *metric != name)
}

/// Returns the values of a schema's `enum` that are of its type, or all if no type is stated: the
/// other keywords ignore values of other kinds.
pub(super) fn choices_of(schema: &Schema) -> Vec<Value> {
    let kind = stated_kind(schema);
    let choices = schema.choices.iter().flatten();
    choices.filter(|choice| is_of_kind(choice, kind)).cloned().collect()
}

fn is_of_kind(value: &Value, kind: TypeWord) -> bool {
    match kind {
        TypeWord::String => value.is_string(),
        TypeWord::Boolean => value.is_boolean(),
        TypeWord::Integer => value.as_f64().is_some_and(|float| float.fract() == 0.0),
        TypeWord::Number => value.is_number(),
        TypeWord::Array => value.is_array(),
        TypeWord::Object => value.is_object(),
        TypeWord::Null => value.is_null(),
        TypeWord::Unknown => true,
    }
}

/// Returns the rule of an `enum` of any values.
pub(super) fn choices_rule(choices: &[Value]) -> Rule {
    Rule::Values(choices.iter().map(Value::to_string).collect())
}

/// Returns the rules that hold nothing but numbers, and the patterns.
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
    .chain(schema.patterns.iter().cloned().map(Rule::Pattern))
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::parse::schema;

    #[test]
    fn a_media_rule_needs_metric_operator_and_number() {
        let cases = [
            ("width_pixels>", json!(300), Ok((Metric::WidthPixels, Bound::Over(300.0)))),
            ("width/height <", json!(" 2.5 "), Ok((Metric::WidthOverHeight, Bound::Under(2.5)))),
            ("frames<", json!(300), Err(RuleProblem::Unknown)),
            ("width_pixels", json!(300), Err(RuleProblem::Unknown)),
            ("width_pixels>", json!("many"), Err(RuleProblem::NoNumber)),
            ("width_pixels>", json!("inf"), Err(RuleProblem::NoNumber)),
            ("width_pixels>", json!(null), Err(RuleProblem::NoNumber)),
        ];
        for (rule, value, expected) in cases {
            let entry = json!({"validation_rule": rule, "validation_value": value});
            let schema = schema(&json!({ "validations": [entry] }));
            let found: Vec<_> = schema.validations.iter().map(media_rule).collect();
            assert_eq!(found, [expected], "{rule} {value}");
        }
    }
}
