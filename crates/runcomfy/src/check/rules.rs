//! What each rule asks of a value, its name, and the words of its violation.
//!
//! As in JSON Schema, a rule says nothing about a value of another type: `maxLength`
//! never breaks on a number, whose fault is `type`.

use std::cmp::Ordering;

use serde_json::Value;

use super::parsed;
use super::same::{repeated, same};
use crate::codegen_support::value_ref::{AsValueRef, ValueRef};
use crate::media::{MediaInfo, MissingInfo, RuleOutcome};
use crate::number::Number;
use crate::schema::Rule;
use crate::violation::{InputPath, Violation};

impl Rule {
    /// Whether a JSON value keeps this rule. Rules about media are kept by any value:
    /// they are about what it points to.
    pub fn allows(&self, value: &Value) -> bool {
        broken(self, value.as_value_ref()).is_none()
    }
}

/// Whether a value breaks a rule: then what was counted, if the rule counts something.
pub(crate) fn broken(rule: &Rule, node: ValueRef<'_>) -> Option<usize> {
    let is_broken = match *rule {
        Rule::MinLength(least) => return length(node, least, Ordering::Less),
        Rule::MaxLength(most) => return length(node, most, Ordering::Greater),
        Rule::MinItems(least) => return beyond(items(node)?, least, Ordering::Less),
        Rule::MaxItems(most) => return beyond(items(node)?, most, Ordering::Greater),
        Rule::MinProperties(least) => return beyond(properties(node)?, least, Ordering::Less),
        Rule::MaxProperties(most) => return beyond(properties(node)?, most, Ordering::Greater),
        Rule::UniqueItems => {
            let ValueRef::List(list) = node else { return None };
            return repeated(list);
        }
        Rule::MinimumInteger(bound) => number(node)?.compare_integer(bound)? == Ordering::Less,
        Rule::MaximumInteger(bound) => number(node)?.compare_integer(bound)? == Ordering::Greater,
        Rule::MultipleOf(step) => !number(node)?.is_multiple_of(step),
        Rule::Values(choices) => {
            !choices.iter().any(|choice| same(node, parsed(choice).as_value_ref()))
        }
        Rule::Minimum(bound) => compare(node, bound)? == Ordering::Less,
        Rule::Maximum(bound) => compare(node, bound)? == Ordering::Greater,
        Rule::ExclusiveMinimum(bound) => compare(node, bound)? != Ordering::Greater,
        Rule::ExclusiveMaximum(bound) => compare(node, bound)? != Ordering::Less,
        Rule::Strings(words) => !text(node).is_some_and(|text| words.contains(&text)),
        Rule::Integers(choices) => {
            !number(node).is_some_and(|number| choices.iter().any(|choice| is(number, *choice)))
        }
        // Asked once the media is measured, or never.
        Rule::Measured(..) | Rule::Unchecked(..) | Rule::Annotation(..) => false,
    };
    is_broken.then_some(0)
}

/// What a measured rule finds, where its metric is known.
pub(super) fn measured(rule: &Rule, facts: &MediaInfo, path: &InputPath) -> Option<Violation> {
    let Rule::Measured(metric, limit, message) = rule else { return None };
    let RuleOutcome::Broken(found) = metric.evaluate(*limit, facts) else { return None };
    let message = match message.trim() {
        "" => format!("The {} must be {limit}{}.", metric.noun(), metric.unit()),
        words => words.to_owned(),
    };
    Some(Violation { path: path.clone(), rule: rule.name(), message, found: Some(found) })
}

