//! Doc comments: a schema's own words, made inert, and its bounds in a sentence.
//!
//! Text from a schema is hostile until proven: whatever it holds, it ends up as plain
//! words of one paragraph, never as markup, a code fence or a second line of code.

use runcomfy::codegen_support::schema::Rule as Plain;
use runcomfy::media::MediaKind;
use runcomfy::{Bound, Metric};

use crate::model::{Docs, Edge, End, Field, Quantity, Rule, Shape, Type, ValueSchema};
use crate::number::Number;
use crate::text::{capitalised, code, lowered, sentence};

/// A doc line is wrapped where it would go past this many characters.
const WIDTH: usize = 88;
/// A default past this many characters is shown by its beginning.
const LONGEST_DEFAULT: usize = 60;

/// The doc lines of a field: what it is and its bounds, then the schema's description.
pub(super) fn field(field: &Field) -> Vec<String> {
    let mut line = sentence(&title(&field.docs, &field.wire));
    for part in bounds(&field.schema) {
        line.push(' ');
        line.push_str(&part);
    }
    for unchecked in &field.docs.unchecked {
        line.push_str(&format!(" Not checked: {}.", code_in_prose(unchecked)));
    }
    if let Some(default) = &field.default {
        let label = if field.required.is_some() { "Example" } else { "RunComfy's default" };
        if default != "\"\"" {
            line.push_str(&format!(" {label}: {}.", code_in_prose(&shortened(default))));
        }
    }
    paragraphs(line, &field.docs)
}

/// The doc lines of a type named after a property.
pub(super) fn named(docs: &Docs, name: &str) -> Vec<String> {
    paragraphs(sentence(&title(docs, name)), docs)
}

/// What a variant of a union holds.
pub(super) fn variant(ty: &Type) -> String {
    let noun = match ty {
        Type::Any => "Any JSON value",
        Type::Boolean => "A boolean",
        Type::Integer => "A whole number",
        Type::Number => "A number",
        Type::Text => "A string",
        Type::Media => "Media",
        Type::Url => "An address",
        Type::Enum(_) => "One of some words",
        Type::List(_) => "A list",
        Type::Map(_) => "An object with names of one's choice",
        Type::Struct(_) => "An object",
        Type::Union(_) => "One of several",
        Type::Nullable(_) => "A value or null",
        Type::Boxed(inner) => return variant(inner),
    };
    format!("{noun}.")
}

/// Lines of one paragraph each, with an empty line between.
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

/// The title, or the name in words: `promptImage` is `Prompt image`.
fn title(docs: &Docs, name: &str) -> String {
    if let Some(title) = docs.title.as_deref().map(str::trim).filter(|title| !title.is_empty()) {
        return title.to_owned();
    }
    let mut words = String::new();
    for c in name.chars() {
        let humps = c.is_ascii_uppercase() && words.ends_with(|c: char| c.is_ascii_lowercase());
        match c {
            '_' | '-' => words.push(' '),
            c if humps => words.extend([' ', c.to_ascii_lowercase()]),
            c => words.push(c),
        }
    }
    match words.trim() {
        "" => format!("The property \"{name}\""),
        words => capitalised(words),
    }
}

/// The bounds of a value, a sentence each.
fn bounds(of: &ValueSchema) -> Vec<String> {
    let kind = match &of.shape {
        Shape::Media(MediaKind::Image) => Some("An image."),
        Shape::Media(MediaKind::Video) => Some("A video."),
        Shape::Media(MediaKind::Audio) => Some("A sound."),
        Shape::Null => Some("Only `null`."),
        _ => None,
    };
    let mut sentences: Vec<String> = kind.into_iter().map(str::to_owned).collect();
    sentences.extend(own_bounds(&of.rules));
    match &of.shape {
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
        counted(ends(&edges, Quantity::Length), "character"),
        counted(ends(&edges, Quantity::Items), "item"),
        counted(ends(&edges, Quantity::Properties), "entry"),
    ];
    range(&edges)
        .into_iter()
        .chain(strict_range(&edges))
        .chain(counts.into_iter().flatten())
        .chain(rules.iter().filter_map(own_sentence))
        .chain(measured(rules))
        .collect()
}

/// `From 1 to 6.`
fn range(edges: &[Edge]) -> Option<String> {
    match (last(edges, End::Least, false), last(edges, End::Most, false)) {
        (Some(least), Some(most)) => Some(format!("From {least} to {most}.")),
        (Some(least), None) => Some(format!("At least {least}.")),
        (None, Some(most)) => Some(format!("At most {most}.")),
        (None, None) => None,
    }
}

/// `Over 0 and under 1.`
fn strict_range(edges: &[Edge]) -> Option<String> {
    let over = last(edges, End::Least, true).map(|bound| format!("over {bound}"));
    let under = last(edges, End::Most, true).map(|bound| format!("under {bound}"));
    let strict: Vec<String> = over.into_iter().chain(under).collect();
    (!strict.is_empty()).then(|| capitalised(&strict.join(" and ")) + ".")
}

