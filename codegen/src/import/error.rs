//! Everything that `import` can refuse, and where; its words are in the module `words`.

use std::fmt;

use super::catalog::Skipped;
use super::id::{IdError, ModelId};
use super::json::{Piece, Unfit};

/// A place in a text, both counted from one; a column is a character, as an editor counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    /// The place of a byte; one past the end, or within a character, counts as the one before.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let mut place = Self { line: 1, column: 1 };
        for (index, c) in text.char_indices() {
            if index + c.len_utf8() > offset {
                break;
            }
            if c == '\n' {
                place = Self { line: place.line + 1, column: 1 };
            } else {
                place.column += 1;
            }
        }
        place
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// Which of the texts an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The one text that `import` was given.
    Text,
    /// The input schema that `from_files` was given.
    InputFile,
    /// The output schema that `from_files` was given.
    OutputFile,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "the text",
            Self::InputFile => "the input file",
            Self::OutputFile => "the output file",
        })
    }
}

/// What a page must have once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The id, in the curl examples.
    Id,
    /// The input schema.
    Input,
    /// The output schema.
    Output,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "model ids",
            Self::Input => "input schemas",
            Self::Output => "output schemas",
        })
    }
}

/// Why nothing was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportError {
    /// A text of nothing but white space.
    Empty {
        /// Which of the texts it is.
        origin: Origin,
    },
    /// A text with a character that only binary files have.
    NotText {
        /// Which of the texts it is.
        origin: Origin,
        /// Where it is.
        at: Place,
        /// The character.
        character: char,
    },
    /// A page's source instead of its text.
    Html {
        /// Which of the texts it is.
        origin: Origin,
    },
    /// Neither JSON nor a page: no example and no object in it.
    NotAPage,
    /// JSON that breaks a rule of JSON.
    Broken {
        /// Which of the texts it is.
        origin: Origin,
        /// Where it is.
        at: Place,
        /// What is wrong with it.
        reason: String,
    },
    /// A complete JSON value with something after it.
    Followed {
        /// Which of the texts it is.
        origin: Origin,
        /// Where it is.
        at: Place,
    },
    /// JSON that stops before it is complete.
    Unfinished {
        /// Which of the texts it is.
        origin: Origin,
        /// Where it opens.
        opened: Place,
    },
    /// The body of a curl example that has no closing quote.
    UnfinishedExample {
        /// Where it opens.
        opened: Place,
    },
    /// A schema with JSON right before or after it, which therefore belongs to something larger.
    Torn {
        /// Where it is.
        at: Place,
    },
    /// A page with this many JSON objects outside of its examples, and no schema among them.
    NoSchema {
        /// How many.
        objects: usize,
    },
    /// A page with an output schema alone.
    NoInput {
        /// Where the output schema is.
        output: Place,
    },
    /// A page with an input schema alone: most likely it is cut short.
    NoOutput {
        /// Where the input schema is.
        input: Place,
    },
    /// A page with schemas and no example that says whose they are.
    NoId,
    /// A page with two that are not the same.
    Differing {
        /// What there are two of.
        part: Part,
        /// The first of them.
        first: Place,
        /// The other one.
        second: Place,
    },
    /// An id that cannot be one.
    BadId {
        /// Where it is, unless it was given by hand.
        at: Option<Place>,
        /// What is wrong with it.
        error: IdError,
    },
    /// A schema over `MAX_SCHEMA_BYTES`.
    TooLarge {
        /// Which of the texts it is.
        origin: Origin,
        /// Where it is.
        at: Place,
    },
    /// A schema over `MAX_DEPTH`.
    TooDeep {
        /// Which of the texts it is.
        origin: Origin,
        /// Where it is.
        at: Place,
    },
    /// A schema with no word about whose it is.
    BareSchema,
    /// JSON of some other kind.
    UnknownForm {
        /// What it looks like.
        found: String,
    },
    /// A catalog in which no entry can be used.
    NothingUsable {
        /// Every entry, with its reason.
        skipped: Vec<Skipped>,
    },
    /// Two entries of one catalog whose schemas would lie in one folder.
    Clash {
        /// The first of them.
        first: ModelId,
        /// The other one.
        second: ModelId,
    },
    /// Two entries of one catalog, on different pages of it, that have one id and are not
    /// the same.
    Changed {
        /// The `model_id`, shortened and with control characters escaped.
        id: String,
    },
    /// Input and output were given in each other's place.
    Swapped,
    /// What should be an input schema is none.
    NotAnInput {
        /// What it looks like.
        found: String,
    },
    /// What should be an output schema has no `output` around it.
    NotAnOutput {
        /// What it looks like.
        found: String,
    },
}

impl ImportError {
    pub(super) fn unfit(unfit: Unfit, origin: Origin, schema: Piece<'_>) -> Self {
        let at = schema.place();
        match unfit {
            Unfit::TooLarge => Self::TooLarge { origin, at },
            Unfit::TooDeep => Self::TooDeep { origin, at },
        }
    }
}

impl std::error::Error for ImportError {}
