//! Violations as a check finds them. Paths and messages are made when somebody reads them:
//! most callers only ask if there are any.

use std::ops::Range;

use smallvec::SmallVec;

use super::message::{self, Noun, Observed};
use super::{InputPath, PathSegment, Violation};
use crate::codegen_support::value_ref::ValueRef;
use crate::number::Number;
use crate::schema::{Field, Rule, ValueSchema};

/// Every violation of one input.
#[derive(Debug, Clone, Default)]
pub(crate) struct PendingViolations {
    all: SmallVec<[Pending; 3]>,
    /// The steps to the violations, each path from its end, one after the other.
    steps: Vec<Step>,
    /// Concatenated texts of the input: names in paths, and values.
    texts: String,
    /// The values that violations have an index of.
    values: Vec<Found>,
}

#[derive(Debug, Clone)]
struct Pending {
    /// The steps of the path, without the last.
    above: Range<u32>,
    last: Option<Step>,
    kind: Kind,
}

/// A [`ViolationKind`] as it is kept, with what was found. It is small, since an input may
/// have many violations: values that are seldom kept lie apart, and have an index here.
#[derive(Debug, Clone)]
enum Kind {
    Type(Noun, Found),
    Required,
    Length(&'static Rule, usize),
    RepeatedAt(&'static Rule, usize),
    Value(&'static Rule, u32),
    UnknownProperty(&'static [Field]),
    NoBranch(UnionKeyword, u32, &'static [ValueSchema]),
    #[cfg(feature = "from-json")]
    UnknownVariant(u32, &'static [&'static str]),
    #[cfg(feature = "from-json")]
    TooManyAttempts,
    SeveralBranches(usize),
}

/// The kind of a violation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ViolationKind {
    /// The value is not of this type.
    Type(Noun),
    /// The property is required, and missing.
    Required,
    /// The value breaks a rule.
    Rule(&'static Rule, Observed),
    /// The property is not one of these fields.
    UnknownProperty(&'static [Field]),
    /// The value matches none of these branches.
    NoBranch(UnionKeyword, &'static [ValueSchema]),
    /// The text is not one of these values of an enum.
    #[cfg(feature = "from-json")]
    UnknownVariant(&'static [&'static str]),
    /// There are too many branches of nested unions to try them all.
    #[cfg(feature = "from-json")]
    TooManyAttempts,
    /// The value matches this many branches of a `oneOf`.
    SeveralBranches(usize),
}

/// The keyword of a union.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnionKeyword {
    AnyOf,
    OneOf,
}

/// The part of a value that is kept, to show it as found.
#[derive(Debug, Clone)]
enum Found {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    /// A part of the texts that is shown as it is.
    Literal(Range<u32>),
    /// A part of the texts that is shown in quotes.
    Text(Range<u32>),
    String,
    List,
    Object,
}

/// The part of a string that is shown as found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Its type alone: the text may be long or secret, and the violation is not about it.
    Type,
    /// Its beginning.
    Text,
}

/// A step of a path.
#[derive(Debug, Clone)]
enum Step {
    /// Into a property of a table.
    Property(&'static Field),
    /// Into a value under this name, a part of the texts.
    Name(Range<u32>),
    Index(usize),
}

/// The path from the top to the value under check. It lives on the stack: a valid input
/// costs no allocation.
#[derive(Clone, Copy)]
pub(crate) enum PathRef<'a> {
    Top,
    Property(&'a PathRef<'a>, &'static Field),
    Name(&'a PathRef<'a>, &'a str),
    Index(&'a PathRef<'a>, usize),
}

impl UnionKeyword {
    fn as_str(self) -> &'static str {
        match self {
            Self::AnyOf => "anyOf",
            Self::OneOf => "oneOf",
        }
    }
}

impl<'a> PathRef<'a> {
    fn parent(&self) -> Option<&'a Self> {
        match *self {
            Self::Top => None,
            Self::Property(above, _) | Self::Name(above, _) | Self::Index(above, _) => Some(above),
        }
    }

    pub(crate) fn to_path(self) -> InputPath {
        let mut segments = Vec::new();
        let mut path = &self;
        while let Some(parent) = path.parent() {
            match *path {
                Self::Top => {}
                Self::Property(_, field) => segments.push(PathSegment::Name(field.name.to_owned())),
                Self::Name(_, name) => segments.push(PathSegment::Name(name.to_owned())),
                Self::Index(_, index) => segments.push(PathSegment::Index(index)),
            }
            path = parent;
        }
        segments.reverse();
        segments.into_iter().collect()
    }
}

impl Violation {
    /// Creates the violation of one value outside a check.
    #[cfg(any(feature = "client", feature = "from-json"))]
    pub(crate) fn of(path: InputPath, kind: ViolationKind, value: ValueRef<'_>) -> Self {
        let mut pending = PendingViolations::default();
        let kind = pending.kept(kind, &value);
        let one = Pending { above: part(0, 0), last: None, kind };
        Self { path, ..pending.violation(&one) }
    }
}

impl PendingViolations {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Adds a violation of `value`, which is at `path`. Inlined, since each caller has one kind.
    #[inline]
    pub(crate) fn push(&mut self, path: &PathRef<'_>, kind: ViolationKind, value: &ValueRef<'_>) {
        let last = self.step(path);
        let start = self.steps.len();
        let mut path = path;
        while let Some(parent) = path.parent() {
            path = parent;
            if let Some(step) = self.step(path) {
                self.steps.push(step);
            }
        }
        let kind = self.kept(kind, value);
        self.all.push(Pending { above: part(start, self.steps.len()), last, kind });
    }

    fn step(&mut self, path: &PathRef<'_>) -> Option<Step> {
        match *path {
            PathRef::Top => None,
            PathRef::Property(_, field) => Some(Step::Property(field)),
            PathRef::Name(_, name) => Some(Step::Name(self.keep(name))),
            PathRef::Index(_, index) => Some(Step::Index(index)),
        }
    }

    /// Returns the form in which a kind is kept, with what is shown of the value.
    #[inline]
    fn kept(&mut self, kind: ViolationKind, value: &ValueRef<'_>) -> Kind {
        match kind {
            ViolationKind::Type(noun) => Kind::Type(noun, self.found(value, Shown::Type)),
            ViolationKind::Required => Kind::Required,
            ViolationKind::Rule(rule, Observed::Length(length)) => Kind::Length(rule, length),
            ViolationKind::Rule(rule, Observed::RepeatedAt(index)) => Kind::RepeatedAt(rule, index),
            ViolationKind::Rule(rule, Observed::Value) => {
                Kind::Value(rule, self.keep_value(value, Shown::Text))
            }
            ViolationKind::UnknownProperty(fields) => Kind::UnknownProperty(fields),
            ViolationKind::NoBranch(keyword, branches) => {
                Kind::NoBranch(keyword, self.keep_value(value, Shown::Type), branches)
            }
            #[cfg(feature = "from-json")]
            ViolationKind::UnknownVariant(values) => {
                Kind::UnknownVariant(self.keep_value(value, Shown::Text), values)
            }
            #[cfg(feature = "from-json")]
            ViolationKind::TooManyAttempts => Kind::TooManyAttempts,
            ViolationKind::SeveralBranches(count) => Kind::SeveralBranches(count),
        }
    }

    fn keep_value(&mut self, value: &ValueRef<'_>, shown: Shown) -> u32 {
        let found = self.found(value, shown);
        self.values.push(found);
        saturated(self.values.len() - 1)
    }

    /// Keeps the part of a value that is shown.
    fn found(&mut self, value: &ValueRef<'_>, shown: Shown) -> Found {
        match (*value, shown) {
            (ValueRef::Absent | ValueRef::Null, _) => Found::Null,
            (ValueRef::Bool(flag), _) => Found::Boolean(flag),
            (ValueRef::Number(Number::Float(float)), _) => Found::Float(float),
            (ValueRef::Number(Number::Integer(whole)), _) => match i64::try_from(whole) {
                Ok(whole) => Found::Integer(whole),
                Err(_) => Found::Literal(self.keep(&whole.to_string())),
            },
            (ValueRef::Text(text), Shown::Text) => Found::Text(self.keep(message::excerpt(text))),
            (ValueRef::Media(media), Shown::Text) => Found::Literal(self.keep(&media.to_string())),
            (ValueRef::Text(_) | ValueRef::Media(_), Shown::Type) => Found::String,
            (ValueRef::List(_), _) => Found::List,
            (ValueRef::Map(_) | ValueRef::Struct(_), _) => Found::Object,
        }
    }

    fn keep(&mut self, text: &str) -> Range<u32> {
        let start = self.texts.len();
        self.texts.push_str(text);
        part(start, self.texts.len())
    }

    /// Returns every violation with its path and message.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.all.iter().map(|pending| self.violation(pending)).collect()
    }

    fn violation(&self, pending: &Pending) -> Violation {
        let above = self.steps.get(whole(&pending.above)).unwrap_or_default();
        let path: InputPath =
            above.iter().rev().chain(&pending.last).map(|step| self.segment(step)).collect();
        let (rule, message, found) = match &pending.kind {
            Kind::Type(noun, found) => {
                ("type".into(), format!("must be {}", noun.as_str()), Some(self.shown(found)))
            }
            Kind::Required => ("required".into(), message::MISSING_PROPERTY.to_owned(), None),
            Kind::Length(rule, length) => {
                (rule.name(), message::expected(rule), Some(length.to_string()))
            }
            Kind::RepeatedAt(rule, index) => {
                (rule.name(), message::expected(rule), Some(message::found_repeated(*index)))
            }
            Kind::Value(rule, index) => {
                (rule.name(), message::expected(rule), self.shown_value(*index))
            }
            Kind::UnknownProperty(fields) => {
                let name = match path.segments().last() {
                    Some(PathSegment::Name(name)) => name,
                    Some(PathSegment::Index(_)) | None => "",
                };
                ("additionalProperties".into(), message::unknown_property(fields, name), None)
            }
            Kind::NoBranch(keyword, index, branches) => {
                let rule = keyword.as_str().into();
                (rule, message::alternative(branches), self.shown_value(*index))
            }
            #[cfg(feature = "from-json")]
            Kind::UnknownVariant(index, values) => {
                ("enum".into(), message::one_of(values), self.shown_value(*index))
            }
            #[cfg(feature = "from-json")]
            Kind::TooManyAttempts => ("anyOf".into(), message::FEWER_ALTERNATIVES.to_owned(), None),
            Kind::SeveralBranches(count) => {
                ("oneOf".into(), message::ONE_ALTERNATIVE.to_owned(), Some(count.to_string()))
            }
        };
        Violation { path, rule, message, found }
    }

    fn segment(&self, step: &Step) -> PathSegment {
        match step {
            Step::Property(field) => PathSegment::Name(field.name.to_owned()),
            Step::Name(name) => PathSegment::Name(self.text(name).to_owned()),
            Step::Index(index) => PathSegment::Index(*index),
        }
    }

    fn shown_value(&self, index: u32) -> Option<String> {
        self.values.get(index as usize).map(|found| self.shown(found))
    }

    fn shown(&self, found: &Found) -> String {
        match found {
            Found::Null => Noun::Null.as_str().to_owned(),
            Found::Boolean(flag) => flag.to_string(),
            Found::Integer(whole) => whole.to_string(),
            Found::Float(float) => float.to_string(),
            Found::Literal(text) => self.text(text).to_owned(),
            Found::Text(text) => message::quoted(self.text(text)),
            Found::String => Noun::Text.as_str().to_owned(),
            Found::List => Noun::List.as_str().to_owned(),
            Found::Object => Noun::Object.as_str().to_owned(),
        }
    }

    fn text(&self, text: &Range<u32>) -> &str {
        self.texts.get(whole(text)).unwrap_or_default()
    }
}

/// Returns a range in half the space. Paths of an input with more than 4 GiB of names are
/// truncated.
fn part(start: usize, end: usize) -> Range<u32> {
    saturated(start)..saturated(end)
}

fn saturated(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn whole(part: &Range<u32>) -> Range<usize> {
    part.start as usize..part.end as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_kept_in_little_memory() {
        // `cargo xtask bench checking` measures the time that a larger one costs.
        assert_eq!(std::mem::size_of::<Found>(), 16);
        assert_eq!(std::mem::size_of::<Option<Step>>(), 16);
        assert_eq!(std::mem::size_of::<Pending>(), 48);
    }
}
