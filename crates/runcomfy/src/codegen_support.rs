//! Support for generated code and the generator. It may change with any release: regenerate then.
//! Programs use the items at the root of the crate.

pub(crate) mod debug_output;
pub(crate) mod enum_macros;
pub(crate) mod from_output;
pub(crate) mod object_macro;
pub(crate) mod output_macro;
#[cfg(feature = "serde")]
pub(crate) mod to_output;
pub(crate) mod value_ref;

/// The static table of a type.
pub mod schema {
    pub use crate::media::{Bound, MediaKind, Metric};
    pub use crate::schema::{
        ANY, AUDIO, BOOLEAN, Field, IMAGE, INTEGER, MEDIA, NULL, NUMBER, RecursiveShape, Rule,
        Shape, TEXT, VIDEO, ValueSchema,
    };
}

pub use crate::escape::{escape_control, is_unsafe};
#[cfg(feature = "from-json")]
pub use crate::from_json::{Builder, FieldReader, FromJson, ReadFields, read_object, read_text};
#[cfg(feature = "schemars")]
pub use crate::json_schema::part_of as json_schema_part;
pub use crate::number::Number;
#[cfg(feature = "serde")]
pub use crate::stored::deserialize_input;
pub use crate::{
    __input_traits as input_traits, __object as object, __output as output,
    __string_enum as string_enum, __union as union,
};
#[cfg(feature = "clap")]
pub use clap;
pub use debug_output::{DebugOutput, Shown};
pub use from_output::{FromOutput, OutputReader};
#[cfg(feature = "serde")]
pub use serde;
#[cfg(feature = "from-json")]
pub use serde::{Deserializer, de::MapAccess};
pub use serde_json::{Map, Value};
#[cfg(feature = "serde")]
pub use to_output::{ToOutput, deserialize_output, insert as insert_output};
pub use url::Url;
pub use value_ref::{AsValueRef, Elements, Entries, Members, RowTest, ValueRef};
