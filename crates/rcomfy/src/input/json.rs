//! JSON that a person gave in a file or on stdin, with the place of each value.

use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use jsonc_parser::ast::{ObjectProp, Value as Node};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value;

use crate::failure::{Failure, Result};

/// The most bytes of an input, as many as RunComfy takes in a request.
const MAX_BYTES: u64 = 64 << 20;

/// A JSON text and its origin.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// The name in messages: a path, or `stdin`.
    pub name: String,
    pub text: String,
    /// The folder that local paths in it are relative to.
    pub folder: PathBuf,
}

impl Document {
    /// Reads a file, or stdin if the path is `-`.
    pub(crate) fn read(path: &str) -> Result<Self> {
        let mut text = String::new();
        let (name, folder) = if path == "-" {
            read_to(&mut std::io::stdin().lock(), &mut text)
                .map_err(|error| Failure::io("read stdin", error))?;
            ("stdin".to_owned(), PathBuf::from("."))
        } else {
            let mut file = std::fs::File::open(path).map_err(|error| {
                Failure::usage(format!("cannot open {path}: {error}"))
                    .fix("`--input` takes a JSON file, or `-` for stdin")
            })?;
            read_to(&mut file, &mut text)
                .map_err(|error| Failure::usage(format!("cannot read {path}: {error}")))?;
            let folder = Path::new(path).parent().unwrap_or(Path::new("."));
            (path.to_owned(), folder.to_owned())
        };
        // Windows editors write a byte order mark.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(Self { name, text, folder })
    }

    /// Parses the text as an object.
    pub(crate) fn value(&self) -> Result<Value> {
        let value: Value = serde_json::from_str(&self.text).map_err(|error| {
            let mut failure = Failure::usage(format!("{}: {error}", self.name))
                .fix("correct the JSON at that line and column");
            failure.drawing = self.syntax_error(error.line(), error.column());
            failure
        })?;
        if value.is_object() {
            return Ok(value);
        }
        Err(Failure::usage(format!("{}: the input must be a JSON object", self.name))
            .fix(r#"write the properties of the model: {"prompt": "…"}"#))
    }

    fn syntax_error(&self, line: usize, column: usize) -> Option<String> {
        let start: usize =
            self.text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
        let at = (start + column.saturating_sub(1)).min(self.text.len());
        let end = self.text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
        Some(super::problems::draw(Some(&self.name), &self.text, &[(at..end, "here".to_owned())]))
    }

    /// Returns the range of the value at a JSON pointer; for a property that is missing, the
    /// opening brace of its object; for an unknown property, its name.
    pub(crate) fn range(&self, segments: &[String], wants_name: WantsName) -> Option<Range<usize>> {
        let options = CollectOptions::default();
        let parsed = parse_to_ast(&self.text, &options, &ParseOptions::default()).ok()?;
        let mut node = parsed.value?;
        for (depth, segment) in segments.iter().enumerate() {
            let is_last = depth + 1 == segments.len();
            let range = node.range();
            node = match node {
                Node::Object(object) => {
                    let found = object
                        .properties
                        .into_iter()
                        .rev()
                        .find(|property| property_name(property) == segment);
                    let Some(property) = found else { return Some(range.start..range.start + 1) };
                    if is_last && wants_name == WantsName::Yes {
                        let name = property.name.range();
                        return Some(name.start..name.end);
                    }
                    property.value
                }
                Node::Array(array) => {
                    let index: usize = segment.parse().ok()?;
                    array.elements.into_iter().nth(index)?
                }
                _ => return Some(range.start..range.end),
            };
        }
        let range = node.range();
        Some(range.start..range.end)
    }
}

/// The part of a property to point at: its name or its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WantsName {
    Yes,
    No,
}

fn property_name<'a>(property: &'a ObjectProp<'_>) -> &'a str {
    property.name.as_str()
}

fn read_to(reader: &mut impl Read, text: &mut String) -> std::io::Result<()> {
    let read = reader.take(MAX_BYTES + 1).read_to_string(text)?;
    if read as u64 > MAX_BYTES {
        let message = format!("more than {} MiB", MAX_BYTES >> 20);
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, message));
    }
    Ok(())
}
