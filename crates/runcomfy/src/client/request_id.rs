//! The id of a request, by which a paid job is found.

use std::fmt;
use std::str::FromStr;

/// The id of a submitted request. Keep it: a job can be resumed from it with
/// [`Client::job`](crate::Client::job).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct RequestId(String);

/// A text that is not a request id.
///
/// ```
/// use runcomfy::RequestId;
///
/// assert!("sim-000001".parse::<RequestId>().is_ok());
///
/// let error = "requests/sim-000001".parse::<RequestId>().unwrap_err();
/// assert!(error.to_string().starts_with("a request id must have 1 to 128 characters"));
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("a request id must have 1 to 128 characters, each a letter A-Z, a digit, `_` or `-`")]
#[non_exhaustive]
pub struct InvalidRequestId;

impl RequestId {
    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = InvalidRequestId;

    fn from_str(text: &str) -> Result<Self, InvalidRequestId> {
        if (1..=128).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidRequestId)
        }
    }
}

impl TryFrom<String> for RequestId {
    type Error = InvalidRequestId;

    fn try_from(text: String) -> Result<Self, InvalidRequestId> {
        text.parse()
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_escape_its_path_segment_is_refused() {
        for right in ["a", "req_01-Z", &"x".repeat(128)] {
            assert_eq!(right.parse::<RequestId>().map(|id| id.to_string()), Ok(right.to_owned()));
        }
        for wrong in ["", "..", "a/b", "a b", "é", "a?b", &"x".repeat(129)] {
            assert_eq!(wrong.parse::<RequestId>(), Err(InvalidRequestId), "{wrong:?}");
        }
    }
}
