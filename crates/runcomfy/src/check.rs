//! The checker: a walk over a schema and a value, which finds every violation and every piece of
//! media that is still to be measured. [`Matcher`] is a faster walk, which only says yes or no.

mod matcher;
#[cfg(feature = "pattern")]
mod pattern;
mod rules;
mod same;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use crate::codegen_support::value_ref::{Elements, Entries, Members, ValueRef};
use crate::media::{Format, Media, MediaInfo, MediaKind, MissingInfo};
use crate::schema::{Field, Rule, Shape, ValueSchema};
use crate::violation::message::{self, noun};
use crate::violation::pending::{PathRef, UnionKeyword, ViolationKind};
use crate::violation::{InputPath, Violation, Violations};
use matcher::Matcher;

/// Up to this many fields, a linear scan beats a hash lookup.
const MAX_SCANNED: usize = 16;

/// One piece of media in an input, and what its schema says of it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FoundMedia {
    /// The place in the input.
    pub path: InputPath,
    /// The media itself.
    pub media: Media,
    /// The kind of media that the property takes, if the schema says it.
    pub kind: MediaKind,
    /// The rules of the property. [`FoundMedia::violations`] checks the measured ones.
    pub rules: &'static [Rule],
}

/// The result of comparing a file's kind with the kind that a property takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It is of the kind, or nothing says that it is not.
    Yes,
    /// Some models take it: a moving picture for a video, or the sound of a video.
    Doubtful,
    /// It is not of the kind.
    No,
}

/// The findings that one walk collects.
#[derive(Default)]
struct Findings<'a> {
    /// Every violation, if wanted.
    violations: Option<&'a mut Violations>,
    /// Every piece of media, if wanted.
    media: Option<&'a mut Vec<FoundMedia>>,
    /// Decides which branches of unions match.
    matcher: Matcher,
}

/// Returns `true` if a value has no violation.
pub(crate) fn is_valid(schema: &ValueSchema, value: ValueRef<'_>) -> bool {
    Matcher::default().matches(schema, &value)
}

/// Returns every violation of a value.
pub(crate) fn violations(schema: &ValueSchema, value: ValueRef<'_>) -> Violations {
    let mut violations = Violations::default();
    let mut findings = Findings { violations: Some(&mut violations), ..Findings::default() };
    check_value(schema, &value, &PathRef::Top, &mut findings);
    violations
}

/// Returns the first rule of a value itself, not of what it holds, that the value breaks.
#[cfg(feature = "from-json")]
pub(crate) fn first_broken_rule(
    schema: &ValueSchema,
    value: ValueRef<'_>,
) -> Option<ViolationKind> {
    schema
        .rules
        .iter()
        .find_map(|rule| Some(ViolationKind::Rule(rule, rules::broken(rule, &value)?)))
}

/// Returns every piece of media in a value.
pub(crate) fn media(schema: &ValueSchema, value: ValueRef<'_>) -> Vec<FoundMedia> {
    let mut media = Vec::new();
    let matcher = Matcher::within_union();
    let mut findings = Findings { violations: None, media: Some(&mut media), matcher };
    check_value(schema, &value, &PathRef::Top, &mut findings);
    media
}

impl FoundMedia {
    /// Returns what this media violates, given what was measured: its `format`, if it is of
    /// a kind that its property does not take, and its rules. Rules about facts that are not
    /// known are left out; see [`FoundMedia::unchecked`].
    pub fn violations(&self, info: &MediaInfo) -> Vec<Violation> {
        let wrong_kind = (self.kind.fit(info) == Fit::No).then(|| Violation {
            path: self.path.clone(),
            rule: "format".into(),
            message: message::of_media_kind(self.kind),
            found: info.format.map(|format| format.content_type().to_owned()),
        });
        let measured = self.rules.iter();
        let measured = measured.filter_map(|rule| rules::measured(rule, info, &self.path));
        wrong_kind.into_iter().chain(measured).collect()
    }

