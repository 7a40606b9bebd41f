//! `UnknownVariant`: the error of parsing an enum of strings.

use crate::violation::message::{one_of, quoted};

/// A text that is not a value of an enum, such as `1:2` for an aspect ratio.
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
