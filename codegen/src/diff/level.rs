//! Every kind of change that a schema can undergo, with what it means for a caller.

use std::fmt;

/// What a change means for a caller, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Words, order or facts: callers and inputs are as right as they were.
    Words,
    /// Something is there, or is taken, that was not.
    New,
    /// The code builds, and an input that was taken is refused when it is checked.
    Refuses,
    /// Code that was right does not build.
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

    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::New => "new",
            Self::Refuses => "refuses",
            Self::Breaks => "breaks",
        }
    }

    /// The step that a release with such a change takes.
    pub const fn step(self) -> Step {
        match self {
            Self::Words => Step::Patch,
            Self::New | Self::Refuses => Step::Minor,
            Self::Breaks => Step::Major,
        }
    }
}

impl Step {
    /// Its stable name.
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

            /// Its stable name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What it means for a caller.
            pub const fn level(self) -> Level {
                match self {
                    $(Self::$variant => Level::$level,)+
                }
            }
        }
    };
}

kinds! {
    /// A model is not there any more.
    ModelGone = "model-gone", Breaks;
    /// A model's module has another name.
    ModuleRenamed = "module-renamed", Breaks;
    /// A type is not there any more, or is of another kind.
    TypeGone = "type-gone", Breaks;
    /// A property of an input is not there any more.
    PropertyGone = "property-gone", Breaks;
    /// A property has another name in Rust.
    PropertyRenamed = "property-renamed", Breaks;
    /// A property of an input has another type.
    TypeChanged = "type-changed", Breaks;
    /// A new property that `new` takes.
    PropertyRequired = "property-required", Breaks;
    /// An optional property became one that `new` takes.
    NowRequired = "now-required", Breaks;
    /// `new` takes a property no more, and a setter does.
    ArgumentGone = "argument-gone", Breaks;
    /// `new` takes other arguments.
    NewTakes = "new-takes", Breaks;
    /// A word of an enum is not there any more.
    WordGone = "word-gone", Breaks;
    /// A word of an enum has another name in Rust.
    WordRenamed = "word-renamed", Breaks;
    /// A branch of a union is not there any more, or holds another type.
    BranchGone = "branch-gone", Breaks;
    /// An output is of another kind: the usual one, one of its own, or one value.
    OutputReshaped = "output-reshaped", Breaks;
    /// A property of an output is not there any more.
    OutputGone = "output-gone", Breaks;
    /// A property of an output has another name or type.
    OutputChanged = "output-changed", Breaks;
    /// A rule bounds what was not bound, or was bound less.
    NarrowerBound = "narrower-bound", Refuses;
    /// A value of an enum that is no Rust enum is refused.
    ValueGone = "value-gone", Refuses;
    /// A kind of value is refused, where the Rust type stays.
    NarrowerType = "narrower-type", Refuses;
    /// A property has another name on the wire, and the same one in Rust.
    WireRenamed = "wire-renamed", Refuses;
    /// JSON must have a name that it could leave out, where the Rust type stays.
    NameRequired = "name-required", Refuses;
    /// A model is new.
    ModelNew = "model-new", New;
    /// A model is gone from RunComfy's catalog, and deprecated.
    ModelDeprecated = "model-deprecated", New;
    /// A new property that need not be set.
    PropertyNew = "property-new", New;
    /// A property may be left out; `new` takes it as before.
    NowOptional = "now-optional", New;
    /// A new word of an enum.
    WordNew = "word-new", New;
    /// A new branch of a union.
    BranchNew = "branch-new", New;
    /// A new value of an enum that is no Rust enum.
    ValueNew = "value-new", New;
    /// A rule is gone, or bounds less.
    WiderBound = "wider-bound", New;
    /// A kind of value is taken too.
    WiderType = "wider-type", New;
    /// A new property of an output.
    OutputNew = "output-new", New;
    /// A model is in RunComfy's catalog again.
    ModelBack = "model-back", Words;
    /// Another spelling of the model's id.
    IdChanged = "id-changed", Words;
    /// RunComfy's default is another, which is what it does where a property is not set.
    DefaultChanged = "default-changed", Words;
    /// A property of an output has another name on the wire, and the same one in Rust.
    OutputWireRenamed = "output-wire-renamed", Words;
    /// What the docs say, or the order in which they say it.
    Docs = "docs", Words;
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
