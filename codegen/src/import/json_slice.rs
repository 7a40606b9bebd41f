//! JSON as text: found, taken apart and laid out anew without ever becoming numbers and strings,
//! because a schema's spelling (`1.0`, `1e400`, an escape, a key given twice) must come through as
//! it is.

use serde_json::Deserializer;
use serde_json::value::RawValue;

use super::error::{ImportError, MAX_DEPTH, MAX_SCHEMA_BYTES, Origin, Place};

/// A part of a text that knows where in the text it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub whole: &'a str,
    pub start: usize,
    pub end: usize,
}

/// Why a schema that is valid JSON cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    TooLarge,
    TooDeep,
}

impl Unfit {
    /// The error about this schema.
    pub(super) fn into_error(self, origin: Origin, schema: Piece<'_>) -> ImportError {
        let at = schema.place();
        match self {
            Self::TooLarge => ImportError::TooLarge { origin, at },
            Self::TooDeep => ImportError::TooDeep { origin, at },
        }
    }
}

/// The JSON value that begins at `start`, whatever may come after it.
pub(super) fn value_at(origin: Origin, text: &str, start: usize) -> Result<Piece<'_>, ImportError> {
    let rest = text.get(start..).unwrap_or_default();
    let mut values = Deserializer::from_str(rest).into_iter::<&RawValue>();
    match values.next() {
        Some(Ok(value)) => {
            let end = start + values.byte_offset();
            Ok(Piece { whole: text, start: end - value.get().len(), end })
        }
        Some(Err(error)) if !error.is_eof() => Err(broken(origin, text, start, &error)),
        Some(Err(_)) | None => {
            Err(ImportError::Unfinished { origin, opened: Place::of(text, start) })
        }
    }
}

/// A text that is one JSON value and nothing else.
pub(super) fn only_value(origin: Origin, text: &str) -> Result<Piece<'_>, ImportError> {
    let value = value_at(origin, text, text.len() - text.trim_start().len())?;
    let rest = text.get(value.end..).unwrap_or_default();
    if rest.trim().is_empty() {
        return Ok(value);
    }
    let at = Place::of(text, text.len() - rest.trim_start().len());
    Err(ImportError::Followed { origin, at })
}

/// Lays out valid JSON: two spaces a level, one member a line, a newline at the end. Everything but
/// the white space outside strings stays as it is.
pub fn layout(json: &str) -> String {
    layout_within(json, usize::MAX).unwrap_or_default()
}

/// What goes into `schemas/`: the schema laid out, unless it is too large or too deep.
pub(super) fn document(schema: Piece<'_>) -> Result<String, Unfit> {
    if schema.text().len() > MAX_SCHEMA_BYTES {
        return Err(Unfit::TooLarge);
    }
    if schema.depth() > MAX_DEPTH {
        return Err(Unfit::TooDeep);
    }
    layout_within(schema.text(), MAX_SCHEMA_BYTES).ok_or(Unfit::TooLarge)
}

/// `None` once the result is longer than `limit`: indenting can make a text a hundred times longer.
fn layout_within(json: &str, limit: usize) -> Option<String> {
    let mut out = String::with_capacity(json.len());
    let mut strings = Strings::default();
    let mut depth: usize = 0;
    let mut just_opened = false;
    for c in json.chars() {
        let outside = strings.pass(c);
        if outside && matches!(c, ' ' | '\t' | '\n' | '\r') {
            continue;
        }
        let closes = outside && matches!(c, '}' | ']');
        if closes {
            depth = depth.saturating_sub(1);
        }
        if just_opened != closes {
            start_line(&mut out, depth);
        }
        just_opened = outside && matches!(c, '{' | '[');
        out.push(c);
        match c {
            '{' | '[' if outside => depth += 1,
            ',' if outside => start_line(&mut out, depth),
            ':' if outside => out.push(' '),
            _ => {}
        }
        if out.len() > limit {
            return None;
        }
    }
    out.push('\n');
    Some(out)
}

