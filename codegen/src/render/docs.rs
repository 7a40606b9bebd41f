//! Writes doc comments: the title and description of a schema, made inert, and its bounds.
//!
//! Text from a schema is untrusted. It becomes plain words of one paragraph, never markup, a code
//! fence or a second line of code.

use runcomfy::codegen_support::schema::Rule as Plain;
use runcomfy::media::{Bound, MediaKind, Metric};

use crate::model::{Docs, Edge, End, Field, Quantity, Rule, Shape, Type, ValueSchema, Variant};
use crate::names;
use crate::number::Number;
use crate::text::{UNBROKEN, capitalized, code_in_prose, lowered, sentence};

/// The maximum number of characters of a doc line.
const MAX_WIDTH: usize = 88;
/// The maximum number of characters of a default.
const MAX_DEFAULT: usize = 60;

/// `minimum` is inclusive, `exclusiveMinimum` is not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strictness {
    Inclusive,
    Exclusive,
}

/// The bounds of a metric: over and under.
type MetricRange = (Metric, Option<f64>, Option<f64>);

/// Returns the docs of a field: its title, bounds and JSON name, then the schema's description.
pub(super) fn field(field: &Field) -> Vec<String> {
    let mut line = sentence(&title(&field.docs, &field.wire)) + &details(field);
    if field.name.trim_start_matches("r#") != field.wire {
        line.push_str(&format!(" In JSON: {}.", code_in_prose(&field.wire)));
    }
    paragraphs(line, &field.docs)
}

/// Returns the docs of the setter of a field. A title that only repeats the name is left out.
pub(super) fn setter(name: &str, field: &Field) -> Vec<String> {
    let title = title(&field.docs, &field.wire);
    let details = details(field);
    let mut line = format!("Sets [`{name}`](Self::{name})");
    let words = names::readable(&field.wire);
    let repeats_name =
        title.eq_ignore_ascii_case(&words) || names::readable(&title).eq_ignore_ascii_case(&words);
    if repeats_name {
        line.push('.');
    } else {
        line.push_str(&format!(": {}", sentence(&title)));
    }
    prose([line + &details])
}

/// Returns the bounds and the default of a field, each after a space.
fn details(field: &Field) -> String {
    let mut line = String::new();
    for part in bounds(&field.schema) {
        line.push(' ');
        line.push_str(&part);
    }
    for unchecked in &field.docs.unchecked {
        line.push(' ');
        line.push_str(&not_checked(&unchecked.name, unchecked.value.as_deref()));
    }
    if let Some(default) = field.default.as_ref().filter(|default| *default != "\"\"") {
        let label = if field.required.is_some() { "Example" } else { "RunComfy's default" };
        line.push_str(&format!(" {label}: {}.", code_in_prose(&shortened(default))));
    }
    line
}

/// `` Not checked: `max_width` 4096. ``
fn not_checked(name: &str, value: Option<&str>) -> String {
    let value = match value {
        None | Some("null") => String::new(),
        Some(number) if number.parse::<f64>().is_ok() => format!(" {number}"),
        Some(value) => format!(" {}", code_in_prose(&shortened(value))),
    };
    format!("Not checked: {}{value}.", code_in_prose(name))
}

/// Returns the docs of a type named after a property.
pub(super) fn named(docs: &Docs, name: &str) -> Vec<String> {
    paragraphs(sentence(&title(docs, name)), docs)
}

/// Returns the docs of a value of an enum: `` `std`: Standard. ``
pub(super) fn choice(variant: &Variant) -> Vec<String> {
    let Docs { title, unchecked, .. } = &variant.docs;
    let mut line = code_in_prose(&variant.value);
    if let Some(title) = title.as_deref().map(str::trim).filter(|title| !title.is_empty()) {
        line.push_str(&format!(": {}", sentence(title)));
    }
    for unchecked in unchecked {
        line.push(' ');
        line.push_str(&not_checked(&unchecked.name, unchecked.value.as_deref()));
    }
    paragraphs(line, &variant.docs)
}

/// Describes the value of a variant of a union.
pub(super) fn variant(ty: &Type) -> String {
    let noun = match ty {
        Type::Any => "Any JSON value",
        Type::Boolean => "A boolean",
        Type::Integer | Type::Unsigned | Type::Wide => "An integer",
        Type::Number => "A number",
        Type::Text => "A string",
        Type::Media => "Media",
        Type::Url => "A URL",
        Type::Enum(_) => "One of several strings",
        Type::List(_) => "A list",
        Type::Map(_) => "An object with any names",
        Type::Struct(_) => "An object",
        Type::Union(_) => "One of several types",
        Type::Nullable(_) => "A value or null",
        Type::Boxed(inner) => return variant(inner),
    };
    format!("{noun}.")
}

/// Returns the lines of paragraphs, with empty lines between them.
pub(super) fn prose(paragraphs: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in paragraphs {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(wrapped(&paragraph));
    }
    lines
}

