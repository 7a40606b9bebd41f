//! Finds models by id, by a unique fragment of an id, or by words.

use clap_complete::engine::CompletionCandidate;
use jsonschema::Validator;
use runcomfy::ModelInfo;
use runcomfy::codegen_support::schema::{Field, Rule, Shape, ValueSchema};
use runcomfy::media::MediaKind;
use serde_json::Value;

use super::catalog::{self, LiveModel};
use super::{loose, sync};
use crate::failure::{Failure, Kind, Result};
use crate::style::escaped;

/// The most ids that an error lists.
const MAX_LISTED: usize = 8;

/// A model that inputs can be checked of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownModel {
    /// The id and the table of the input. That of a live model is empty until it is found.
    pub info: &'static ModelInfo,
    /// Its entry in the cached catalog.
    pub live: Option<&'static LiveModel>,
    pub origin: Origin,
}

/// The source of a model's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// This program was built with it.
    BuiltIn,
    /// The cached catalog has its schema.
    Catalog,
}

/// Returns every known model, in the order of ids.
pub(crate) fn all() -> Vec<KnownModel> {
    let catalog = catalog::cached();
    let built_in = runcomfy_models::models().map(|info| KnownModel {
        info,
        live: catalog.find(info.id),
        origin: Origin::BuiltIn,
    });
    let mut all: Vec<KnownModel> = built_in.collect();
    let newer = catalog.models.iter().filter(|(info, _)| !catalog::is_built_in(info.id));
    all.extend(newer.map(|(info, model)| KnownModel {
        info,
        live: Some(*model),
        origin: Origin::Catalog,
    }));
    all.sort_by_key(|model| model.info.id);
    all
}

/// Returns the models that have every word of a query, the best match first.
pub(crate) fn search(query: &str) -> Vec<KnownModel> {
    let all = all();
    let found = runcomfy::search_models(all.iter().map(|model| model.info), query);
    let of = |info: &ModelInfo| all.iter().find(|model| model.info.id == info.id).copied();
    found.into_iter().filter_map(of).collect()
}

/// Returns the model that a text means: an id in any case, or a unique fragment of one.
pub(crate) fn find(text: &str) -> Result<KnownModel> {
    let wanted = normal(text);
    let all = all();
    if let Some(exact) = all.iter().find(|model| model.info.id == text) {
        return exact.with_table();
    }
    if let Some(exact) = all.iter().find(|model| normal(model.info.id) == wanted) {
        return exact.with_table();
    }
    let found: Vec<KnownModel> = matching(&all, &wanted);
    match found.as_slice() {
        [only] => only.with_table(),
        [] => Err(unknown(&all, text, &wanted)),
        several => Err(ambiguous(text, several)),
    }
}

/// Returns the address of the page of the model with an id.
pub(crate) fn page(id: &str) -> Option<&'static str> {
    all().iter().find(|model| model.info.id == id)?.page()
}

/// Returns the models whose id has every word of a text.
fn matching(all: &[KnownModel], wanted: &str) -> Vec<KnownModel> {
    let words: Vec<&str> = wanted.split('-').collect();
    let fits = all.iter().filter(|model| {
        let id = normal(model.info.id);
        words.iter().all(|word| id.contains(word))
    });
    fits.copied().collect()
}

/// Returns an id with blanks, slashes and dots as hyphens, in lower case.
fn normal(id: &str) -> String {
    let lower = id.trim().to_lowercase();
    lower.replace([' ', '/', '_', '.'], "-")
}

/// Returns the ids for a shell to complete, without blanks or capitals: [`find`] takes them so.
pub(crate) fn candidates() -> Vec<CompletionCandidate> {
    let typed = all().into_iter().map(|model| {
        let id = escaped(&model.info.id.replace(' ', "-").to_lowercase());
        CompletionCandidate::new(id).help(model.info.title.map(|title| escaped(title).into()))
    });
    typed.collect()
}

fn unknown(all: &[KnownModel], text: &str, wanted: &str) -> Failure {
    let mut near: Vec<(f64, &str)> = all
        .iter()
        .map(|model| (similarity(&normal(model.info.id), wanted), model.info.id))
        .collect();
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let best = near.first().map_or(0.0, |(similarity, _)| *similarity);
    near.retain(|(similarity, _)| *similarity >= 0.9 * best);
    let nearest: Vec<&str> = near.iter().take(3).map(|(_, id)| *id).collect();
    Failure::usage(format!("no known model has an id with {text:?}")).fix(format!(
        "the nearest: {}; `rcomfy models` lists all, `rcomfy models sync` gets newer ones",
        quoted(&nearest)
    ))
}

/// Returns the similarity of an id and a text, from 0 to 1: of the whole id, or of the word in it that
/// is most like the text.
fn similarity(id: &str, wanted: &str) -> f64 {
    let whole = strsim::jaro_winkler(id, wanted);
    id.split('-').map(|word| strsim::jaro_winkler(word, wanted)).fold(whole, f64::max)
}

fn ambiguous(text: &str, several: &[KnownModel]) -> Failure {
    let ids: Vec<&str> = several.iter().take(MAX_LISTED).map(|model| model.info.id).collect();
    let more = several.len().saturating_sub(ids.len());
    let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
    Failure::usage(format!("{text:?} fits {} models: {}{rest}", several.len(), quoted(&ids)))
        .fix("give more of the id")
}

fn quoted(ids: &[&str]) -> String {
    let quoted: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    quoted.join(", ")
}

