//! `model.json`: the facts about a model that are recorded beside its published schemas.

use runcomfy::ContentKind;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::diagnostic::{Diagnostic, Findings};
use crate::import::{Imported, InvalidModelId, ModelId, layout};
use crate::model::Discovery;
use crate::parse;
use crate::settings::File;
use crate::title::title_of;

/// The key of the model's id.
const ID: &str = "id";
/// The key of the address of the model's page, recorded by hand.
const PAGE: &str = "page";
/// The key of the order of the required properties in `new`.
pub(crate) const ARGUMENTS: &str = "arguments";
/// The key of the names that RunComfy requires where the schema says nothing.
const REQUIRED_INPUTS: &str = "required_inputs";
/// The key of the name to show, where RunComfy publishes none.
const TITLE: &str = "title";
/// The key of RunComfy's name for the model.
const DISPLAY_NAME: &str = "display_name";
/// The key of the model's category.
const CATEGORY: &str = "category";
/// The key of the kinds of content that the input can have.
const TAKES: &str = "takes";
/// The key of the kinds of content that the model gives.
const GIVES: &str = "gives";
/// The key that records that a catalog has listed the model. Only such a model can be delisted.
const LISTED: &str = "listed";
/// The key of the version of this workspace at which the model left the catalog.
const GONE: &str = "gone";

/// A `model.json`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Manifest {
    pub id: ModelId,
    /// The order in which `new` takes the required properties, if it is fixed.
    pub arguments: Option<Vec<String>>,
    /// The name to show, if it is recorded.
    title: Option<String>,
    /// The category, if it is recorded.
    pub category: Option<String>,
    /// The kinds of content that the input can have, if they are recorded.
    pub takes: Option<Vec<ContentKind>>,
    /// The kinds of content that the model gives, if they are recorded.
    pub gives: Option<Vec<ContentKind>>,
    /// The other members, in their order.
    facts: Map<String, Value>,
}

/// A model's place in the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogStatus {
    /// The model's id.
    pub id: ModelId,
    /// `true` if a catalog has ever listed the model.
    pub is_listed: bool,
    /// The version of this workspace at which the model left the catalog.
    pub delisted_as_of: Option<String>,
}

/// The reason why a `model.json` is invalid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// The text is not a JSON object.
    #[error("it is not a JSON object{0}; write it as {{\"id\": \"provider/model\"}}")]
    NotAnObject(String),
    /// There is no `id`, or it is not a string.
    #[error("it has no `id`; add the model's id as \"id\"")]
    NoId,
    /// The `id` is invalid.
    #[error("{0}; correct the `id`")]
    InvalidId(InvalidModelId),
    /// The `arguments` are not a list of strings.
    #[error(
        "`arguments` is not a list of names; list the required properties in the order that `new` \
         takes them"
    )]
    Arguments,
    /// The `title` or the `category` is not a string.
    #[error("its `{0}` is not a string; correct it, or take it out")]
    Text(&'static str),
    /// The `takes` or `gives` is not a list of kinds of content.
    #[error(
        "its `{0}` is not a list of kinds of content; list some of `text`, `image`, `video` and \
         `audio`, such as [\"video\"]"
    )]
    Kinds(&'static str),
    /// `listed` is not a boolean.
    #[error("its `{LISTED}` is neither true nor false; take it out")]
    Listed,
    /// `gone` is not a string.
    #[error("its `{GONE}` is not a version, such as \"0.1.0\"; take it out")]
    Gone,
}

impl Manifest {
    /// Parses a `model.json`.
    pub(crate) fn parse(file: &File<'_>, findings: &mut Findings) -> Option<Self> {
        match Self::from_value(parse::data(file, findings)?) {
            Ok(manifest) => Some(manifest),
            Err(error) => {
                let text = error.to_string();
                let (message, help) = text.rsplit_once("; ").unwrap_or((&text, "correct it"));
                findings.push(Diagnostic::malformed_model(&file.range(), message, help));
                None
            }
        }
    }

