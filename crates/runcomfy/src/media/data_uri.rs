//! `data:` URIs in base64: how bytes go inside a request.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Format;

/// The content type of bytes that are not recognised.
const UNKNOWN: &str = "application/octet-stream";

/// A data URI, taken apart.
pub(crate) struct DataUri<'a> {
    /// The content type as written; empty where none is.
    pub content_type: &'a str,
    data: &'a str,
}

impl<'a> DataUri<'a> {
    /// Takes a text apart that is a data URI in base64. Its data is not looked at.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let scheme = text.get(..5)?;
        let rest = scheme.eq_ignore_ascii_case("data:").then(|| &text[5..])?;
        let (head, data) = rest.split_once(',')?;
        let (content_type, last) = head.rsplit_once(';')?;
        last.trim().eq_ignore_ascii_case("base64").then_some(Self { content_type, data })
    }

    /// The bytes in it.
    pub(crate) fn decode(&self) -> Result<Vec<u8>, base64::DecodeError> {
        STANDARD.decode(self.data)
    }

    /// Bytes as a data URI, of the type that they are recognised as unless one is given.
    pub(super) fn write(content_type: Option<&str>, bytes: &[u8]) -> Arc<str> {
        let sniffed = || Format::sniff(bytes).map_or(UNKNOWN, Format::content_type);
        let mut uri = format!("data:{};base64,", content_type.unwrap_or_else(sniffed));
        STANDARD.encode_string(bytes, &mut uri);
        uri.into()
    }
}

impl fmt::Display for DataUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "data:{};base64,… ({} characters)", self.content_type, self.data.len())
    }
}

/// Whether a text is two words of a content type (RFC 6838) with a slash between, so that
/// nothing else gets into the URI.
pub(super) fn is_content_type(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
    };
    text.split_once('/').is_some_and(|(kind, name)| is_word(kind) && is_word(name))
}
