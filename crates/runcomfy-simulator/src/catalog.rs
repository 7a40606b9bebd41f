//! Catalog entries, made from each model's own files.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::pricing::Price;

/// Keys of `model.json` that the catalog does not repeat.
const NOT_FACTS: [&str; 10] = [
    "id",
    "title",
    "category",
    "takes",
    "gives",
    "arguments",
    "listed",
    "gone",
    "model_id",
    "input_schema",
];

/// Catalog entry of one model.
pub(crate) struct CatalogEntry {
    id: String,
    /// Other members of `model.json`, in file order.
    facts: Map<String, Value>,
    /// The input schema, byte for byte: a generator that reads the catalog may depend on its
    /// spelling.
    input: Box<RawValue>,
    is_gone: bool,
}

/// Field `input_schema` of a served entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SchemaField {
    Included,
    Omitted,
}

/// Catalog entry as it is sent.
#[derive(Serialize)]
pub(crate) struct ServedEntry<'a> {
    model_id: &'a str,
    #[serde(flatten)]
    facts: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_schema: Option<&'a RawValue>,
}

impl CatalogEntry {
    pub(crate) fn new(id: String, manifest: Map<String, Value>, input: Box<RawValue>) -> Self {
        let is_gone = manifest.contains_key("gone");
        let facts =
            manifest.into_iter().filter(|(key, _)| !NOT_FACTS.contains(&key.as_str())).collect();
        Self { id, facts, input, is_gone }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn has_price(&self) -> bool {
        self.facts.contains_key("base_price_usd")
    }

    pub(crate) fn set_price(&mut self, price: Price) {
        self.facts.insert("base_price_usd".to_owned(), price.usd.into());
        self.facts.insert("price_unit".to_owned(), price.unit.to_string().into());
    }

    /// Returns the published input schema.
    pub(crate) fn input(&self) -> &RawValue {
        &self.input
    }

    /// Returns `true` if the catalog lists the model, so unless `model.json` has `gone`.
    pub(crate) fn is_listed(&self) -> bool {
        !self.is_gone
    }

    pub(crate) fn served(&self, schema: SchemaField) -> ServedEntry<'_> {
        let input_schema = match schema {
            SchemaField::Included => Some(&*self.input),
            SchemaField::Omitted => None,
        };
        ServedEntry { model_id: &self.id, facts: &self.facts, input_schema }
    }

    /// Returns `true` if the id, name or description contains `text`, ignoring case.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let words = ["display_name", "description"].iter().filter_map(|key| self.text(key));
        words.chain([self.id.as_str()]).any(|words| words.to_lowercase().contains(&text))
    }

    pub(crate) fn is_of_kind(&self, kind: &str) -> bool {
        self.text("kind") == Some(kind)
    }

    pub(crate) fn categories(&self) -> impl Iterator<Item = &str> {
        let categories = self.facts.get("categories").and_then(Value::as_array);
        categories.into_iter().flatten().filter_map(Value::as_str)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.facts.get(key)?.as_str()
    }
}
