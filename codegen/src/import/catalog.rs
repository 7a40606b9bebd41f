//! A catalog's reply, or one entry of it.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde_json::{Map, Value};

use super::error::ImportError;
use super::id::{IdError, ModelId, shown};
use super::json::{MAX_DEPTH, MAX_SCHEMA_BYTES, Piece, Unfit, document};
use super::shape::{Shape, described, shape_of};
use super::{Import, Imported};

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

/// The entries of a catalog's reply, if it is one.
pub(super) fn entries(reply: Piece<'_>) -> Option<Vec<Piece<'_>>> {
    let members = reply.members();
    let lists: Vec<_> =
        members.iter().filter(|(key, value)| key == "models" && value.is_array()).collect();
    match lists.as_slice() {
        [(_, models)] => Some(models.elements()),
        _ => None,
    }
}

/// Reads entries of a catalog, each with its place in it.
pub(super) fn read<'a>(
    entries: impl IntoIterator<Item = (usize, Piece<'a>)>,
) -> Result<Import, ImportError> {
    let mut models = Vec::new();
    let mut skipped = Vec::new();
    let mut folders: HashMap<String, ModelId> = HashMap::new();
    for (index, entry) in entries {
        let id = entry_id(entry);
        if let Ok(id) = &id
            && let Some(first) = folders.insert(id.folder(), id.clone())
        {
            return Err(ImportError::Clash { first, second: id.clone() });
        }
        let model = id.as_ref().ok().cloned();
        match id.and_then(|id| read_entry(id, entry)) {
            Ok(model) => models.push(model),
            Err(reason) => skipped.push(Skipped { index, id: shown_id(entry), model, reason }),
        }
    }
    if models.is_empty() {
        return Err(ImportError::NothingUsable { skipped });
    }
    Ok(Import { models, skipped })
}

pub(super) fn entry_id(entry: Piece<'_>) -> Result<ModelId, Unusable> {
    if !entry.is_object() {
        return Err(Unusable::NotAnEntry { found: described(entry) });
    }
    let mut seen = HashSet::new();
    let mut id = None;
    for (key, value) in entry.members() {
        if key == "model_id" {
            id = value.as_string();
        }
        if !seen.insert(key.clone()) {
            return Err(Unusable::Twice { key: shown(&key) });
        }
    }
    ModelId::parse(&id.ok_or(Unusable::NoId)?).map_err(Unusable::BadId)
}

pub(super) fn shown_id(entry: Piece<'_>) -> Option<String> {
    written_id(entry).map(|id| shown(&id))
}

/// The `model_id` of an entry, whatever it may be.
pub(super) fn written_id(entry: Piece<'_>) -> Option<String> {
    let (_, value) = entry.members().into_iter().find(|(key, _)| key == "model_id")?;
    value.as_string()
}

fn read_entry(id: ModelId, entry: Piece<'_>) -> Result<Imported, Unusable> {
    let mut input = None;
    let mut output = None;
    let mut facts = Map::new();
    for (key, value) in entry.members() {
        match key.as_str() {
            "model_id" => {}
            "input_schema" if value.is_null() => {}
            "output_schema" if value.is_null() => {}
            "input_schema" => input = Some(read_input(value)?),
            "output_schema" => output = Some(read_output(value)?),
            _ => match serde_json::from_str::<Value>(value.text()) {
                Ok(value) => {
                    facts.insert(key, value);
                }
                Err(_) => return Err(Unusable::Unreadable { key: shown(&key) }),
            },
        }
    }
    let input = input.ok_or(Unusable::NoInputSchema)?;
    Ok(Imported { id, input, output, facts, listed: true })
}

fn read_input(schema: Piece<'_>) -> Result<String, Unusable> {
    match shape_of(schema) {
        Shape::Input => document(schema).map_err(Unusable::from),
        Shape::Output | Shape::Other => Err(Unusable::NotAnInput { found: described(schema) }),
    }
}

fn read_output(schema: Piece<'_>) -> Result<String, Unusable> {
    match shape_of(schema) {
        Shape::Output => document(schema).map_err(Unusable::from),
        Shape::Input | Shape::Other => Err(Unusable::NotAnOutput { found: described(schema) }),
    }
}

impl From<Unfit> for Unusable {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::TooLarge => Self::TooLarge,
            Unfit::TooDeep => Self::TooDeep,
        }
    }
}
