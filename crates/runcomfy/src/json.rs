//! `JsonInput`: a model's input that arrives as JSON.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::check;
use crate::codegen_support::value_ref::AsValueRef;
use crate::model::{Model, input};
use crate::valid::{Invalid, Valid};
use crate::violation::Violations;

/// An input of model `M` as JSON: checked by the same table as the typed one, and
/// taken by [`Client::submit`](crate::Client::submit) like it.
pub struct JsonInput<M> {
    value: Value,
    model: PhantomData<fn() -> M>,
}

/// A text that is not JSON.
#[derive(Debug, thiserror::Error)]
#[error("the input is not JSON: {0}")]
pub struct JsonError(serde_json::Error);

impl<M: Model> JsonInput<M> {
    /// Reads JSON text. What it holds is checked by [`JsonInput::validate`].
    ///
    /// # Errors
    ///
    /// When the text is not JSON, with the line and column.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        serde_json::from_str::<Value>(text).map(Self::from).map_err(JsonError)
    }

    /// Checks every rule that needs no measuring of media.
    ///
    /// # Errors
    ///
    /// Every violation at once, and the input back.
    pub fn validate(self) -> Result<Valid<Self>, Invalid<Self>> {
        let violations = self.violations();
        Valid::unless(self, violations)
    }

    /// Every rule that this input breaks, of those that need no measuring of media.
    pub fn violations(&self) -> Violations {
        check::violations(&input::<M>(), self.value.as_value_ref())
    }
}

impl<M> JsonInput<M> {
    /// The JSON value.
    pub fn as_value(&self) -> &Value {
        &self.value
    }
}

impl<M> From<Value> for JsonInput<M> {
    fn from(value: Value) -> Self {
        Self { value, model: PhantomData }
    }
}

/// As the JSON value alone, which is checked by [`JsonInput::validate`] and not before.
impl<'de, M> Deserialize<'de> for JsonInput<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

impl<M> Serialize for JsonInput<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<M> Clone for JsonInput<M> {
    fn clone(&self) -> Self {
        Self::from(self.value.clone())
    }
}

impl<M> PartialEq for JsonInput<M> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<M> fmt::Debug for JsonInput<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonInput").field(&self.value).finish()
    }
}
