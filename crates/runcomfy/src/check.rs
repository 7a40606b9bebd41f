//! The checker: one walk over a table and a view, which finds every violation and
//! every piece of media that is still to be measured.

pub(crate) mod rules;
mod same;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use crate::codegen_support::value_ref::{Entries, Members, ValueRef};
use crate::media::{Format, Media, MediaInfo, MediaKind, MissingInfo};
use crate::schema::{Field, Rule, Shape, ValueSchema};
use crate::violation::message::{self, noun};
use crate::violation::pending::{Cause, Trail, Union};
use crate::violation::{InputPath, Violation, Violations};

/// What one walk looks for and finds.
#[derive(Default)]
struct Findings<'a> {
    /// Everything that is wrong, where somebody wants it.
    violations: Option<&'a mut Violations>,
    /// Every piece of media, where somebody wants it.
    media: Option<&'a mut Vec<FoundMedia>>,
    /// Whether this is about a branch of a union, of which it only counts whether the
    /// value fits.
    is_branch: bool,
    is_broken: bool,
    /// What the branches of unions made of lists and objects that were seen already, by
    /// the addresses of both: nothing where they do not fit, else the media.
    seen: BTreeMap<(usize, Address), Option<Vec<FoundMedia>>>,
}

/// One piece of media in an input, and what its schema says of it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FoundMedia {
    /// Where it stands in the input.
    pub path: InputPath,
    /// The media itself.
    pub media: Media,
    /// What its property takes, as far as the schema says.
    pub kind: MediaKind,
    /// Its rules, of which [`FoundMedia::violations`] checks the measured ones.
    pub rules: &'static [Rule],
}

impl FoundMedia {
    /// What this media breaks, given what was measured of it: its `format`, where it is of
    /// a kind that its property does not take, and its rules. Rules about facts that are
    /// not known are left out; see [`FoundMedia::unchecked`].
    pub fn violations(&self, facts: &MediaInfo) -> Vec<Violation> {
        let misfit = (self.kind.fit(facts) == Fit::No).then(|| Violation {
            path: self.path.clone(),
            rule: "format".into(),
            message: format!("Must be {}.", self.kind.noun()),
            found: facts.format.map(|format| format.content_type().to_owned()),
        });
        let measured = self.rules.iter();
        let measured = measured.filter_map(|rule| rules::measured(rule, facts, &self.path));
        misfit.into_iter().chain(measured).collect()
    }

    /// The rules, verbatim, that these facts leave unchecked, each with what is missing.
    pub fn unchecked(&self, facts: &MediaInfo) -> Vec<(Cow<'static, str>, MissingInfo)> {
        let open = |rule: &Rule| Some((rule.name(), rules::unchecked(rule, facts)?));
        self.rules.iter().filter_map(open).collect()
    }

    /// What its string breaks: for a local file, which has none before it is read.
    #[cfg(feature = "client")]
    pub(crate) fn broken_as_text(&self) -> Vec<Violation> {
        let node = ValueRef::Media(&self.media);
        let broken = self.rules.iter().filter_map(|rule| {
            let (message, found) = message::words(rule, rules::broken(rule, node)?);
            Some(Violation { path: self.path.clone(), rule: rule.name(), message, found })
        });
        broken.collect()
    }
}

/// Whether a file is of a kind that a property takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It is, or nothing says that it is not.
    Yes,
    /// Some models take it: a moving picture for a video, or the sound of a video.
    Doubtful,
    /// It is not.
    No,
}

