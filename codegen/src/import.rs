//! From what RunComfy publishes to the documents under `schemas/`: the text of a model's API page,
//! a catalog's reply, one entry of it, or a pair of schema files.
//!
//! Schemas come through untouched: only the white space between their parts is laid out anew. What
//! is cut short, ambiguous or unlike a schema is refused with the place and the way on, because a
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
pub use id::{IdError, IdFault, ModelId};
pub use json_slice::layout;
pub use pages::Pages;

use json_slice::{Piece, document, only_value};
use shape::{Shape, described, shape_of};

/// One model, ready to be written under `schemas/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Whose schemas these are.
    pub id: ModelId,
    /// The input schema, laid out.
    pub input: String,
    /// The output schema, laid out; a catalog has none.
    pub output: Option<String>,
    /// What a catalog says beside the schemas (`display_name`, `base_price_usd` …), in its order.
    pub facts: Map<String, Value>,
    /// Whether a catalog listed it; a page and files say nothing of that.
    pub listed: bool,
}

/// What a text held: at least one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// Each in its place in the text.
    pub models: Vec<Imported>,
    /// The entries of a catalog that could not be used; show them.
    pub skipped: Vec<Skipped>,
}

/// Reads the text of an API page, a catalog's reply or a catalog entry, whichever it is.
pub fn import(text: &str) -> Result<Import, ImportError> {
    let origin = Origin::Text;
    let text = readable(origin, text)?;
    match only_value(origin, text) {
        Ok(value) => read_json(value),
        // A page may begin with an object; what is broken in JSON that begins a text is its own
        // error.
        Err(error) if looks_like_json(text) && !matches!(error, ImportError::Followed { .. }) => {
            Err(error)
        }
        Err(_) => page::read(text),
    }
}

/// Takes schemas as they stand in files, for the model `id`. An output of `null` counts as none.
pub fn from_files(id: &str, input: &str, output: Option<&str>) -> Result<Imported, ImportError> {
    let id = ModelId::parse(id).map_err(|error| ImportError::BadId { at: None, error })?;
    let input = read_input_file(input)?;
    let output = output.map(read_output_file).transpose()?.flatten();
    Ok(Imported { id, input, output, facts: Map::new(), listed: false })
}

fn read_json(value: Piece<'_>) -> Result<Import, ImportError> {
    if let Some(entries) = catalog::entries(value) {
        return catalog::read(entries.into_iter().enumerate());
    }
    if value.members().iter().any(|(key, _)| key == "model_id") {
        return catalog::read([(0, value)]);
    }
    match shape_of(value) {
        Shape::Input | Shape::Output => Err(ImportError::BareSchema),
        Shape::Other => Err(ImportError::UnknownForm { found: described(value) }),
    }
}

fn read_input_file(text: &str) -> Result<String, ImportError> {
    let origin = Origin::InputFile;
    let value = only_value(origin, readable(origin, text)?)?;
    match shape_of(value) {
        Shape::Input => file_document(origin, value),
        Shape::Output => Err(ImportError::Swapped),
        Shape::Other => Err(ImportError::NotAnInput { found: described(value) }),
    }
}

fn read_output_file(text: &str) -> Result<Option<String>, ImportError> {
    let origin = Origin::OutputFile;
    let value = only_value(origin, readable(origin, text)?)?;
    if value.is_null() {
        return Ok(None);
    }
    match shape_of(value) {
        Shape::Output => file_document(origin, value).map(Some),
        Shape::Input | Shape::Other => Err(ImportError::NotAnOutput { found: described(value) }),
    }
}

fn file_document(origin: Origin, value: Piece<'_>) -> Result<String, ImportError> {
    document(value).map_err(|unfit| unfit.into_error(origin, value))
}

/// The text without a byte order mark, if it is text at all and not a page's source.
fn readable(origin: Origin, text: &str) -> Result<&str, ImportError> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(ImportError::Empty { origin });
    }
    let is_binary = |c: char| c < ' ' && !c.is_ascii_whitespace() && c != '\u{0B}';
    if let Some((offset, character)) = text.char_indices().find(|&(_, c)| is_binary(c)) {
        return Err(ImportError::NotText { origin, at: Place::of(text, offset), character });
    }
    if is_html(text) {
        return Err(ImportError::Html { origin });
    }
    Ok(text)
}

/// A saved page may begin with an XML declaration or a comment, so the tag is looked for further
/// on.
fn is_html(text: &str) -> bool {
    const FAR_ENOUGH: usize = 4096;
    let start: String =
        text.trim_start().chars().take(FAR_ENOUGH).collect::<String>().to_ascii_lowercase();
    start.starts_with('<')
        && ["<!doctype", "<html", "<head", "<body"].iter().any(|tag| start.contains(tag))
}

fn looks_like_json(text: &str) -> bool {
    let text = text.trim_start();
    let opened_by = |bracket: char, next: &[char]| {
        text.strip_prefix(bracket).is_some_and(|inside| inside.trim_start().starts_with(next))
    };
    opened_by('{', &['"', '}']) || opened_by('[', &['{', '[', '"', ']'])
}
