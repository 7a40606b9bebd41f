//! The id of a model, as segments of a path.

/// A text that is not a model id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a model id must {reason}, such as `minimax/Hailuo Video 01 Live` (found `{id}`)")]
#[non_exhaustive]
pub struct InvalidModelId {
    /// The text, truncated to 128 characters.
    pub id: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

/// Checks that a model id cannot leave its place in a path.
pub(super) fn check(id: &str) -> Result<(), InvalidModelId> {
    let reason = if !id.contains('/') {
        "have two or more segments with `/` between them"
    } else if id.len() > 512 {
        "be at most 512 bytes long"
    } else if !id.split('/').all(is_segment) {
        "have no segment that is empty, `.` or `..`, and no `\\` or control character"
    } else {
        return Ok(());
    };
    Err(InvalidModelId { id: id.chars().take(128).collect(), reason })
}

fn is_segment(segment: &str) -> bool {
    let is_name = !segment.trim().is_empty() && !matches!(segment, "." | "..");
    is_name && !segment.contains(|c: char| c.is_control() || c == '\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_escape_its_path_segment_is_refused() {
        for right in ["a/b", "minimax/Hailuo Video 01 Live", "a/b/c/d/e", "a/é?#%2e"] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        for wrong in ["", "a", "a/", "/a", "a//b", "a/..", "./a", "a/ ", "a/b\n", "a/\\..\\b"] {
            assert!(check(wrong).is_err(), "{wrong:?}");
        }
    }
}