/// What is missing to check a rule about media with these facts, where something is.
pub(super) fn unchecked(rule: &Rule, facts: &MediaInfo) -> Option<MissingInfo> {
    match rule {
        Rule::Measured(metric, limit, _) => match metric.evaluate(*limit, facts) {
            RuleOutcome::Unknown(missing) => Some(missing),
            RuleOutcome::Kept | RuleOutcome::Broken(_) => None,
        },
        Rule::Unchecked(..) => Some(MissingInfo::Rule),
        Rule::MinLength(_)
        | Rule::MaxLength(_)
        | Rule::Minimum(_)
        | Rule::Maximum(_)
        | Rule::ExclusiveMinimum(_)
        | Rule::ExclusiveMaximum(_)
        | Rule::MinimumInteger(_)
        | Rule::MaximumInteger(_)
        | Rule::MultipleOf(_)
        | Rule::MinItems(_)
        | Rule::MaxItems(_)
        | Rule::UniqueItems
        | Rule::MinProperties(_)
        | Rule::MaxProperties(_)
        | Rule::Strings(_)
        | Rule::Integers(_)
        | Rule::Values(_)
        | Rule::Annotation(..) => None,
    }
}

fn length(node: ValueRef<'_>, bound: u64, wrong: Ordering) -> Option<usize> {
    let text = text(node)?;
    // A character has 1 to 4 bytes: most texts need no counting.
    let bytes = text.len() as u64;
    let keeps = match wrong {
        Ordering::Greater => bytes <= bound,
        Ordering::Less | Ordering::Equal => bytes.div_ceil(4) >= bound,
    };
    if keeps {
        return None;
    }
    beyond(bytecount::num_chars(text.as_bytes()), bound, wrong)
}

/// A count that is on the wrong side of its bound.
fn beyond(count: usize, bound: u64, wrong: Ordering) -> Option<usize> {
    ((count as u64).cmp(&bound) == wrong).then_some(count)
}

fn items(node: ValueRef<'_>) -> Option<usize> {
    match node {
        ValueRef::List(list) => Some(list.count()),
        _ => None,
    }
}

fn properties(node: ValueRef<'_>) -> Option<usize> {
    match node {
        ValueRef::Map(entries) => Some(entries.count()),
        ValueRef::Struct(members) => {
            let set = |index: &usize| !matches!(members.get(*index), ValueRef::Absent);
            Some((0..members.fields().len()).filter(set).count())
        }
        _ => None,
    }
}

fn compare(node: ValueRef<'_>, bound: f64) -> Option<Ordering> {
    number(node)?.compare(bound)
}

/// The number in a node, for the rules about numbers.
fn number(node: ValueRef<'_>) -> Option<Number> {
    match node {
        ValueRef::Number(number) => Some(number),
        _ => None,
    }
}

/// The string in a node, for the rules about strings.
fn text(node: ValueRef<'_>) -> Option<&str> {
    match node {
        ValueRef::Text(text) => Some(text),
        // Of a local file that is yet to be read there is nothing to say.
        ValueRef::Media(media) => media.wire(),
        _ => None,
    }
}