fn last(edges: &[Edge], end: End, is_strict: bool) -> Option<Number> {
    let mut edges = edges.iter().rev().filter(|edge| edge.quantity == Quantity::Number);
    edges.find(|edge| edge.end == end && edge.is_strict == is_strict).map(|edge| edge.value)
}

fn ends(edges: &[Edge], quantity: Quantity) -> (Option<u64>, Option<u64>) {
    let end = |end| {
        let mut edges = edges.iter().rev();
        let edge = edges.find(|edge| edge.quantity == quantity && edge.end == end)?;
        match edge.value {
            Number::Integer(count) => u64::try_from(count).ok(),
            Number::Float(_) => None,
        }
    };
    (end(End::Least), end(End::Most))
}

/// Returns the sentence about a rule that is no bound.
fn own_sentence(rule: &Rule) -> Option<String> {
    Some(match rule {
        Rule::Plain(Plain::MultipleOf(step)) => format!("A multiple of {step}."),
        Rule::Plain(Plain::UniqueItems) => "Each item once.".to_owned(),
        Rule::Integers(choices) => {
            let in_row = choices.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1]));
            let row = (choices.first(), choices.last());
            match (choices.len() > 3 && in_row, row) {
                (true, (Some(first), Some(last))) => {
                    format!("A whole number from {first} to {last}.")
                }
                _ => {
                    let choices: Vec<String> = choices.iter().map(i64::to_string).collect();
                    format!("One of {}.", choices.join(", "))
                }
            }
        }
        Rule::Unchecked(rule, _, message) => {
            let words = if message.trim().is_empty() {
                String::new()
            } else {
                format!(" {}", sentence(message))
            };
            format!("Not checked: {}.{words}", code_in_prose(rule))
        }
        Rule::Values(choices) => {
            let choices: Vec<String> =
                choices.iter().map(|choice| code_in_prose(&shortened(choice))).collect();
            format!("One of {}.", choices.join(", "))
        }
        // Bounds have a sentence together; media rules too; values have an enum.
        Rule::Plain(_) | Rule::Strings(_) | Rule::Measured(..) | Rule::Annotation(..) => {
            return None;
        }
    })
}

fn counted(bounds: (Option<u64>, Option<u64>), noun: &str) -> Option<String> {
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    if noun == "entry" {
        return counted(bounds, "entrie").map(|text| text.replace("1 entrie.", "1 entry."));
    }
    match bounds {
        (Some(0) | None, Some(most)) => Some(format!("At most {most} {noun}{}.", plural(most))),
        (Some(0) | None, None) => None,
        (Some(least), None) => Some(format!("At least {least} {noun}{}.", plural(least))),
        (Some(least), Some(most)) if least == most => {
            Some(format!("Exactly {most} {noun}{}.", plural(most)))
        }
        (Some(least), Some(most)) => Some(format!("{least} to {most} {noun}s.")),
    }
}

/// `Width and height over 300 px; width/height between 0.4 and 2.5.`
fn measured(rules: &[Rule]) -> Option<String> {
    let mut metrics: Vec<(Metric, Option<f64>, Option<f64>)> = Vec::new();
    for rule in rules {
        let Rule::Measured(metric, limit, _) = rule else { continue };
        let known = metrics.iter().position(|(known, ..)| known == metric);
        let index = known.unwrap_or_else(|| {
            metrics.push((*metric, None, None));
            metrics.len() - 1
        });
        match limit {
            Bound::Over(bound) => metrics[index].1 = Some(*bound),
            Bound::Under(bound) => metrics[index].2 = Some(*bound),
        }
    }
    let phrase = |(metric, over, under): &(Metric, Option<f64>, Option<f64>)| {
        let range = match (over, under) {
            (Some(over), Some(under)) => format!("between {over} and {under}"),
            (Some(over), None) => format!("over {over}"),
            (None, Some(under)) => format!("under {under}"),
            (None, None) => String::new(),
        };
        format!("{range}{}", metric.unit())
    };
    let groups = metrics.chunk_by(|a, b| phrase(a) == phrase(b)).map(|group| {
        let nouns: Vec<&str> = group.iter().map(|(metric, ..)| metric.noun()).collect();
        format!("{} {}", nouns.join(" and "), group.first().map(phrase).unwrap_or_default())
    });
    let sentence = groups.collect::<Vec<_>>().join("; ");
    (!sentence.is_empty()).then(|| capitalised(&sentence) + ".")
}

fn wrapped(paragraph: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in paragraph.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.into_iter().map(|line| line.replace(UNBROKEN, " ")).collect()
}

/// Stands for a space where no line may end. No readable text holds it.
const UNBROKEN: char = '\u{1}';

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST_DEFAULT {
        return text.to_owned();
    }
    text.chars().take(LONGEST_DEFAULT).chain(['…']).collect()
}

/// Code within prose, which is kept on one line: what begins a line of Markdown within
/// it, such as `<!--`, would end the code.
fn code_in_prose(text: &str) -> String {
    code(text).replace(' ', &UNBROKEN.to_string())
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
    fn long_lines_are_wrapped_between_words() {
        let lines = prose(["word ".repeat(40).trim().to_owned()]);
        assert!(lines.len() == 3 && lines.iter().all(|line| line.chars().count() <= WIDTH));
    }
}
