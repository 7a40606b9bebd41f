//! Imports the text of a model's API page: prose in any language, curl examples, and two JSON
//! objects.
//!
//! The text comes from a browser's clipboard, so nothing around the braces is reliable: prose may
//! touch them, and line ends may be lost. One pass goes from mark to mark (an example's body, an
//! example's URL, an object) and skips each as a whole, to never mistake a part of one for another.
//! For the same reason, text that opens like JSON and is not JSON is an error.

use super::error::{ImportError, Origin, Part, Place};
use super::id::ModelId;
use super::json_slice::{PlacedJson, value_at};
use super::shape::{Shape, output_is_schema, shape_of};
use super::{Import, Imported};

const MODELS: &str = "/v1/models/";

/// The options of curl that take a body. A longer one precedes its own prefix.
const BODY_FLAGS: [&str; 7] =
    ["--data-urlencode", "--data-binary", "--data-ascii", "--data-raw", "--data", "--json", "-d"];

/// Imports a page. `text` is not blank.
pub(super) fn read(text: &str) -> Result<Import, ImportError> {
    let mut page = Page::default();
    let mut at = 0;
    while at < text.len() {
        at = match text.as_bytes().get(at) {
            Some(b'{') if opens_like_json(text, at) => page.object(text, at)?,
            Some(b'-') => page.option(text, at)?,
            Some(b'/') => page.path(text, at)?,
            _ => at + 1,
        };
    }
    page.into_import(text)
}

/// The parts found so far, each with its offset in the text.
#[derive(Default)]
struct Page {
    id: Option<(usize, ModelId)>,
    input: Option<(usize, String)>,
    output: Option<(usize, String)>,
    /// JSON objects outside the examples, schemas or not.
    objects: usize,
    has_example: bool,
}

// The first three methods read the mark at `at` and return the offset to continue from.
impl Page {
    fn object(&mut self, text: &str, at: usize) -> Result<usize, ImportError> {
        let object = value_at(Origin::Text, text, at)?;
        self.objects += 1;
        let (part, found) = match shape_of(object.value) {
            Shape::Input => (Part::Input, &mut self.input),
            Shape::Output if output_is_schema(object.value) => (Part::Output, &mut self.output),
            Shape::Output | Shape::Other => return Ok(object.end()),
        };
        if is_torn(object) {
            return Err(ImportError::Torn { at: object.place() });
        }
        let schema = object.document(Origin::Text)?;
        keep(found, part, text, at, schema)?;
        Ok(object.end())
    }

    fn option(&mut self, text: &str, at: usize) -> Result<usize, ImportError> {
        let Some((quote, body)) = body_after(text, at) else {
            return Ok(at + 1);
        };
        self.has_example = true;
        body_end(text, quote, body)
            .ok_or_else(|| ImportError::UnfinishedExample { opened: Place::of(text, body) })
    }

    fn path(&mut self, text: &str, at: usize) -> Result<usize, ImportError> {
        let after = at + MODELS.len();
        if !text.get(at..).is_some_and(|rest| rest.starts_with(MODELS)) || !is_url_of_curl(text, at)
        {
            return Ok(at + 1);
        }
        self.has_example = true;
        let Some(written) = written_id(text.get(after..).unwrap_or_default()) else {
            return Ok(after);
        };
        let id = ModelId::parse_url_path(written)
            .map_err(|error| ImportError::InvalidIdOnPage { at: Place::of(text, after), error })?;
        keep(&mut self.id, Part::Id, text, after, id)?;
        Ok(after + written.len())
    }

    fn into_import(self, text: &str) -> Result<Import, ImportError> {
        match (self.id, self.input, self.output) {
            (Some((_, id)), Some((_, input)), Some((_, output))) => {
                let model = Imported {
                    id,
                    input,
                    output: Some(output),
                    facts: serde_json::Map::new(),
                    listed: false,
                };
                Ok(Import { models: vec![model], skipped: Vec::new() })
            }
            (_, Some((input, _)), None) => {
                Err(ImportError::NoOutput { input: Place::of(text, input) })
            }
            (_, None, Some((output, _))) => {
                Err(ImportError::NoInput { output: Place::of(text, output) })
            }
            (None, Some(_), Some(_)) => Err(ImportError::NoId),
            (_, None, None) if self.objects > 0 || self.has_example => {
                Err(ImportError::NoSchema { objects: self.objects })
            }
            (_, None, None) => Err(ImportError::NotAPage),
        }
    }
}

/// Keeps the first value. Refuses another one that differs.
fn keep<T: PartialEq>(
    kept: &mut Option<(usize, T)>,
    part: Part,
    text: &str,
    at: usize,
    value: T,
) -> Result<(), ImportError> {
    match kept {
        Some((first, other)) if *other != value => Err(ImportError::Differing {
            part,
            first: Place::of(text, *first),
            second: Place::of(text, at),
        }),
        Some(_) => Ok(()),
        None => {
            *kept = Some((at, value));
            Ok(())
        }
    }
}

