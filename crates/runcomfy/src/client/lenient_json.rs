//! Reads JSON that was paid for, even if it is not quite JSON.
//!
//! Values that a [`Value`] cannot hold are kept as text: a number past the range of a float, `NaN`,
//! and a value that is nested too deep. Half a surrogate pair and bytes that are not UTF-8 become
//! U+FFFD.
//! Trailing commas and control characters within strings are accepted. Time and memory are linear in
//! the size of the text.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

/// Maximum depth of nesting that becomes a tree, as in `serde_json`. Deeper values are kept as text.
const MAX_DEPTH: usize = 127;
/// Maximum number of values. A value takes up to 16 times the memory of its text.
const MAX_VALUES: usize = 1_000_000;
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotJson(Cow<'static, str>);

/// Parses a whole body.
pub(super) fn parse(body: &[u8]) -> Result<Value, NotJson> {
    let body = without_bom(body);
    // The bytes of UTF-16 would be miscounted.
    let text = decode(body);
    if text.len() > 2 * MAX_VALUES && count_values(text.as_bytes()) > MAX_VALUES {
        return Err(NotJson(format!("it has more than {MAX_VALUES} values").into()));
    }
    let error = match serde_json::from_slice(body) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let mut reader = Reader { text: &text, at: 0 };
    // Text that begins in another way is prose or HTML.
    let value = match reader.peek() {
        Some(b'{' | b'[') => reader.value(0),
        _ => None,
    };
    match value {
        Some(value) if reader.peek().is_none() => Ok(value),
        _ => Err(NotJson(format!("it is not JSON: {error}").into())),
    }
}

/// Reads a scalar member of the object in a truncated body, but not one of an object inside it.
/// Returns `Value::Bool(false)` if the value is a list or an object, or is itself truncated. Other
/// members are skipped, so their number and size cost no memory.
pub(super) fn truncated_member(body: &[u8], name: &str) -> Option<Value> {
    let text = decode(without_bom(body));
    let mut reader = Reader { text: &text, at: 0 };
    if reader.next() != Some(b'{') {
        return None;
    }
    loop {
        if reader.key()? == name {
            let value = match reader.peek() {
                Some(b'{' | b'[') => None,
                _ => reader.value(1),
            };
            // A bare word at the end may go on.
            let is_truncated = reader.at == text.len() && !text.ends_with('"');
            return value.filter(|_| !is_truncated).or(Some(Value::Bool(false)));
        }
        reader.skip_value()?;
        if reader.next() != Some(b',') {
            return None;
        }
    }
}

/// Removes the byte order marks of UTF-8. Text that was joined from files has several.
pub(super) fn without_bom(mut body: &[u8]) -> &[u8] {
    while let Some(rest) = body.strip_prefix(b"\xef\xbb\xbf") {
        body = rest;
    }
    body
}

/// Decodes a body, by its byte order mark or as UTF-8.
fn decode(body: &[u8]) -> Cow<'_, str> {
    let unit = match body {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return String::from_utf8_lossy(body),
    };
    let units = body[2..].chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(REPLACEMENT)).collect()
}

