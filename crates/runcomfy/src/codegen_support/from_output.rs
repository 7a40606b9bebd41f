//! Reads outputs leniently, since they are paid for. A value that does not fit its type is left out
//! of the typed output and is never an error; the raw JSON is always available.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use url::Url;

/// A type that can be read from an output.
pub trait FromOutput: Sized {
    /// Returns the value, or `None` if the JSON does not fit.
    fn from_output(value: &Value) -> Option<Self>;
}

/// Reads an object property by property.
pub struct OutputReader<'a> {
    object: &'a Map<String, Value>,
    read: Vec<&'static str>,
}

impl<'a> OutputReader<'a> {
    /// Creates a reader of an object. Returns `None` for any other value.
    pub fn new(value: &'a Value) -> Option<Self> {
        value.as_object().map(|object| Self { object, read: Vec::new() })
    }

    /// Takes the property of this name if it exists and fits. A property that does not fit stays
    /// among the others.
    pub fn optional<T: FromOutput>(&mut self, name: &'static str) -> Option<T> {
        let value = self.object.get(name)?;
        let read = T::from_output(value);
        if read.is_some() || value.is_null() {
            self.read.push(name);
        }
        read
    }

    /// Takes the list of this name. Returns an empty list if it does not exist or does not fit.
    pub fn list<T: FromOutput>(&mut self, name: &'static str) -> Vec<T> {
        self.optional(name).unwrap_or_default()
    }

    /// Returns the properties that were not taken.
    pub fn others(self) -> Map<String, Value> {
        let unread = self.object.iter().filter(|(name, _)| !self.read.contains(&name.as_str()));
        unread.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

impl FromOutput for bool {
    fn from_output(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl FromOutput for i64 {
    fn from_output(value: &Value) -> Option<Self> {
        /// Up to this number, a float holds every integer, so the cast is exact.
        const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
        value.as_i64().or_else(|| {
            // `1.0` is an integer in JSON Schema.
            let float = value.as_f64()?;
            (float.fract() == 0.0 && float.abs() <= MAX_EXACT).then_some(float as i64)
        })
    }
}

impl FromOutput for u64 {
    fn from_output(value: &Value) -> Option<Self> {
        value.as_u64().or_else(|| i64::from_output(value)?.try_into().ok())
    }
}

impl FromOutput for i128 {
    fn from_output(value: &Value) -> Option<Self> {
        u64::from_output(value).map(Self::from).or_else(|| i64::from_output(value).map(Self::from))
    }
}

impl FromOutput for f64 {
    fn from_output(value: &Value) -> Option<Self> {
        value.as_f64()
    }
}

impl FromOutput for String {
    fn from_output(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl FromOutput for Url {
    fn from_output(value: &Value) -> Option<Self> {
        Url::parse(value.as_str()?).ok()
    }
}

impl FromOutput for Value {
    fn from_output(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl<T: FromOutput> FromOutput for Option<T> {
    fn from_output(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::from_output(value).map(Some) }
    }
}

/// Reads a list if every item fits: a list with holes would be misleading.
impl<T: FromOutput> FromOutput for Vec<T> {
    fn from_output(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::from_output).collect()
    }
}

impl<T: FromOutput> FromOutput for BTreeMap<String, T> {
    fn from_output(value: &Value) -> Option<Self> {
        value
            .as_object()?
            .iter()
            .map(|(name, value)| Some((name.clone(), T::from_output(value)?)))
            .collect()
    }
}

impl<T: FromOutput> FromOutput for Box<T> {
    fn from_output(value: &Value) -> Option<Self> {
        T::from_output(value).map(Box::new)
    }
}