    /// Merges an imported model with the members of its previous `model.json`. A previous member
    /// is kept if the import does not know it: the facts, if it has none (an API page), the place
    /// in the catalog, if it is not from there, and the order of arguments.
    pub(crate) fn merge(imported: &Imported, previous: &Map<String, Value>) -> Self {
        let mut facts = Map::new();
        if imported.listed {
            facts.insert(LISTED.to_owned(), true.into());
        } else {
            let kept = [LISTED, GONE].into_iter().filter_map(|key| previous.get_key_value(key));
            facts.extend(kept.map(|(key, value)| (key.clone(), value.clone())));
        }
        let source = if imported.facts.is_empty() { previous } else { &imported.facts };
        let own = [ID, TITLE, CATEGORY, TAKES, GIVES, LISTED, GONE, ARGUMENTS];
        facts.extend(source.clone().into_iter().filter(|(key, _)| !own.contains(&key.as_str())));
        // The catalog does not know a page's address, so it is kept.
        if let (Some(page), false) = (previous.get(PAGE), facts.contains_key(PAGE)) {
            facts.insert(PAGE.to_owned(), page.clone());
        }
        let arguments = previous.get(ARGUMENTS).cloned().and_then(names);
        let title = previous.get(TITLE).and_then(Value::as_str).map(str::to_owned);
        let gives = previous.get(GIVES).cloned().and_then(kinds);
        // The rest follows from the schema, which may have changed.
        let (category, takes) = (None, None);
        Self { id: imported.id.clone(), arguments, title, category, takes, gives, facts }
    }

    /// Records the facts by which the model is found.
    pub(crate) fn record(&mut self, discovery: &Discovery) {
        self.title = self.text(DISPLAY_NAME).is_none().then(|| discovery.title.clone());
        self.category.clone_from(&discovery.category);
        self.takes = Some(discovery.takes.clone()).filter(|takes| !takes.is_empty());
        self.gives = Some(discovery.gives.clone()).filter(|gives| !gives.is_empty());
    }

    /// Writes a `model.json`.
    pub(crate) fn to_json(&self) -> String {
        let mut members = Map::new();
        members.insert(ID.to_owned(), self.id.as_str().into());
        for (key, text) in [(TITLE, &self.title), (CATEGORY, &self.category)] {
            members.extend(text.as_deref().map(|text| (key.to_owned(), text.into())));
        }
        for (key, kinds) in [(TAKES, &self.takes), (GIVES, &self.gives)] {
            if let Some(kinds) = kinds {
                let names: Vec<&str> = kinds.iter().copied().map(ContentKind::as_str).collect();
                members.insert(key.to_owned(), names.into());
            }
        }
        members.extend(self.facts.clone());
        if let Some(arguments) = &self.arguments {
            members.insert(ARGUMENTS.to_owned(), arguments.clone().into());
        }
        layout(&Value::Object(members).to_string())
    }

    /// Returns the names that RunComfy requires where the schema itself says nothing.
    pub(crate) fn required_inputs(&self) -> Vec<String> {
        self.facts.get(REQUIRED_INPUTS).cloned().and_then(names).unwrap_or_default()
    }

    /// Returns the version of this workspace at which the model left the catalog.
    pub(crate) fn delisted_as_of(&self) -> Option<&str> {
        self.facts.get(GONE).and_then(Value::as_str)
    }

    /// Returns the address of the model's page.
    pub(crate) fn page(&self) -> Option<String> {
        self.text("model_url").or_else(|| self.text(PAGE))
    }

    /// Returns the facts as paragraphs of a model's docs.
    pub(crate) fn about(&self) -> Vec<String> {
        let kind = self.text("kind").map(|kind| format!("Kind: {kind}."));
        let paragraphs = [
            self.text(DISPLAY_NAME),
            self.text("description"),
            kind,
            self.categories(),
            self.price(),
            self.text("pricing_note"),
            self.page().map(|url| format!("Page: {url}")),
        ];
        paragraphs.into_iter().flatten().collect()
    }

    fn from_value(value: Value) -> Result<Self, ManifestError> {
        let Value::Object(mut facts) = value else {
            return Err(ManifestError::NotAnObject(String::new()));
        };
        let Some(Value::String(id)) = facts.shift_remove(ID) else {
            return Err(ManifestError::NoId);
        };
        let id = ModelId::parse(&id).map_err(ManifestError::InvalidId)?;
        let arguments = match facts.shift_remove(ARGUMENTS) {
            Some(value) => Some(names(value).ok_or(ManifestError::Arguments)?),
            None => None,
        };
        let title = text_member(&mut facts, TITLE)?;
        let category = text_member(&mut facts, CATEGORY)?;
        let takes = kinds_member(&mut facts, TAKES)?;
        let gives = kinds_member(&mut facts, GIVES)?;
        Ok(Self { id, arguments, title, category, takes, gives, facts })
    }

