//! A model's standing in the catalog, as its `model.json` has it.

use std::fmt;

use serde_json::{Map, Value};

use super::id::{IdError, ModelId};
use super::json::layout;

/// The key that says that a catalog has listed the model: only such a model can be gone from it.
pub(crate) const LISTED: &str = "listed";
/// The key of a model that is gone from the catalog: the version of this workspace that found out.
pub(crate) const GONE: &str = "gone";

/// What a `model.json` says of its model's place in the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whose it is.
    pub id: ModelId,
    /// Whether a catalog has ever listed the model.
    pub listed: bool,
    /// The version under which the model was found to be gone from the catalog.
    pub gone: Option<String>,
}

impl Standing {
    /// Reads a `model.json`.
    ///
    /// # Errors
    ///
    /// When it is no JSON object with an `id`, or says its standing in another form.
    pub fn read(model_json: &str) -> Result<Self, StandingError> {
        let entry = object(model_json)?;
        let id = entry.get("id").and_then(Value::as_str).ok_or(StandingError::NoId)?;
        Ok(Self {
            id: ModelId::parse(id).map_err(StandingError::BadId)?,
            listed: match entry.get(LISTED) {
                None => false,
                Some(listed) => listed.as_bool().ok_or(StandingError::Listed)?,
            },
            gone: match entry.get(GONE) {
                None => None,
                Some(Value::String(version)) => Some(version.clone()),
                Some(_) => return Err(StandingError::Gone),
            },
        })
    }

    /// The same `model.json` for a model that was found to be gone under this version.
    ///
    /// # Errors
    ///
    /// When it is no JSON object.
    pub fn marked_gone(model_json: &str, version: &str) -> Result<String, StandingError> {
        let mut entry = object(model_json)?;
        entry.insert(GONE.to_owned(), version.into());
        Ok(layout(&Value::Object(entry).to_string()))
    }
}

/// A `model.json` from which a standing cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StandingError {
    /// It is no JSON object; why not.
    NotAnObject(String),
    /// It has no `id`, or one that is no text.
    NoId,
    /// Its `id` cannot be one.
    BadId(IdError),
    /// Its `listed` is neither true nor false.
    Listed,
    /// Its `gone` is no text.
    Gone,
}

impl fmt::Display for StandingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject(reason) => write!(
                f,
                "it is no JSON object: {reason}; write it as {{\"id\": \"provider/model\"}}"
            ),
            Self::NoId => f.write_str("it has no `id`; add the model's id as \"id\""),
            Self::BadId(error) => write!(f, "{error}; correct the `id`"),
            Self::Listed => write!(f, "its `{LISTED}` is neither true nor false; take it out"),
            Self::Gone => {
                write!(f, "its `{GONE}` is no version, such as \"0.1.0\"; take it out")
            }
        }
    }
}

impl std::error::Error for StandingError {}

fn object(model_json: &str) -> Result<Map<String, Value>, StandingError> {
    serde_json::from_str(model_json).map_err(|error| StandingError::NotAnObject(error.to_string()))
}
