//! Diagnostics: findings about a schema, each with a stable code.

mod findings;
mod messages;

use std::fmt;
use std::ops::Range;

use crate::text::escape_control;

pub(crate) use findings::Findings;
pub(crate) use messages::{Conflict, SizeLimit};

/// A finding about a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The kind of finding.
    pub code: Code,
    /// The place in question.
    pub place: Place,
    /// The message.
    pub message: String,
    /// The advice.
    pub help: String,
}

/// A place in one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file, relative to the schemas folder.
    pub file: String,
    /// The JSON pointer (RFC 6901) of the value in question; empty for the whole.
    pub pointer: String,
    /// The bytes of the text in question.
    pub span: Range<usize>,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The model is generated; its docs name what is not checked.
    Warning,
    /// The model, and only that model, is not generated.
    Error,
}

macro_rules! codes {
    ($($(#[doc = $words:literal])+ $variant:ident = $name:literal, $severity:ident;)+) => {
        /// The kinds of findings. `schemas/README.md` lists them for people.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $words])+ $variant,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the stable name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Returns the severity, unless a run denies this warning.
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)+
                }
            }
        }
    };
}

codes! {
    /// The text is not JSON.
    InvalidJson = "invalid-json", Error;
    /// An object has one key twice.
    DuplicateKey = "duplicate-key", Error;
    /// A limit on size, depth or count is passed.
    LimitPassed = "limit-passed", Error;
    /// `model.json` lacks a member, or has one of the wrong form.
    MalformedModel = "malformed-model", Error;
    /// A fixup of the wrong form.
    MalformedFixup = "malformed-fixup", Error;
    /// A fixup that does not apply to the published schema.
    StaleFixup = "stale-fixup", Error;
    /// A keyword has a value that it cannot have.
    MalformedKeyword = "malformed-keyword", Error;
    /// A keyword of JSON Schema that this version does not support.
    UnsupportedKeyword = "unsupported-keyword", Error;
    /// An input that is not an object.
    NotAnObject = "not-an-object", Error;
    /// No value can satisfy the schema.
    Unsatisfiable = "unsatisfiable", Error;
    /// Two models, properties or enum values would have one name.
    NameClash = "name-clash", Error;
    /// A `$ref` that leads nowhere in its document, or back to itself.
    UnresolvableReference = "unresolvable-reference", Error;
    /// The type generator returned a type that was not asked for.
    UnexpectedShape = "unexpected-shape", Error;
    /// An input that allows unknown properties: they are refused all the same.
    ClosedInput = "closed-input", Warning;
    /// A title or description that is not a string.
    MalformedAnnotation = "malformed-annotation", Warning;
    /// A keyword that JSON Schema does not have.
    UnknownKeyword = "unknown-keyword", Warning;
    /// A part of an output schema that cannot be read: it is any JSON.
    UnreadableOutput = "unreadable-output", Warning;
    /// A default or example that the schema itself would refuse.
    DefaultBreaksSchema = "default-breaks-schema", Warning;
    /// Two properties or enum values would have one Rust name; each got a suffix.
    SharedName = "shared-name", Warning;
    /// A `format` that is not known.
    UnknownFormat = "unknown-format", Warning;
    /// A `type` that is not known: any value is accepted.
    UnknownType = "unknown-type", Warning;
    /// A custom rule that is not known.
    UnknownRule = "unknown-rule", Warning;
    /// `required` names a property that does not exist: any value is accepted.
    RequiredWithoutProperty = "required-without-property", Warning;
    /// A keyword beside a `$ref`, in a draft that ignores it.
    IgnoredKeyword = "ignored-keyword", Warning;
    /// `enum` has one value twice.
    RepeatedChoice = "repeated-choice", Warning;
    /// `arguments` in `model.json` names a property that does not exist, or one twice.
    UnknownArgument = "unknown-argument", Warning;
}

impl Diagnostic {
    fn new(code: Code, place: &Place, message: impl Into<String>, help: impl Into<String>) -> Self {
        let (message, help) = (escape_control(&message.into()), escape_control(&help.into()));
        Self { code, place: place.clone(), message, help }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `error[malformed-keyword] minimax/x/input.json#/properties/prompt: … help: …`
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, place: Place { file, pointer, .. }, message, help } = self;
        let level = match code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let (file, pointer) = (escape_control(file), escape_control(pointer));
        write!(f, "{level}[{code}] {file}#{pointer}: {message}\n  help: {help}")
    }
}
