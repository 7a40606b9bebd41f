//! `model.json`: what is ours to say about a model, beside its published schemas.

use std::fmt;

use serde_json::{Map, Value};

use crate::Source;
use crate::diagnostic::{Code, Findings};
use crate::import::{IdError, Imported, ModelId, layout};
use crate::parse;
use crate::pipeline::argument_order;
use crate::settings::File;

/// The key that holds the model's id.
const ID: &str = "id";
/// The key that holds the address of the model's page, where somebody noted it.
const PAGE: &str = "page";
/// The key that holds the order of the required properties in `new`.
const ARGUMENTS: &str = "arguments";

/// A `model.json`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub id: ModelId,
    /// The order in which `new` takes the required properties, where it is fixed.
    pub arguments: Option<Vec<String>>,
    /// Names that RunComfy requires where the schema itself says nothing.
    pub required_inputs: Vec<String>,
    /// Everything else that RunComfy says of the model.
    pub facts: Map<String, Value>,
}

impl Entry {
    /// Reads a `model.json`, reporting what is wrong with it.
    pub(crate) fn parse(file: &File<'_>, findings: &mut Findings) -> Option<Self> {
        let value = parse::data(file, findings)?;
        let mut wrong = |message: &str, help: &str| {
            findings.push(Code::MalformedModel, &file.whole(), message, help);
        };
        let Value::Object(mut facts) = value else {
            wrong("it is no JSON object", "write it as {\"id\": \"provider/model\"}");
            return None;
        };
        let Some(Value::String(id)) = facts.shift_remove(ID) else {
            wrong("it has no `id`", "add the model's id as \"id\"");
            return None;
        };
        let id = match ModelId::parse(&id) {
            Ok(id) => id,
            Err(error) => {
                wrong(&error.to_string(), "correct the `id`");
                return None;
            }
        };
        let arguments = match facts.shift_remove(ARGUMENTS).map(names) {
            Some(None) => {
                wrong(
                    "`arguments` is no list of names",
                    "list the required properties in the order that `new` takes them",
                );
                return None;
            }
            names => names.flatten(),
        };
        let required_inputs =
            facts.shift_remove("required_inputs").and_then(names).unwrap_or_default();
        Some(Self { id, arguments, required_inputs, facts })
    }

    /// The version under which the model went from RunComfy's catalog, if it did.
    pub(crate) fn gone(&self) -> Option<&str> {
        self.facts.get("gone").and_then(Value::as_str)
    }

    /// The sentences that the facts make.
    pub(crate) fn about(&self) -> Vec<String> {
        let text = |key: &str| {
            let text = self.facts.get(key)?.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let price = self.facts.get("base_price_usd").and_then(Value::as_f64).map(|price| {
            let unit = text("price_unit").map(|unit| format!(" per {unit}")).unwrap_or_default();
            format!("Price: {price} USD{unit}.")
        });
        let kind = text("kind").map(|kind| format!("Kind: {kind}."));
        let categories: Vec<&str> = match self.facts.get("categories") {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let categories =
            (!categories.is_empty()).then(|| format!("Categories: {}.", categories.join(", ")));
        let page = text("model_url").or_else(|| text(PAGE)).map(|url| format!("Page: {url}"));
        [
            text("display_name"),
            text("description"),
            kind,
            categories,
            price,
            text("pricing_note"),
            page,
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn names(value: Value) -> Option<Vec<String>> {
    let Value::Array(values) = value else { return None };
    values.into_iter().map(|value| value.as_str().map(str::to_owned)).collect()
}

/// The id in a `model.json` that is there already.
///
/// # Errors
///
/// When the text is no JSON object; `model_json` would lose what it holds.
pub fn recorded_id(previous: Option<&str>) -> Result<Option<String>, serde_json::Error> {
    let Some(text) = previous else { return Ok(None) };
    let entry: Map<String, Value> = serde_json::from_str(text)?;
    Ok(entry.get(ID).and_then(Value::as_str).map(str::to_owned))
}

/// The text of `model.json` for an imported model. What stood there before is kept
/// where the import says nothing of it: the facts, if it has none (an API page), the
/// standing in the catalog, if it is not from there, and the order of arguments. With a
/// `fixup`, that order is the one of the schemas as it corrects them; generating says so
/// if it does not apply to what was imported.
pub fn model_json(imported: &Imported, previous: Option<&str>, fixup: Option<&str>) -> String {
    let previous: Map<String, Value> =
        previous.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let mut entry = Map::new();
    entry.insert(ID.to_owned(), imported.id.as_str().into());
    if imported.listed {
        entry.insert(LISTED.to_owned(), true.into());
    } else {
        let kept = [LISTED, GONE].into_iter().filter_map(|key| previous.get_key_value(key));
        entry.extend(kept.map(|(key, value)| (key.clone(), value.clone())));
    }
    let facts = if imported.facts.is_empty() { &previous } else { &imported.facts };
    let ours = [ID, LISTED, GONE, ARGUMENTS];
    entry.extend(facts.clone().into_iter().filter(|(key, _)| !ours.contains(&key.as_str())));
    // A page's address is not among what a catalog says, and outlasts it.
    if let (Some(page), false) = (previous.get(PAGE), entry.contains_key(PAGE)) {
        entry.insert(PAGE.to_owned(), page.clone());
    }
    let fixed = previous.get(ARGUMENTS).cloned();
    entry.extend(fixed.map(|fixed| (ARGUMENTS.to_owned(), fixed)));
    let draft = Value::Object(entry.clone()).to_string();
    let arguments = argument_order(&Source {
        folder: &imported.id.folder(),
        model: &draft,
        input: &imported.input,
        output: imported.output.as_deref(),
        fixup,
    });
    // A schema that cannot be read has no order; the one that was fixed outlasts it.
    if !(arguments.is_empty() && entry.contains_key(ARGUMENTS)) {
        entry.insert(ARGUMENTS.to_owned(), arguments.into());
    }
    layout(&Value::Object(entry).to_string())
}

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
