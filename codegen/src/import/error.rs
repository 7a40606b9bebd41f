//! Errors of importing: what is wrong, where, and what to do next.

use std::fmt;

use thiserror::Error;

use super::id::{InvalidModelId, ModelId};

/// The maximum size of one schema in bytes, as given and as laid out. The largest known schema
/// has about 20 KiB; one that is a thousand times larger is a mistake or an attack, and would be
/// compiled into a program.
pub const MAX_SCHEMA_BYTES: usize = 10 * 1024 * 1024;

/// The maximum nesting depth of a schema. The later stages read it with `serde_json`, which
/// refuses level 128.
pub const MAX_DEPTH: usize = 127;

/// The number of skipped entries that one error lists.
const MAX_LISTED: usize = 10;

const MIB: usize = 1024 * 1024;

/// A place in a text. Line and column count from one; a column is a character, as in an editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Place {
    /// Returns the place of the character at a byte offset, or of the last one before it.
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

/// The text that an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The text given to `import`.
    Text,
    /// The input schema given to `from_files`.
    InputFile,
    /// The output schema given to `from_files`.
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

/// A part that a page must have once.
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

/// The reason why nothing was imported.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImportError {
    /// The text is empty or all white space.
    #[error(
        "{origin} is empty; copy the model's API page in full, or give its schemas as files with \
         --id"
    )]
    Empty {
        /// The text.
        origin: Origin,
    },
    /// The text has a character that only binary files have.
    #[error(
        "{origin} is not plain text: it has the character U+{:04X} at {at}; save it as UTF-8 text",
        u32::from(*character)
    )]
    NotText {
        /// The text.
        origin: Origin,
        /// The place of the character.
        at: Place,
        /// The character.
        character: char,
    },
    /// The text is a page's HTML source.
    #[error(
        "{origin} is HTML; open the page in a browser, select all, copy, and save that text instead"
    )]
    Html {
        /// The text.
        origin: Origin,
    },
    /// The text is neither JSON nor a page: it has no example and no object.
    #[error(
        "the text is neither a model's API page (no curl example and no JSON in it) nor JSON; \
         copy the API page in full, or give a catalog's reply, or give schemas as files with --id"
    )]
    NotAPage,
    /// The JSON is malformed.
    #[error("{origin} has broken JSON at {at}: {reason}; copy it again, in full and unchanged")]
    Broken {
        /// The text.
        origin: Origin,
        /// The place of the mistake.
        at: Place,
        /// The mistake.
        reason: String,
    },
    /// Something follows a complete JSON value.
    #[error("{origin} has text after its JSON, at {at}; give one JSON value and nothing else")]
    Followed {
        /// The text.
        origin: Origin,
        /// The place after the value.
        at: Place,
    },
    /// The JSON is incomplete.
    #[error(
        "{origin} ends in the middle of the JSON that opens at {opened}; copy it again, to its end"
    )]
    Unfinished {
        /// The text.
        origin: Origin,
        /// The place where the JSON opens.
        opened: Place,
    },
    /// The body of a curl example has no closing quote.
    #[error(
        "the curl example's body that opens at {opened} has no closing quote; copy the page in \
         full, or give its schemas as files with --id"
    )]
    UnfinishedExample {
        /// The place where the body opens.
        opened: Place,
    },
    /// There is JSON right before or after a schema, so the schema is part of something larger.
    #[error(
        "the schema at {at} is a piece of some larger JSON that is broken around it; copy the \
         page again, unchanged"
    )]
    Torn {
        /// The place of the schema.
        at: Place,
    },
    /// None of the page's JSON objects outside its examples is a schema.
    #[error(
        "there is no schema on the page: {}; copy the page in full, with its schemas unfolded, or \
         give them as files with --id",
        describe_objects(*objects)
    )]
    NoSchema {
        /// The number of objects.
        objects: usize,
    },
    /// The page has an output schema only.
    #[error(
        "the page has an output schema ({output}) and no input schema, an object with \
         `properties`; copy it in full, or give both schemas as files with --id"
    )]
    NoInput {
        /// The place of the output schema.
        output: Place,
    },
    /// The page has an input schema only; most likely it is cut short.
    #[error(
        "the page has an input schema ({input}) and seems to end before its output schema, an \
         object whose only key is `output`; copy it in full, or give the schema as a file with \
         --id"
    )]
    NoOutput {
        /// The place of the input schema.
        input: Place,
    },
    /// The page has schemas, but no example with the model's id.
    #[error(
        "the page has schemas and no model id, which stands in its curl example as `--url \
         …/v1/models/<id>`; copy it in full, or give the schemas as files with --id"
    )]
    NoId,
    /// The page has two different ids or schemas.
    #[error(
        "the page has two different {part}, at {first} and at {second}; copy one model's page \
         alone, or give its schemas as files with --id"
    )]
    Differing {
        /// The part that differs.
        part: Part,
        /// The place of the first.
        first: Place,
        /// The place of the second.
        second: Place,
    },
    /// The id on the page is invalid.
    #[error("at {at}, {error}; copy the page again, or give --id")]
    InvalidIdOnPage {
        /// The place of the id.
        at: Place,
        /// The reason.
        error: InvalidModelId,
    },
    /// The given id is invalid.
    #[error("{0}; give the id that the page's curl example shows")]
    InvalidId(InvalidModelId),
    /// A schema is larger than [`MAX_SCHEMA_BYTES`].
    #[error(
        "{origin} has a schema of more than {} MiB at {at}; no model's schema is that large, so \
         look at what it is",
        MAX_SCHEMA_BYTES / MIB
    )]
    TooLarge {
        /// The text.
        origin: Origin,
        /// The place of the schema.
        at: Place,
    },
    /// A schema is nested deeper than [`MAX_DEPTH`].
    #[error(
        "{origin} has a schema of more than {MAX_DEPTH} levels at {at}, which the code generator \
         cannot read; look at what it is"
    )]
    TooDeep {
        /// The text.
        origin: Origin,
        /// The place of the schema.
        at: Place,
    },
    /// The text is a schema without a model id.
    #[error(
        "the text is a schema with no model id; give it as a file together with --id, as in --id \
         provider/model"
    )]
    BareSchema,
    /// The text is some other JSON.
    #[error(
        "the text is {found}, which is neither a catalog entry (`model_id`, `input_schema`) nor a \
         catalog's reply (`models`); give one of these, or a model's API page, or schemas as files \
         with --id"
    )]
    UnknownForm {
        /// A description of the JSON.
        found: String,
    },
    /// No entry of the catalog is usable.
    #[error(
        "the catalog has no entry that can be used{}; ask for the catalog with \
         include_schema=true, or copy the model's API page",
        list_skipped(skipped)
    )]
    NothingUsable {
        /// Every entry, with its reason.
        skipped: Vec<Skipped>,
    },
    /// The input and output files were given in each other's place.
    #[error("the input file holds an output schema: give the two files in each other's place")]
    Swapped,
    /// The input file is not an input schema.
    #[error(
        "the input file is {found}, not an input schema, which has `properties`, and \"object\" if \
         it has a `type`"
    )]
    NotAnInput {
        /// A description of the JSON.
        found: String,
    },
    /// The output file has no `output` around its schema.
    #[error(
        "the output file is {found}; an output schema stands under the one key `output`, so write \
         it as `{{\"output\": {{ … }}}}` with the schema inside"
    )]
    NotAnOutput {
        /// A description of the JSON.
        found: String,
    },
}

