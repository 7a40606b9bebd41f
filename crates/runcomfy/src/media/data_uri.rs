//! Base64 `data:` URIs, which put bytes inside a request.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Format;

/// The content type of bytes that are not recognised.
const UNKNOWN: &str = "application/octet-stream";

/// A parsed data URI.
pub(crate) struct DataUri<'a> {
    /// The content type as written; empty if it is missing.
    pub content_type: &'a str,
    data: &'a str,
}

impl<'a> DataUri<'a> {
    /// Parses a base64 data URI, without looking at its data.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let scheme = text.get(..5)?;
        let rest = scheme.eq_ignore_ascii_case("data:").then(|| &text[5..])?;
        let (head, data) = rest.split_once(',')?;
        let (content_type, last) = head.rsplit_once(';')?;
        last.trim().eq_ignore_ascii_case("base64").then_some(Self { content_type, data })
    }

    /// Decodes its data.
    pub(crate) fn decode(&self) -> Result<Vec<u8>, base64::DecodeError> {
        STANDARD.decode(self.data)
    }

    /// Writes bytes as a data URI. Detects the content type unless one is given.
    pub(super) fn write(content_type: Option<&str>, bytes: &[u8]) -> Arc<str> {
        let content_type = content_type
            .unwrap_or_else(|| Format::sniff(bytes).map_or(UNKNOWN, Format::content_type));
        let mut uri = format!("data:{content_type};base64,");
        STANDARD.encode_string(bytes, &mut uri);
        uri.into()
    }
}

impl fmt::Display for DataUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "data:{};base64,… ({} characters)", self.content_type, self.data.len())
    }
}

/// Returns `true` if the text is `type/subtype` of RFC 6838, and so cannot add anything else
/// to a URI.
pub(super) fn is_content_type(text: &str) -> bool {
    text.split_once('/').is_some_and(|(kind, name)| is_token(kind) && is_token(name))
}

fn is_token(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
}