fn is(number: Number, choice: i64) -> bool {
    match number {
        Number::Integer(whole) => whole == i128::from(choice),
        Number::Float(float) => float == choice as f64,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::codegen_support::value_ref::AsValueRef;

    fn breaks(rule: Rule, value: &Value) -> bool {
        broken(&rule, value.as_value_ref()).is_some()
    }

    #[test]
    fn each_rule_holds_at_its_bound_and_breaks_one_step_beyond() {
        let wave = "波".repeat(3);
        let cases = [
            (Rule::MaxLength(3), json!(wave), json!("波波波波")),
            (Rule::MaxLength(3), json!("🌊🌊🌊"), json!("🌊🌊🌊🌊")),
            (Rule::MinLength(3), json!(wave), json!("波波")),
            (Rule::MinLength(3), json!("🌊🌊🌊"), json!("🌊🌊")),
            (Rule::MinLength(1), json!("🌊"), json!("")),
            (Rule::MaxLength(5), json!("aa波aa"), json!("aaa波aa")),
            (Rule::MinLength(3), json!("abc"), json!("ab")),
            (Rule::Minimum(5.0), json!(5), json!(4)),
            (Rule::Maximum(0.5), json!(0.5), json!(0.51)),
            (Rule::Maximum(0.5), json!(0), json!(1)),
            (Rule::Minimum(-0.5), json!(0), json!(-1)),
            (
                Rule::Maximum(9007199254740992.0),
                json!(9007199254740992u64),
                json!(9007199254740993u64),
            ),
            (Rule::ExclusiveMinimum(5.0), json!(5.5), json!(5)),
            (Rule::ExclusiveMaximum(5.0), json!(4.5), json!(5)),
            (Rule::MinItems(1), json!([0]), json!([])),
            (Rule::MaxItems(1), json!([0]), json!([0, 0])),
            (Rule::MinimumInteger(i128::from(u64::MAX)), json!(u64::MAX), json!(u64::MAX - 1)),
            (
                Rule::MaximumInteger(9007199254740993),
                json!(9007199254740993u64),
                json!(9007199254740994u64),
            ),
            (Rule::MultipleOf(0.01), json!(4.35), json!(4.355)),
            (Rule::MultipleOf(8.0), json!(1024), json!(1025)),
            (Rule::MultipleOf(0.5), json!(-3.5), json!(-3.25)),
            (Rule::MultipleOf(1e-8), json!(12391239123u64), json!(1e-9)),
            (Rule::UniqueItems, json!([1, "1", true]), json!([1, 2, 1.0])),
            (Rule::UniqueItems, json!([0.5, [1], [[1]], []]), json!([0.5, [1, -0.0], [1.0, 0]])),
            (Rule::UniqueItems, json!([null, false, "", 0, {}]), json!([{}, null, {}])),
            (
                Rule::UniqueItems,
                json!([{"a": 1}, {"a": 2}]),
                json!([{"a": 1, "b": 2}, {"b": 2, "a": 1.0}]),
            ),
            (Rule::MinProperties(1), json!({"a": 1}), json!({})),
            (Rule::MaxProperties(1), json!({"a": 1}), json!({"a": 1, "b": 1})),
            (Rule::Values(&["true", "\"x\"", "null", "2"]), json!(2.0), json!(false)),
            (Rule::Values(&["{\"a\":[1]}"]), json!({"a": [1.0]}), json!({"a": []})),
            (Rule::Strings(&["16:9", "auto"]), json!("auto"), json!("Auto")),
            (Rule::Integers(&[5, 10]), json!(10), json!(6)),
            (Rule::Integers(&[5, 10]), json!(10.0), json!(10.5)),
        ];
        for (rule, right, wrong) in cases {
            assert!(!breaks(rule, &right), "{rule:?} refuses {right}");
            assert!(breaks(rule, &wrong), "{rule:?} takes {wrong}");
            assert!(rule.allows(&right) && !rule.allows(&wrong), "{rule:?}");
        }
    }

    #[test]
    fn only_enum_says_something_about_a_value_of_another_type() {
        let other = json!({"a": 1});
        let cases = [
            (Rule::MaxLength(0), false),
            (Rule::MinLength(9), false),
            (Rule::Minimum(9.0), false),
            (Rule::Maximum(0.0), false),
            (Rule::ExclusiveMinimum(9.0), false),
            (Rule::ExclusiveMaximum(0.0), false),
            (Rule::MinItems(9), false),
            (Rule::MaxItems(0), false),
            (Rule::MinimumInteger(9), false),
            (Rule::MaximumInteger(0), false),
            (Rule::MultipleOf(2.0), false),
            (Rule::UniqueItems, false),
            (Rule::MinProperties(1), false),
            (Rule::MaxProperties(1), false),
            (Rule::Values(&["1"]), true),
            (Rule::Strings(&["a"]), true),
            (Rule::Integers(&[1]), true),
        ];
        for (rule, breaking) in cases {
            assert_eq!(breaks(rule, &other), breaking, "{rule:?}");
        }
    }
}