impl MediaKind {
    pub(crate) fn fit(self, facts: &MediaInfo) -> Fit {
        use MediaKind::{Any, Audio, Image, Video};
        let moves = matches!(facts.format, Some(Format::Gif | Format::WebP | Format::Avif));
        match (self, facts.kind) {
            (Any, _) => Fit::Yes,
            // A file of a known format that is no media at all.
            (_, None) if facts.format.is_some() => Fit::No,
            (_, None | Some(Any)) => Fit::Yes,
            (Image, Some(Image)) | (Video, Some(Video)) | (Audio, Some(Audio)) => Fit::Yes,
            (Audio, Some(Video)) => Fit::Doubtful,
            (Video, Some(Image)) if moves => Fit::Doubtful,
            (Image | Video | Audio, Some(Image | Video | Audio)) => Fit::No,
        }
    }

    /// This kind in words.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Any => "media",
            Self::Image => "an image",
            Self::Video => "a video",
            Self::Audio => "a sound",
        }
    }
}

/// Everything that is wrong with a value, by its table.
pub(crate) fn violations(of: &ValueSchema, node: ValueRef<'_>) -> Violations {
    let mut violations = Violations::default();
    let mut findings = Findings { violations: Some(&mut violations), ..Findings::default() };
    value(of, node, Trail::Top, &mut findings);
    violations
}

/// Every piece of media in a value, by its table.
pub(crate) fn media(of: &ValueSchema, node: ValueRef<'_>) -> Vec<FoundMedia> {
    let mut media = Vec::new();
    let mut findings = Findings { media: Some(&mut media), ..Findings::default() };
    value(of, node, Trail::Top, &mut findings);
    media
}

impl Findings<'_> {
    fn push(&mut self, at: Trail<'_>, cause: Cause) {
        self.is_broken = true;
        if let Some(violations) = &mut self.violations {
            violations.faults().push(at, cause);
        }
    }

    /// Whether nothing more can change what is wanted.
    fn is_decided(&self) -> bool {
        self.is_branch && self.is_broken
    }
}

fn value(of: &ValueSchema, node: ValueRef<'_>, at: Trail<'_>, findings: &mut Findings<'_>) {
    let ValueSchema { shape, rules } = *of;
    // An element that is not set, or a required one, can only be a nullable one.
    let node = if matches!(node, ValueRef::Absent) { ValueRef::Null } else { node };
    if !fits(shape, node) {
        findings.push(at, Cause::Type(noun(shape)));
    }
    for rule in rules {
        if let Some(count) = rules::broken(rule, node) {
            findings.push(at, Cause::Rule(rule, count));
        }
    }
    if findings.is_decided() {
        return;
    }
    match (shape, node) {
        (Shape::Media(kind), node) => media_found(node, kind, rules, at, findings),
        (Shape::List(of), ValueRef::List(list)) => {
            for index in 0..list.count() {
                value(of, list.get(index), Trail::Index(&at, index), findings);
                if findings.is_decided() {
                    return;
                }
            }
        }
        (Shape::Map(of), ValueRef::Map(entries)) => {
            for (name, node) in entries.iter() {
                value(of, node, Trail::Name(&at, name), findings);
            }
        }
        (Shape::Object(fields), node) => object(fields, None, node, at, findings),
        (Shape::Open(fields, others), node) => object(fields, Some(others), node, at, findings),
        (Shape::Nullable(_), ValueRef::Null) => {}
        (Shape::Nullable(of), node) => value(of, node, at, findings),
        (Shape::AnyOf(branches), node) => union(branches, Union::AnyOf, node, at, findings),
        (Shape::OneOf(branches), node) => union(branches, Union::OneOf, node, at, findings),
        (Shape::ByKind(branches), node) => {
            for branch in branches.iter().filter(|branch| fits(branch.shape, node)) {
                value(branch, node, at, findings);
            }
        }
        // Anything else is a scalar, whose rules were asked above, or broke `type`.
        _ => {}
    }
}

fn media_found(
    node: ValueRef<'_>,
    kind: MediaKind,
    rules: &'static [Rule],
    at: Trail<'_>,
    findings: &mut Findings<'_>,
) {
    let Some(found) = &mut findings.media else { return };
    let media = match node {
        ValueRef::Media(media) => media.clone(),
        ValueRef::Text(text) => Media::from_wire(text),
        // It broke `type`.
        _ => return,
    };
    found.push(FoundMedia { path: at.path(), media, kind, rules });
}

