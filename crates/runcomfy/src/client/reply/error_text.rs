//! The text of a reply in an error.

use super::{BodyLimits, Reply};
use crate::media::DataUri;

impl Reply {
    /// Returns the body for an error: as text, or as a data URI if that would lose bytes.
    pub(super) fn kept(&self) -> String {
        let kept = &self.body[..self.body.len().min(self.limits.max_kept)];
        let is_binary = str::from_utf8(kept).is_err()
            && (self.encoding.is_some() || kept.iter().any(|byte| is_binary(*byte)));
        if is_binary {
            return DataUri::write(None, kept).as_ref().to_owned();
        }
        String::from_utf8_lossy(kept).into_owned()
    }

    /// Returns the reason why a compressed body cannot be read, and the next step.
    pub(super) fn compression(&self) -> Option<String> {
        let encoding = self.encoding.as_ref()?;
        Some(format!(
            "it is compressed as `{encoding}`, which the request does not allow; unpack the data \
             URI in the `body` of this error"
        ))
    }

    /// Returns the beginning of a body that is not JSON, on one line.
    pub(super) fn beginning(&self) -> String {
        if let Some(reason) = self.compression() {
            return reason;
        }
        let length = self.body.len().min(BodyLimits::USUAL.max_kept);
        let text = String::from_utf8_lossy(&self.body[..length]);
        let line: Vec<&str> = text.split_whitespace().collect();
        match line.join(" ") {
            line if line.is_empty() => "it is empty".to_owned(),
            line => line.chars().take(120).collect(),
        }
    }
}

/// Returns `true` for a control character that text does not have.
fn is_binary(byte: u8) -> bool {
    byte.is_ascii_control() && !byte.is_ascii_whitespace()
}
