//! Draws the problems of an input at their places: in the JSON that was given, or at the flag.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use runcomfy::{PathSegment, Violation, Violations};
use runcomfy_codegen::mask_control;

use super::Input;
use super::json::WantsName;
use super::local::is_within;
use super::merge::pointer;
use crate::failure::{Failure, Kind, Problem};
use crate::style::{count, escaped, shortened};

/// A range of a text, and what is wrong there.
pub(crate) type Mark = (Range<usize>, String);

/// The most characters of a flag's value that are drawn.
const MAX_VALUE: usize = 24;
/// The width of the margin that a drawing has beside its source, in columns.
const MARGIN: usize = 10;

/// Returns the failure of an input with violations.
pub(crate) fn refused(input: &Input, violations: &Violations) -> Failure {
    let message = format!(
        "{} in the input of {}; nothing was sent",
        count(violations.len(), "problem"),
        input.model.info.id
    );
    let mut failure = Failure::new(Kind::InputRefused, message)
        .fix(format!("`rcomfy models show '{}'` lists every property", input.model.info.id));
    failure.problems = violations.iter().map(problem).collect();
    failure.drawing = Some(drawing(input, violations));
    failure
}

/// Returns a violation as programs read it.
pub(crate) fn problem(violation: &Violation) -> Problem {
    Problem {
        line: None,
        path: violation.path.to_string(),
        pointer: violation.path.pointer(),
        rule: violation.rule.to_string(),
        message: violation.message.clone(),
        found: violation.found.clone(),
    }
}

/// Draws every violation at its place.
fn drawing(input: &Input, violations: &Violations) -> String {
    let mut in_document = Vec::new();
    let mut at_flags = Line::new(input);
    for (violation, rules) in grouped(violations) {
        let segments = segments(violation);
        let label = words(violation, &rules);
        let pointer = pointer(&segments);
        let flag = input.flags.keys().rfind(|flag| is_within(&pointer, flag));
        let is_absent = matches!(&*violation.rule, "required");
        match (flag, &input.document) {
            (Some(flag), _) => at_flags.mark(flag, label),
            (None, Some(document)) if !is_absent || segments.len() > 1 => {
                let wants_name = match &*violation.rule {
                    "additionalProperties" => WantsName::Yes,
                    _ => WantsName::No,
                };
                let range = document.range(&segments, wants_name).unwrap_or(0..1);
                in_document.push((range, label));
            }
            (None, Some(_)) => in_document.push((0..1, label)),
            (None, None) => at_flags.mark_model(label),
        }
    }
    let mut parts = Vec::new();
    if let Some(document) = input.document.as_ref().filter(|_| !in_document.is_empty()) {
        parts.push(draw(Some(&document.name), &document.text, &in_document));
    }
    if !at_flags.marks.is_empty() {
        parts.push(draw(None, &at_flags.text, &at_flags.marks));
    }
    parts.join("\n")
}

/// Returns each violation with the rules that share its place and its message.
fn grouped(violations: &Violations) -> Vec<(&Violation, Vec<&str>)> {
    let mut groups: Vec<(&Violation, Vec<&str>)> = Vec::new();
    for violation in violations {
        let same = groups.iter_mut().find(|(first, _)| {
            first.path == violation.path
                && first.message == violation.message
                && first.found == violation.found
        });
        match same {
            Some((_, rules)) => rules.push(&violation.rule),
            None => groups.push((violation, vec![&violation.rule])),
        }
    }
    groups
}

/// Returns the expectation of a violation, its observation and its rules.
fn words(violation: &Violation, rules: &[&str]) -> String {
    let found = violation.found.as_ref().map(|found| format!(" (found {})", escaped(found)));
    let path = match &*violation.rule {
        "required" => format!("{}: ", violation.path),
        _ => String::new(),
    };
    let message = escaped(&violation.message);
    format!("{path}{message}{} [{}]", found.unwrap_or_default(), escaped(&rules.join(", ")))
}

fn segments(violation: &Violation) -> Vec<String> {
    let segments = violation.path.segments().iter().map(|segment| match segment {
        PathSegment::Name(name) => name.clone(),
        PathSegment::Index(index) => index.to_string(),
    });
    segments.collect()
}

/// The flags of an input as one line, to draw problems in.
struct Line<'a> {
    input: &'a Input,
    text: String,
    /// The range of each flag's value.
    values: Vec<(&'a str, Range<usize>)>,
    model: Range<usize>,
    marks: Vec<Mark>,
}

impl<'a> Line<'a> {
    fn new(input: &'a Input) -> Self {
        let mut text = String::from("rcomfy … ");
        let id = quoted(input.model.info.id);
        let model = text.len()..text.len() + id.len();
        text.push_str(&id);
        let mut values = Vec::new();
        for (pointer, given) in &input.flags {
            text.push_str(&format!(" {} ", given.flag));
            let value = quoted(&shortened(&escaped(&given.text), MAX_VALUE));
            values.push((pointer.as_str(), text.len()..text.len() + value.len()));
            text.push_str(&value);
        }
        Self { input, text, values, model, marks: Vec::new() }
    }

    fn mark(&mut self, flag: &str, label: String) {
        let range = self.values.iter().find(|(pointer, _)| *pointer == flag);
        let range = range.map_or(self.model.clone(), |(_, range)| range.clone());
        self.marks.push((range, label));
    }

    /// Marks the model: a property is missing, and `--help` has its flag.
    fn mark_model(&mut self, label: String) {
        let name = label.split([':', '.', '[']).next().unwrap_or_default();
        let fields = self.input.model.info.fields;
        let field = fields.iter().find(|field| field.name == name);
        let flag = field.map(|field| super::flags::name(field.name));
        let label = flag.map_or(label.clone(), |flag| format!("{label}: add --{flag}"));
        self.marks.push((self.model.clone(), label));
    }
}

/// Returns a word as a shell takes it.
fn quoted(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c));
    if is_plain { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Draws labels below their ranges of a text.
pub(crate) fn draw(name: Option<&str>, text: &str, marks: &[Mark]) -> String {
    let (source, name) = (mask_control(text), name.map(escaped));
    let mut snippet = Snippet::source(source.as_ref()).line_start(1);
    if let Some(name) = &name {
        snippet = snippet.path(name);
    }
    for (range, label) in marks {
        let range = range.start.min(text.len())..range.end.min(text.len());
        snippet = snippet.annotation(AnnotationKind::Primary.span(range).label(label.as_str()));
    }
    let width = usize::from(crate::style::width()).max(MARGIN);
    // The streams remove the colours where there are none.
    let renderer = Renderer::styled().decor_style(DecorStyle::Ascii).term_width(width);
    let drawn = renderer.render(&[Level::ERROR.no_name().primary_title("").element(snippet)]);
    // The title stands above already.
    let untitled = drawn.lines().skip_while(|line| line.trim().is_empty() || *line == ":");
    untitled.collect::<Vec<_>>().join("\n")
}
