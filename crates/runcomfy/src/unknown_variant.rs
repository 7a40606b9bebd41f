//! `UnknownVariant`: the error of parsing an enum of strings.

/// A text that is not a value of an enum, such as `1:2` for an aspect ratio.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("must be one of {} (found {value:?})", quoted(expected))]
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

fn quoted(values: &[&str]) -> String {
    values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ")
}
