//! Imports a catalog's reply, or one entry of it.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::error::{ImportError, Skipped, Unusable};
use super::id::{ModelId, shown};
use super::json_slice::{JsonSlice, SizeError};
use super::shape::{Shape, describe, shape_of};
use super::{Import, Imported};

/// Returns the entries of a catalog's reply, or `None` if the value is not one.
pub(super) fn entries(reply: JsonSlice<'_>) -> Option<Vec<JsonSlice<'_>>> {
    let members = reply.members();
    let lists: Vec<_> =
        members.iter().filter(|(key, value)| key == "models" && value.is_array()).collect();
    match lists.as_slice() {
        [(_, models)] => Some(models.elements()),
        _ => None,
    }
}

/// Imports entries of a catalog, each given with its index.
pub(super) fn read<'a>(
    entries: impl IntoIterator<Item = (usize, JsonSlice<'a>)>,
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

/// Parses the `model_id` of an entry.
pub(super) fn entry_id(entry: JsonSlice<'_>) -> Result<ModelId, Unusable> {
    if !entry.is_object() {
        return Err(Unusable::NotAnEntry { found: describe(entry) });
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
    ModelId::parse(&id.ok_or(Unusable::NoId)?).map_err(Unusable::InvalidId)
}

/// Returns the `model_id` of an entry for display.
pub(super) fn shown_id(entry: JsonSlice<'_>) -> Option<String> {
    written_id(entry).map(|id| shown(&id))
}

/// Returns the `model_id` of an entry as given, valid or not.
pub(super) fn written_id(entry: JsonSlice<'_>) -> Option<String> {
    let (_, value) = entry.members().into_iter().find(|(key, _)| key == "model_id")?;
    value.as_string()
}

fn read_entry(id: ModelId, entry: JsonSlice<'_>) -> Result<Imported, Unusable> {
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

fn read_input(schema: JsonSlice<'_>) -> Result<String, Unusable> {
    match shape_of(schema) {
        Shape::Input => schema.document().map_err(Unusable::from),
        Shape::Output | Shape::Other => Err(Unusable::NotAnInput { found: describe(schema) }),
    }
}

fn read_output(schema: JsonSlice<'_>) -> Result<String, Unusable> {
    match shape_of(schema) {
        Shape::Output => schema.document().map_err(Unusable::from),
        Shape::Input | Shape::Other => Err(Unusable::NotAnOutput { found: describe(schema) }),
    }
}

impl From<SizeError> for Unusable {
    fn from(error: SizeError) -> Self {
        match error {
            SizeError::TooLarge => Self::TooLarge,
            SizeError::TooDeep => Self::TooDeep,
        }
    }
}
