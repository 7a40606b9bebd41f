//! The type and the bounds of a value in a few words, for help and tables.

use runcomfy::codegen_support::schema::{Field, Rule, Shape, ValueSchema};
use runcomfy::media::{Bound, Metric};

use super::find::{choices, kind_name};
use crate::style::escaped;

/// The most choices that are listed in help.
const MAX_CHOICES: usize = 12;
/// The most characters of a default that are shown.
const MAX_DEFAULT: usize = 40;

/// Returns the type of a value in a word or two, such as `list of images`.
pub(crate) fn kind(schema: &ValueSchema) -> String {
    match schema.shape {
        Shape::Null => "null".to_owned(),
        Shape::Boolean => "true or false".to_owned(),
        Shape::Integer => "whole number".to_owned(),
        Shape::Number => "number".to_owned(),
        Shape::Text => "text".to_owned(),
        Shape::Media(media) => kind_name(media).to_owned(),
        Shape::List(items) => format!("list of {}", kind(items)),
        Shape::Map(_) | Shape::Object(_) | Shape::Open(..) => "object".to_owned(),
        Shape::Nullable(inner) => kind(inner),
        Shape::AnyOf(branches) | Shape::OneOf(branches) => {
            let mut kinds: Vec<String> = branches.iter().map(kind).collect();
            kinds.dedup();
            kinds.join(" or ")
        }
        _ => "any value".to_owned(),
    }
}

/// Returns the bounds of a field in words, without its type: length, range, choices, size.
pub(crate) fn bounds(schema: &ValueSchema) -> String {
    let mut parts: Vec<String> = Vec::new();
    collect(schema, &mut parts);
    parts.join("; ")
}

fn collect(schema: &ValueSchema, parts: &mut Vec<String>) {
    let listed = choices(schema.rules);
    if !listed.is_empty() {
        parts.push(shortened_list(&listed));
    }
    parts.extend(range(schema.rules));
    parts.extend(schema.rules.iter().filter_map(words));
    match schema.shape {
        Shape::Nullable(inner) => collect(inner, parts),
        Shape::List(items) => {
            let mut each = Vec::new();
            collect(items, &mut each);
            if !each.is_empty() {
                parts.push(format!("each {}", each.join(", ")));
            }
        }
        _ => {}
    }
}

fn shortened_list(listed: &[String]) -> String {
    let shown: Vec<String> =
        listed.iter().take(MAX_CHOICES).map(|choice| escaped(choice)).collect();
    match listed.len().saturating_sub(MAX_CHOICES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Returns the bounds of numbers, lengths and counts, each pair as one range.
fn range(rules: &[Rule]) -> Vec<String> {
    let mut ranges = [
        ("", None, None),
        ("characters", None, None),
        ("items", None, None),
        ("properties", None, None),
    ];
    for rule in rules {
        let (row, is_low, bound) = match *rule {
            Rule::Minimum(bound) => (0, true, format!("{bound}")),
            Rule::Maximum(bound) => (0, false, format!("{bound}")),
            Rule::MinimumInteger(bound) => (0, true, format!("{bound}")),
            Rule::MaximumInteger(bound) => (0, false, format!("{bound}")),
            Rule::MinLength(bound) => (1, true, format!("{bound}")),
            Rule::MaxLength(bound) => (1, false, format!("{bound}")),
            Rule::MinItems(bound) => (2, true, format!("{bound}")),
            Rule::MaxItems(bound) => (2, false, format!("{bound}")),
            Rule::MinProperties(bound) => (3, true, format!("{bound}")),
            Rule::MaxProperties(bound) => (3, false, format!("{bound}")),
            _ => continue,
        };
        let slot = if is_low { &mut ranges[row].1 } else { &mut ranges[row].2 };
        *slot = Some(bound);
    }
    let worded = ranges.into_iter().filter_map(|(noun, low, high)| {
        let text = match (low, high) {
            (Some(low), Some(high)) if low == high => format!("exactly {low} {noun}"),
            (Some(low), Some(high)) => format!("{low} to {high} {noun}"),
            (Some(low), None) => format!("at least {low} {noun}"),
            (None, Some(high)) => format!("at most {high} {noun}"),
            (None, None) => return None,
        };
        Some(text.trim_end().to_owned())
    });
    worded.collect()
}

/// Returns a rule that is no range and no choice in words.
fn words(rule: &Rule) -> Option<String> {
    match *rule {
        Rule::ExclusiveMinimum(bound) => Some(format!("over {bound}")),
        Rule::ExclusiveMaximum(bound) => Some(format!("under {bound}")),
        Rule::MultipleOf(step) => Some(format!("a multiple of {step}")),
        Rule::UniqueItems => Some("no repeated items".to_owned()),
        Rule::Measured(metric, bound, _) => Some(measured(metric, bound)),
        Rule::Unchecked(name, value, _) => {
            Some(format!("not checked: {} {}", escaped(name), escaped(value)))
        }
        _ => None,
    }
}

fn measured(metric: Metric, bound: Bound) -> String {
    format!("{} {bound}{}", metric.noun(), metric.unit())
}

/// Returns the default of a field, shortened. That of a required field is an example.
pub(crate) fn default(field: &Field) -> String {
    let Some(default) = field.default.filter(|default| *default != "\"\"") else {
        return String::new();
    };
    let text: String = escaped(default).chars().take(MAX_DEFAULT).collect();
    let text = text.trim_matches('"').to_owned();
    if field.required { format!("e.g. {text}") } else { text }
}
