//! The id of a model, as segments of a path.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::escape::{escape_control, is_unsafe};

/// A text that is not a model id.
///
/// ```
/// use runcomfy::client::SubmitError;
///
/// # runcomfy_doctest::run(async |client, input| {
/// let body = serde_json::json!({"prompt": "a paper boat"});
/// match client.raw().submit("seedance-2.5", &body).await {
///     Err(SubmitError::ModelId(error)) => {
///         assert_eq!(error.reason, "have two or more segments with `/` between them");
///     }
///     other => panic!("it has one segment: {other:?}"),
/// }
/// # Ok(()) });
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a model id must {reason}, such as `minimax/Hailuo Video 01 Live` (found `{}`)",
    escape_control(id)
)]
#[non_exhaustive]
pub struct InvalidModelId {
    /// The text, truncated to 128 characters.
    pub id: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

/// Reads a model id, which cannot leave its place in a path. Removes spaces around it, and
/// percent-encoding, which ids that are copied from a URL have: they would be encoded twice. Invisible
/// characters around it come with copies too.
pub(super) fn parse(text: &str) -> Result<Cow<'_, str>, InvalidModelId> {
    let id = percent_decode_str(text.trim_matches(|c: char| c.is_whitespace() || is_unsafe(c)));
    let id = id.decode_utf8().unwrap_or(Cow::Borrowed(text));
    let reason = if !id.contains('/') {
        "have two or more segments with `/` between them"
    } else if id.len() > 512 {
        "be at most 512 bytes long"
    } else if !id.split('/').all(is_segment) {
        "have no segment that is empty, `.`, `..` or has spaces around it, and no `\\`, `%`, control \
         or invisible character"
    } else {
        return Ok(id);
    };
    Err(InvalidModelId { id: text.chars().take(128).collect(), reason })
}

fn is_segment(segment: &str) -> bool {
    let is_name = !matches!(segment, "" | "." | "..") && segment.trim() == segment;
    is_name && !segment.contains(|c: char| is_unsafe(c) || matches!(c, '\\' | '%'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_escape_its_path_is_refused() {
        for right in ["a/b", "minimax/Hailuo Video 01 Live", "a/b/c/d/e", "a/é?#"] {
            assert_eq!(parse(right).as_deref(), Ok(right));
        }
        let wrong = [
            "",
            "a",
            "a/",
            "/a",
            "a//b",
            "a/..",
            "./a",
            "a/ ",
            "a /b",
            "a/b\nc",
            "a/\\..\\b",
            "a/%2e%2e",
            "a%2f..%2fb",
            "a/%",
            "a/%2520",
            "a/%00",
            "a/%ff",
            "a/b\u{200b}c",
            "a/b\u{202e}c",
            "a/%E2%80%8Bb",
            "https://www.runcomfy.com/models/a/b",
        ];
        for wrong in wrong {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    /// Field case F22.
    #[test]
    fn an_id_as_copied_is_the_id_that_is_meant() {
        let cases = [
            ("minimax/Hailuo%20Video%2001%20Live", "minimax/Hailuo Video 01 Live"),
            (" minimax/hailuo\n", "minimax/hailuo"),
            ("a%2Fb", "a/b"),
            ("\u{feff}minimax/hailuo\u{200b}", "minimax/hailuo"),
            ("minimax/hailuo\u{a0}\u{2060}\n", "minimax/hailuo"),
        ];
        for (text, id) in cases {
            assert_eq!(parse(text).as_deref(), Ok(id));
        }
    }
}
