//! Finds models by id, by a unique fragment of an id, or by words.

use clap_complete::engine::CompletionCandidate;
use runcomfy::ModelInfo;
use runcomfy::codegen_support::schema::{Field, Rule, Shape, ValueSchema};
use runcomfy::media::MediaKind;

use crate::failure::{Failure, Result};

/// The most ids that an error lists.
const MAX_LISTED: usize = 8;

/// A model that this version can check an input of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownModel {
    /// The id and the table of the input.
    pub info: &'static ModelInfo,
}

/// Returns every known model, in the order of ids.
pub(crate) fn all() -> impl Iterator<Item = KnownModel> {
    runcomfy_models::models().map(|info| KnownModel { info })
}

/// Returns the model that a text means: an id in any case, or a unique fragment of one.
pub(crate) fn find(text: &str) -> Result<KnownModel> {
    let wanted = normal(text);
    if let Some(exact) = all().find(|model| model.info.id == text) {
        return Ok(exact);
    }
    if let Some(exact) = all().find(|model| normal(model.info.id) == wanted) {
        return Ok(exact);
    }
    let found: Vec<KnownModel> = matching(text).collect();
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(unknown(text, &wanted)),
        several => Err(ambiguous(text, several)),
    }
}

/// Returns the models whose id has every word of a text.
fn matching(text: &str) -> impl Iterator<Item = KnownModel> {
    let wanted = normal(text);
    let words: Vec<String> = wanted.split('-').map(str::to_owned).collect();
    all().filter(move |model| {
        let id = normal(model.info.id);
        words.iter().all(|word| id.contains(word.as_str()))
    })
}

/// Returns an id with blanks, slashes and dots as hyphens, in lower case.
fn normal(id: &str) -> String {
    let lower = id.trim().to_lowercase();
    lower.replace([' ', '/', '_', '.'], "-")
}

/// Returns the ids for a shell to complete, without blanks or capitals: [`find`] takes them so.
pub(crate) fn candidates() -> Vec<CompletionCandidate> {
    let typed = all().map(|model| {
        let id = model.info.id.replace(' ', "-").to_lowercase();
        CompletionCandidate::new(id).help(model.info.title.map(Into::into))
    });
    typed.collect()
}

fn unknown(text: &str, wanted: &str) -> Failure {
    let mut near: Vec<(f64, &str)> = all()
        .map(|model| (strsim::jaro_winkler(&normal(model.info.id), wanted), model.info.id))
        .collect();
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let nearest: Vec<&str> = near.iter().take(3).map(|(_, id)| *id).collect();
    Failure::usage(format!("no known model has an id with {text:?}"))
        .fix(format!("the nearest are {}; `rcomfy models` lists all", quoted(&nearest)))
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

impl KnownModel {
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
