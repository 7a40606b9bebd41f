//! The checker: one walk over a table and a view, which finds every violation and
//! every piece of media that is still to be measured.

mod rules;

use std::collections::HashMap;

use crate::media::Media;
use crate::metric::Facts;
use crate::node::{Node, View};
use crate::table::{Field, Of, Rule, Shape};
use crate::violation::{Path, Segment, Violation, Violations};

/// What one walk finds.
#[derive(Default)]
pub(crate) struct Findings {
    pub violations: Violations,
    pub media: Vec<FoundMedia>,
    /// What the branches of unions made of lists and objects that were seen already, by
    /// the addresses of both: nothing where they do not fit, else the media.
    seen: HashMap<(usize, Address), Option<Vec<FoundMedia>>>,
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
        let open = |rule: &&Rule| rules::is_unchecked(rule, facts);
        self.rules.iter().filter(open).map(|rule| rule.name().into_owned()).collect()
    }
}

/// Checks a value against its table.
pub(crate) fn check(of: Of, node: Node<'_>) -> Findings {
    let mut findings = Findings::default();
    value(of, node, &Trail::Top, &mut findings);
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

    fn violation(&self, rule: &'static str, message: String) -> Violation {
        Violation { path: self.path(), rule: rule.into(), message, found: None }
    }
}

