//! `data:` URIs, which put bytes inside a request. They are read as the URL standard does.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use super::Format;

/// The content type of bytes that are not recognised.
pub(super) const UNKNOWN: &str = "application/octet-stream";
/// Base64 with or without padding, whose unused last bits can be anything.
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A parsed data URI.
pub(crate) struct DataUri<'a> {
    /// The content type as written; empty if it is missing.
    pub content_type: &'a str,
    is_base64: bool,
    data: &'a str,
}

impl<'a> DataUri<'a> {
    /// Parses a data URI, without looking at its data.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let scheme = text.get(..5)?;
        let rest = scheme.eq_ignore_ascii_case("data:").then(|| &text[5..])?;
        let (head, data) = rest.split_once(',')?;
        // A fragment is not part of the data.
        let data = data.split('#').next().unwrap_or(data);
        Some(match head.rsplit_once(';') {
            Some((content_type, last)) if last.trim().eq_ignore_ascii_case("base64") => {
                Self { content_type, is_base64: true, data }
            }
            _ => Self { content_type: head, is_base64: false, data },
        })
    }

    /// Decodes its data.
    pub(crate) fn decode(&self) -> Result<Vec<u8>, base64::DecodeError> {
        let bytes = percent_decoded(self.data.as_bytes());
        if !self.is_base64 {
            return Ok(bytes.into_owned());
        }
        decode_forgiving(&bytes)
    }

    /// Decodes the beginning of its data, to see what it is. Returns nothing if that is broken.
    #[cfg(feature = "client")]
    pub(crate) fn decode_head(&self) -> Vec<u8> {
        const CHARS: usize = 1024;
        let end = self.data.len().min(CHARS);
        let data = self.data.get(..end).unwrap_or_default();
        let whole = data.get(..data.len() / 4 * 4).filter(|_| self.is_base64).unwrap_or(data);
        DataUri { data: whole, ..*self }.decode().unwrap_or_default()
    }

    /// Returns a base64 data URI without its data.
    pub(super) fn head(content_type: &str) -> String {
        format!("data:{content_type};base64,")
    }

    /// Writes bytes as a base64 data URI. Detects the content type unless one is given.
    pub(crate) fn write(content_type: Option<&str>, bytes: &[u8]) -> Arc<str> {
        let content_type = content_type
            .unwrap_or_else(|| Format::sniff(bytes).map_or(UNKNOWN, Format::content_type));
        let mut uri = Self::head(content_type);
        STANDARD.encode_string(bytes, &mut uri);
        uri.into()
    }
}

/// Decodes base64 as the URL standard does: with white space, and with or without padding.
pub(crate) fn decode_forgiving(bytes: &[u8]) -> Result<Vec<u8>, base64::DecodeError> {
    if bytes.iter().any(u8::is_ascii_whitespace) {
        let bytes: Vec<u8> =
            bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        return FORGIVING.decode(bytes);
    }
    FORGIVING.decode(bytes)
}

impl fmt::Display for DataUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoding = if self.is_base64 { ";base64" } else { "" };
        write!(f, "data:{}{encoding},… ({} characters)", self.content_type, self.data.len())
    }
}

/// Decodes percent-encoded bytes such as `%3D`. A `%` without two hex digits stays.
fn percent_decoded(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(bytes);
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        let byte = match tail {
            [high, low, ..] if *first == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match byte {
            Some((high, low)) => {
                decoded.push(high << 4 | low);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    Cow::Owned(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Returns `true` if the text is `type/subtype` of RFC 6838, and so cannot add anything else
/// to a URI.
pub(super) fn is_content_type(text: &str) -> bool {
    text.split_once('/').is_some_and(|(kind, name)| is_token(kind) && is_token(name))
}

fn is_token(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
}
