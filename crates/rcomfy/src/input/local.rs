//! Local files in an input: strings that the table knows as media and that are no URLs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use runcomfy::codegen_support::schema::{Field, Shape, ValueSchema};
use serde_json::Value;

use super::Input;
use super::merge::pointer;
use crate::failure::Result;

/// Returns the local files of an input, by JSON pointer. A path from a flag is relative to the
/// current folder, and one from a JSON file to the folder of that file.
pub(crate) fn files(input: &Input) -> Result<BTreeMap<String, PathBuf>> {
    let mut found = Vec::new();
    if let Value::Object(object) = &input.value {
        for (name, value) in object {
            let field = input.model.info.fields.iter().find(|field| field.name == name);
            let schema = field.map(|field| field.schema).or(input.model.info.others.copied());
            if let Some(schema) = schema {
                walk(&schema, value, &mut vec![name.clone()], &mut found);
            }
        }
    }
    let folder = input.document.as_ref().map_or(Path::new(""), |document| &document.folder);
    let located = found.into_iter().map(|(path, text)| {
        let pointer = pointer(&path);
        let is_from_flag = input.flags.keys().any(|flag| is_within(&pointer, flag));
        let path = if is_from_flag { PathBuf::from(&text) } else { folder.join(&text) };
        (pointer, path)
    });
    Ok(located.collect())
}

/// Returns `true` if a JSON pointer is another one or lies below it.
pub(crate) fn is_within(pointer: &str, other: &str) -> bool {
    pointer.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn walk(
    schema: &ValueSchema,
    value: &Value,
    path: &mut Vec<String>,
    found: &mut Vec<(Vec<String>, String)>,
) {
    match (schema.shape, value) {
        (Shape::Media(_), Value::String(text)) if is_local(text) => {
            found.push((path.clone(), text.clone()));
        }
        (Shape::Nullable(inner), value) => walk(inner, value, path, found),
        (Shape::List(items), Value::Array(list)) => {
            for (index, item) in list.iter().enumerate() {
                path.push(index.to_string());
                walk(items, item, path, found);
                path.pop();
            }
        }
        (Shape::Map(values), Value::Object(object)) => {
            for (name, value) in object {
                path.push(name.clone());
                walk(values, value, path, found);
                path.pop();
            }
        }
        (Shape::Object(fields) | Shape::Open(fields, _), Value::Object(object)) => {
            walk_fields(fields, object, path, found);
        }
        (Shape::AnyOf(branches) | Shape::OneOf(branches) | Shape::ByKind(branches), value) => {
            for branch in branches {
                let before = found.len();
                walk(branch, value, path, found);
                if found.len() > before {
                    break;
                }
            }
        }
        _ => {}
    }
}

fn walk_fields(
    fields: &'static [Field],
    object: &serde_json::Map<String, Value>,
    path: &mut Vec<String>,
    found: &mut Vec<(Vec<String>, String)>,
) {
    for field in fields {
        if let Some(value) = object.get(field.name) {
            path.push(field.name.to_owned());
            walk(&field.schema, value, path, found);
            path.pop();
        }
    }
}

/// Returns `true` if a string is no URL: a local path. A URL can have spaces around it, and its scheme
/// is in any case.
fn is_local(text: &str) -> bool {
    let is_data = text.trim().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:"));
    !text.is_empty() && !text.contains("://") && !is_data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_in_any_spelling_is_no_local_path() {
        for url in [
            "https://a.example/b.png",
            "HTTPS://a.example/b.png",
            "data:image/png;base64,AAAA",
            "DATA:IMAGE/PNG;BASE64,AAAA",
            " \n data:,x",
            "",
        ] {
            assert!(!is_local(url), "{url:?}");
        }
        for path in
            ["boat.png", "data/boat.png", "data", "./data:boat.png", "C:\\boat.png", "é.png"]
        {
            assert!(is_local(path), "{path:?}");
        }
    }
}
