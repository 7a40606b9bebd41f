//! Finds, splits and formats published JSON without decoding its values. The spelling of a schema
//! (`1.0`, `1e400`, an escape, a repeated key) must come through unchanged.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::{ImportError, MAX_DEPTH, MAX_SCHEMA_BYTES, Origin, Place};

/// One JSON value as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonSlice<'a>(&'a RawValue);

/// A JSON value and its place in the text around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlacedJson<'a> {
    pub value: JsonSlice<'a>,
    pub text: &'a str,
    pub start: usize,
}

/// The limit that a schema exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SizeError {
    TooLarge,
    TooDeep,
}

/// The members of an object in their order, repeated keys included.
struct Members<'a>(Vec<(String, JsonSlice<'a>)>);

/// Parses the JSON value at `start`. Anything may follow it.
pub(super) fn value_at(
    origin: Origin,
    text: &str,
    start: usize,
) -> Result<PlacedJson<'_>, ImportError> {
    let rest = text.get(start..).unwrap_or_default();
    match serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>().next() {
        Some(Ok(value)) => {
            let start = start + (rest.len() - rest.trim_start().len());
            Ok(PlacedJson { value: JsonSlice(value), text, start })
        }
        Some(Err(error)) if !error.is_eof() => Err(broken(origin, text, start, &error)),
        Some(Err(_)) | None => {
            Err(ImportError::Unfinished { origin, opened: Place::of(text, start) })
        }
    }
}

/// Parses a text that is one JSON value and nothing else.
pub(super) fn only_value(origin: Origin, text: &str) -> Result<PlacedJson<'_>, ImportError> {
    let value = value_at(origin, text, text.len() - text.trim_start().len())?;
    let rest = text.get(value.end()..).unwrap_or_default();
    if rest.trim().is_empty() {
        return Ok(value);
    }
    let at = Place::of(text, text.len() - rest.trim_start().len());
    Err(ImportError::Followed { origin, at })
}

/// Lays out valid JSON: two spaces a level, one member a line, a newline at the end. Everything
/// but the white space outside strings stays as it is.
pub fn layout(json: &str) -> String {
    layout_within(json, usize::MAX, usize::MAX).unwrap_or_default()
}

impl<'a> PlacedJson<'a> {
    /// Returns the offset behind the value.
    pub(super) fn end(self) -> usize {
        self.start + self.value.text().len()
    }

    /// Returns the line and column of the value.
    pub(super) fn place(self) -> Place {
        Place::of(self.text, self.start)
    }

    /// Lays out a schema for `schemas/`.
    pub(super) fn document(self, origin: Origin) -> Result<String, ImportError> {
        self.value.document().map_err(|error| match error {
            SizeError::TooLarge => ImportError::TooLarge { origin, at: self.place() },
            SizeError::TooDeep => ImportError::TooDeep { origin, at: self.place() },
        })
    }
}

impl<'a> JsonSlice<'a> {
    pub(super) fn text(self) -> &'a str {
        self.0.get()
    }

    pub(super) fn is_object(self) -> bool {
        self.text().starts_with('{')
    }

    pub(super) fn is_array(self) -> bool {
        self.text().starts_with('[')
    }

    pub(super) fn is_null(self) -> bool {
        self.text() == "null"
    }

    /// Returns the value if it is a string that can be decoded.
    pub(super) fn as_string(self) -> Option<String> {
        serde_json::from_str(self.text()).ok()
    }

    /// Returns the elements of an array; for any other value, an empty list.
    pub(super) fn elements(self) -> Vec<JsonSlice<'a>> {
        let elements = serde_json::from_str::<Vec<&RawValue>>(self.text()).unwrap_or_default();
        elements.into_iter().map(JsonSlice).collect()
    }

    /// Returns the members of an object in their order, repeated keys included; for any other
    /// value, an empty list. A key that cannot be decoded (half of a surrogate pair) is returned
    /// as it is written.
    pub(super) fn members(self) -> Vec<(String, JsonSlice<'a>)> {
        serde_json::from_str::<Members<'a>>(self.text()).map_or_else(|_| Vec::new(), |all| all.0)
    }

    /// Lays out a schema for `schemas/`.
    pub(super) fn document(self) -> Result<String, SizeError> {
        if self.text().len() > MAX_SCHEMA_BYTES {
            return Err(SizeError::TooLarge);
        }
        layout_within(self.text(), MAX_SCHEMA_BYTES, MAX_DEPTH)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(Vec::new()))
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Members<'a> {
    type Value = Self;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some((key, value)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
            let key = JsonSlice(key);
            let name = key.as_string().unwrap_or_else(|| key.text().to_owned());
            self.0.push((name, JsonSlice(value)));
        }
        Ok(self)
    }
}

/// Lays out JSON unless the result exceeds a limit: indenting can make a text a hundred times
/// longer.
fn layout_within(json: &str, max_bytes: usize, max_depth: usize) -> Result<String, SizeError> {
    let mut out = String::with_capacity(json.len());
    let (mut depth, mut just_opened) = (0_usize, false);
    let (mut in_string, mut escaped) = (false, false);
    for c in json.chars() {
        if in_string {
            out.push(c);
            in_string = c != '"' || escaped;
            escaped = c == '\\' && !escaped;
            continue;
        }
        let closes = matches!(c, '}' | ']');
        match c {
            ' ' | '\t' | '\n' | '\r' => continue,
            '}' | ']' => depth = depth.saturating_sub(1),
            '"' => in_string = true,
            _ => {}
        }
        if just_opened != closes {
            start_line(&mut out, depth);
        }
        out.push(c);
        just_opened = matches!(c, '{' | '[');
        match c {
            '{' | '[' => depth += 1,
            ',' => start_line(&mut out, depth),
            ':' => out.push(' '),
            _ => {}
        }
        if depth > max_depth {
            return Err(SizeError::TooDeep);
        }
        if out.len() > max_bytes {
            return Err(SizeError::TooLarge);
        }
    }
    out.push('\n');
    Ok(out)
}

fn start_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Converts an error of `serde_json`, whose line and byte column count from `start`.
fn broken(origin: Origin, text: &str, start: usize, error: &serde_json::Error) -> ImportError {
    let rest = text.get(start..).unwrap_or_default();
    let line = error.line().saturating_sub(1);
    let line_start: usize = rest.split_inclusive('\n').take(line).map(str::len).sum();
    let offset = start + line_start + error.column().saturating_sub(1);
    let message = error.to_string();
    let reason = message.split(" at line ").next().unwrap_or_default().to_owned();
    ImportError::Broken { origin, at: Place::of(text, offset), reason }
}
