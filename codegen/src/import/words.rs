//! The words of every [`ImportError`]: what is wrong, where, and what to do next.

use std::fmt;

use super::catalog::Skipped;
use super::error::ImportError;
use super::json::{MAX_DEPTH, MAX_SCHEMA_BYTES};

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