/// The entry of a model in the catalog, as the files of a schemas folder.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its id and its facts.
    pub facts: Value,
    /// The schema of its input.
    pub input: Value,
}

impl Entry {
    fn of(text: &str, id: &str) -> std::result::Result<Self, String> {
        let mut facts: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let object = facts.as_object_mut().ok_or("the entry is not an object")?;
        let input = object.remove("input_schema").unwrap_or_default();
        object.remove("model_id");
        object.insert("id".to_owned(), Value::from(id));
        Ok(Self { facts, input })
    }
}

impl KnownModel {
    /// Returns the model with the table of its input.
    fn with_table(self) -> Result<Self> {
        let (Origin::Catalog, Some(live)) = (self.origin, self.live) else { return Ok(self) };
        let entry = match (&live.entry, &live.problem) {
            (None, Some(problem)) => Err(problem.clone()),
            _ => entry_text(live),
        };
        let table = entry.and_then(|entry| sync::table(&entry)).map_err(|problem| {
            Failure::usage(format!("{} cannot be used: {problem}", escaped(&live.id)))
                .fix("`rcomfy models sync` reads the catalog again; or use a newer rcomfy")
        })?;
        Ok(Self { info: table.info(), ..self })
    }

    /// Returns the validator of what the table of a model does not have, if that is anything.
    pub(crate) fn validator(self) -> Result<Option<Validator>> {
        let loose = self.live.filter(|live| live.loose.is_some());
        let (Origin::Catalog, Some(live)) = (self.origin, loose) else { return Ok(None) };
        let made = match &live.problem {
            Some(problem) => Err(problem.clone()),
            None => catalog::cached().entry(live).and_then(|entry| loose::validator(&entry)),
        };
        made.map(Some).map_err(|problem| {
            let id = escaped(&live.id);
            Failure::usage(format!("inputs of {id} cannot be checked: {problem}")).fix(
                "`--no-check` sends an input as it is: RunComfy may refuse it, or charge and fail",
            )
        })
    }

    /// Returns the entry of a model that is not built in, and `None` for any other.
    pub(crate) fn entry(self) -> Result<Option<Entry>> {
        let (Origin::Catalog, Some(live)) = (self.origin, self.live) else { return Ok(None) };
        let entry = entry_text(live).and_then(|text| Entry::of(&text, &live.id));
        entry.map(Some).map_err(|problem| Failure::new(Kind::Internal, problem))
    }

    /// Returns the address of the model's page.
    pub(crate) fn page(self) -> Option<&'static str> {
        self.info.page.or_else(|| self.live?.page.as_deref())
    }

    /// Returns the names of the required properties.
    pub(crate) fn required(self) -> Vec<&'static str> {
        match (self.origin, self.live) {
            (Origin::Catalog, Some(live)) => live.required.iter().map(String::as_str).collect(),
            _ => {
                let fields = self.info.fields.iter().filter(|field| field.required);
                fields.map(|field| field.name).collect()
            }
        }
    }

    /// Returns the fields of the input, required ones first.
    pub(crate) fn fields(self) -> Vec<&'static Field> {
        let (required, optional): (Vec<_>, Vec<_>) =
            self.info.fields.iter().partition(|field| field.required);
        [required, optional].concat()
    }

    /// Returns the schema of the value at a path of the input, if the table has one.
    pub(crate) fn schema_at(self, path: &[&str]) -> Option<ValueSchema> {
        let (first, rest) = path.split_first()?;
        let field = self.info.fields.iter().find(|field| field.name == *first);
        let schema = field.map(|field| field.schema).or(self.info.others.copied())?;
        within(schema, rest)
    }
}

/// Returns the entry of a model, with as much of its input schema as a table can have.
fn entry_text(live: &LiveModel) -> std::result::Result<String, String> {
    let text = catalog::cached().entry(live)?;
    if live.loose.is_some() { sync::loose_entry(&text) } else { Ok(text) }
}

/// Returns the schema of the value at a path below a value.
fn within(schema: ValueSchema, path: &[&str]) -> Option<ValueSchema> {
    let Some((first, rest)) = path.split_first() else { return Some(schema) };
    match schema.shape {
        Shape::Nullable(inner) => within(*inner, path),
        Shape::List(items) => first.parse::<usize>().ok().and_then(|_| within(*items, rest)),
        Shape::Map(values) => within(*values, rest),
        Shape::Object(fields) => within(named(fields, first)?, rest),
        Shape::Open(fields, others) => within(named(fields, first).unwrap_or(*others), rest),
        Shape::AnyOf(branches) | Shape::OneOf(branches) | Shape::ByKind(branches) => {
            branches.iter().find_map(|branch| within(*branch, path))
        }
        _ => None,
    }
}

fn named(fields: &'static [Field], name: &str) -> Option<ValueSchema> {
    fields.iter().find(|field| field.name == name).map(|field| field.schema)
}

/// Returns the word for a kind of media.
pub(crate) fn kind_name(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        _ => "media",
    }
}

/// Returns the choices of a value: those of its `enum`, as JSON text without quotes.
pub(crate) fn choices(rules: &'static [Rule]) -> Vec<String> {
    rules.iter().find_map(enumerated).unwrap_or_default()
}

fn enumerated(rule: &Rule) -> Option<Vec<String>> {
    match rule {
        Rule::Strings(values) => Some(values.iter().map(ToString::to_string).collect()),
        Rule::Integers(values) => Some(values.iter().map(ToString::to_string).collect()),
        Rule::Values(values) => {
            Some(values.iter().map(|value| value.trim_matches('"').to_owned()).collect())
        }
        _ => None,
    }
}
