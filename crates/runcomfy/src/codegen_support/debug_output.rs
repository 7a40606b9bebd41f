//! `Debug` of outputs, in which a URL is its text. `Url` itself takes ten lines.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};

use serde_json::Value;
use url::Url;

/// A type of an output that `Debug` can show.
pub trait DebugOutput {
    /// Writes the value in the form of `Debug`.
    ///
    /// # Errors
    ///
    /// The errors of the formatter.
    fn debug_output(&self, f: &mut Formatter<'_>) -> fmt::Result;
}

/// A value of an output, as `Debug` shows it.
pub struct Shown<'a, T: ?Sized>(pub &'a T);

impl<T: DebugOutput + ?Sized> Debug for Shown<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.debug_output(f)
    }
}

macro_rules! debug_as_is {
    ($($type:ty),+) => {
        $(impl DebugOutput for $type {
            fn debug_output(&self, f: &mut Formatter<'_>) -> fmt::Result {
                Debug::fmt(self, f)
            }
        })+
    };
}

debug_as_is!(bool, i64, u64, i128, f64, String, Value);

impl DebugOutput for Url {
    fn debug_output(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(self.as_str(), f)
    }
}

impl<T: DebugOutput> DebugOutput for Option<T> {
    fn debug_output(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.as_ref().map(Shown), f)
    }
}

impl<T: DebugOutput> DebugOutput for Vec<T> {
    fn debug_output(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(Shown)).finish()
    }
}

impl<T: DebugOutput> DebugOutput for BTreeMap<String, T> {
    fn debug_output(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, Shown(value)))).finish()
    }
}

impl<T: DebugOutput> DebugOutput for Box<T> {
    fn debug_output(&self, f: &mut Formatter<'_>) -> fmt::Result {
        T::debug_output(self, f)
    }
}
