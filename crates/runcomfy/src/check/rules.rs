//! The check of each rule.
//!
//! As in JSON Schema, a rule applies to values of its type only: a number never violates
//! `maxLength`, but it violates `type`.

use std::cmp::Ordering;

use serde_json::Value;

use super::parsed;
use super::same::{repeated_index, same};
use crate::codegen_support::value_ref::{AsValueRef, ValueRef};
use crate::media::{MediaInfo, MissingInfo, RuleOutcome};
use crate::number::Number;
use crate::schema::Rule;
use crate::violation::message::{self, Observed};
use crate::violation::{InputPath, Violation};

impl Rule {
    /// Returns `true` if a JSON value keeps this rule. Any value keeps a rule about media,
    /// which is about the file.
    pub fn allows(&self, value: &Value) -> bool {
        broken(self, &value.as_value_ref()).is_none()
    }

    /// Returns what this rule expects of a value, such as `must be at most 6`.
    pub fn expected(&self) -> String {
        message::expected(self)
    }
}

/// Returns `true` if a value breaks none of these rules.
#[inline]
pub(super) fn all_kept(rules: &[Rule], value: &ValueRef<'_>) -> bool {
    rules.iter().all(|rule| !is_checked(rule) || broken(rule, value).is_none())
}

/// Same as [`all_kept`] for a text.
#[inline]
pub(super) fn text_keeps(rules: &[Rule], text: &str) -> bool {
    rules.iter().all(|rule| match *rule {
        Rule::MaxLength(bound) => length_if(text, bound, Ordering::Greater).is_none(),
        _ => !is_checked(rule) || broken(rule, &ValueRef::Text(text)).is_none(),
    })
}

/// Returns `true` if a text keeps a rule, as far as that can be seen without counting.
#[inline]
pub(super) fn text_surely_keeps(rule: &Rule, text: &str) -> bool {
    match *rule {
        // A character has at least one byte.
        Rule::MaxLength(bound) => text.len() as u64 <= bound,
        _ => !is_checked(rule),
    }
}

/// Returns `true` for a rule that is checked without measuring media.
#[inline]
pub(super) fn is_checked(rule: &Rule) -> bool {
    !matches!(rule, Rule::Measured(..) | Rule::Unchecked(..) | Rule::Annotation(..))
}

/// Returns what was observed if a value breaks a rule, and `None` otherwise.
pub(super) fn broken(rule: &Rule, value: &ValueRef<'_>) -> Option<Observed> {
    use Ordering::{Greater, Less};
    let is_broken = match *rule {
        Rule::MinLength(bound) => return length_if(text(value)?, bound, Less),
        Rule::MaxLength(bound) => return length_if(text(value)?, bound, Greater),
        Rule::MinItems(bound) => return count_if(items(value)?, bound, Less),
        Rule::MaxItems(bound) => return count_if(items(value)?, bound, Greater),
        Rule::MinProperties(bound) => return count_if(properties(value)?, bound, Less),
        Rule::MaxProperties(bound) => return count_if(properties(value)?, bound, Greater),
        Rule::UniqueItems => {
            let ValueRef::List(list) = value else { return None };
            return repeated_index(*list).map(Observed::RepeatedAt);
        }
        Rule::MinimumInteger(bound) => number(value)?.compare_integer(bound)? == Less,
        Rule::MaximumInteger(bound) => number(value)?.compare_integer(bound)? == Greater,
        Rule::MultipleOf(step) => !number(value)?.is_multiple_of(step),
        Rule::Values(values) => {
            !values.iter().any(|json| same(*value, parsed(json).as_value_ref()))
        }
        Rule::Minimum(bound) => number(value)?.compare(bound)? == Less,
        Rule::Maximum(bound) => number(value)?.compare(bound)? == Greater,
        Rule::ExclusiveMinimum(bound) => number(value)?.compare(bound)? != Greater,
        Rule::ExclusiveMaximum(bound) => number(value)?.compare(bound)? != Less,
        Rule::Strings(values) => !text(value).is_some_and(|text| values.contains(&text)),
        Rule::Integers(values) => {
            !number(value).is_some_and(|number| values.iter().any(|whole| is(number, *whole)))
        }
        #[cfg(feature = "pattern")]
        Rule::Pattern(_, regex) => !super::pattern::is_match(regex, text(value)?),
        // Checked once the media is measured, or never: see `is_checked`.
        Rule::Measured(..) | Rule::Unchecked(..) | Rule::Annotation(..) => false,
    };
    is_broken.then_some(Observed::Value)
}

/// Returns `true` if a rule needs the text of a data URI. Each has the characters that a
/// `minLength` of a URL asks for.
#[cfg(feature = "client")]
pub(super) fn reads_data_uri(rule: &Rule) -> bool {
    match rule {
        Rule::MinLength(bound) => *bound > "data:;base64,".len() as u64,
        Rule::MaxLength(_) | Rule::Strings(_) | Rule::Values(_) => true,
        #[cfg(feature = "pattern")]
        Rule::Pattern(..) => true,
        Rule::Measured(..)
        | Rule::Unchecked(..)
        | Rule::Annotation(..)
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
        | Rule::Integers(_) => false,
    }
}

