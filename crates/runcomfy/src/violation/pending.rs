//! Violations as a check finds them. Paths and messages are made when somebody reads them:
//! most callers only ask if there are any.

use std::ops::Range;

use smallvec::SmallVec;

use super::message::{self, Observed};
use super::{InputPath, PathSegment, Violation};
use crate::codegen_support::value_ref::ValueRef;
use crate::number::Number;
use crate::schema::{Field, Rule, Shape, ValueSchema};

/// Every violation of one input.
#[derive(Debug, Clone, Default)]
pub(crate) struct PendingViolations {
    all: SmallVec<[Pending; 3]>,
    /// The steps to the violations, each path from its end, one after the other.
    steps: Vec<Step>,
    /// Concatenated texts of the input: names in paths, and values.
    texts: String,
}

#[derive(Debug, Clone)]
struct Pending {
    /// The steps of the path, without the last.
    above: Range<u32>,
    last: Option<Step>,
    kind: ViolationKind,
    found: Found,
}

/// The kind of a violation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ViolationKind {
    /// The value is not of the type with this noun.
    Type(&'static str),
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
    Nothing,
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

/// A step of a path.
#[derive(Debug, Clone)]
enum Step {
    /// Into a property of a table.
    Property(&'static str),
    /// Into a value under this name, a part of the texts.
    Name(Range<u32>),
    Index(usize),
}

/// The path from the top to the value under check. It lives on the stack: a valid input
/// costs no allocation.
#[derive(Clone, Copy)]
pub(crate) enum PathRef<'a> {
    Top,
    Property(&'a PathRef<'a>, &'static str),
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
    fn parent(self) -> Option<&'a Self> {
        match self {
            Self::Top => None,
            Self::Property(above, _) | Self::Name(above, _) | Self::Index(above, _) => Some(above),
        }
    }

    pub(crate) fn to_path(self) -> InputPath {
        let mut segments = Vec::new();
        let mut path = self;
        while let Some(parent) = path.parent() {
            match path {
                Self::Top => {}
                Self::Property(_, name) => segments.push(PathSegment::Name(name.to_owned())),
                Self::Name(_, name) => segments.push(PathSegment::Name(name.to_owned())),
                Self::Index(_, index) => segments.push(PathSegment::Index(index)),
            }
            path = *parent;
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
        let found = pending.found(kind, value);
        let one = Pending { above: part(0, 0), last: None, kind, found };
        Self { path, ..pending.violation(&one) }
    }
}

impl PendingViolations {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Adds a violation of `value`, which is at `path`.
    pub(crate) fn push(&mut self, path: PathRef<'_>, kind: ViolationKind, value: ValueRef<'_>) {
        let last = self.step(path);
        let start = self.steps.len();
        let mut path = path;
        while let Some(parent) = path.parent() {
            path = *parent;
            if let Some(step) = self.step(path) {
                self.steps.push(step);
            }
        }
        let found = self.found(kind, value);
        self.all.push(Pending { above: part(start, self.steps.len()), last, kind, found });
    }

    fn step(&mut self, path: PathRef<'_>) -> Option<Step> {
        match path {
            PathRef::Top => None,
            PathRef::Property(_, name) => Some(Step::Property(name)),
            PathRef::Name(_, name) => Some(Step::Name(self.keep(name))),
            PathRef::Index(_, index) => Some(Step::Index(index)),
        }
    }

    /// Keeps the part of a value that is shown.
    fn found(&mut self, kind: ViolationKind, value: ValueRef<'_>) -> Found {
        let shows_text = match kind {
            ViolationKind::Required
            | ViolationKind::UnknownProperty(_)
            | ViolationKind::SeveralBranches(_)
            | ViolationKind::Rule(_, Observed::Length(_) | Observed::RepeatedAt(_)) => {
                return Found::Nothing;
            }
            ViolationKind::Rule(_, Observed::Value) => true,
            #[cfg(feature = "from-json")]
            ViolationKind::UnknownVariant(_) => true,
            #[cfg(feature = "from-json")]
            ViolationKind::TooManyAttempts => return Found::Nothing,
            ViolationKind::Type(_) | ViolationKind::NoBranch(..) => false,
        };
        match value {
            ValueRef::Absent | ValueRef::Null => Found::Null,
            ValueRef::Bool(flag) => Found::Boolean(flag),
            ValueRef::Number(Number::Float(float)) => Found::Float(float),
            ValueRef::Number(Number::Integer(whole)) => match i64::try_from(whole) {
                Ok(whole) => Found::Integer(whole),
                Err(_) => Found::Literal(self.keep(&whole.to_string())),
            },
            ValueRef::Text(text) if shows_text => Found::Text(self.keep(message::excerpt(text))),
            ValueRef::Text(_) => Found::String,
            ValueRef::Media(media) if shows_text => Found::Literal(self.keep(&media.to_string())),
            ValueRef::Media(_) => Found::String,
            ValueRef::List(_) => Found::List,
            ValueRef::Map(_) | ValueRef::Struct(_) => Found::Object,
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
        let found = self.shown(&pending.found);
        let (rule, message, found) = match pending.kind {
            ViolationKind::Type(noun) => ("type".into(), format!("must be {noun}"), found),
            ViolationKind::Required => {
                ("required".into(), message::MISSING_PROPERTY.to_owned(), found)
            }
            ViolationKind::Rule(rule, observed) => {
                let found = match observed {
                    Observed::Length(length) => Some(length.to_string()),
                    Observed::RepeatedAt(index) => Some(message::found_repeated(index)),
                    Observed::Value => found,
                };
                (rule.name(), message::expected(rule), found)
            }
            ViolationKind::UnknownProperty(fields) => {
                let name = match path.segments().last() {
                    Some(PathSegment::Name(name)) => name,
                    Some(PathSegment::Index(_)) | None => "",
                };
                ("additionalProperties".into(), message::unknown_property(fields, name), found)
            }
            ViolationKind::NoBranch(keyword, branches) => {
                (keyword.as_str().into(), message::alternative(branches), found)
            }
            #[cfg(feature = "from-json")]
            ViolationKind::UnknownVariant(values) => {
                ("enum".into(), message::one_of(values), found)
            }
            #[cfg(feature = "from-json")]
            ViolationKind::TooManyAttempts => {
                ("anyOf".into(), message::FEWER_ALTERNATIVES.to_owned(), found)
            }
            ViolationKind::SeveralBranches(count) => {
                ("oneOf".into(), message::ONE_ALTERNATIVE.to_owned(), Some(count.to_string()))
            }
        };
        Violation { path, rule, message, found }
    }

    fn segment(&self, step: &Step) -> PathSegment {
        match step {
            Step::Property(name) => PathSegment::Name((*name).to_owned()),
            Step::Name(name) => PathSegment::Name(self.text(name).to_owned()),
            Step::Index(index) => PathSegment::Index(*index),
        }
    }

    fn shown(&self, found: &Found) -> Option<String> {
        Some(match found {
            Found::Nothing => return None,
            Found::Null => message::noun(Shape::Null).to_owned(),
            Found::Boolean(flag) => flag.to_string(),
            Found::Integer(whole) => whole.to_string(),
            Found::Float(float) => float.to_string(),
            Found::Literal(text) => self.text(text).to_owned(),
            Found::Text(text) => message::quoted(self.text(text)),
            Found::String => message::noun(Shape::Text).to_owned(),
            Found::List => "a list".to_owned(),
            Found::Object => "an object".to_owned(),
        })
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
