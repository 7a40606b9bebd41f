//! `ModelInfo`: a model without its type, for programs that serve any of them.

use serde_json::Value;

use crate::check;
use crate::codegen_support::value_ref::AsValueRef;
use crate::input::Model;
use crate::schema::{Field, Rule, ValueSchema};
use crate::violation::Violations;

/// One model of a generated crate: its id, and the table of its input. The crate's `models()`
/// lists them all.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct ModelInfo {
    /// The model's id, such as `minimax/Hailuo Video 01 Live`.
    pub id: &'static str,
    /// The input's table.
    pub fields: &'static [Field],
    /// The schema of properties that are not in the table, if the input allows them.
    pub others: Option<&'static ValueSchema>,
    /// The rules of the input as a whole.
    pub rules: &'static [Rule],
}

impl ModelInfo {
    /// Returns the information about a model.
    pub const fn of<M: Model>() -> Self {
        Self { id: M::ID, fields: M::FIELDS, others: M::OTHERS, rules: M::RULES }
    }

    /// Returns every violation of an input, without measuring its media.
    pub fn violations(&self, input: &Value) -> Violations {
        check::violations(&self.input(), input.as_value_ref())
    }

    /// Returns the JSON Schema of its input, like [`json_schema`](crate::json_schema()).
    #[cfg(feature = "schemars")]
    pub fn json_schema(&self) -> crate::schemars::Schema {
        crate::json_schema::standalone(self.input())
    }

    fn input(&self) -> ValueSchema {
        ValueSchema::input(self.fields, self.others, self.rules)
    }
}

/// Serializes the model's id and the properties of its input, each with its name, title, description
/// and default.
#[cfg(feature = "serde")]
impl serde::Serialize for ModelInfo {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        let mut model = serializer.serialize_struct("ModelInfo", 2)?;
        model.serialize_field("id", self.id)?;
        let properties: Vec<Property> = self.fields.iter().map(Property::of).collect();
        model.serialize_field("properties", &properties)?;
        model.end()
    }
}

/// A property of an input, without the schema of its value, which may refer to itself.
#[cfg(feature = "serde")]
#[derive(serde::Serialize)]
struct Property {
    name: &'static str,
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
}

#[cfg(feature = "serde")]
impl Property {
    fn of(field: &Field) -> Self {
        Self {
            name: field.name,
            required: field.required,
            title: field.title,
            description: field.description,
            default: field.default.and_then(|json| serde_json::from_str(json).ok()),
        }
    }
}
