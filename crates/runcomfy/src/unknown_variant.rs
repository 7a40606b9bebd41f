//! `UnknownVariant`: the error of parsing an enum of strings.

use crate::violation::message::{one_of, quoted};

/// A text that is not a value of an enum, such as `1:2` for an aspect ratio.
///
/// ```
/// use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;
///
/// assert_eq!("16:9".parse(), Ok(seedance::AspectRatio::Ratio16x9));
///
/// let error = "16x9".parse::<seedance::AspectRatio>().unwrap_err();
/// assert_eq!((error.value.as_str(), error.expected[0]), ("16x9", "16:9"));
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{} (found {})", one_of(expected), quoted(value))]
pub struct UnknownVariant {
    /// The text.
    pub value: String,
    /// Every value that the schema allows.
    pub expected: &'static [&'static str],
}

impl UnknownVariant {
    #[doc(hidden)]
    pub fn new(value: &str, expected: &'static [&'static str]) -> Self {
        Self { value: value.to_owned(), expected }
    }
}