/// Returns an upper bound of the number of values, without allocating.
pub(super) fn count_values(body: &[u8]) -> usize {
    let (mut count, mut in_string, mut is_escaped) = (1, false, false);
    for byte in body {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = in_string,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// A position in a text. Methods return `None` where the text is truncated or not JSON.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Skips white space, and returns the next byte without reading it.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        match self.peek()? {
            b'{' | b'[' if depth > MAX_DEPTH => self.skip_nested().map(Value::from),
            b'{' => self.object(depth).map(Value::Object),
            b'[' => self.array(depth).map(Value::Array),
            b'"' => self.string().map(Value::String),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Map<String, Value>> {
        self.next()?;
        let mut members = Map::new();
        loop {
            if self.peek()? == b'}' {
                self.at += 1;
                return Some(members);
            }
            let key = self.key()?;
            let value = self.value(depth + 1)?;
            members.insert(key, value);
            match self.next()? {
                b',' => {}
                b'}' => return Some(members),
                _ => return None,
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Vec<Value>> {
        self.next()?;
        let mut elements = Vec::new();
        loop {
            if self.peek()? == b']' {
                self.at += 1;
                return Some(elements);
            }
            elements.push(self.value(depth + 1)?);
            match self.next()? {
                b',' => {}
                b']' => return Some(elements),
                _ => return None,
            }
        }
    }

    /// Reads a name and its colon.
    fn key(&mut self) -> Option<String> {
        if self.peek()? != b'"' {
            return None;
        }
        let key = self.string()?;
        (self.next()? == b':').then_some(key)
    }

    /// Reads a string. The next byte is its quote.
    fn string(&mut self) -> Option<String> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let rest = self.text.get(self.at..)?;
            let length = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\'))?;
            string.push_str(&rest[..length]);
            self.at += length + 1;
            if rest.as_bytes()[length] == b'"' {
                return Some(string);
            }
            string.push(self.escape()?);
        }
    }

    /// Reads the escape after a backslash. An unknown escape gives its character.
    fn escape(&mut self) -> Option<char> {
        let escaped = self.text.get(self.at..)?.chars().next()?;
        self.at += escaped.len_utf8();
        Some(match escaped {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode_escape(),
            other => other,
        })
    }

    fn unicode_escape(&mut self) -> Option<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return Some(char::from_u32(first).unwrap_or(REPLACEMENT));
        }
        let before = self.at;
        if self.text[self.at..].starts_with("\\u") {
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Some(char::from_u32(code).unwrap_or(REPLACEMENT));
            }
            self.at = before;
        }
        Some(REPLACEMENT)
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.at += 4;
        is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    }

    /// Skips a value without keeping it.
    fn skip_value(&mut self) -> Option<()> {
        match self.peek()? {
            b'{' | b'[' => self.skip_nested().map(drop),
            b'"' => self.skip_string(),
            _ => self.word().map(drop),
        }
    }

    /// Skips a string. The next byte is its quote.
    fn skip_string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
            self.at += length + 1;
            if rest[length] == b'"' {
                return Some(());
            }
            // What is escaped has at least one byte, and the other bytes are no quotes.
            self.at += 1;
        }
    }

    /// Reads `true`, `false`, `null`, a number, or anything else that has no quotes, as text.
    fn word(&mut self) -> Option<Value> {
        let rest = &self.text[self.at..];
        let is_end = |c: char| c.is_whitespace() || ",:[]{}\"".contains(c);
        let word = &rest[..rest.find(is_end).unwrap_or(rest.len())];
        self.at += word.len();
        Some(match word {
            "" => return None,
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            // Fails for a number that is out of range.
            word => match serde_json::from_str::<Number>(word) {
                Ok(number) => Value::Number(number),
                Err(_) => Value::from(word),
            },
        })
    }

    /// Skips an object or array, and returns its text.
    fn skip_nested(&mut self) -> Option<&'a str> {
        let (start, mut depth) = (self.at, 0_usize);
        loop {
            match self.peek()? {
                b'"' => {
                    self.skip_string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            // A character of several bytes is skipped byte by byte, and the slice below ends at a
            // bracket.
            self.at += 1;
            if depth == 0 {
                return self.text.get(start..self.at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Field case H1.
    #[test]
    fn json_that_serde_refuses_is_read() {
        let cases: [(&[u8], Value); 14] = [
            (b"\xef\xbb\xbf{\"a\": 1}", json!({"a": 1})),
            (b"\xff\xfe{\0}\0", json!({})),
            (b"{\"a\": 1e400, \"b\": -1e400}", json!({"a": "1e400", "b": "-1e400"})),
            (b"{\"a\": [NaN, -Infinity, 1]}", json!({"a": ["NaN", "-Infinity", 1]})),
            (b"{\"a\": \"x\\ud83dy\"}", json!({"a": "x\u{fffd}y"})),
            (b"{\"a\": \"\\ud83d\\u0041\"}", json!({"a": "\u{fffd}A"})),
            (
                b"{\"a\": NaN, \"b\": \"\\ud83d\\ude00\\n\"}",
                json!({"a": "NaN", "b": "\u{1f600}\n"}),
            ),
            (b"{\"a\": \"x\xffy\"}", json!({"a": "x\u{fffd}y"})),
            (b"{\"a\": \"1\n2\"}", json!({"a": "1\n2"})),
            (b"{\"a\": \"\\x\\'\"}", json!({"a": "x'"})),
            (b"{\"a\": [1, 2,], }", json!({"a": [1, 2]})),
            (b"{\"a\": True, \"b\": 007}", json!({"a": "True", "b": "007"})),
            (b"[{}, NaN]", json!([{}, "NaN"])),
            (b" {\"a\": null, \"b\": nan} \n", json!({"a": null, "b": "nan"})),
        ];
        for (body, expected) in cases {
            assert_eq!(parse(body), Ok(expected), "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn nesting_past_the_limit_is_kept_as_text() {
        for depth in [128, 100_000] {
            let nested = format!("{}\"é]\"{}", "[".repeat(depth), "]".repeat(depth));
            let body = format!(r#"{{"a": {nested}, "b": "after"}}"#);
            let value = parse(body.as_bytes()).expect("it is readable");
            assert_eq!(value["b"], "after");
            assert!(value.to_string().contains("é]"));
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let cases: [&[u8]; 12] = [
            b"",
            b"<html>",
            b"NaN",
            b"\"a\xff\"",
            b"{",
            b"{\"a\": ",
            b"{\"a\": \"x",
            b"{\"a\": 1",
            b"{\"a\": 1} <html>",
            b"{\"a\" 1}",
            b"{a: NaN}",
            b"{\"a\": \"\\u12",
        ];
        for body in cases {
            assert!(parse(body).is_err(), "{}", String::from_utf8_lossy(body));
        }
        let zeros = format!("[{}0]", "0,".repeat(MAX_VALUES));
        let error = parse(zeros.as_bytes()).expect_err("it has too many");
        assert!(error.to_string().contains("more than 1000000 values"), "{error}");
    }

    #[test]
    fn text_in_utf_16_has_the_same_limit_of_values() {
        // The second byte of this character is that of a quote.
        for text in ["", "\u{2200}"] {
            let text = format!("\u{feff}[\"{text}\"{}]", ",0".repeat(MAX_VALUES));
            for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                let body: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
                let mut found = Ok(Value::Null);
                let used = allocation_counter::measure(|| found = parse(&body));
                let error = found.expect_err("it has too many").to_string();
                assert!(error.contains("more than 1000000 values"), "{error}");
                assert!(used.bytes_max < 2 * body.len() as u64, "{used:?}");
            }
        }
    }

    #[test]
    fn members_that_are_skipped_cost_no_memory() {
        let zeros = "0,".repeat(MAX_VALUES);
        let others = [
            format!("[{zeros}0]"),
            format!("[[{zeros}0], {{}}]"),
            format!("\"{}\"", "\\n\\\"".repeat(MAX_VALUES)),
        ];
        for other in others {
            let body = format!(r#"{{"a": {other}, "id": "r-7", "b"#);
            let mut found = None;
            let used = allocation_counter::measure(|| {
                found = truncated_member(body.as_bytes(), "id");
            });
            assert_eq!(found, Some(json!("r-7")));
            assert!(used.bytes_max < 1024, "{used:?}");
            let body = format!(r#"{{"id": {other}, "b": 1"#);
            let used = allocation_counter::measure(|| {
                found = truncated_member(body.as_bytes(), "id");
            });
            let is_text = other.starts_with('"');
            assert_eq!(found.as_ref().is_some_and(Value::is_string), is_text);
            assert!(is_text || used.bytes_max < 1024, "{used:?}");
        }
    }

    /// Field case L1.
    #[test]
    fn only_top_level_members_of_truncated_objects_are_found() {
        let cases = [
            (r#"{"id": "r-7", "a": "htt"#, Some(json!("r-7"))),
            (r#"{"e": {"id": "trace"}, "id": "r-7""#, Some(json!("r-7"))),
            (r#"{"e": {"id": "trace"}, "a"#, None),
            (r#"{"a": "\"id\": \"r-0\"", "id" : "r-1"  "#, Some(json!("r-1"))),
            (r#"{"e": "\"id\": 1é\\", "id": "r-7""#, Some(json!("r-7"))),
            (r#"{"e": "\é\\\"", "f": {"g": "}\""}, "id": "r-7""#, Some(json!("r-7"))),
            (r#"{"id": ["r-7"], "a"#, Some(json!(false))),
            (r#"{"id": "r-"#, Some(json!(false))),
            (r#"{"id": nul"#, Some(json!(false))),
            (r#"{"id": null, "a"#, Some(json!(null))),
            (r#"{"id""#, None),
            ("<html>", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(truncated_member(text.as_bytes(), "id"), expected, "{text}");
        }
    }
}
