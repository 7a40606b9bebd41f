//! Builds one input from `--input`, the model's flags and `--set`. Later ones win, in this order.

use std::collections::BTreeMap;

use clap::ArgMatches;
use runcomfy::codegen_support::schema::{Shape, ValueSchema};
use serde_json::{Map, Value};

use super::json::Document;
use super::references::References;
use super::{FlagValue, Input, flags, local};
use crate::args::InputArgs;
use crate::failure::{Failure, Result};
use crate::model::KnownModel;

/// The largest index that `--set` may use in a list.
const MAX_INDEX: usize = 10_000;

/// Builds the input of a model from what a person gave.
pub(crate) fn build(
    model: KnownModel,
    matches: &ArgMatches,
    args: &InputArgs,
    references: &References,
) -> Result<Input> {
    let document = args.input.as_deref().map(Document::read).transpose()?;
    let base = document.as_ref().map(Document::value).transpose()?;
    let mut input = Input {
        model,
        value: base.unwrap_or_else(|| Value::Object(Map::new())),
        document,
        flags: BTreeMap::new(),
        files: BTreeMap::new(),
    };
    for (field, texts) in flags::values(matches, model) {
        let flag = format!("--{}", flags::name(field.name));
        let source = Source { flag: &flag, references };
        let value = from_flag(&field.schema, &texts, source)?;
        let path = [field.name.to_owned()];
        put(&mut input.value, &path, value, &flag)?;
        let text = texts.join(" ");
        input.flags.insert(pointer(&path), FlagValue { flag, text });
    }
    for setting in &args.set {
        set(&mut input, setting, references)?;
    }
    input.files = local::files(&input)?;
    Ok(input)
}

/// Applies one `--set path=value`.
fn set(input: &mut Input, setting: &str, references: &References) -> Result<()> {
    let Some((path, text)) = setting.split_once('=') else {
        return Err(Failure::usage(format!("--set {setting}: no `=` in it"))
            .fix("write `--set path=value`, such as `--set loras.0.scale=0.8`"));
    };
    let path: Vec<String> = path.split('.').map(str::to_owned).collect();
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let flag = format!("--set {}", names.join("."));
    let value = match input.model.schema_at(&names) {
        Some(schema) => from_flag(&schema, &[text.to_owned()], Source { flag: &flag, references })?,
        None => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
    };
    put(&mut input.value, &path, value, &flag)?;
    input.flags.insert(pointer(&path), FlagValue { flag, text: text.to_owned() });
    Ok(())
}

/// Sets the value at a path from a text that is never the name of a file, such as a cell of CSV.
pub(crate) fn set_literal(
    model: KnownModel,
    value: &mut Value,
    path: &[String],
    text: &str,
) -> Result<()> {
    let name = path.join(".");
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let references = References::default();
    // A second `@` is for a text that begins with one.
    let escaped = if text.starts_with('@') { format!("@{text}") } else { text.to_owned() };
    let parsed = match model.schema_at(&names) {
        Some(schema) => {
            from_flag(&schema, &[escaped], Source { flag: &name, references: &references })?
        }
        None => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
    };
    put(value, path, parsed, &name)
}

/// The origin of a text: the flag, and the outputs that it may refer to.
#[derive(Debug, Clone, Copy)]
struct Source<'a> {
    flag: &'a str,
    references: &'a References,
}

/// Returns the JSON of a flag's values, by the shape that its property has.
fn from_flag(schema: &ValueSchema, texts: &[String], source: Source<'_>) -> Result<Value> {
    if let Shape::List(items) = flags::plain(schema).shape {
        let mut list = Vec::new();
        for text in texts {
            match whole_list(text, source)? {
                Some(values) => list.extend(values),
                None => list.push(from_text(items, text, source)?),
            }
        }
        return Ok(Value::Array(list));
    }
    match texts {
        [only] => from_text(schema, only, source),
        _ => Err(Failure::usage(format!("{} was given {} times", source.flag, texts.len()))
            .fix("give it once: the property holds one value")),
    }
}

