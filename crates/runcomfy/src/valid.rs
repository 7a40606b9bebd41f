//! `Valid`: proof that an input was checked.

use std::error::Error;
use std::fmt;
use std::ops::Deref;

use crate::violation::Violations;

/// An input that broke no rule when it was checked. It cannot be changed; take it
/// out with [`Valid::into_inner`] to go on editing.
#[derive(Debug, Clone, PartialEq)]
pub struct Valid<T>(T);

/// An input that breaks rules: every violation, and the input back.
#[derive(Debug, Clone, PartialEq)]
pub struct Invalid<T> {
    /// The input as it was.
    pub input: T,
    /// Every rule that it breaks.
    pub violations: Violations,
}

impl<T> Valid<T> {
    /// Takes an input as valid without checking it: the way round for the day that
    /// RunComfy's rules move faster than a release of this crate. RunComfy may
    /// refuse the input, or charge for it and fail.
    pub fn assume(input: T) -> Self {
        Self(input)
    }

    /// The input.
    pub fn into_inner(self) -> T {
        self.0
    }

    /// Sorts an input by what a check of it found.
    pub(crate) fn unless(input: T, violations: Violations) -> Result<Self, Invalid<T>> {
        if violations.is_empty() { Ok(Self(input)) } else { Err(Invalid { input, violations }) }
    }
}

impl<T> Deref for Valid<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Display for Invalid<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the input breaks the model's schema:\n{}", self.violations)
    }
}

impl<T: fmt::Debug> Error for Invalid<T> {}