    /// Returns the rules, verbatim, that these facts leave unchecked, each with what is
    /// missing.
    pub fn unchecked(&self, info: &MediaInfo) -> Vec<(Cow<'static, str>, MissingInfo)> {
        self.rules
            .iter()
            .filter_map(|rule| Some((rule.name(), rules::unchecked(rule, info)?)))
            .collect()
    }

    /// Returns `true` if a rule is about the string of a local file, which it has once it is read.
    #[cfg(feature = "client")]
    pub(crate) fn reads_data_uri(&self) -> bool {
        self.rules.iter().any(rules::reads_data_uri)
    }

    /// Returns what the string of a local file violates, which it has once it is read.
    #[cfg(feature = "client")]
    pub(crate) fn violations_as_text(&self) -> Vec<Violation> {
        let value = ValueRef::Media(&self.media);
        let broken = self.rules.iter().filter_map(|rule| {
            let kind = ViolationKind::Rule(rule, rules::broken(rule, &value)?);
            Some(Violation::of(self.path.clone(), kind, value))
        });
        broken.collect()
    }
}

impl MediaKind {
    /// Returns how a file of these facts fits a property of this kind.
    pub(crate) fn fit(self, info: &MediaInfo) -> Fit {
        use MediaKind::{Any, Audio, Image, Video};
        let moves = matches!(info.format, Some(Format::Gif | Format::WebP | Format::Avif));
        match (self, info.kind) {
            (Any, _) => Fit::Yes,
            // A file of a known format that is not media at all.
            (_, None) if info.format.is_some() => Fit::No,
            (_, None | Some(Any)) => Fit::Yes,
            (Image, Some(Image)) | (Video, Some(Video)) | (Audio, Some(Audio)) => Fit::Yes,
            (Audio, Some(Video)) => Fit::Doubtful,
            (Video, Some(Image)) if moves => Fit::Doubtful,
            (Image | Video | Audio, Some(Image | Video | Audio)) => Fit::No,
        }
    }
}

impl Findings<'_> {
    #[inline(never)]
    fn push(&mut self, path: &PathRef<'_>, kind: ViolationKind, value: &ValueRef<'_>) {
        if let Some(violations) = &mut self.violations {
            violations.pending().push(path, kind, value);
        }
    }
}

/// Checks a value. By reference, here and below: a copy of what was just written would wait for the
/// writes.
#[inline]
fn check_value(
    schema: &ValueSchema,
    value: &ValueRef<'_>,
    path: &PathRef<'_>,
    findings: &mut Findings<'_>,
) {
    match (value, schema.shape) {
        // The most common values: their types are right, and they have no parts.
        (ValueRef::Text(text), Shape::Text | Shape::Media(_)) if findings.media.is_none() => {
            if !schema.rules.iter().all(|rule| rules::text_surely_keeps(rule, text)) {
                check_rules(schema.rules, value, path, findings);
            }
        }
        (ValueRef::Media(_), Shape::Media(_)) | (ValueRef::Bool(_), Shape::Boolean)
            if findings.media.is_none() =>
        {
            if schema.rules.iter().any(rules::is_checked) {
                check_rules(schema.rules, value, path, findings);
            }
        }
        (ValueRef::Number(number), Shape::Integer)
            if schema.rules.is_empty() && number.is_whole() => {}
        _ => check_any_value(schema, value, path, findings),
    }
}

/// Checks the rules of a value itself, not of what it holds.
fn check_rules(
    rules: &'static [Rule],
    value: &ValueRef<'_>,
    path: &PathRef<'_>,
    findings: &mut Findings<'_>,
) {
    for rule in rules {
        if let Some(observed) = rules::broken(rule, value) {
            findings.push(path, ViolationKind::Rule(rule, observed), value);
        }
    }
}