    /// Returns the name to show: RunComfy's own, the recorded one, or one made from the id.
    pub(crate) fn title(&self) -> String {
        let published = self.text(DISPLAY_NAME);
        published.or_else(|| self.title.clone()).unwrap_or_else(|| title_of(&self.id))
    }

    /// Returns the facts by which the model is found that are recorded: all that is known of a model
    /// whose schemas cannot be read.
    pub(crate) fn discovery(&self) -> Discovery {
        Discovery {
            title: self.title(),
            category: self.category.clone(),
            takes: self.takes.clone().unwrap_or_default(),
            gives: self.gives.clone().unwrap_or_default(),
        }
    }

    /// Returns the catalog's words for the kind of model: its `kind`, and its `categories`.
    pub(crate) fn catalog_words(&self) -> Vec<String> {
        let categories = self.facts.get("categories").and_then(Value::as_array);
        let categories = categories.into_iter().flatten().filter_map(Value::as_str);
        self.text("kind").into_iter().chain(categories.map(str::to_owned)).collect()
    }

    fn catalog_status(self) -> Result<CatalogStatus, ManifestError> {
        let is_listed = match self.facts.get(LISTED) {
            None => false,
            Some(listed) => listed.as_bool().ok_or(ManifestError::Listed)?,
        };
        let delisted_as_of = match self.facts.get(GONE) {
            None => None,
            Some(Value::String(version)) => Some(version.clone()),
            Some(_) => return Err(ManifestError::Gone),
        };
        Ok(CatalogStatus { id: self.id, is_listed, delisted_as_of })
    }

    fn text(&self, key: &str) -> Option<String> {
        let text = self.facts.get(key)?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn categories(&self) -> Option<String> {
        let categories = self.facts.get("categories")?.as_array()?;
        let categories: Vec<&str> = categories.iter().filter_map(Value::as_str).collect();
        (!categories.is_empty()).then(|| format!("Categories: {}.", categories.join(", ")))
    }

    fn price(&self) -> Option<String> {
        let price = self.facts.get("base_price_usd")?.as_f64()?;
        let unit = self.text("price_unit").map(|unit| format!(" per {unit}")).unwrap_or_default();
        Some(format!("Price: {price} USD{unit}."))
    }
}

impl CatalogStatus {
    /// Reads the status from a `model.json`.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a valid `model.json`.
    pub fn read(model_json: &str) -> Result<Self, ManifestError> {
        Manifest::from_value(Value::Object(read_members(model_json)?))?.catalog_status()
    }

    /// Returns the `model.json` of a model that the catalog no longer lists as of `version`.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a JSON object.
    pub fn mark_delisted(model_json: &str, version: &str) -> Result<String, ManifestError> {
        let mut members = read_members(model_json)?;
        members.insert(GONE.to_owned(), version.into());
        Ok(layout(&Value::Object(members).to_string()))
    }
}

/// Returns the id in a `model.json` that is already there.
///
/// # Errors
///
/// Returns an error if the text is not a JSON object. `model_json` would lose its content.
pub fn recorded_id(previous: Option<&str>) -> Result<Option<String>, ManifestError> {
    let members = previous.map(read_members).transpose()?.unwrap_or_default();
    Ok(members.get(ID).and_then(Value::as_str).map(str::to_owned))
}

/// Reads the members of a `model.json`.
pub(crate) fn read_members(text: &str) -> Result<Map<String, Value>, ManifestError> {
    serde_json::from_str(text).map_err(|error| ManifestError::NotAnObject(format!(": {error}")))
}

/// Takes a member that is a string, if there is one.
fn text_member(
    facts: &mut Map<String, Value>,
    key: &'static str,
) -> Result<Option<String>, ManifestError> {
    match facts.shift_remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ManifestError::Text(key)),
    }
}

/// Takes a member that lists kinds of content, if there is one.
fn kinds_member(
    facts: &mut Map<String, Value>,
    key: &'static str,
) -> Result<Option<Vec<ContentKind>>, ManifestError> {
    match facts.shift_remove(key) {
        None => Ok(None),
        Some(value) => kinds(value).map(Some).ok_or(ManifestError::Kinds(key)),
    }
}

fn kinds(value: Value) -> Option<Vec<ContentKind>> {
    names(value)?.iter().map(|name| name.parse().ok()).collect()
}

fn names(value: Value) -> Option<Vec<String>> {
    let Value::Array(values) = value else { return None };
    values.into_iter().map(|value| value.as_str().map(str::to_owned)).collect()
}
