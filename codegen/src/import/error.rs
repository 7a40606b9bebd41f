//! Everything that `import` can refuse: what is wrong, where, and what to do next.

use std::fmt;

use super::id::{IdError, ModelId};

/// The most bytes one schema may have, as given and as laid out. The largest known has some 20 KiB;
/// what is a thousand times that is a mistake or an attack, and would be compiled into a program.
pub const MAX_SCHEMA_BYTES: usize = 10 * 1024 * 1024;

/// How deep a schema may be nested. `serde_json` refuses the 128th level, and the stages after this
/// one read with it.
pub const MAX_DEPTH: usize = 127;

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

impl std::error::Error for ImportError {}

/// An entry of a catalog that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Which entry of the reply, counted from zero.
    pub index: usize,
    /// Its `model_id` as given, shortened and with control characters escaped, if it has one.
    pub id: Option<String>,
    /// The model that it is about, where its `model_id` is one.
    pub model: Option<ModelId>,
    /// Why.
    pub reason: Unusable,
}

/// Why an entry was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// What it is instead of an object.
    NotAnEntry {
        /// What it looks like.
        found: String,
    },
    /// A key that is there twice, so that nobody can say which one is meant.
    Twice {
        /// The key.
        key: String,
    },
    /// An entry without a `model_id`, or with one that is no text.
    NoId,
    /// A `model_id` that cannot be one.
    BadId(IdError),
    /// An id whose folder would be that of another one.
    SharesFolder {
        /// The other one.
        with: ModelId,
    },
    /// `input_schema` is absent or null.
    NoInputSchema,
    /// What stands for an input schema and is none.
    NotAnInput {
        /// What it looks like.
        found: String,
    },
    /// What stands for an output schema and is none.
    NotAnOutput {
        /// What it looks like.
        found: String,
    },
    /// A schema over [`MAX_SCHEMA_BYTES`].
    TooLarge,
    /// A schema over [`MAX_DEPTH`].
    TooDeep,
    /// Something beside the schemas that `serde_json` cannot hold.
    Unreadable {
        /// The key.
        key: String,
    },
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(f, "`{id}` {}", self.reason),
            None => write!(f, "entry {} {}", self.index + 1, self.reason),
        }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnEntry { found } => write!(f, "is {found}, not a catalog entry"),
            Self::Twice { key } => write!(f, "has `{key}` twice"),
            Self::NoId => f.write_str("has no `model_id`"),
            Self::BadId(error) => write!(f, "has a bad `model_id`: {error}"),
            Self::SharesFolder { with } => {
                write!(f, "would share the folder `schemas/{}` with `{with}`", with.folder())
            }
            Self::NoInputSchema => f.write_str("has no `input_schema`"),
            Self::NotAnInput { found } => {
                write!(f, "has {found} for an `input_schema`, not an object with `properties`")
            }
            Self::NotAnOutput { found } => {
                write!(
                    f,
                    "has {found} for an `output_schema`, not an object whose only key is `output`"
                )
            }
            Self::TooLarge => {
                write!(f, "has a schema of more than {} MiB", MAX_SCHEMA_BYTES / (1024 * 1024))
            }
            Self::TooDeep => write!(f, "has a schema of more than {MAX_DEPTH} levels"),
            Self::Unreadable { key } => write!(f, "has a value under `{key}` that is out of range"),
        }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { origin } => {
                write!(
                    f,
                    "{origin} is empty; copy the model's API page in full, or give its \
                     schemas as files with --id"
                )
            }
            Self::NotText { origin, at, character } => {
                let code = u32::from(*character);
                write!(
                    f,
                    "{origin} is not plain text: it has the character U+{code:04X} at {at}; \
                     save it as UTF-8 text"
                )
            }
            Self::Html { origin } => {
                write!(
                    f,
                    "{origin} is HTML; open the page in a browser, select all, copy, and save \
                     that text instead"
                )
            }
            Self::NotAPage => f.write_str(
                "the text is neither a model's API page (no curl example and no JSON in \
                 it) nor JSON; copy the API page in full, or give a catalog's reply, or \
                 give schemas as files with --id",
            ),
            Self::Broken { origin, at, reason } => {
                write!(
                    f,
                    "{origin} has broken JSON at {at}: {reason}; copy it again, in full and \
                     unchanged"
                )
            }
            Self::Followed { origin, at } => {
                write!(
                    f,
                    "{origin} goes on after its JSON, at {at}; give one JSON value and \
                     nothing else"
                )
            }
            Self::Unfinished { origin, opened } => {
                write!(
                    f,
                    "{origin} ends in the middle of the JSON that opens at {opened}; copy it \
                     again, to its end"
                )
            }
            Self::UnfinishedExample { opened } => write!(
                f,
                "the curl example's body that opens at {opened} has no closing quote; \
                 copy the page in full, or give its schemas as files with --id"
            ),
            Self::Torn { at } => write!(
                f,
                "the schema at {at} is a piece of some larger JSON that is broken around \
                 it; copy the page again, unchanged"
            ),
            Self::NoSchema { objects } => {
                f.write_str("there is no schema on the page: ")?;
                match objects {
                    0 => f.write_str("no JSON object stands outside its curl examples")?,
                    1 => f.write_str(
                        "its one JSON object has no `properties`, nor `output` as its only key",
                    )?,
                    count => write!(
                        f,
                        "none of its {count} JSON objects has `properties`, or `output` as its \
                         only key"
                    )?,
                }
                f.write_str(
                    "; copy the page in full, with its schemas unfolded, or give them as \
                     files with --id",
                )
            }
            Self::NoInput { output } => write!(
                f,
                "the page has an output schema ({output}) and no input schema, an object \
                 with `properties`; copy it in full, or give both schemas as files with \
                 --id"
            ),
            Self::NoOutput { input } => write!(
                f,
                "the page has an input schema ({input}) and seems to end before its \
                 output schema, an object whose only key is `output`; copy it in full, or \
                 give the schema as a file with --id"
            ),
            Self::NoId => f.write_str(
                "the page has schemas and no model id, which stands in its curl example \
                 as `--url …/v1/models/<id>`; copy it in full, or give the schemas as \
                 files with --id",
            ),
            Self::Differing { part, first, second } => write!(
                f,
                "the page has two different {part}, at {first} and at {second}; copy one \
                 model's page alone, or give its schemas as files with --id"
            ),
            Self::BadId { at: Some(at), error } => {
                write!(f, "at {at}, {error}; copy the page again, or give --id")
            }
            Self::BadId { at: None, error } => {
                write!(f, "{error}; give the id that the page's curl example shows")
            }
            Self::TooLarge { origin, at } => write!(
                f,
                "{origin} has a schema of more than {} MiB at {at}; no model's schema is \
                 that large, so look at what it is",
                MAX_SCHEMA_BYTES / (1024 * 1024)
            ),
            Self::TooDeep { origin, at } => write!(
                f,
                "{origin} has a schema of more than {MAX_DEPTH} levels at {at}, which the \
                 code generator cannot read; look at what it is"
            ),
            Self::BareSchema => f.write_str(
                "the text is a schema with no model id; give it as a file together with \
                 --id, as in --id provider/model",
            ),
            Self::UnknownForm { found } => write!(
                f,
                "the text is {found}, which is neither a catalog entry (`model_id`, \
                 `input_schema`) nor a catalog's reply (`models`); give one of these, or \
                 a model's API page, or schemas as files with --id"
            ),
            Self::NothingUsable { skipped } => nothing_usable(f, skipped),
            Self::Clash { first, second } if first == second => {
                write!(f, "the catalog has two entries for `{first}`; take out one of them")
            }
            Self::Clash { first, second } => write!(
                f,
                "the catalog's `{first}` and `{second}` would share the folder \
                 `schemas/{}`; take out one of them",
                first.folder()
            ),
            Self::Changed { id } => write!(
                f,
                "two pages of the catalog have different entries for `{id}`: it changed while it \
                 was read; read it again"
            ),
            Self::Swapped => f.write_str(
                "the input file holds an output schema: give the two files in each \
                 other's place",
            ),
            Self::NotAnInput { found } => write!(
                f,
                "the input file is {found}, not an input schema, which is an object with \
                 `properties` and, if it has a `type`, with `\"type\": \"object\"`"
            ),
            Self::NotAnOutput { found } => write!(
                f,
                "the output file is {found}; an output schema stands under the one key \
                 `output`, so write it as `{{\"output\": {{ … }}}}` with the schema \
                 inside"
            ),
        }
    }
}

fn nothing_usable(f: &mut fmt::Formatter<'_>, skipped: &[Skipped]) -> fmt::Result {
    const MOST: usize = 10;
    f.write_str("the catalog has no entry that can be used")?;
    for (index, entry) in skipped.iter().take(MOST).enumerate() {
        write!(f, "{} {entry}", if index == 0 { ":" } else { ";" })?;
    }
    if skipped.len() > MOST {
        write!(f, "; and {} more", skipped.len() - MOST)?;
    }
    f.write_str("; ask for the catalog with include_schema=true, or copy the model's API page")
}
