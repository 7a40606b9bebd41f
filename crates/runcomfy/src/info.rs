//! `ModelInfo`: a model without its type, for programs that serve any of them.

use serde_json::Value;

use crate::check;
use crate::codegen_support::value_ref::AsValueRef;
use crate::content_kind::ContentKind;
use crate::input::Model;
use crate::schema::{Field, Rule, ValueSchema};
use crate::violation::Violations;

/// One model: its id, the table of its input, and the facts by which it is found. The `models()` of
/// a generated crate lists them all.
///
/// [`AnyInput::new`](crate::AnyInput::new) takes it, to check and submit an input of a model that is
/// chosen at run time.
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
    /// The name to show, such as `Hailuo Video 01 Live`: RunComfy's own, or one made from the id.
    pub title: Option<&'static str>,
    /// The category, such as `image-to-video`: what the input must have, and what comes out. `None`
    /// if it is not known what comes out.
    pub category: Option<&'static str>,
    /// The kinds of content that the input can have, required or not.
    pub takes: &'static [ContentKind],
    /// The kinds of content that the model gives. Empty if they are not known.
    pub gives: &'static [ContentKind],
    /// The URL of the model's page, if it is known.
    pub page: Option<&'static str>,
}

impl ModelInfo {
    /// Returns the information about a model that its type has.
    pub const fn of<M: Model>() -> Self {
        Self::from_table(M::ID, M::FIELDS, M::OTHERS, M::RULES)
    }

    /// Creates the information about a model from the table of its input. Generated code and tables
    /// that are made at run time use it.
    #[doc(hidden)]
    pub const fn from_table(
        id: &'static str,
        fields: &'static [Field],
        others: Option<&'static ValueSchema>,
        rules: &'static [Rule],
    ) -> Self {
        let (title, category, page) = (None, None, None);
        Self { id, fields, others, rules, title, category, takes: &[], gives: &[], page }
    }

    /// Sets the name to show.
    #[doc(hidden)]
    pub const fn titled(mut self, title: &'static str) -> Self {
        self.title = Some(title);
        self
    }

    /// Sets the category.
    #[doc(hidden)]
    pub const fn categorized(mut self, category: &'static str) -> Self {
        self.category = Some(category);
        self
    }

    /// Sets what goes in.
    #[doc(hidden)]
    pub const fn taking(mut self, kinds: &'static [ContentKind]) -> Self {
        self.takes = kinds;
        self
    }

    /// Sets what comes out.
    #[doc(hidden)]
    pub const fn giving(mut self, kinds: &'static [ContentKind]) -> Self {
        self.gives = kinds;
        self
    }

    /// Sets the URL of the page.
    #[doc(hidden)]
    pub const fn at_page(mut self, url: &'static str) -> Self {
        self.page = Some(url);
        self
    }

    /// Returns the name to show: the title, or the id if there is no title.
    pub fn display_name(&self) -> &'static str {
        self.title.unwrap_or(self.id)
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

    pub(crate) fn input(&self) -> ValueSchema {
        ValueSchema::input(self.fields, self.others, self.rules)
    }
}

/// Serializes the model's id, the facts by which it is found, and the properties of its input, each
/// with its name, title, description and default.
#[cfg(feature = "serde")]
impl serde::Serialize for ModelInfo {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        let mut model = serializer.serialize_struct("ModelInfo", 7)?;
        model.serialize_field("id", self.id)?;
        model.serialize_field("title", &self.title)?;
        model.serialize_field("category", &self.category)?;
        model.serialize_field("takes", self.takes)?;
        model.serialize_field("gives", self.gives)?;
        model.serialize_field("page", &self.page)?;
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