/// Returns the elements if a text is a JSON list.
fn whole_list(text: &str, source: Source<'_>) -> Result<Option<Vec<Value>>> {
    if !text.trim_start().starts_with('[') {
        return Ok(None);
    }
    serde_json::from_str(text).map(Some).map_err(|error| not_json(source.flag, &error))
}

/// Returns the JSON of one text. What does not fit stays text, and the check reports it.
fn from_text(schema: &ValueSchema, text: &str, source: Source<'_>) -> Result<Value> {
    let parsed = || serde_json::from_str::<Value>(text).ok();
    match schema.shape {
        Shape::Nullable(_) if text == "null" => Ok(Value::Null),
        Shape::Nullable(inner) => from_text(inner, text, source),
        Shape::Text | Shape::Media(_) => from_file(text, source),
        Shape::Integer | Shape::Number => {
            Ok(parsed().filter(Value::is_number).unwrap_or_else(|| Value::from(text)))
        }
        Shape::Boolean => {
            Ok(parsed().filter(Value::is_boolean).unwrap_or_else(|| Value::from(text)))
        }
        Shape::Map(_) | Shape::Object(_) | Shape::Open(..) => {
            let from = from_file(text, source)?;
            let text = from.as_str().unwrap_or(text);
            serde_json::from_str(text).map_err(|error| not_json(source.flag, &error))
        }
        _ => match parsed() {
            Some(value) if !value.is_string() => Ok(value),
            _ => from_file(text, source),
        },
    }
}

/// Returns a text, the text of the file that `@path` names, or the output that `@job:…` names. `@@` starts a text with `@`.
fn from_file(text: &str, source: Source<'_>) -> Result<Value> {
    if let Some(value) = source.references.get(text) {
        return Ok(Value::from(value));
    }
    let Some(path) = text.strip_prefix('@') else { return Ok(Value::from(text)) };
    if path.starts_with('@') {
        return Ok(Value::from(path));
    }
    let read = std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("{}: cannot read {path}: {error}", source.flag))
            .fix(format!("a text that starts with `@` is written `{} '@@…'`", source.flag))
    })?;
    Ok(Value::from(read.trim_end_matches(['\r', '\n'])))
}

fn not_json(flag: &str, error: &serde_json::Error) -> Failure {
    Failure::usage(format!("{flag}: not JSON: {error}"))
        .fix("quote it for the shell: '[{\"path\": \"…\"}]'")
}

/// Puts a value at a path, with objects and lists on the way as needed.
fn put(root: &mut Value, path: &[String], value: Value, flag: &str) -> Result<()> {
    let mut place = root;
    for segment in path {
        if place.is_null() {
            *place = match segment.parse::<usize>() {
                Ok(_) => Value::Array(Vec::new()),
                Err(_) => Value::Object(Map::new()),
            };
        }
        place = match place {
            Value::Object(object) => object.entry(segment.as_str()).or_insert(Value::Null),
            Value::Array(list) => element(list, segment, flag)?,
            _ => {
                return Err(Failure::usage(format!(
                    "{flag}: `{segment}` lies below a plain value"
                ))
                .fix("leave out one of the two"));
            }
        };
    }
    *place = value;
    Ok(())
}

fn element<'a>(list: &'a mut Vec<Value>, segment: &str, flag: &str) -> Result<&'a mut Value> {
    let index = segment.parse::<usize>().ok().filter(|index| *index <= MAX_INDEX);
    let length = list.len();
    let Some(index) = index.filter(|index| *index <= length) else {
        return Err(Failure::usage(format!("{flag}: the list has {length} items"))
            .fix(format!("the next index is {length}")));
    };
    if index == length {
        list.push(Value::Null);
    }
    Ok(&mut list[index])
}

/// Returns the JSON pointer (RFC 6901) of a path.
pub(crate) fn pointer(path: &[String]) -> String {
    path.iter().fold(String::new(), |pointer, segment| {
        pointer + "/" + &segment.replace('~', "~0").replace('/', "~1")
    })
}
