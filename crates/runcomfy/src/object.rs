//! The macros by which generated code declares the structs of an input, and what the
//! features `from-json` and `schemars` add to its types. The features are this crate's
//! own: a crate of generated models needs none.

/// Declares a struct as an object of its schema: the table of its properties, and the
/// field that holds each, by its row in the table.
///
/// It implements [`View`](crate::node::View) and [`Members`](crate::node::Members), and
/// `FromJson` with the feature `from-json`.
///
/// ```
/// use runcomfy::node::View;
/// use runcomfy::table::{Field, INTEGER, TEXT};
///
/// struct Lora {
///     path: String,
///     steps: Option<i64>,
/// }
///
/// static LORA_FIELDS: [Field; 2] =
///     [Field::required("path", TEXT, &[]), Field::optional("steps", INTEGER, &[])];
///
/// runcomfy::object! {
///     Lora: LORA_FIELDS {
///         0: path,
///         1: steps,
///     }
/// }
///
/// let lora = Lora { path: "sea".to_owned(), steps: Some(4) };
/// assert_eq!(serde_json::to_string(&lora.view()).unwrap(), r#"{"path":"sea","steps":4}"#);
/// ```
#[macro_export]
macro_rules! object {
    ($name:ident: $fields:ident { $($row:literal: $field:ident,)* }) => {
        impl $crate::node::View for $name {
            fn view(&self) -> $crate::node::Node<'_> {
                $crate::node::Node::Struct(self)
            }
        }

        impl $crate::node::Members for $name {
            fn fields(&self) -> &'static [$crate::table::Field] {
                &$fields
            }

            fn get(&self, index: usize) -> $crate::node::Node<'_> {
                match index {
                    $($row => $crate::node::View::view(&self.$field),)*
                    _ => $crate::node::Node::Absent,
                }
            }
        }

        $crate::__object_from_json! { $name: $fields { $($row: $field,)* } }
    };
}

/// Implements `JsonSchema`, of schemars, for the input of a model, with the feature
/// `schemars`; without it, nothing.
#[cfg(feature = "schemars")]
#[macro_export]
macro_rules! json_schema {
    ($name:ident) => {
        impl $crate::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(<Self as $crate::Model>::ID)
            }

            fn schema_id() -> ::std::borrow::Cow<'static, str> {
                ::std::borrow::Cow::Borrowed(::std::any::type_name::<Self>())
            }

            fn json_schema(
                generator: &mut $crate::schemars::SchemaGenerator,
            ) -> $crate::schemars::Schema {
                $crate::schema::of::<Self>(generator)
            }
        }
    };
}

/// Implements `JsonSchema`, of schemars, for the input of a model, with the feature
/// `schemars`; without it, nothing.
#[cfg(not(feature = "schemars"))]
#[macro_export]
macro_rules! json_schema {
    ($name:ident) => {};
}

#[cfg(feature = "from-json")]
#[doc(hidden)]
#[macro_export]
macro_rules! __object_from_json {
    ($name:ident: $fields:ident { $($row:literal: $field:ident,)* }) => {
        impl $crate::from_json::FromJson for $name {
            fn from_json(
                value: &$crate::Value,
                builder: &mut $crate::from_json::Builder,
            ) -> ::std::option::Option<Self> {
                let _object = builder.object(value, &$fields)?;
                $(let $field = builder.field(_object, &$fields[$row]);)*
                ::std::option::Option::Some(Self { $($field: $field?,)* })
            }
        }
    };
}

#[cfg(not(feature = "from-json"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __object_from_json {
    ($($object:tt)*) => {};
}

#[cfg(feature = "from-json")]
#[doc(hidden)]
#[macro_export]
macro_rules! __words_from_json {
    ($name:ident) => {
        impl $crate::from_json::FromJson for $name {
            fn from_json(
                value: &$crate::Value,
                builder: &mut $crate::from_json::Builder,
            ) -> ::std::option::Option<Self> {
                builder.word(value, Self::WORDS)
            }
        }
    };
}

#[cfg(not(feature = "from-json"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __words_from_json {
    ($name:ident) => {};
}

#[cfg(feature = "from-json")]
#[doc(hidden)]
#[macro_export]
macro_rules! __union_from_json {
    ($name:ident { $($variant:ident($inner:ty),)+ }) => {
        impl $crate::from_json::FromJson for $name {
            fn from_json(
                value: &$crate::Value,
                builder: &mut $crate::from_json::Builder,
            ) -> ::std::option::Option<Self> {
                ::std::option::Option::None
                    $(.or_else(|| builder.attempt::<$inner>(value).map(Self::$variant)))+
                    .or_else(|| builder.no_branch())
            }

            fn null() -> ::std::option::Option<Self> {
                ::std::option::Option::None
                    $(.or_else(|| {
                        <$inner as $crate::from_json::FromJson>::null().map(Self::$variant)
                    }))+
            }
        }
    };
}

#[cfg(not(feature = "from-json"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __union_from_json {
    ($($union:tt)*) => {};
}