fn check_any_value(
    schema: &ValueSchema,
    value: &ValueRef<'_>,
    path: &PathRef<'_>,
    findings: &mut Findings<'_>,
) {
    let ValueSchema { shape, rules } = *schema;
    let shape = shape.resolved();
    // An unset list element, or an unset required property, can only be a nullable one.
    let value = if matches!(value, ValueRef::Absent) { &ValueRef::Null } else { value };
    if !is_of_type(value, shape) {
        findings.push(path, ViolationKind::Type(noun(shape)), value);
    }
    check_rules(rules, value, path, findings);
    match (shape, value) {
        (Shape::Media(kind), value) => collect_media(value, kind, rules, path, findings),
        (Shape::List(parts), ValueRef::List(list)) => check_list(parts, *list, path, findings),
        (Shape::Map(schema), ValueRef::Map(entries)) => {
            entries.all(&mut |name, value| {
                check_value(schema, &value, &PathRef::Name(path, name), findings);
                true
            });
        }
        (Shape::Object(fields), value) => check_object(fields, None, value, path, findings),
        (Shape::Open(fields, others), value) => {
            check_object(fields, Some(others), value, path, findings);
        }
        (Shape::Nullable(_), ValueRef::Null) => {}
        (Shape::Nullable(schema), value) => check_value(schema, value, path, findings),
        (Shape::AnyOf(branches), value) => {
            check_union(UnionKeyword::AnyOf, branches, value, path, findings);
        }
        (Shape::OneOf(branches), value) => {
            check_union(UnionKeyword::OneOf, branches, value, path, findings);
        }
        (Shape::ByKind(branches), value) => {
            for branch in branches.iter().filter(|branch| is_of_type(value, branch.shape)) {
                check_value(branch, value, path, findings);
            }
        }
        // Anything else is a scalar, whose rules were checked above, or violated `type`.
        _ => {}
    }
}

fn check_list(
    parts: &ValueSchema,
    list: &dyn Elements,
    path: &PathRef<'_>,
    findings: &mut Findings<'_>,
) {
    // Valid elements that have no parts are passed over fast.
    let first = match parts.shape {
        Shape::Text | Shape::Media(_) | Shape::Boolean | Shape::Integer | Shape::Number
            if findings.media.is_none() =>
        {
            findings.matcher.first_mismatch(parts, list)
        }
        _ => 0,
    };
    for index in first..list.count() {
        check_value(parts, &list.get(index), &PathRef::Index(path, index), findings);
    }
}

/// Returns `true` if a value has the type of a shape. Its parts are not looked at.
fn is_of_type(value: &ValueRef<'_>, shape: Shape) -> bool {
    match shape.resolved() {
        // Their parts decide.
        Shape::Recursive(_)
        | Shape::Any
        | Shape::Nullable(_)
        | Shape::AnyOf(_)
        | Shape::OneOf(_)
        | Shape::ByKind(_) => true,
        Shape::Null => matches!(value, ValueRef::Null),
        Shape::Boolean => matches!(value, ValueRef::Bool(_)),
        Shape::Integer => matches!(value, ValueRef::Number(number) if number.is_whole()),
        Shape::Number => matches!(value, ValueRef::Number(number) if number.is_finite()),
        Shape::Text => matches!(value, ValueRef::Text(_)),
        Shape::Media(_) => matches!(value, ValueRef::Text(_) | ValueRef::Media(_)),
        Shape::List(_) => matches!(value, ValueRef::List(_)),
        Shape::Map(_) => matches!(value, ValueRef::Map(_)),
        Shape::Object(_) | Shape::Open(..) => {
            matches!(value, ValueRef::Map(_) | ValueRef::Struct(_))
        }
    }
}

fn collect_media(
    value: &ValueRef<'_>,
    kind: MediaKind,
    rules: &'static [Rule],
    path: &PathRef<'_>,
    findings: &mut Findings<'_>,
) {
    let Some(found) = &mut findings.media else { return };
    let media = match value {
        ValueRef::Media(media) => Media::clone(media),
        ValueRef::Text(text) => Media::from_wire(text),
        // It violated `type`.
        _ => return,
    };
    found.push(FoundMedia { path: path.to_path(), media, kind, rules });
}

