//! A catalog's reply, or one entry of it.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::error::{ImportError, Skipped, Unusable};
use super::id::{ModelId, shown};
use super::json_slice::{Piece, Unfit, document};
use super::shape::{Shape, described, shape_of};
use super::{Import, Imported};

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
