//! Every kind of change of a schema, with its level.

use std::fmt;

/// The effect of a change on callers, from the least to the most severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Docs, order or facts. Code builds and inputs stay valid.
    Words,
    /// Something is new or newly accepted.
    New,
    /// Code builds, but a formerly valid input is refused.
    Refuses,
    /// Code no longer builds.
    Breaks,
}

/// The step of a version, in the terms of semantic versioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The third number.
    Patch,
    /// The second number; while the first is 0, the third.
    Minor,
    /// The first number; while that is 0, the second.
    Major,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 4] = [Self::Words, Self::New, Self::Refuses, Self::Breaks];

    /// Returns the stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::New => "new",
            Self::Refuses => "refuses",
            Self::Breaks => "breaks",
        }
    }

    /// Returns the version step of a release with such a change.
    pub const fn step(self) -> Step {
        match self {
            Self::Words => Step::Patch,
            Self::New | Self::Refuses => Step::Minor,
            Self::Breaks => Step::Major,
        }
    }
}

impl Step {
    /// Returns the stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

macro_rules! kinds {
    ($($(#[doc = $words:literal])+ $variant:ident = $name:literal, $level:ident;)+) => {
        /// The kinds of changes. `docs/compatibility.md` lists them for people.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[doc = $words])+ $variant,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the stable name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Returns the effect on callers.
            pub const fn level(self) -> Level {
                match self {
                    $(Self::$variant => Level::$level,)+
                }
            }
        }
    };
}

kinds! {
    /// A model is removed.
    ModelGone = "model-gone", Breaks;
    /// A model's module has another name.
    ModuleRenamed = "module-renamed", Breaks;
    /// A type is removed, or is of another kind.
    TypeGone = "type-gone", Breaks;
    /// A property of an input is removed.
    PropertyGone = "property-gone", Breaks;
    /// A property has another name in Rust.
    PropertyRenamed = "property-renamed", Breaks;
    /// A property of an input has another type.
    TypeChanged = "type-changed", Breaks;
    /// A new property is an argument of `new`.
    PropertyRequired = "property-required", Breaks;
    /// An optional property is an argument of `new` now.
    NowRequired = "now-required", Breaks;
    /// A property is set by a setter, no longer by `new`.
    ArgumentGone = "argument-gone", Breaks;
    /// `new` takes other arguments.
    NewTakes = "new-takes", Breaks;
    /// A variant of an enum of strings is removed.
    WordGone = "word-gone", Breaks;
    /// A variant of an enum of strings has another name in Rust.
    WordRenamed = "word-renamed", Breaks;
    /// A variant of a union is removed, or holds another type.
    BranchGone = "branch-gone", Breaks;
    /// An output is of another kind: `MediaOutput`, its own struct, or one value.
    OutputReshaped = "output-reshaped", Breaks;
    /// A property of an output is removed.
    OutputGone = "output-gone", Breaks;
    /// A property of an output has another name or type.
    OutputChanged = "output-changed", Breaks;
    /// A bound is new or narrower.
    NarrowerBound = "narrower-bound", Refuses;
    /// A value of an `enum` that is not a Rust enum is refused.
    ValueGone = "value-gone", Refuses;
    /// A type of value is refused, with the same Rust type.
    NarrowerType = "narrower-type", Refuses;
    /// A property has another name in JSON, and the same one in Rust.
    WireRenamed = "wire-renamed", Refuses;
    /// A property is required in JSON now, with the same Rust type.
    NameRequired = "name-required", Refuses;
    /// A model is new.
    ModelNew = "model-new", New;
    /// RunComfy's catalog no longer lists a model, so it is deprecated.
    ModelDeprecated = "model-deprecated", New;
    /// A new property is optional.
    PropertyNew = "property-new", New;
    /// A property is optional in JSON now; it stays an argument of `new`.
    NowOptional = "now-optional", New;
    /// An enum of strings has a new variant.
    WordNew = "word-new", New;
    /// A union has a new variant.
    BranchNew = "branch-new", New;
    /// An `enum` that is not a Rust enum has a new value.
    ValueNew = "value-new", New;
    /// A bound is removed or wider.
    WiderBound = "wider-bound", New;
    /// Another type of value is accepted too.
    WiderType = "wider-type", New;
    /// An output has a new property.
    OutputNew = "output-new", New;
    /// RunComfy's catalog lists a model again.
    ModelBack = "model-back", Words;
    /// The model's id has another spelling.
    IdChanged = "id-changed", Words;
    /// RunComfy's default for a property that is not set has changed.
    DefaultChanged = "default-changed", Words;
    /// A property of an output has another name in JSON, and the same one in Rust.
    OutputWireRenamed = "output-wire-renamed", Words;
    /// Docs or their order changed.
    Docs = "docs", Words;
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
