//! Writing a typed output as the JSON from which it is read again (feature `serde`).

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use url::Url;

use super::from_output::FromOutput;

/// A type of an output that can be written as JSON.
pub trait ToOutput {
    /// Returns the JSON.
    fn to_output(&self) -> Value;
}

/// Adds a property to an output, unless it is not set.
pub fn insert(object: &mut Map<String, Value>, name: &'static str, value: &impl ToOutput) {
    match value.to_output() {
        Value::Null => {}
        Value::Array(items) if items.is_empty() => {}
        value => _ = object.insert(name.to_owned(), value),
    }
}

impl ToOutput for bool {
    fn to_output(&self) -> Value {
        (*self).into()
    }
}

impl ToOutput for i64 {
    fn to_output(&self) -> Value {
        (*self).into()
    }
}

impl ToOutput for u64 {
    fn to_output(&self) -> Value {
        (*self).into()
    }
}

impl ToOutput for i128 {
    fn to_output(&self) -> Value {
        serde_json::Number::from_i128(*self).map(Value::Number).unwrap_or_default()
    }
}

impl ToOutput for f64 {
    fn to_output(&self) -> Value {
        (*self).into()
    }
}

impl ToOutput for String {
    fn to_output(&self) -> Value {
        self.as_str().into()
    }
}

impl ToOutput for Url {
    fn to_output(&self) -> Value {
        self.as_str().into()
    }
}

impl ToOutput for Value {
    fn to_output(&self) -> Value {
        self.clone()
    }
}

impl<T: ToOutput> ToOutput for Option<T> {
    fn to_output(&self) -> Value {
        self.as_ref().map(ToOutput::to_output).unwrap_or_default()
    }
}

impl<T: ToOutput> ToOutput for Vec<T> {
    fn to_output(&self) -> Value {
        self.iter().map(ToOutput::to_output).collect()
    }
}

impl<T: ToOutput> ToOutput for BTreeMap<String, T> {
    fn to_output(&self) -> Value {
        self.iter().map(|(name, value)| (name.clone(), value.to_output())).collect()
    }
}

impl<T: ToOutput> ToOutput for Box<T> {
    fn to_output(&self) -> Value {
        T::to_output(self)
    }
}

/// Reads a typed output from JSON.
pub fn deserialize_output<'de, O: FromOutput, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<O, D::Error> {
    let json = Value::deserialize(deserializer)?;
    O::from_output(&json).ok_or_else(|| D::Error::custom("must fit the type of the output"))
}
