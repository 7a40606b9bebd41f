//! Finds what can be saved of an output: URLs, data URIs and base64.

use std::borrow::Cow;
use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use url::Url;

use crate::media::{DataUri, Format, decode_forgiving};
use crate::violation::{InputPath, PathSegment};

/// Shorter strings are not looked at as base64; no file is so small.
const MIN_BASE64_CHARS: usize = 64;
/// As much of base64 is decoded to see if it is media: a multiple of four.
const SNIFFED_CHARS: usize = 1024;
/// The schemes of addresses of files that need no `//`.
const FILES: [&str; 2] = ["file", "blob"];

/// A string of an output that stands for a file.
pub(super) struct Output<'a> {
    pub(super) path: InputPath,
    pub(super) source: Source<'a>,
}

/// The place of a file.
pub(super) enum Source<'a> {
    Url(Url),
    DataUri(DataUri<'a>),
    Base64(Cow<'a, str>),
    /// A URL that cannot be fetched over HTTP.
    OtherScheme(Url),
    /// A `data:` URI that cannot be read.
    BrokenDataUri,
}

impl Output<'_> {
    /// Returns its URL, or `None` for data.
    pub(super) fn url(&self) -> Option<&Url> {
        match &self.source {
            Source::Url(url) | Source::OtherScheme(url) => Some(url),
            Source::DataUri(_) | Source::Base64(_) | Source::BrokenDataUri => None,
        }
    }
}

impl Source<'_> {
    /// Returns the content type of data: by its content, or else as it is declared.
    pub(super) fn content_type(&self) -> &str {
        let head = match self {
            Self::DataUri(uri) => uri.decode_head(),
            Self::Base64(text) => {
                let end = text.len().min(SNIFFED_CHARS) / 4 * 4;
                STANDARD.decode(text.get(..end).unwrap_or_default()).unwrap_or_default()
            }
            Self::Url(_) | Self::OtherScheme(_) | Self::BrokenDataUri => Vec::new(),
        };
        match (Format::sniff(&head), self) {
            (Some(format), _) => format.content_type(),
            (None, Self::DataUri(uri)) => match uri.content_type.split(';').next() {
                Some("") | None => "text/plain",
                Some(content_type) => content_type,
            },
            (None, _) => "application/octet-stream",
        }
    }

    /// Decodes data.
    pub(super) fn decode(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::DataUri(uri) => uri.decode().map_err(|error| error.to_string()),
            Self::Base64(text) => {
                decode_forgiving(text.as_bytes()).map_err(|error| error.to_string())
            }
            Self::Url(_) | Self::OtherScheme(_) | Self::BrokenDataUri => {
                Err("it is not a data URI".to_owned())
            }
        }
    }
}

/// Returns everything in an output that stands for a file, each URL once.
pub(super) fn outputs(value: &Value) -> Vec<Output<'_>> {
    let mut search = Search::default();
    search.visit(value);
    search.found
}

/// Returns `true` if an output holds nothing.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.iter().all(is_nothing),
        Value::Object(members) => members.values().all(is_nothing),
    }
}

#[derive(Default)]
struct Search<'a> {
    path: Vec<PathSegment>,
    urls: HashSet<Url>,
    found: Vec<Output<'a>>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, value: &'a Value) {
        match value {
            Value::String(text) => {
                let source = source(text);
                let is_new = match &source {
                    Some(Source::Url(url)) => self.urls.insert(url.clone()),
                    _ => true,
                };
                if let Some(source) = source.filter(|_| is_new) {
                    self.found.push(Output { path: self.path.iter().cloned().collect(), source });
                }
            }
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    self.visit_below(PathSegment::Index(index), value);
                }
            }
            Value::Object(members) => {
                for (name, value) in members {
                    self.visit_below(PathSegment::Name(name.clone()), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn visit_below(&mut self, segment: PathSegment, value: &'a Value) {
        self.path.push(segment);
        self.visit(value);
        self.path.pop();
    }
}

fn source(text: &str) -> Option<Source<'_>> {
    let text = text.trim();
    if text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:")) {
        // Prose can begin like this, but has blanks.
        let uri = DataUri::parse(text).map(Source::DataUri);
        return uri.or((!text.contains(' ')).then_some(Source::BrokenDataUri));
    }
    if let Some(rest) = text.strip_prefix("//").filter(|rest| !rest.contains(char::is_whitespace)) {
        return Url::parse(&format!("https://{rest}")).ok().map(Source::Url);
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Some(Source::Url(url)),
        // Storage that is not on the web, such as `s3://` or `ipfs://`.
        Ok(url)
            if (text.contains("://") || FILES.contains(&url.scheme()))
                && !text.contains(char::is_whitespace) =>
        {
            Some(Source::OtherScheme(url))
        }
        _ => base64_media(text).map(Source::Base64),
    }
}

