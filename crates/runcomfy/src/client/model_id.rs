//! The id of a model, as a part of a path.

/// A text that is no model id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no model id: it has 2 segments or more with `/` between them, such as `minimax/Hailuo Video 01 Live`"
)]
pub struct InvalidModelId(pub String);

/// A model id that stays in its place in a path.
pub(super) fn checked(model: &str) -> Result<(), InvalidModelId> {
    let segment = |segment: &str| {
        let named = !segment.trim().is_empty() && !matches!(segment, "." | "..");
        named && !segment.contains(|c: char| c.is_control() || c == '\\')
    };
    let right = model.contains('/') && model.len() <= 512 && model.split('/').all(segment);
    right.then_some(()).ok_or_else(|| InvalidModelId(model.chars().take(128).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_leave_its_place_in_a_path_is_refused() {
        for right in ["a/b", "minimax/Hailuo Video 01 Live", "a/b/c/d/e", "a/é?#%2e"] {
            assert_eq!(checked(right), Ok(()), "{right}");
        }
        for wrong in ["", "a", "a/", "/a", "a//b", "a/..", "./a", "a/ ", "a/b\n", "a/\\..\\b"] {
            assert!(checked(wrong).is_err(), "{wrong:?}");
        }
    }
}