/// Among so many names, one is found by looking at them all as fast as by hashing.
const FEW: usize = 16;

/// An object's properties, and those that its schema does not name.
fn object(
    fields: &'static [Field],
    others: Option<&'static ValueSchema>,
    node: ValueRef<'_>,
    at: Trail<'_>,
    findings: &mut Findings<'_>,
) {
    let own;
    let entries: &dyn Entries = match node {
        ValueRef::Struct(members) if std::ptr::eq(members.fields(), fields) => {
            return indexed(fields, members, at, findings);
        }
        // A struct that stands where another's table applies, as in a union.
        ValueRef::Struct(members) => {
            own = named(members);
            &own
        }
        ValueRef::Map(entries) => entries,
        // It broke `type`.
        _ => return,
    };
    let mut known = 0;
    for field in fields {
        let node = entries.get(field.name);
        known += usize::from(!matches!(node, ValueRef::Absent));
        property(field, node, at, findings);
        if findings.is_decided() {
            return;
        }
    }
    if known < entries.count() {
        unnamed(fields, others, entries, at, findings);
    }
}

/// The properties of an object that its schema does not name.
fn unnamed(
    fields: &'static [Field],
    others: Option<&'static ValueSchema>,
    entries: &dyn Entries,
    at: Trail<'_>,
    findings: &mut Findings<'_>,
) {
    let wide = if fields.len() > FEW { fields } else { &[] };
    let wide: HashSet<&str> = wide.iter().map(|field| field.name).collect();
    entries.each(&mut |name, node| {
        let is_known = match wide.is_empty() {
            true => fields.iter().any(|field| field.name == name),
            false => wide.contains(name),
        };
        match others {
            _ if is_known || findings.is_decided() => {}
            Some(of) => value(of, node, Trail::Name(&at, name), findings),
            None => findings.push(Trail::Name(&at, name), Cause::Unknown(fields)),
        }
    });
}

/// The properties of a struct, by their rows in its own table.
fn indexed(
    fields: &'static [Field],
    members: &dyn Members,
    at: Trail<'_>,
    findings: &mut Findings<'_>,
) {
    for (index, field) in fields.iter().enumerate() {
        // What is required and not set in a struct can only be null.
        let null = field.required && matches!(field.schema.shape, Shape::Nullable(_));
        match members.get(index) {
            ValueRef::Absent if null => property(field, ValueRef::Null, at, findings),
            node => property(field, node, at, findings),
        }
    }
}

/// The properties of a struct that are set, as JSON would have them.
fn named(members: &dyn Members) -> BTreeMap<&'static str, ValueRef<'_>> {
    let named = members.fields().iter().enumerate();
    let set = named.map(|(index, field)| match (members.get(index), field.required) {
        (ValueRef::Absent, true) => (field.name, ValueRef::Null),
        (node, _) => (field.name, node),
    });
    set.filter(|(_, node)| !matches!(node, ValueRef::Absent)).collect()
}

fn property(field: &'static Field, node: ValueRef<'_>, at: Trail<'_>, findings: &mut Findings<'_>) {
    let at = Trail::Property(&at, field.name);
    match (node, field.required) {
        (ValueRef::Absent, false) => {}
        (ValueRef::Absent, true) => {
            findings.push(at, Cause::Required);
        }
        (node, _) => value(&field.schema, node, at, findings),
    }
}

/// A union: one violation at its node, whatever its branches say. The media of the
/// first branch that fits is the union's.
fn union(
    branches: &'static [ValueSchema],
    kind: Union,
    node: ValueRef<'_>,
    at: Trail<'_>,
    findings: &mut Findings<'_>,
) {
    let mut fitting = 0;
    for branch in branches {
        if let Some(media) = remembered(branch, node, at, findings) {
            fitting += 1;
            if let (1, Some(found)) = (fitting, &mut findings.media) {
                found.extend(media);
            }
        }
    }
    match (fitting, kind) {
        (0, _) => findings.push(at, Cause::NoBranch(kind, branches)),
        (2.., Union::OneOf) => findings.push(at, Cause::Branches(kind)),
        _ => {}
    }
}