fn paragraphs(first: String, docs: &Docs) -> Vec<String> {
    let description = docs.description.as_deref().map(str::trim).unwrap_or_default();
    let says_more = !description.is_empty() && docs.title.as_deref() != Some(description);
    prose([first].into_iter().chain(says_more.then(|| sentence(description))))
}

/// Returns the title, or the words of the name: `promptImage` is `Prompt image`.
fn title(docs: &Docs, name: &str) -> String {
    if let Some(title) = docs.title.as_deref().map(str::trim).filter(|title| !title.is_empty()) {
        return title.to_owned();
    }
    match names::readable(name).as_str() {
        "" => format!("The property \"{name}\""),
        words => capitalized(words),
    }
}

/// Returns the bounds of a value, one sentence each.
fn bounds(schema: &ValueSchema) -> Vec<String> {
    let kind = match &schema.shape {
        Shape::Media(MediaKind::Image) => Some("An image."),
        Shape::Media(MediaKind::Video) => Some("A video."),
        Shape::Media(MediaKind::Audio) => Some("Audio."),
        Shape::Null => Some("Only `null`."),
        _ => None,
    };
    let mut sentences: Vec<String> = kind.into_iter().map(str::to_owned).collect();
    sentences.extend(own_bounds(&schema.rules));
    match &schema.shape {
        Shape::List(item) | Shape::Map(item) => {
            let mut each = bounds(item);
            if let Some(first) = each.first_mut() {
                *first = format!("Each: {}", lowered(first));
            }
            sentences.extend(each);
        }
        Shape::Nullable(inner) => sentences.extend(bounds(inner)),
        Shape::Any
        | Shape::Null
        | Shape::Boolean
        | Shape::Integer
        | Shape::Number
        | Shape::Text
        | Shape::Media(_)
        | Shape::Object(_)
        | Shape::Open(..)
        | Shape::Union(_) => {}
    }
    sentences
}

fn own_bounds(rules: &[Rule]) -> Vec<String> {
    let edges: Vec<Edge> = rules.iter().filter_map(Rule::edge).collect();
    let counts = [
        count_range(&edges, Quantity::Length, "character", "characters"),
        count_range(&edges, Quantity::Items, "item", "items"),
        count_range(&edges, Quantity::Properties, "entry", "entries"),
    ];
    number_range(&edges)
        .into_iter()
        .chain(strict_range(&edges))
        .chain(counts.into_iter().flatten())
        .chain(rules.iter().filter_map(other_rule))
        .chain(measured(rules))
        .collect()
}

/// Returns the bounds of a quantity at both ends.
fn ends(edges: &[Edge], quantity: Quantity, strictness: Strictness) -> [Option<Number>; 2] {
    [End::Least, End::Most].map(|end| {
        let is_strict = strictness == Strictness::Exclusive;
        let same = edges.iter().rev().find(|edge| {
            edge.quantity == quantity && edge.end == end && edge.is_strict == is_strict
        });
        same.map(|edge| edge.value)
    })
}

fn number_range(edges: &[Edge]) -> Option<String> {
    match ends(edges, Quantity::Number, Strictness::Inclusive) {
        [Some(min), Some(max)] => Some(format!("From {min} to {max}.")),
        [Some(min), None] => Some(format!("At least {min}.")),
        [None, Some(max)] => Some(format!("At most {max}.")),
        [None, None] => None,
    }
}

fn strict_range(edges: &[Edge]) -> Option<String> {
    match ends(edges, Quantity::Number, Strictness::Exclusive) {
        [Some(min), Some(max)] => Some(format!("Over {min} and under {max}.")),
        [Some(min), None] => Some(format!("Over {min}.")),
        [None, Some(max)] => Some(format!("Under {max}.")),
        [None, None] => None,
    }
}

fn count_range(edges: &[Edge], quantity: Quantity, one: &str, many: &str) -> Option<String> {
    let [min, max] = ends(edges, quantity, Strictness::Inclusive);
    let (range, count) = match (min.filter(|min| *min != Number::Integer(0)), max) {
        (None, None) => return None,
        (None, Some(max)) => (format!("At most {max}"), max),
        (Some(min), None) => (format!("At least {min}"), min),
        (Some(min), Some(max)) if min == max => (format!("Exactly {max}"), max),
        (Some(min), Some(max)) => (format!("{min} to {max}"), max),
    };
    Some(format!("{range} {}.", if count == Number::Integer(1) { one } else { many }))
}