/// A catalog entry that was not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The index of the entry in the reply, from zero.
    pub index: usize,
    /// Its `model_id` as given, shortened and with control characters escaped.
    pub id: Option<String>,
    /// The model, if its `model_id` is valid.
    pub model: Option<ModelId>,
    /// The reason.
    pub reason: Unusable,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(f, "`{id}` {}", self.reason),
            None => write!(f, "entry {} {}", self.index + 1, self.reason),
        }
    }
}

/// The reason why a catalog entry was skipped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unusable {
    /// The entry is not an object.
    #[error("is {found}, not a catalog entry")]
    NotAnEntry {
        /// A description of the JSON.
        found: String,
    },
    /// A key is there twice, so it is unclear which one is meant.
    #[error("has `{key}` twice")]
    Twice {
        /// The key.
        key: String,
    },
    /// The entry has no `model_id`, or one that is not a string.
    #[error("has no `model_id`")]
    NoId,
    /// The `model_id` is invalid.
    #[error("has a bad `model_id`: {0}")]
    InvalidId(InvalidModelId),
    /// The model's folder would be that of another model.
    #[error("would share the folder `schemas/{}` with `{with}`", with.folder())]
    SharesFolder {
        /// The other model.
        with: ModelId,
    },
    /// Another entry of the catalog has the same id and other content.
    #[error("has two entries that differ")]
    Repeated,
    /// `input_schema` is absent or null.
    #[error("has no `input_schema`")]
    NoInputSchema,
    /// `input_schema` is not an input schema.
    #[error("has {found} for an `input_schema`, not the schema of an object")]
    NotAnInput {
        /// A description of the JSON.
        found: String,
    },
    /// `output_schema` is not an output schema.
    #[error("has {found} for an `output_schema`, not an object whose only key is `output`")]
    NotAnOutput {
        /// A description of the JSON.
        found: String,
    },
    /// A schema is larger than [`MAX_SCHEMA_BYTES`].
    #[error("has a schema of more than {} MiB", MAX_SCHEMA_BYTES / MIB)]
    TooLarge,
    /// A schema is nested deeper than [`MAX_DEPTH`].
    #[error("has a schema of more than {MAX_DEPTH} levels")]
    TooDeep,
    /// `serde_json` cannot hold a value beside the schemas.
    #[error("has a value under `{key}` that is out of range")]
    Unreadable {
        /// The key.
        key: String,
    },
}

fn describe_objects(objects: usize) -> String {
    match objects {
        0 => "no JSON object is outside its curl examples".to_owned(),
        1 => "its one JSON object has no `properties`, nor `output` as its only key".to_owned(),
        count => {
            format!(
                "none of its {count} JSON objects has `properties`, or `output` as its only key"
            )
        }
    }
}

fn list_skipped(skipped: &[Skipped]) -> String {
    let shown: Vec<String> = skipped.iter().take(MAX_LISTED).map(Skipped::to_string).collect();
    let mut list = if shown.is_empty() { String::new() } else { format!(": {}", shown.join("; ")) };
    if skipped.len() > MAX_LISTED {
        list.push_str(&format!("; and {} more", skipped.len() - MAX_LISTED));
    }
    list
}
