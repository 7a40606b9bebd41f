//! The macro by which generated code declares how the structs of an output are read, and what
//! the cargo feature `serde` adds to them.

/// Declares how a struct of an output is read: its fields, each with its name on the wire, and
/// the field that holds everything else. Implements `Debug`, which shows URLs as text.
///
/// ```
/// use runcomfy::codegen_support::{FromOutput, Map, Value, output};
///
/// #[derive(Default, PartialEq)]
/// struct Output {
///     seed: Option<i64>,
///     frames: Vec<String>,
///     others: Map<String, Value>,
/// }
///
/// output!(Output, [seed: optional("seed"), frames: list("frames")], others);
///
/// let output = Output::from_output(&serde_json::json!({"seed": 7, "eta": 2})).unwrap();
/// assert_eq!((output.seed, output.others.len()), (Some(7), 1));
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __output {
    (
        $name:ident,
        [$($field:ident: $kind:ident($wire:literal)),* $(,)?],
        $others:ident $(,)?
    ) => {
        #[doc(hidden)]
        impl $crate::codegen_support::FromOutput for $name {
            fn from_output(
                value: &$crate::codegen_support::Value,
            ) -> ::std::option::Option<Self> {
                let mut _object = $crate::codegen_support::OutputReader::new(value)?;
                ::std::option::Option::Some(Self {
                    $($field: _object.$kind($wire),)*
                    $others: _object.others(),
                })
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(::std::stringify!($name))
                    $(.field(
                        ::std::stringify!($field).trim_start_matches("r#"),
                        &$crate::codegen_support::Shown(&self.$field),
                    ))*
                    .field(::std::stringify!($others), &self.$others)
                    .finish()
            }
        }

        #[doc(hidden)]
        impl $crate::codegen_support::DebugOutput for $name {
            fn debug_output(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(self, f)
            }
        }

        $crate::__output_serde! { $name, [$($field: $wire,)*], $others }
    };
}

#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __output_serde {
    ($name:ident, [$($field:ident: $wire:literal,)*], $others:ident) => {
        #[doc(hidden)]
        impl $crate::codegen_support::ToOutput for $name {
            fn to_output(&self) -> $crate::codegen_support::Value {
                let mut _object = ::std::clone::Clone::clone(&self.$others);
                $($crate::codegen_support::insert_output(&mut _object, $wire, &self.$field);)*
                $crate::codegen_support::Value::Object(_object)
            }
        }

        $crate::__output_serde_impls! { $name }
    };
}

#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __output_serde {
    ($($output:tt)*) => {};
}

#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __output_serde_impls {
    ($name:ident) => {
        /// Serializes the JSON from which it is read again.
        impl $crate::codegen_support::serde::Serialize for $name {
            fn serialize<S: $crate::codegen_support::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                let json = $crate::codegen_support::ToOutput::to_output(self);
                $crate::codegen_support::serde::Serialize::serialize(&json, serializer)
            }
        }

        impl<'de> $crate::codegen_support::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::codegen_support::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::codegen_support::deserialize_output(deserializer)
            }
        }
    };
}