/// Returns base64 in the usual alphabet, if what it begins with is media.
fn base64_media(text: &str) -> Option<Cow<'_, str>> {
    if text.len() < MIN_BASE64_CHARS {
        return None;
    }
    let head = usual_base64(text.get(..SNIFFED_CHARS.min(text.len()))?);
    let whole = head.get(..head.len() / 4 * 4)?;
    let head = STANDARD.decode(whole).ok()?;
    Format::sniff(&head)?.kind()?;
    Some(usual_base64(text))
}

/// Returns base64 without line breaks, and without the letters that the alphabet for URLs has instead.
fn usual_base64(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_ascii_whitespace() || matches!(c, '-' | '_')) {
        return Cow::Borrowed(text);
    }
    let chars = text.chars().filter(|c| !c.is_ascii_whitespace());
    let usual = chars.map(|c| match c {
        '-' => '+',
        '_' => '/',
        other => other,
    });
    Cow::Owned(usual.collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::super::cpu_time::cpu_time;
    use super::*;

    #[test]
    fn a_string_stands_for_a_file_or_for_itself() {
        let png = STANDARD.encode([b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 60]].concat());
        let wrapped = format!("{}\r\n{}", &png[..20], &png[20..]);
        let text = STANDARD.encode([b'x'; 60]);
        let jpeg = STANDARD.encode([b"\xff\xd8\xff\xe0".as_slice(), &[0xfb; 60]].concat());
        let for_urls = jpeg.replace('/', "_").replace('+', "-");
        assert!(for_urls.starts_with("_9j_") && for_urls.contains('-'), "{for_urls}");
        let cases = [
            ("https://a.b/c.png", "url"),
            (" https://a.b/c.png\n", "url"),
            ("//a.b/c.png", "url"),
            ("data:image/png;base64,AA==", "data"),
            ("DATA:,x", "data"),
            ("data:image/png", "broken"),
            ("data: see below", ""),
            ("s3://a/b.png", "scheme"),
            ("gs://a/b.png", "scheme"),
            ("IPFS://a/b.png", "scheme"),
            ("wasb://a@b/c.png", "scheme"),
            ("blob:https://a.b/c", "scheme"),
            ("file:/a/b.png", "scheme"),
            ("urn:uuid:1", ""),
            ("see ipfs://a/b", ""),
            (&png, "base64"),
            (&wrapped, "base64"),
            (&for_urls, "base64"),
            (&text, ""),
            ("boat.png", ""),
            ("// a comment", ""),
            ("note: s3 is slow", ""),
            ("", ""),
        ];
        for (text, expected) in cases {
            let found = match source(text) {
                Some(Source::Url(url)) => {
                    assert_eq!(url.as_str(), "https://a.b/c.png");
                    "url"
                }
                Some(Source::DataUri(_)) => "data",
                Some(Source::Base64(_)) => "base64",
                Some(Source::OtherScheme(_)) => "scheme",
                Some(Source::BrokenDataUri) => "broken",
                None => "",
            };
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn an_output_is_nothing_only_without_a_value() {
        for nothing in [json!(null), json!({}), json!([]), json!({"a": [null, ""]}), json!(" ")] {
            assert!(is_nothing(&nothing), "{nothing}");
        }
        for something in [json!(0), json!(false), json!("x"), json!({"a": [null, {"b": 1}]})] {
            assert!(!is_nothing(&something), "{something}");
        }
    }

    // Attack M6.
    #[test]
    fn many_urls_are_found_in_linear_time() {
        let urls = |count: usize| -> Value {
            (0..count).map(|index| format!("https://a.b/{index}/c.png")).collect()
        };
        // The same number of URLs, in lists of one length or another.
        let time = |count: usize| -> Duration {
            let start = cpu_time();
            for _ in 0..64_000 / count {
                assert_eq!(outputs(&urls(count)).len(), count);
            }
            cpu_time() - start
        };
        let (few, many) = (time(1000), time(64_000));
        // Quadratic work would take 64 times as long.
        assert!(many < few * 8 + Duration::from_millis(50), "{few:?}, {many:?}");
    }
}
