//! What is wrong with an input, as the walk finds it. Paths and words are made of it when
//! somebody reads them: most callers only ask whether there is anything.

use std::ops::Range;

use smallvec::SmallVec;

use super::message::{noun, unknown, words};
use super::{InputPath, PathSegment, Violation};
use crate::schema::{Field, Rule, ValueSchema};

/// Everything that is wrong with one input.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    all: SmallVec<[Fault; 3]>,
    /// The ways to the faults, one after the other, each from its end.
    steps: Vec<Step>,
    /// The names in those ways that the input brought along, one after the other.
    names: String,
}

#[derive(Debug, Clone)]
struct Fault {
    /// Its way, but for the last step.
    above: Range<u32>,
    last: Option<Step>,
    cause: Cause,
}

/// What is wrong with a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cause {
    /// It is of another type than this one.
    Type(&'static str),
    /// It is required, and missing.
    Required,
    /// It breaks a rule, of which this was counted.
    Rule(&'static Rule, usize),
    /// These are the properties, and it is none of them.
    Unknown(&'static [Field]),
    /// It fits none of these.
    NoBranch(Union, &'static [ValueSchema]),
    /// It fits more than one.
    Branches(Union),
}

/// The keyword of a union.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Union {
    AnyOf,
    OneOf,
}

/// A step of a way.
#[derive(Debug, Clone)]
enum Step {
    /// Into a property that the table names.
    Property(&'static str),
    /// Into a value under this name, which stands among the names.
    Name(Range<u32>),
    Index(usize),
}

/// The way from the top to the value under check. It lives on the stack, so that
/// valid input costs no allocation.
#[derive(Clone, Copy)]
pub(crate) enum Trail<'a> {
    Top,
    Property(&'a Trail<'a>, &'static str),
    Name(&'a Trail<'a>, &'a str),
    Index(&'a Trail<'a>, usize),
}

impl Union {
    fn keyword(self) -> &'static str {
        match self {
            Self::AnyOf => "anyOf",
            Self::OneOf => "oneOf",
        }
    }
}

impl<'a> Trail<'a> {
    fn above(self) -> Option<&'a Self> {
        match self {
            Self::Top => None,
            Self::Property(above, _) | Self::Name(above, _) | Self::Index(above, _) => Some(above),
        }
    }

    pub(crate) fn path(self) -> InputPath {
        let mut segments = Vec::new();
        let mut trail = self;
        while let Some(above) = trail.above() {
            match trail {
                Self::Top => {}
                Self::Property(_, name) => segments.push(PathSegment::Name(name.to_owned())),
                Self::Name(_, name) => segments.push(PathSegment::Name(name.to_owned())),
                Self::Index(_, index) => segments.push(PathSegment::Index(index)),
            }
            trail = *above;
        }
        segments.reverse();
        segments.into_iter().collect()
    }
}

impl Faults {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn push(&mut self, at: Trail<'_>, cause: Cause) {
        let last = self.step(at);
        let start = self.steps.len();
        let mut trail = at;
        while let Some(above) = trail.above() {
            trail = *above;
            if let Some(step) = self.step(trail) {
                self.steps.push(step);
            }
        }
        self.all.push(Fault { above: part(start, self.steps.len()), last, cause });
    }

    fn step(&mut self, trail: Trail<'_>) -> Option<Step> {
        match trail {
            Trail::Top => None,
            Trail::Property(_, name) => Some(Step::Property(name)),
            Trail::Name(_, name) => {
                let start = self.names.len();
                self.names.push_str(name);
                Some(Step::Name(part(start, self.names.len())))
            }
            Trail::Index(_, index) => Some(Step::Index(index)),
        }
    }

    /// Every fault in words.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.all.iter().map(|fault| self.violation(fault)).collect()
    }

    fn violation(&self, fault: &Fault) -> Violation {
        let above = self.steps.get(whole(&fault.above)).unwrap_or_default();
        let path: InputPath =
            above.iter().rev().chain(&fault.last).map(|step| self.segment(step)).collect();
        let of = |rule: &'static str, message: String| (rule.into(), message, None);
        let (rule, message, found) = match fault.cause {
            Cause::Type(noun) => of("type", format!("Must be {noun}.")),
            Cause::Required => of("required", "Required, and missing.".to_owned()),
            Cause::Rule(rule, count) => {
                let (message, found) = words(rule, count);
                (rule.name(), message, found)
            }
            Cause::Unknown(fields) => {
                let name = match path.segments().last() {
                    Some(PathSegment::Name(name)) => name,
                    Some(PathSegment::Index(_)) | None => "",
                };
                of("additionalProperties", unknown(fields, name))
            }
            Cause::NoBranch(union, branches) => {
                let nouns: Vec<&str> = branches.iter().map(|branch| noun(branch.shape)).collect();
                let nouns = nouns.join(", or ");
                of(union.keyword(), format!("Must be {nouns}, as the schema describes it."))
            }
            Cause::Branches(union) => {
                let message = "Fits more than one of the choices, and may fit only one.";
                of(union.keyword(), message.to_owned())
            }
        };
        Violation { path, rule, message, found }
    }

    fn segment(&self, step: &Step) -> PathSegment {
        match step {
            Step::Property(name) => PathSegment::Name((*name).to_owned()),
            Step::Name(name) => {
                PathSegment::Name(self.names.get(whole(name)).unwrap_or_default().to_owned())
            }
            Step::Index(index) => PathSegment::Index(*index),
        }
    }
}

/// A part of what is kept, in half the space: a fault is small, and an input that brings
/// more than 4 GiB of names is cut short in its paths.
fn part(start: usize, end: usize) -> Range<u32> {
    let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    short(start)..short(end)
}

fn whole(part: &Range<u32>) -> Range<usize> {
    part.start as usize..part.end as usize
}