/// What [`fitting_media`] says, asked once: unions within unions would be asked again for
/// every way down to them.
fn remembered(
    branch: &'static ValueSchema,
    node: ValueRef<'_>,
    at: Trail<'_>,
    findings: &mut Findings<'_>,
) -> Option<Vec<FoundMedia>> {
    let key = match address(node).filter(|_| findings.is_branch) {
        Some(of) => (std::ptr::from_ref(branch).addr(), of),
        None => return fitting_media(branch, node, at, findings),
    };
    if let Some(seen) = findings.seen.get(&key) {
        return seen.clone();
    }
    let media = fitting_media(branch, node, at, findings);
    findings.seen.insert(key, media.clone());
    media
}

/// The media in a value that fits a branch; nothing where it does not fit.
fn fitting_media(
    branch: &'static ValueSchema,
    node: ValueRef<'_>,
    at: Trail<'_>,
    findings: &mut Findings<'_>,
) -> Option<Vec<FoundMedia>> {
    let mut media = Vec::new();
    let mut own = Findings {
        violations: None,
        media: findings.media.is_some().then_some(&mut media),
        is_branch: true,
        is_broken: false,
        seen: std::mem::take(&mut findings.seen),
    };
    value(branch, node, at, &mut own);
    findings.seen = own.seen;
    (!own.is_broken).then_some(media)
}

/// Where a list or object lies, which tells it from every other that one branch of a
/// union is asked of during a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Address {
    List(usize),
    Map(usize),
    /// A struct may lie where its first field does, which is of another kind: a struct
    /// in a struct is asked by another union's branches.
    Struct(usize),
}

fn address(node: ValueRef<'_>) -> Option<Address> {
    match node {
        ValueRef::List(list) => Some(Address::List(std::ptr::from_ref(list).addr())),
        ValueRef::Map(entries) => Some(Address::Map(std::ptr::from_ref(entries).addr())),
        ValueRef::Struct(members) => Some(Address::Struct(std::ptr::from_ref(members).addr())),
        ValueRef::Absent
        | ValueRef::Null
        | ValueRef::Bool(_)
        | ValueRef::Number(_)
        | ValueRef::Text(_)
        | ValueRef::Media(_) => None,
    }
}

fn fits(shape: Shape, node: ValueRef<'_>) -> bool {
    match shape {
        // What these take is asked of their parts.
        Shape::Any | Shape::Nullable(_) | Shape::AnyOf(_) | Shape::OneOf(_) | Shape::ByKind(_) => {
            true
        }
        Shape::Null => matches!(node, ValueRef::Null),
        Shape::Boolean => matches!(node, ValueRef::Bool(_)),
        Shape::Integer => matches!(node, ValueRef::Number(number) if number.is_whole()),
        Shape::Number => matches!(node, ValueRef::Number(number) if number.is_finite()),
        Shape::Text => matches!(node, ValueRef::Text(_)),
        Shape::Media(_) => matches!(node, ValueRef::Text(_) | ValueRef::Media(_)),
        Shape::List(_) => matches!(node, ValueRef::List(_)),
        Shape::Map(_) => matches!(node, ValueRef::Map(_)),
        Shape::Object(_) | Shape::Open(..) => {
            matches!(node, ValueRef::Map(_) | ValueRef::Struct(_))
        }
    }
}

/// The view of a JSON text from a table, which the generator wrote.
fn parsed(json: &str) -> serde_json::Value {
    serde_json::from_str(json).unwrap_or_default()
}

#[cfg(test)]
mod tests;