/// Checks an object's properties, and those that its schema does not name.
fn check_object(
    fields: &'static [Field],
    others: Option<&'static ValueSchema>,
    value: &ValueRef<'_>,
    path: &PathRef<'_>,
    findings: &mut Findings<'_>,
) {
    let own;
    let entries: &dyn Entries = match value {
        ValueRef::Struct(members) if std::ptr::eq(members.fields(), fields) => {
            return check_members(fields, *members, path, findings);
        }
        // A struct that is checked by another struct's table, as in a union.
        ValueRef::Struct(members) => {
            own = set_properties(*members);
            &own
        }
        ValueRef::Map(entries) => *entries,
        // It violated `type`.
        _ => return,
    };
    let mut known = 0;
    for field in fields {
        let value = entries.get(field.name);
        known += usize::from(!matches!(value, ValueRef::Absent));
        check_property(field, &value, path, findings);
    }
    if known < entries.count() {
        check_other_properties(fields, others, entries, path, findings);
    }
}

/// Checks the properties of an object that its schema does not name.
fn check_other_properties(
    fields: &'static [Field],
    others: Option<&'static ValueSchema>,
    entries: &dyn Entries,
    path: &PathRef<'_>,
    findings: &mut Findings<'_>,
) {
    let hashed = if fields.len() > MAX_SCANNED { fields } else { &[] };
    let hashed: HashSet<&str> = hashed.iter().map(|field| field.name).collect();
    entries.all(&mut |name, value| {
        let is_known = if hashed.is_empty() {
            fields.iter().any(|field| field.name == name)
        } else {
            hashed.contains(name)
        };
        let path = PathRef::Name(path, name);
        match others {
            _ if is_known => {}
            Some(schema) => check_value(schema, &value, &path, findings),
            None => findings.push(&path, ViolationKind::UnknownProperty(fields), &value),
        }
        true
    });
}

/// Checks the properties of a struct by the rows of the struct's table.
fn check_members(
    fields: &'static [Field],
    members: &dyn Members,
    path: &PathRef<'_>,
    findings: &mut Findings<'_>,
) {
    for (index, field) in fields.iter().enumerate() {
        // An unset required property of a struct can only be null.
        let is_null = field.required && matches!(field.schema.shape, Shape::Nullable(_));
        match members.get(index) {
            ValueRef::Absent if is_null => check_property(field, &ValueRef::Null, path, findings),
            value => check_property(field, &value, path, findings),
        }
    }
}

/// Returns the properties of a struct that are set, as JSON would have them.
fn set_properties(members: &dyn Members) -> BTreeMap<&'static str, ValueRef<'_>> {
    let rows = members.fields().iter().enumerate();
    let values = rows.map(|(index, field)| match (members.get(index), field.required) {
        (ValueRef::Absent, true) => (field.name, ValueRef::Null),
        (value, _) => (field.name, value),
    });
    values.filter(|(_, value)| !matches!(value, ValueRef::Absent)).collect()
}

fn check_property(
    field: &'static Field,
    value: &ValueRef<'_>,
    path: &PathRef<'_>,
    findings: &mut Findings<'_>,
) {
    let path = PathRef::Property(path, field);
    match (value, field.required) {
        (ValueRef::Absent, false) => {}
        (ValueRef::Absent, true) => findings.push(&path, ViolationKind::Required, value),
        (value, _) => check_value(&field.schema, value, &path, findings),
    }
}

/// Checks a union. It has at most one violation, for any number of branches. Its media is that of
/// the first branch that matches.
fn check_union(
    keyword: UnionKeyword,
    branches: &'static [ValueSchema],
    value: &ValueRef<'_>,
    path: &PathRef<'_>,
    findings: &mut Findings<'_>,
) {
    let mut matching = 0;
    for branch in branches {
        if findings.matcher.branch_matches(branch, value) {
            matching += 1;
            if matching == 1 && findings.media.is_some() {
                check_value(branch, value, path, findings);
            }
        }
    }
    match (matching, keyword) {
        (0, _) => findings.push(path, ViolationKind::NoBranch(keyword, branches), value),
        (2.., UnionKeyword::OneOf) => {
            findings.push(path, ViolationKind::SeveralBranches(matching), value);
        }
        _ => {}
    }
}

/// Returns the value of a JSON text from a table, which the generator wrote.
fn parsed(json: &str) -> serde_json::Value {
    serde_json::from_str(json).unwrap_or_default()
}

#[cfg(test)]
mod tests;