/// Returns `true` if the brace at `at` opens an object, not a placeholder such as `{request_id}`.
///
/// Curly quotes or a first key without its opening quote still mean JSON. Otherwise its inside
/// would be searched for a schema.
fn opens_like_json(text: &str, at: usize) -> bool {
    const MAX_KEY: usize = 64;
    let inside = text.get(at + 1..).unwrap_or_default().trim_start_matches(is_blank);
    if inside.starts_with(['"', '“', '”', '„']) {
        return true;
    }
    let key = inside
        .bytes()
        .take(MAX_KEY)
        .take_while(|&b| b.is_ascii_alphanumeric() || b == b'_')
        .count();
    let after_key = inside.get(key..).unwrap_or_default();
    after_key
        .strip_prefix('"')
        .is_some_and(|rest| rest.trim_start_matches(is_blank).starts_with(':'))
}

/// Returns `true` for white space and invisible characters that pages contain.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

/// Returns `true` if there is JSON right before or after an object: `"key": {…}`, or `{…} }`.
fn is_torn(object: PlacedJson<'_>) -> bool {
    let before = object.text.get(..object.start).unwrap_or_default().trim_end_matches(is_blank);
    let after = object.text.get(object.end()..).unwrap_or_default().trim_start_matches(is_blank);
    let is_value =
        before.strip_suffix(':').is_some_and(|key| key.trim_end_matches(is_blank).ends_with('"'));
    let has_sibling = after
        .strip_prefix(',')
        .is_some_and(|next| next.trim_start_matches(is_blank).starts_with('"'));
    is_value || has_sibling || after.starts_with(['}', ']'])
}

/// The quotes of an example's body.
#[derive(Clone, Copy)]
enum Quote {
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `$'…'`
    Ansi,
}

/// Returns the quotes and the start of the body if a curl option with a quoted body is at `at`.
fn body_after(text: &str, at: usize) -> Option<(Quote, usize)> {
    let before = at.checked_sub(1).and_then(|index| text.as_bytes().get(index));
    if before.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'-') {
        return None;
    }
    let rest = text.get(at..)?;
    let after_flag = BODY_FLAGS.iter().find_map(|flag| rest.strip_prefix(flag))?;
    let body = after_flag.trim_start_matches(|c: char| is_blank(c) || matches!(c, '=' | '\\'));
    let (quote, mark) = [(Quote::Single, "'"), (Quote::Double, "\""), (Quote::Ansi, "$'")]
        .into_iter()
        .find(|(_, mark)| body.starts_with(mark))?;
    Some((quote, text.len() - body.len() + mark.len()))
}

/// Returns the offset behind an example's body.
///
/// Pages do not escape a prompt within single quotes, so an apostrophe does not end the body. A
/// body that opens with a bracket ends at a quote right after the closing bracket, unless the quote
/// is the shell's escape for an apostrophe, `'\''`.
fn body_end(text: &str, quote: Quote, start: usize) -> Option<usize> {
    let body = text.get(start..)?;
    let bracket = match body.trim_start_matches(is_blank).chars().next() {
        Some('{') => Some('}'),
        Some('[') => Some(']'),
        _ => None,
    };
    let mut escaped = false;
    let mut last = None;
    for (index, c) in body.char_indices() {
        let follows_bracket = bracket.is_none() || last == bracket;
        let ends = match quote {
            Quote::Single => {
                c == '\'' && follows_bracket && !body.get(index..)?.starts_with(r"'\''")
            }
            Quote::Double => c == '"' && !escaped,
            Quote::Ansi => c == '\'' && !escaped,
        };
        if ends {
            return Some(start + index + 1);
        }
        escaped = c == '\\' && !escaped;
        if !is_blank(c) {
            last = Some(c);
        }
    }
    None
}

/// Returns `true` if the path at `at` is in a URL that curl calls: after `--url`, or in the same
/// command. Prose may name other models' URLs.
fn is_url_of_curl(text: &str, at: usize) -> bool {
    const MAX_DISTANCE: usize = 300;
    let window = text.as_bytes().get(at.saturating_sub(MAX_DISTANCE)..at).unwrap_or_default();
    let Some(url) = window.iter().rposition(ends_url) else {
        return false;
    };
    let command = window.get(..=url).unwrap_or_default();
    let words =
        command.iter().rposition(|b| !ends_url(b) && *b != b'\\').map_or(0, |last| last + 1);
    if command.get(..words).is_some_and(|words| words.ends_with(b"--url")) {
        return true;
    }
    let Some(curl) = command.windows(5).rposition(|word| word == b"curl ") else {
        return false;
    };
    let options = command.get(curl..).unwrap_or_default();
    options.is_ascii()
        && options.windows(2).all(|pair| {
            !pair.ends_with(b"\n") || pair.starts_with(b"\\") || pair.starts_with(b"\r")
        })
}

fn ends_url(byte: &u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'=')
}

/// Returns the id at the end of a URL, or `None` for a placeholder such as `{model_id}`. An id may
/// have spaces, so it ends with its line, at a quote, at the backslash that continues the line, or
/// before the next option.
fn written_id(rest: &str) -> Option<&str> {
    // Longer than any percent-encoded id. Without a limit, a page that repeats examples on one line
    // would take quadratic time.
    const MAX_ENCODED_ID: usize = 500;
    let mut last = ' ';
    let mut end = 0;
    for c in rest.chars().take(MAX_ENCODED_ID) {
        if matches!(c, '{' | '<' | '$') {
            return None;
        }
        let is_end = matches!(c, '\n' | '\r' | '\t' | '\\' | '"' | '\'' | '`' | '?' | '#' | '|');
        if is_end || (c == '-' && last == ' ') {
            break;
        }
        end += c.len_utf8();
        last = c;
    }
    rest.get(..end).map(str::trim_end)
}