fn value(Of(shape, rules): Of, node: Node<'_>, at: &Trail<'_>, findings: &mut Findings) {
    // An element that is not set, or a required one, can only be a nullable one.
    let node = if matches!(node, Node::Absent) { Node::Null } else { node };
    if !fits(shape, node) {
        let message = format!("Must be {}.", noun(shape));
        findings.violations.push(at.violation("type", message));
    }
    for rule in rules {
        if let Some((message, found)) = rules::broken(rule, node) {
            let violation = Violation { path: at.path(), rule: rule.name(), message, found };
            findings.violations.push(violation);
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
        (Shape::Object(fields), node) => object(fields, None, node, at, findings),
        (Shape::Open(fields, others), node) => object(fields, Some(others), node, at, findings),
        (Shape::Nullable(_), Node::Null) => {}
        (Shape::Nullable(of), node) => value(*of, node, at, findings),
        (Shape::AnyOf(branches), node) => union(branches, "anyOf", node, at, findings),
        (Shape::OneOf(branches), node) => union(branches, "oneOf", node, at, findings),
        (Shape::ByKind(branches), node) => {
            for branch in branches.iter().filter(|Of(shape, _)| fits(*shape, node)) {
                value(*branch, node, at, findings);
            }
        }
        // Anything else is a scalar, whose rules were asked above, or broke `type`.
        _ => {}
    }
}

fn media_found(media: Media, rules: &'static [Rule], at: &Trail<'_>, findings: &mut Findings) {
    findings.media.push(FoundMedia { path: at.path(), media, rules });
}

/// An object's properties, and those that its schema does not name.
fn object(
    fields: &'static [Field],
    others: Option<&'static Of>,
    node: Node<'_>,
    at: &Trail<'_>,
    findings: &mut Findings,
) {
    // A struct is asked by index, unless it stands where another's table applies, as in a
    // union.
    let members = match node {
        Node::Struct(members) => Some(members),
        _ => None,
    };
    if let Some(members) = members.filter(|members| std::ptr::eq(members.fields(), fields)) {
        for (index, field) in fields.iter().enumerate() {
            // What is required and not set in a struct can only be null.
            let null = field.required && matches!(field.of.0, Shape::Nullable(_));
            match members.get(index) {
                Node::Absent if null => property(field, Node::Null, at, findings),
                node => property(field, node, at, findings),
            }
        }
        return;
    }
    let named: Vec<(&str, Node<'_>)> = match node {
        Node::Struct(members) => {
            let named = members.fields().iter().enumerate();
            let set = named.map(|(index, field)| match (members.get(index), field.required) {
                (Node::Absent, true) => (field.name, Node::Null),
                (node, _) => (field.name, node),
            });
            set.filter(|(_, node)| !matches!(node, Node::Absent)).collect()
        }
        Node::Map(entries) => entries.iter().collect(),
        // It broke `type`.
        _ => return,
    };
    for field in fields {
        let found = named.iter().find(|(name, _)| *name == field.name);
        property(field, found.map_or(Node::Absent, |(_, node)| *node), at, findings);
    }
    for (name, node) in named {
        match others {
            _ if fields.iter().any(|field| field.name == name) => {}
            Some(of) => value(*of, node, &Trail::Name(at, name), findings),
            None => {
                let violation =
                    Trail::Name(at, name).violation("additionalProperties", unknown(fields, name));
                findings.violations.push(violation);
            }
        }
    }
}

fn property(field: &'static Field, node: Node<'_>, at: &Trail<'_>, findings: &mut Findings) {
    let at = Trail::Name(at, field.name);
    match (node, field.required) {
        (Node::Absent, false) => {}
        (Node::Absent, true) => {
            findings.violations.push(at.violation("required", "Required, and missing.".to_owned()));
        }
        (node, _) => value(field.of, node, &at, findings),
    }
}

/// A union: one violation at its node, whatever its branches say. The media of the
/// first branch that fits is the union's.
fn union(
    branches: &'static [Of],
    rule: &'static str,
    node: Node<'_>,
    at: &Trail<'_>,
    findings: &mut Findings,
) {
    let mut fitting = 0;
    for branch in branches {
        let media = match address(node).map(|of| (std::ptr::from_ref(branch).addr(), of)) {
            // Unions within unions would be asked again for every way down to them.
            Some(key) => match findings.seen.get(&key) {
                Some(seen) => seen.clone(),
                None => {
                    let media = fitting_media(branch, node, at, findings);
                    findings.seen.insert(key, media.clone());
                    media
                }
            },
            None => fitting_media(branch, node, at, findings),
        };
        if let Some(media) = media {
            fitting += 1;
            if fitting == 1 {
                findings.media.extend(media);
            }
        }
    }
    let nouns: Vec<&str> = branches.iter().map(|Of(shape, _)| noun(*shape)).collect();
    let message = match (fitting, rule) {
        (0, _) => format!("Must be {}, as the schema describes it.", nouns.join(", or ")),
        (2.., "oneOf") => "Fits more than one of the choices, and may fit only one.".to_owned(),
        _ => return,
    };
    findings.violations.push(at.violation(rule, message));
}

/// The media in a value that fits a branch; nothing where it does not fit.
fn fitting_media(
    branch: &'static Of,
    node: Node<'_>,
    at: &Trail<'_>,
    findings: &mut Findings,
) -> Option<Vec<FoundMedia>> {
    let mut own = Findings { seen: std::mem::take(&mut findings.seen), ..Findings::default() };
    value(*branch, node, at, &mut own);
    findings.seen = own.seen;
    own.violations.is_empty().then_some(own.media)
}

/// Where a list or object lies, which tells it from every other that one branch of a
/// union is asked of during a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Address {
    List(usize),
    Map(usize),
    /// A struct may lie where its first field does, which is of another kind: a struct
    /// in a struct is asked by another union's branches.
    Struct(usize),
}

fn address(node: Node<'_>) -> Option<Address> {
    match node {
        Node::List(list) => Some(Address::List(std::ptr::from_ref(list).addr())),
        Node::Map(entries) => Some(Address::Map(std::ptr::from_ref(entries).addr())),
        Node::Struct(members) => Some(Address::Struct(std::ptr::from_ref(members).addr())),
        Node::Absent
        | Node::Null
        | Node::Bool(_)
        | Node::Number(_)
        | Node::Text(_)
        | Node::Media(_) => None,
    }
}

