//! Reads the live catalog, entry by entry: a broken one stops only its own model.

use std::collections::BTreeMap;

use runcomfy::Client;
use runcomfy::client::{CallError, CatalogEntry, CatalogPage};
use runcomfy_codegen::Severity;
use runcomfy_codegen::runtime::{RuntimeError, RuntimeModel};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::catalog::{self, LiveModel};
use super::loose;
use crate::style::escaped;

/// Number of entries of a page: as many as RunComfy returns.
const PAGE: usize = 500;
/// The most pages of a catalog.
const MAX_PAGES: usize = 100;
/// The most characters of the reason why a model cannot be used.
const MAX_PROBLEM: usize = 600;

/// The live catalog.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Every model by its id, with the text of its entry unless the model is built in.
    pub models: BTreeMap<String, (LiveModel, Option<String>)>,
    /// Number of entries without a usable id, or with that of an earlier one.
    pub skipped: usize,
}

/// A page of the catalog whose entries are kept as text.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    models: Vec<&'a RawValue>,
}

/// Fetches every page of the catalog. `show` gets the number of entries so far.
pub(crate) async fn fetch(client: &Client, show: impl Fn(usize)) -> Result<Live, CallError> {
    let mut live = Live::default();
    let mut offset = 0;
    for _ in 0..MAX_PAGES {
        let page = client.catalog_page(offset, PAGE).await?;
        offset += page.entries;
        show(offset);
        live.add(&page);
        let is_last = page.total.map_or(page.entries < PAGE, |total| offset >= total);
        if is_last || page.entries == 0 {
            break;
        }
    }
    Ok(live)
}

impl Live {
    fn add(&mut self, page: &CatalogPage) {
        // The client has read the list already.
        let entries = serde_json::from_str::<Page<'_>>(&page.text).map(|page| page.models);
        for entry in entries.unwrap_or_default() {
            match model(entry.get()) {
                Some((model, text)) if !self.models.contains_key(&model.id) => {
                    self.models.insert(model.id.clone(), (model, text));
                }
                _ => self.skipped += 1,
            }
        }
    }
}

/// Reads an entry. Returns `None` if it has no id.
fn model(text: &str) -> Option<(LiveModel, Option<String>)> {
    let value: Value = serde_json::from_str(text).ok()?;
    let id = value.get("model_id")?.as_str().filter(|id| !id.trim().is_empty())?;
    let facts = LiveModel {
        id: id.to_owned(),
        title: word(&value, "display_name"),
        page: word(&value, "model_url"),
        price: price(&value),
        ..LiveModel::default()
    };
    if catalog::is_built_in(id) {
        return Some((facts, None));
    }
    let error = match made(text) {
        Ok(model) => return Some((with_table(facts, &model), Some(text.to_owned()))),
        Err(error) => error,
    };
    let Ok(model) = loose_entry(text).and_then(|entry| table(&entry)) else {
        return Some((LiveModel { problem: Some(shown(&error)), ..facts }, None));
    };
    let problem = loose::validator(text).err();
    let facts = LiveModel { loose: Some(places(&error)), problem, ..facts };
    Some((with_table(facts, &model), Some(text.to_owned())))
}

fn with_table(facts: LiveModel, model: &RuntimeModel) -> LiveModel {
    let info = model.info();
    let required = info.fields.iter().filter(|field| field.required);
    LiveModel {
        title: info.title.map(str::to_owned).or(facts.title),
        category: info.category.map(str::to_owned),
        takes: info.takes.to_vec(),
        gives: info.gives.to_vec(),
        page: info.page.map(str::to_owned).or(facts.page),
        required: required.map(|field| field.name.to_owned()).collect(),
        ..facts
    }
}

/// Makes the table of the model in an entry. The error is the reason why it cannot be made.
pub(crate) fn table(entry: &str) -> Result<RuntimeModel, String> {
    made(entry).map_err(|error| shown(&error))
}

fn made(entry: &str) -> Result<RuntimeModel, RuntimeError> {
    let made = RuntimeModel::from_catalog(entry)?;
    let refused = made.refused.into_iter().next();
    let model = made.models.into_iter().next();
    model.ok_or_else(|| refused.map_or(RuntimeError::Refused(Vec::new()), |model| model.error))
}

/// Returns the places of a schema that no table can have, such as `/properties/pair/prefixItems`.
fn places(error: &RuntimeError) -> String {
    let RuntimeError::Refused(diagnostics) = error else { return shown(error) };
    let errors = diagnostics.iter().filter(|found| found.code.severity() == Severity::Error);
    let mut places: Vec<&str> = errors.map(|found| found.place.pointer.as_str()).collect();
    places.dedup();
    let text: String = places.join(", ").chars().take(MAX_PROBLEM).collect();
    escaped(&text)
}

/// Returns an entry with as much of its input schema as a table can have.
pub(crate) fn loose_entry(entry: &str) -> Result<String, String> {
    loose::relaxed(entry, |entry| table(entry).is_ok())
}

fn shown(error: &RuntimeError) -> String {
    let text: String = error.to_string().chars().take(MAX_PROBLEM).collect();
    escaped(&text)
}

fn word(entry: &Value, name: &str) -> Option<String> {
    entry.get(name)?.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

fn price(entry: &Value) -> Option<runcomfy::client::Price> {
    let mut read = CatalogEntry::default();
    read.base_price_usd = entry.get("base_price_usd").and_then(Value::as_f64);
    read.price_unit = word(entry, "price_unit");
    read.pricing_note = word(entry, "pricing_note");
    read.price()
}
