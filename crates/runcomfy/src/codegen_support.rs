//! Support for generated code and the generator. It may change with any release: regenerate then.
//! Programs use the items at the root of the crate.

pub(crate) mod enum_macros;
pub(crate) mod from_output;
pub(crate) mod object_macro;
pub(crate) mod value_ref;

/// The static table of a type.
pub mod schema {
    pub use crate::media::{Bound, MediaKind, Metric};
    pub use crate::schema::{
        ANY, AUDIO, BOOLEAN, Field, IMAGE, INTEGER, MEDIA, NULL, NUMBER, Rule, Shape, TEXT, VIDEO,
        ValueSchema,
    };
}

#[cfg(feature = "from-json")]
pub use crate::from_json::{Builder, FromJson};
#[cfg(feature = "schemars")]
pub use crate::json_schema::part_of as json_schema_part;
pub use crate::number::Number;
pub use crate::{
    __input_traits as input_traits, __object as object, __string_enum as string_enum,
    __union as union,
};
pub use from_output::{FromOutput, OutputReader};
pub use serde_json::{Map, Value};
pub use url::Url;
pub use value_ref::{AsValueRef, Elements, Entries, Members, ValueRef};