/// Returns the violation of a measured rule, if these facts break it.
pub(super) fn measured(rule: &Rule, info: &MediaInfo, path: &InputPath) -> Option<Violation> {
    let Rule::Measured(metric, bound, _) = rule else { return None };
    let RuleOutcome::Broken(found) = metric.evaluate(*bound, info) else { return None };
    let message = message::expected(rule);
    Some(Violation { path: path.clone(), rule: rule.name(), message, found: Some(found) })
}

/// Returns what is missing to check a rule about media, if something is.
pub(super) fn unchecked(rule: &Rule, info: &MediaInfo) -> Option<MissingInfo> {
    match rule {
        Rule::Measured(metric, limit, _) => match metric.evaluate(*limit, info) {
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
        #[cfg(feature = "pattern")]
        Rule::Pattern(..) => None,
    }
}

/// Returns the length of a text in characters, if it is on the wrong side of its bound.
#[inline]
fn length_if(text: &str, bound: u64, wrong: Ordering) -> Option<Observed> {
    // A character has 1 to 4 bytes: most texts need no counting.
    let bytes = text.len() as u64;
    let keeps = match wrong {
        Ordering::Greater => bytes <= bound,
        Ordering::Less | Ordering::Equal => bytes.div_ceil(4) >= bound,
    };
    if keeps {
        return None;
    }
    // Up to this many bytes, a plain loop beats the choice of vector instructions.
    const MAX_PLAIN: usize = 32;
    let count = match text.len() {
        ..MAX_PLAIN => text.chars().count(),
        _ => bytecount::num_chars(text.as_bytes()),
    };
    count_if(count, bound, wrong)
}

/// Returns a count, if it is on the wrong side of its bound.
fn count_if(count: usize, bound: u64, wrong: Ordering) -> Option<Observed> {
    ((count as u64).cmp(&bound) == wrong).then_some(Observed::Length(count))
}

fn items(value: &ValueRef<'_>) -> Option<usize> {
    match value {
        ValueRef::List(list) => Some(list.count()),
        _ => None,
    }
}

fn properties(value: &ValueRef<'_>) -> Option<usize> {
    match value {
        ValueRef::Map(entries) => Some(entries.count()),
        ValueRef::Struct(members) => {
            let rows = 0..members.fields().len();
            Some(rows.filter(|row| !matches!(members.get(*row), ValueRef::Absent)).count())
        }
        _ => None,
    }
}

/// Returns the value as a number, for the rules about numbers.
fn number(value: &ValueRef<'_>) -> Option<Number> {
    match value {
        ValueRef::Number(number) => Some(*number),
        _ => None,
    }
}

/// Returns the value as a string, for the rules about strings.
fn text<'a>(value: &ValueRef<'a>) -> Option<&'a str> {
    match value {
        ValueRef::Text(text) => Some(text),
        // An unread local file has none yet.
        ValueRef::Media(media) => media.wire(),
        _ => None,
    }
}

fn is(number: Number, whole: i64) -> bool {
    match number {
        Number::Integer(integer) => integer == i128::from(whole),
        Number::Float(float) => float == whole as f64,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn breaks(rule: Rule, value: &Value) -> bool {
        broken(&rule, &value.as_value_ref()).is_some()
    }

    #[test]
    fn a_rule_says_what_it_expects() {
        assert_eq!(Rule::MaxLength(1995).expected(), "must be at most 1995 characters");
        assert_eq!(Rule::Maximum(6.0).expected(), "must be at most 6");
    }

    #[test]
    fn each_rule_holds_at_its_bound_but_not_beyond() {
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
    fn a_count_or_the_value_is_observed() {
        let cases = [
            (Rule::MinLength(1), json!(""), Observed::Length(0)),
            (Rule::MaxLength(2), json!("波波波"), Observed::Length(3)),
            (Rule::MinItems(2), json!([0]), Observed::Length(1)),
            (Rule::MaxItems(1), json!([0, 0]), Observed::Length(2)),
            (Rule::MinProperties(1), json!({}), Observed::Length(0)),
            (Rule::MaxProperties(0), json!({"a": 1}), Observed::Length(1)),
            (Rule::UniqueItems, json!([0, 1, 0]), Observed::RepeatedAt(2)),
            (Rule::Minimum(1.0), json!(0), Observed::Value),
            (Rule::Strings(&["a"]), json!("b"), Observed::Value),
        ];
        for (rule, value, observed) in cases {
            assert_eq!(broken(&rule, &value.as_value_ref()), Some(observed), "{rule:?}");
        }
    }

    #[test]
    fn only_enum_applies_to_every_type() {
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