/// Describes a rule that is not an end of a range.
fn other_rule(rule: &Rule) -> Option<String> {
    match rule {
        Rule::Integers(values) => Some(integers(values)),
        Rule::Values(values) => {
            let values: Vec<String> =
                values.iter().map(|value| code_in_prose(&shortened(value))).collect();
            Some(format!("One of {}.", values.join(", ")))
        }
        Rule::Plain(Plain::MultipleOf(step)) => Some(format!("A multiple of {step}.")),
        Rule::Pattern(pattern) => {
            let pattern = code_in_prose(&shortened(&pattern.written));
            Some(format!("Matches {pattern}."))
        }
        Rule::Plain(Plain::UniqueItems) => Some("Items must be unique.".to_owned()),
        Rule::Unchecked(rule, value, message) => {
            let own = not_checked(rule, Some(value));
            Some(match message.trim() {
                "" => own,
                message => format!("{own} {}", sentence(message)),
            })
        }
        // Bounds and rules about media are described together; strings have an enum.
        Rule::Plain(_) | Rule::Strings(_) | Rule::Measured(..) | Rule::Annotation(..) => None,
    }
}

fn integers(values: &[i64]) -> String {
    let is_range = values.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1]));
    match values {
        [first, _, _, .., last] if is_range => format!("An integer from {first} to {last}."),
        _ => {
            let values: Vec<String> = values.iter().map(i64::to_string).collect();
            format!("One of {}.", values.join(", "))
        }
    }
}

/// Describes the rules about media:
/// `Width and height over 300 px; width/height between 0.4 and 2.5.`
fn measured(rules: &[Rule]) -> Option<String> {
    let mut ranges: Vec<MetricRange> = Vec::new();
    for rule in rules {
        let Rule::Measured(metric, bound, _) = rule else { continue };
        let known = ranges.iter().position(|(known, ..)| known == metric);
        let index = known.unwrap_or(ranges.len());
        if known.is_none() {
            ranges.push((*metric, None, None));
        }
        match bound {
            // Of two bounds at one end, the stricter counts.
            Bound::Over(bound) => {
                let known = ranges[index].1.get_or_insert(*bound);
                *known = known.max(*bound);
            }
            Bound::Under(bound) => {
                let known = ranges[index].2.get_or_insert(*bound);
                *known = known.min(*bound);
            }
        }
    }
    let groups = ranges.chunk_by(|a, b| metric_range(a) == metric_range(b)).map(|group| {
        let nouns: Vec<&str> = group.iter().map(|(metric, ..)| metric.noun()).collect();
        format!("{} {}", nouns.join(" and "), group.first().map(metric_range).unwrap_or_default())
    });
    let sentence = groups.collect::<Vec<_>>().join("; ");
    (!sentence.is_empty()).then(|| capitalized(&sentence) + ".")
}

fn metric_range((metric, over, under): &MetricRange) -> String {
    let range = match (over, under) {
        (Some(over), Some(under)) => format!("between {over} and {under}"),
        (Some(over), None) => format!("over {over}"),
        (None, Some(under)) => format!("under {under}"),
        (None, None) => String::new(),
    };
    format!("{range}{}", metric.unit())
}

fn wrapped(paragraph: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in paragraph.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= MAX_WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.into_iter().map(|line| line.replace(UNBROKEN, " ")).collect()
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MAX_DEFAULT {
        return text.to_owned();
    }
    text.chars().take(MAX_DEFAULT).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_rules_make_one_sentence() {
        let rule = |metric, limit| Rule::Measured(metric, limit, String::new());
        let rules = [
            rule(Metric::WidthPixels, Bound::Over(300.0)),
            rule(Metric::HeightPixels, Bound::Over(300.0)),
            rule(Metric::WidthOverHeight, Bound::Over(0.4)),
            rule(Metric::WidthOverHeight, Bound::Under(2.5)),
        ];
        let expected = "Width and height over 300 px; width/height between 0.4 and 2.5.";
        assert_eq!(measured(&rules).as_deref(), Some(expected));
    }

    #[test]
    fn the_strictest_of_two_rules_is_described() {
        // Field case same-rule-twice.
        let bounds = [Bound::Over(400.0), Bound::Over(300.0), Bound::Under(8.0), Bound::Under(9.0)];
        let rules = bounds.map(|bound| Rule::Measured(Metric::WidthPixels, bound, String::new()));
        assert_eq!(measured(&rules).as_deref(), Some("Width between 400 and 8 px."));
    }

    #[test]
    fn an_unchecked_rule_is_described_with_its_bound() {
        // Field case unchecked-rule-without-bound.
        let rule = |value: &str, message: &str| {
            other_rule(&Rule::Unchecked("seconds<".into(), value.into(), message.into()))
        };
        assert_eq!(rule("60", "").as_deref(), Some("Not checked: `seconds<` 60."));
        assert_eq!(
            rule("60", "Too long").as_deref(),
            Some("Not checked: `seconds<` 60. Too long.")
        );
        assert_eq!(rule("null", "").as_deref(), Some("Not checked: `seconds<`."));
    }

    #[test]
    fn long_lines_are_wrapped_between_words() {
        let lines = prose(["word ".repeat(40).trim().to_owned()]);
        assert!(lines.len() == 3 && lines.iter().all(|line| line.chars().count() <= MAX_WIDTH));
    }
}