fn start_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Tells what stands in a string from what does not, one character after the other.
#[derive(Default)]
struct Strings {
    within: bool,
    escaped: bool,
}

impl Strings {
    /// Whether this character stands outside of strings; a string's own quotes belong to it.
    fn pass(&mut self, c: char) -> bool {
        if !self.within {
            self.within = c == '"';
            return !self.within;
        }
        if self.escaped {
            self.escaped = false;
        } else if c == '\\' {
            self.escaped = true;
        } else if c == '"' {
            self.within = false;
        }
        false
    }
}

impl<'a> Piece<'a> {
    pub(super) fn text(self) -> &'a str {
        self.whole.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn place(self) -> Place {
        Place::of(self.whole, self.start)
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

    /// The value, if it is a string that can be decoded.
    pub(super) fn as_string(self) -> Option<String> {
        serde_json::from_str(self.text()).ok()
    }

    /// The elements of an array; nothing for any other value.
    pub(super) fn elements(self) -> Vec<Piece<'a>> {
        if self.is_array() { self.parts() } else { Vec::new() }
    }

    /// The members of an object in their order, those given twice too; nothing for any other value.
    ///
    /// A key that cannot be decoded (half of a surrogate pair) stands for itself as it is written.
    pub(super) fn members(self) -> Vec<(String, Piece<'a>)> {
        if !self.is_object() {
            return Vec::new();
        }
        let mut members = Vec::new();
        for part in self.parts() {
            let mut strings = Strings::default();
            let Some((colon, _)) =
                part.text().char_indices().find(|&(_, c)| strings.pass(c) && c == ':')
            else {
                continue;
            };
            let key = self.trimmed(part.start, part.start + colon);
            let value = self.trimmed(part.start + colon + 1, part.end);
            members.push((key.as_string().unwrap_or_else(|| key.text().to_owned()), value));
        }
        members
    }

    /// What stands between an object's or array's own commas.
    fn parts(self) -> Vec<Piece<'a>> {
        let mut parts = Vec::new();
        let mut strings = Strings::default();
        let mut depth: usize = 0;
        let mut from = self.start + 1;
        for (index, c) in self.text().char_indices() {
            if !strings.pass(c) {
                continue;
            }
            let ends_part = match c {
                '{' | '[' => {
                    depth += 1;
                    false
                }
                '}' | ']' => {
                    depth = depth.saturating_sub(1);
                    depth == 0
                }
                ',' => depth == 1,
                _ => false,
            };
            if ends_part {
                let part = self.trimmed(from, self.start + index);
                if !part.text().is_empty() {
                    parts.push(part);
                }
                from = self.start + index + 1;
            }
        }
        parts
    }

    fn depth(self) -> usize {
        let mut strings = Strings::default();
        let (mut depth, mut deepest) = (0_usize, 0);
        for c in self.text().chars() {
            if !strings.pass(c) {
                continue;
            }
            match c {
                '{' | '[' => depth += 1,
                '}' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
        deepest
    }

    fn trimmed(self, start: usize, end: usize) -> Piece<'a> {
        let text = self.whole.get(start..end).unwrap_or_default();
        let start = start + (text.len() - text.trim_start().len());
        Piece { whole: self.whole, start, end: start + text.trim().len() }
    }
}

/// Puts `serde_json`'s line and byte column, which count from `start`, into the whole text.
fn broken(origin: Origin, text: &str, start: usize, error: &serde_json::Error) -> ImportError {
    let rest = text.get(start..).unwrap_or_default();
    let line = error.line().saturating_sub(1);
    let line_start: usize = rest.split_inclusive('\n').take(line).map(str::len).sum();
    let offset = start + line_start + error.column().saturating_sub(1);
    let message = error.to_string();
    let reason = message.split(" at line ").next().unwrap_or_default().to_owned();
    ImportError::Broken { origin, at: Place::of(text, offset), reason }
}
