//! Imports published schemas for `schemas/`: from the text of a model's API page, a catalog's
//! reply, one entry of it, or a pair of schema files.
//!
//! Schemas are not changed, except for the white space between their parts. Text that is cut
//! short, ambiguous or unlike a schema is refused with its place and the next step, because a
//! schema that is slightly wrong would become a type that is slightly wrong.

mod catalog;
mod error;
mod id;
mod json_slice;
mod page;
mod pages;
mod shape;

use serde_json::{Map, Value};

pub use error::{ImportError, MAX_DEPTH, MAX_SCHEMA_BYTES, Origin, Part, Place, Skipped, Unusable};
pub use id::{IdFault, InvalidModelId, ModelId};
pub use json_slice::layout;
pub use pages::Pages;

use json_slice::{JsonSlice, only_value};
use shape::{Shape, describe, may_be_input, shape_of};

/// A model, ready to be written under `schemas/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The model's id.
    pub id: ModelId,
    /// The input schema, laid out.
    pub input: String,
    /// The output schema, laid out. Catalogs usually have none.
    pub output: Option<String>,
    /// The catalog's other facts (`display_name`, `base_price_usd` …), in its order.
    pub facts: Map<String, Value>,
    /// `true` if a catalog listed the model. Pages and files do not tell.
    pub listed: bool,
}

/// The models of a text, at least one.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The models in their order in the text.
    pub models: Vec<Imported>,
    /// The catalog entries that are not usable, to show to the user.
    pub skipped: Vec<Skipped>,
}

/// Imports the text of an API page, a catalog's reply or a catalog entry.
pub fn import(text: &str) -> Result<Import, ImportError> {
    let origin = Origin::Text;
    let text = readable(origin, text)?;
    match only_value(origin, text) {
        Ok(json) => read_json(json.value),
        // A page may begin with an object, so only malformed JSON at the start is an error.
        Err(error) if looks_like_json(text) && !matches!(error, ImportError::Followed { .. }) => {
            Err(error)
        }
        Err(_) => page::read(text),
    }
}

/// Imports schemas from files for the model `id`. An output of `null` counts as absent.
pub fn from_files(id: &str, input: &str, output: Option<&str>) -> Result<Imported, ImportError> {
    let id = ModelId::parse(id).map_err(ImportError::InvalidId)?;
    let input = read_input_file(input)?;
    let output = output.map(read_output_file).transpose()?.flatten();
    Ok(Imported { id, input, output, facts: Map::new(), listed: false })
}

fn read_json(value: JsonSlice<'_>) -> Result<Import, ImportError> {
    if let Some(entries) = catalog::entries(value) {
        return catalog::read(&entries);
    }
    if value.members().iter().any(|(key, _)| key == "model_id") {
        return catalog::read(&[value]);
    }
    match shape_of(value) {
        Shape::Input | Shape::Output => Err(ImportError::BareSchema),
        Shape::Other if !value.members().is_empty() && may_be_input(value) => {
            Err(ImportError::BareSchema)
        }
        Shape::Other => Err(ImportError::UnknownForm { found: describe(value) }),
    }
}

fn read_input_file(text: &str) -> Result<String, ImportError> {
    let origin = Origin::InputFile;
    let json = only_value(origin, readable(origin, text)?)?;
    match shape_of(json.value) {
        Shape::Output => Err(ImportError::Swapped),
        Shape::Input | Shape::Other if may_be_input(json.value) => json.document(origin),
        Shape::Input | Shape::Other => Err(ImportError::NotAnInput { found: describe(json.value) }),
    }
}

fn read_output_file(text: &str) -> Result<Option<String>, ImportError> {
    let origin = Origin::OutputFile;
    let json = only_value(origin, readable(origin, text)?)?;
    if json.value.is_null() {
        return Ok(None);
    }
    match shape_of(json.value) {
        Shape::Output => json.document(origin).map(Some),
        Shape::Input | Shape::Other => {
            Err(ImportError::NotAnOutput { found: describe(json.value) })
        }
    }
}

/// Removes a byte order mark. Refuses binary data and HTML.
fn readable(origin: Origin, text: &str) -> Result<&str, ImportError> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(ImportError::Empty { origin });
    }
    if let Some((offset, character)) = text.char_indices().find(|&(_, c)| is_binary(c)) {
        return Err(ImportError::NotText { origin, at: Place::of(text, offset), character });
    }
    if is_html(text) {
        return Err(ImportError::Html { origin });
    }
    Ok(text)
}

/// A saved page may begin with an XML declaration or a comment, so the tag may come later.
fn is_html(text: &str) -> bool {
    const MAX_SEARCHED: usize = 4096;
    let start: String =
        text.trim_start().chars().take(MAX_SEARCHED).collect::<String>().to_ascii_lowercase();
    start.starts_with('<')
        && ["<!doctype", "<html", "<head", "<body"].iter().any(|tag| start.contains(tag))
}

fn is_binary(c: char) -> bool {
    c < ' ' && !c.is_ascii_whitespace() && c != '\u{0B}'
}

fn looks_like_json(text: &str) -> bool {
    let text = text.trim_start();
    let object = text.strip_prefix('{').map(str::trim_start);
    let array = text.strip_prefix('[').map(str::trim_start);
    object.is_some_and(|inside| inside.starts_with(['"', '}']))
        || array.is_some_and(|inside| inside.starts_with(['{', '[', '"', ']']))
}