/// What to say to a name that the schema does not have: the nearest that it has.
pub(crate) fn unknown(fields: &'static [Field], name: &str) -> String {
    let nearest = fields
        .iter()
        .map(|field| (field.name, 1 + field.name.chars().count() / 4))
        // The lengths bound the distance from below: a name from a stranger may be long.
        .filter(|(known, most)| known.len().abs_diff(name.len()) <= 4 * most)
        .map(|(known, most)| (strsim::damerau_levenshtein(known, name), most, known))
        .filter(|(distance, most, _)| distance <= most)
        .min();
    match nearest {
        Some((.., known)) => format!("No such property; did you mean `{known}`?"),
        None if fields.is_empty() => "No such property; there are none.".to_owned(),
        None => {
            let known: Vec<String> =
                fields.iter().map(|field| format!("`{}`", field.name)).collect();
            format!("No such property; there are {}.", known.join(", "))
        }
    }
}

fn fits(shape: Shape, node: Node<'_>) -> bool {
    match shape {
        // What these take is asked of their parts.
        Shape::Any | Shape::Nullable(_) | Shape::AnyOf(_) | Shape::OneOf(_) | Shape::ByKind(_) => {
            true
        }
        Shape::Null => matches!(node, Node::Null),
        Shape::Boolean => matches!(node, Node::Bool(_)),
        Shape::Integer => matches!(node, Node::Number(number) if number.is_whole()),
        Shape::Number => matches!(node, Node::Number(number) if number.is_finite()),
        Shape::Text => matches!(node, Node::Text(_)),
        Shape::Media(_) => matches!(node, Node::Text(_) | Node::Media(_)),
        Shape::List(_) => matches!(node, Node::List(_)),
        Shape::Map(_) => matches!(node, Node::Map(_)),
        Shape::Object(_) | Shape::Open(..) => matches!(node, Node::Map(_) | Node::Struct(_)),
    }
}

/// A shape in words.
pub(crate) fn noun(shape: Shape) -> &'static str {
    match shape {
        Shape::Any | Shape::ByKind(_) => "any value",
        Shape::Null => "null",
        Shape::Boolean => "a boolean",
        Shape::Integer => "a whole number",
        Shape::Number => "a number",
        Shape::Text => "a string",
        Shape::Media(_) => "a string, the address of media",
        Shape::List(_) => "a list",
        Shape::Map(_) | Shape::Object(_) | Shape::Open(..) => "an object",
        Shape::Nullable(Of(shape, _)) => noun(*shape),
        Shape::AnyOf(_) | Shape::OneOf(_) => "one of several choices",
    }
}

/// The view of a JSON text from a table, which the generator wrote.
fn parsed(json: &str) -> serde_json::Value {
    serde_json::from_str(json).unwrap_or_default()
}

/// Whether two values are the same in JSON Schema's sense: `1` is `1.0`.
fn same(a: Node<'_>, b: Node<'_>) -> bool {
    match (a, b) {
        (Node::Absent | Node::Null, Node::Absent | Node::Null) => true,
        (Node::Bool(a), Node::Bool(b)) => a == b,
        (Node::Number(a), Node::Number(b)) => a.is_same(b),
        (Node::Text(a), Node::Text(b)) => a == b,
        (Node::Media(media), Node::Text(text)) | (Node::Text(text), Node::Media(media)) => {
            media.wire() == text
        }
        (Node::Media(a), Node::Media(b)) => a.wire() == b.wire(),
        (Node::List(a), Node::List(b)) => {
            a.count() == b.count() && (0..a.count()).all(|index| same(a.get(index), b.get(index)))
        }
        (Node::Map(_) | Node::Struct(_), Node::Map(_) | Node::Struct(_)) => {
            let json = |node: Node<'_>| serde_json::to_value(node).unwrap_or_default();
            let (a, b) = (json(a), json(b));
            match (a.as_object(), b.as_object()) {
                (Some(a), Some(b)) => {
                    let pair = |(name, value): (&String, &serde_json::Value)| {
                        b.get(name).is_some_and(|other| same(value.view(), other.view()))
                    };
                    a.len() == b.len() && a.iter().all(pair)
                }
                _ => false,
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
