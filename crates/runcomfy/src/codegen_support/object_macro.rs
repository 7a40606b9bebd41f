//! Macros with which generated code declares the structs of an input, and the additions of the
//! cargo features `from-json` and `schemars` to them.
//!
//! Each feature has a pair of macros here; one of the two expands to nothing. The features belong
//! to this crate, and a crate of generated models needs no features for them.

/// Declares a struct as an object of its schema: its table, and its fields in the order of
/// the table's rows.
///
/// It implements [`AsValueRef`](crate::codegen_support::AsValueRef) and
/// [`Members`](crate::codegen_support::Members), and `FromJson` with the feature
/// `from-json`.
///
/// ```
/// use runcomfy::codegen_support::schema::{Field, INTEGER, TEXT};
/// use runcomfy::codegen_support::{AsValueRef, object};
///
/// struct Lora {
///     path: String,
///     steps: Option<i64>,
/// }
///
/// static LORA_FIELDS: [Field; 2] =
///     [Field::required("path", TEXT, &[]), Field::optional("steps", INTEGER, &[])];
///
/// object!(Lora, LORA_FIELDS, [path, steps]);
///
/// let lora = Lora { path: "sea".to_owned(), steps: Some(4) };
/// let json = serde_json::to_string(&lora.as_value_ref()).unwrap();
/// assert_eq!(json, r#"{"path":"sea","steps":4}"#);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __object {
    ($name:ident, $fields:ident, [$($field:ident),* $(,)?]) => {
        #[doc(hidden)]
        impl $crate::codegen_support::AsValueRef for $name {
            fn as_value_ref(&self) -> $crate::codegen_support::ValueRef<'_> {
                $crate::codegen_support::ValueRef::Struct(self)
            }
        }

        #[doc(hidden)]
        impl $crate::codegen_support::Members for $name {
            fn fields(&self) -> &'static [$crate::codegen_support::schema::Field] {
                &$fields
            }

            fn get(&self, index: usize) -> $crate::codegen_support::ValueRef<'_> {
                // Counts the rows, which a macro cannot number.
                let mut rows = 0..usize::MAX;
                $(if rows.next() == Some(index) {
                    return $crate::codegen_support::AsValueRef::as_value_ref(&self.$field);
                })*
                $crate::codegen_support::ValueRef::Absent
            }

            fn all(&self, _test: &mut $crate::codegen_support::RowTest<'_>) -> bool {
                let mut _rows = $fields.iter();
                true $(&& _test(
                    _rows.next(),
                    $crate::codegen_support::AsValueRef::as_value_ref(&self.$field),
                ))*
            }
        }

        $crate::__object_from_json! { $name, $fields, [$($field),*] }
    };
}

/// Implements for a model's input what the cargo features of this crate add: `JsonSchema` of
/// schemars with the feature `schemars`, and `Serialize` and `Deserialize` with `serde`.
#[doc(hidden)]
#[macro_export]
macro_rules! __input_traits {
    ($name:ident) => {
        $crate::__input_json_schema! { $name }
        $crate::__input_serde! { $name }
    };
}

#[cfg(feature = "schemars")]
#[doc(hidden)]
#[macro_export]
macro_rules! __input_json_schema {
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
                $crate::codegen_support::json_schema_part::<Self>(generator)
            }
        }
    };
}

#[cfg(not(feature = "schemars"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __input_json_schema {
    ($name:ident) => {};
}

#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __input_serde {
    ($name:ident) => {
        /// Serializes the JSON that is sent. A local file that was not read yet is an error:
        /// `runcomfy::Stored` stores it.
        impl $crate::codegen_support::serde::Serialize for $name {
            fn serialize<S: $crate::codegen_support::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                let value = $crate::codegen_support::AsValueRef::as_value_ref(self);
                $crate::codegen_support::serde::Serialize::serialize(&value, serializer)
            }
        }

        /// Deserializes the JSON that is sent. It never becomes a local file, and is not checked.
        impl<'de> $crate::codegen_support::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::codegen_support::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::codegen_support::deserialize_input(deserializer)
            }
        }
    };
}

#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __input_serde {
    ($name:ident) => {};
}

#[cfg(feature = "from-json")]
#[doc(hidden)]
#[macro_export]
macro_rules! __object_from_json {
    ($name:ident, $fields:ident, [$($field:ident),*]) => {
        #[doc(hidden)]
        impl $crate::codegen_support::FromJson for $name {
            fn from_json(
                value: &$crate::codegen_support::Value,
                _: &'static $crate::codegen_support::schema::ValueSchema,
                builder: &mut $crate::codegen_support::Builder,
            ) -> ::std::option::Option<Self> {
                let _object = builder.object(value, &$fields)?;
                let mut _rows = $fields.iter();
                $(let $field = builder.field(_object, _rows.next()?);)*
                ::std::option::Option::Some(Self { $($field: $field?,)* })
            }

            fn read<'de, D: $crate::codegen_support::Deserializer<'de>>(
                deserializer: D,
                _: &'static $crate::codegen_support::schema::ValueSchema,
                builder: &mut $crate::codegen_support::Builder,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::codegen_support::read_object(deserializer, builder)
            }
        }

        #[doc(hidden)]
        impl $crate::codegen_support::ReadFields for $name {
            fn read_fields<'de, A: $crate::codegen_support::MapAccess<'de>>(
                reader: &mut $crate::codegen_support::FieldReader<'_, A>,
            ) -> ::std::result::Result<Self, A::Error> {
                $(let mut $field = ::std::option::Option::None;)*
                while let ::std::option::Option::Some((_index, _field)) =
                    reader.next_row(&$fields)?
                {
                    let mut _rows = 0..usize::MAX;
                    $(if _rows.next() == ::std::option::Option::Some(_index) {
                        reader.field(_field, &mut $field)?;
                        continue;
                    })*
                }
                let mut _rows = $fields.iter();
                ::std::result::Result::Ok(Self {
                    $($field: reader.found(_rows.next(), $field)?,)*
                })
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
