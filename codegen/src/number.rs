//! Numbers of a schema, exactly as they are written.

use std::cmp::Ordering;
use std::fmt;

/// A number, exactly as it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Float(f64),
    /// An integer that no float holds exactly, or a count.
    Integer(i128),
}

impl From<u64> for Number {
    fn from(count: u64) -> Self {
        Self::Integer(count.into())
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (*self, *other) {
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b),
            (Self::Integer(a), Self::Integer(b)) => Some(a.cmp(&b)),
            (Self::Integer(a), Self::Float(b)) => {
                let rough = (a as f64).partial_cmp(&b)?;
                Some(rough.then_with(|| a.cmp(&(b as i128))))
            }
            (Self::Float(_), Self::Integer(_)) => other.partial_cmp(self).map(Ordering::reverse),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float(float) => float.fmt(f),
            Self::Integer(whole) => whole.fmt(f),
        }
    }
}
