//! The checker: one walk over a table and a view, which finds every violation and
//! every piece of media that is still to be measured.

mod rules;

use crate::media::Media;
use crate::metric::Facts;
use crate::node::{Node, Number};
use crate::table::{Field, Of, Rule, Shape};
use crate::violation::{Path, Segment, Violation, Violations};

/// What one walk finds.
#[derive(Default)]
pub(crate) struct Findings {
    pub violations: Violations,
    pub media: Vec<FoundMedia>,
}

/// One piece of media in an input, and what its schema says of it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FoundMedia {
    /// Where it stands in the input.
    pub path: Path,
    /// The media itself.
    pub media: Media,
    /// Its rules, of which [`FoundMedia::violations`] checks the measured ones.
    pub rules: &'static [Rule],
}

impl FoundMedia {
    /// What this media breaks, given what was measured of it. Rules about facts
    /// that are not known are left out; see [`FoundMedia::unchecked`].
    pub fn violations(&self, facts: &Facts) -> Vec<Violation> {
        self.rules.iter().filter_map(|rule| rules::measured(rule, facts, &self.path)).collect()
    }

    /// The rules, verbatim, that these facts leave unchecked.
    pub fn unchecked(&self, facts: &Facts) -> Vec<String> {
        let open = |rule: &&Rule| match rule {
            Rule::Measured(metric, ..) => metric.of(facts).is_none(),
            Rule::Unchecked(..) => true,
            Rule::MinLength(_)
            | Rule::MaxLength(_)
            | Rule::Minimum(_)
            | Rule::Maximum(_)
            | Rule::ExclusiveMinimum(_)
            | Rule::ExclusiveMaximum(_)
            | Rule::MinItems(_)
            | Rule::MaxItems(_)
            | Rule::Words(_)
            | Rule::Integers(_) => false,
        };
        self.rules.iter().filter(open).map(|rule| rule.name().into_owned()).collect()
    }
}

/// Checks an object against its table.
pub(crate) fn check(fields: &'static [Field], node: Node<'_>) -> Findings {
    let mut findings = Findings::default();
    value(Of(Shape::Object(fields), &[]), node, &Trail::Top, &mut findings);
    findings
}

/// The way from the top to the value under check. It lives on the stack, so that
/// valid input costs no allocation.
enum Trail<'a> {
    Top,
    Name(&'a Trail<'a>, &'a str),
    Index(&'a Trail<'a>, usize),
}

impl Trail<'_> {
    fn path(&self) -> Path {
        let mut segments = Vec::new();
        let mut step = self;
        loop {
            step = match step {
                Trail::Top => break,
                Trail::Name(above, name) => {
                    segments.push(Segment::Name((*name).to_owned()));
                    above
                }
                Trail::Index(above, index) => {
                    segments.push(Segment::Index(*index));
                    above
                }
            };
        }
        segments.into_iter().rev().collect()
    }
}

fn value(Of(shape, rules): Of, node: Node<'_>, at: &Trail<'_>, findings: &mut Findings) {
    if !fits(shape, node) {
        findings.violations.push(Violation {
            path: at.path(),
            rule: "type".into(),
            message: format!("Must be {}.", noun(shape)),
            found: None,
        });
    }
    for rule in rules {
        if let Some((message, found)) = rules::broken(rule, node) {
            findings.violations.push(Violation {
                path: at.path(),
                rule: rule.name(),
                message,
                found,
            });
        }
    }
    match (shape, node) {
        (Shape::Media(_), Node::Media(media)) => media_found(media.clone(), rules, at, findings),
        (Shape::Media(_), Node::Text(text)) => {
            media_found(Media::from_wire(text), rules, at, findings);
        }
        (Shape::List(of), Node::List(list)) => {
            for index in 0..list.count() {
                value(*of, list.get(index), &Trail::Index(at, index), findings);
            }
        }
        (Shape::Map(of), Node::Map(entries)) => {
            for (name, node) in entries.iter() {
                value(*of, node, &Trail::Name(at, name), findings);
            }
        }
        (Shape::Object(fields), Node::Struct(members)) => {
            for (index, field) in fields.iter().enumerate() {
                property(field, members.get(index), at, findings);
            }
        }
        (Shape::Object(fields), Node::Map(entries)) => {
            for field in fields {
                property(field, entries.get(field.name), at, findings);
            }
            for (name, _) in entries.iter() {
                if !fields.iter().any(|field| field.name == name) {
                    findings.violations.push(unknown(fields, name, at));
                }
            }
        }
        // Anything else is a scalar, whose rules were asked above, or broke `type`.
        _ => {}
    }
}

fn media_found(media: Media, rules: &'static [Rule], at: &Trail<'_>, findings: &mut Findings) {
    findings.media.push(FoundMedia { path: at.path(), media, rules });
}

fn property(field: &'static Field, node: Node<'_>, at: &Trail<'_>, findings: &mut Findings) {
    let at = Trail::Name(at, field.name);
    match (node, field.required) {
        (Node::Absent, false) => {}
        (Node::Absent, true) => findings.violations.push(Violation {
            path: at.path(),
            rule: "required".into(),
            message: "Required, and missing.".to_owned(),
            found: None,
        }),
        (node, _) => value(field.of, node, &at, findings),
    }
}

/// A violation for a name that the schema does not have, with the nearest that it
/// has.
fn unknown(fields: &'static [Field], name: &str, at: &Trail<'_>) -> Violation {
    let nearest = fields
        .iter()
        .map(|field| (strsim::damerau_levenshtein(field.name, name), field.name))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.chars().count() / 4);
    let message = match nearest {
        Some((_, known)) => format!("No such property; did you mean `{known}`?"),
        None => {
            let known: Vec<String> =
                fields.iter().map(|field| format!("`{}`", field.name)).collect();
            format!("No such property; there are {}.", known.join(", "))
        }
    };
    Violation {
        path: Trail::Name(at, name).path(),
        rule: "additionalProperties".into(),
        message,
        found: None,
    }
}

fn fits(shape: Shape, node: Node<'_>) -> bool {
    match shape {
        Shape::Any => true,
        Shape::Boolean => matches!(node, Node::Bool(_)),
        Shape::Integer => matches!(node, Node::Number(number) if number.is_whole()),
        Shape::Number => matches!(node, Node::Number(number) if number.is_finite()),
        Shape::Text => matches!(node, Node::Text(_)),
        Shape::Media(_) => matches!(node, Node::Text(_) | Node::Media(_)),
        Shape::List(_) => matches!(node, Node::List(_)),
        Shape::Map(_) => matches!(node, Node::Map(_)),
        Shape::Object(_) => matches!(node, Node::Map(_) | Node::Struct(_)),
    }
}

/// A shape in words.
fn noun(shape: Shape) -> &'static str {
    match shape {
        Shape::Any => "any value",
        Shape::Boolean => "a boolean",
        Shape::Integer => "a whole number",
        Shape::Number => "a number",
        Shape::Text => "a string",
        Shape::Media(_) => "a string, the address of media",
        Shape::List(_) => "a list",
        Shape::Map(_) | Shape::Object(_) => "an object",
    }
}

/// The number in a node, for the rules about numbers.
fn number(node: Node<'_>) -> Option<Number> {
    match node {
        Node::Number(number) => Some(number),
        _ => None,
    }
}

/// The string in a node, for the rules about strings.
fn text(node: Node<'_>) -> Option<&str> {
    match node {
        Node::Text(text) => Some(text),
        Node::Media(media) => Some(media.wire()),
        _ => None,
    }
}
