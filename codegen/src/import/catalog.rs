//! Imports a catalog's reply, or one entry of it.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use super::error::{ImportError, Skipped, Unusable};
use super::id::{ModelId, shown};
use super::json_slice::{JsonSlice, SizeError, layout};
use super::shape::{Shape, describe, may_be_input, shape_of};
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

/// Imports entries of a catalog. An entry that is not usable stops no other. If two ids would share
/// a folder, the one that sorts first gets it, since users cannot edit the catalog.
pub(super) fn read(entries: &[JsonSlice<'_>]) -> Result<Import, ImportError> {
    let owners = owners(entries);
    let mut import = Import { models: Vec::new(), skipped: Vec::new() };
    for (index, &entry) in entries.iter().enumerate() {
        let id = entry_id(entry);
        let model = id.as_ref().ok().cloned();
        let owner = model.as_ref().and_then(|model| owners.get(&model.folder()));
        let read = id.and_then(|id| match owner {
            Some((owner, _)) if *owner != id => Err(Unusable::SharesFolder { with: owner.clone() }),
            Some((_, Content::Differs)) => Err(Unusable::Repeated),
            Some((_, Content::Same { first })) if *first != index => Ok(None),
            Some((_, Content::Same { .. })) | None => read_entry(id, entry).map(Some),
        });
        match read {
            Ok(model) => import.models.extend(model),
            Err(reason) => {
                import.skipped.push(Skipped { index, id: shown_id(entry), model, reason });
            }
        }
    }
    if import.models.is_empty() {
        return Err(ImportError::NothingUsable { skipped: import.skipped });
    }
    Ok(import)
}

/// The content of all entries of one id.
enum Content {
    Same { first: usize },
    Differs,
}

/// Returns the model that gets each folder, with the content of its entries.
fn owners(entries: &[JsonSlice<'_>]) -> BTreeMap<String, (ModelId, Content)> {
    let mut owners: BTreeMap<String, (ModelId, Content)> = BTreeMap::new();
    for (index, &entry) in entries.iter().enumerate() {
        let Ok(model) = entry_id(entry) else { continue };
        match owners.get_mut(&model.folder()) {
            Some((owner, content)) if *owner == model => {
                let is_same = match content {
                    Content::Same { first } => {
                        layout(entries[*first].text()) == layout(entry.text())
                    }
                    Content::Differs => false,
                };
                if !is_same {
                    *content = Content::Differs;
                }
            }
            Some((owner, _)) if *owner < model => {}
            Some(_) | None => {
                owners.insert(model.folder(), (model, Content::Same { first: index }));
            }
        }
    }
    owners
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
    if !may_be_input(schema) {
        return Err(Unusable::NotAnInput { found: describe(schema) });
    }
    schema.document().map_err(Unusable::from)
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
