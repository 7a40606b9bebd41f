//! The macros by which generated code declares enums: of strings, for a schema's `enum`,
//! and of the branches of a union.

/// Declares an enum of strings: the variants, each with its value on the wire, and the
/// conversions between them.
///
/// ```
/// runcomfy::codegen_support::string_enum! {
///     /// Shape of the picture.
///     pub enum AspectRatio {
///         /// `16:9`
///         Ratio16x9 = "16:9",
///         /// `1:1`
///         Ratio1x1 = "1:1",
///     }
/// }
///
/// assert_eq!(AspectRatio::Ratio16x9.as_str(), "16:9");
/// assert_eq!("1:1".parse(), Ok(AspectRatio::Ratio1x1));
/// let error = "1:2".parse::<AspectRatio>().unwrap_err();
/// assert_eq!(error.to_string(), r#"must be one of "16:9", "1:1" (found "1:2")"#);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __string_enum {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident = $value:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_attribute])* $variant,)+
            /// Never constructed. With it the enum cannot be cast to a number, which a new
            /// value before it would change.
            #[doc(hidden)]
            __NoNumber(::std::convert::Infallible),
        }

        impl $name {
            /// Every variant, in the schema's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Every value on the wire, in the same order.
            pub const VALUES: &'static [&'static str] = &[$($value),+];

            /// Returns the value on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $value,)+
                    Self::__NoNumber(never) => match never {},
                }
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownVariant;

            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::UnknownVariant> {
                match text {
                    $($value => ::std::result::Result::Ok(Self::$variant),)+
                    _ => ::std::result::Result::Err($crate::UnknownVariant::new(text, Self::VALUES)),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        #[doc(hidden)]
        impl $crate::codegen_support::AsValueRef for $name {
            fn as_value_ref(&self) -> $crate::codegen_support::ValueRef<'_> {
                $crate::codegen_support::ValueRef::Text(self.as_str())
            }
        }

        $crate::__string_enum_from_json! { $name }
        $crate::__string_enum_clap! { $name }
    };
}

/// Declares the enum of a union, with one variant per branch. The union is of an `input` or of an
/// `output`; an output is read as the first branch that fits.
///
/// ```
/// runcomfy::codegen_support::union! {
///     input:
///     /// Size of the picture.
///     pub enum Size {
///         /// A whole number.
///         Integer(i64),
///         /// A string.
///         Text(String),
///     }
/// }
///
/// assert_eq!(Size::from(7), Size::Integer(7));
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __union {
    (
        $direction:ident:
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident($inner:ty $(,)?),)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_attribute])* $variant($inner),)+
        }

        $crate::__union_traits! { $direction $name { $($variant($inner),)+ } }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __union_traits {
    (input $name:ident { $($variant:ident($inner:ty),)+ }) => {
        $(impl ::std::convert::From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self::$variant(value)
            }
        })+

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    $(Self::$variant(value) => {
                        f.debug_tuple(::std::stringify!($variant)).field(value).finish()
                    })+
                }
            }
        }

        #[doc(hidden)]
        impl $crate::codegen_support::AsValueRef for $name {
            fn as_value_ref(&self) -> $crate::codegen_support::ValueRef<'_> {
                match self {
                    $(Self::$variant(value) => {
                        $crate::codegen_support::AsValueRef::as_value_ref(value)
                    })+
                }
            }
        }

        $crate::__union_from_json! { $name { $($variant($inner),)+ } }
    };
    (output $name:ident { $($variant:ident($inner:ty),)+ }) => {
        #[doc(hidden)]
        impl $crate::codegen_support::FromOutput for $name {
            fn from_output(
                value: &$crate::codegen_support::Value,
            ) -> ::std::option::Option<Self> {
                ::std::option::Option::None
                    $(.or_else(|| {
                        <$inner as $crate::codegen_support::FromOutput>::from_output(value)
                            .map(Self::$variant)
                    }))+
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    $(Self::$variant(value) => f
                        .debug_tuple(::std::stringify!($variant))
                        .field(&$crate::codegen_support::Shown(value))
                        .finish(),)+
                }
            }
        }

        #[doc(hidden)]
        impl $crate::codegen_support::DebugOutput for $name {
            fn debug_output(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(self, f)
            }
        }

        $crate::__union_serde! { $name { $($variant,)+ } }
    };
}

#[cfg(feature = "serde")]
#[doc(hidden)]
#[macro_export]
macro_rules! __union_serde {
    ($name:ident { $($variant:ident,)+ }) => {
        #[doc(hidden)]
        impl $crate::codegen_support::ToOutput for $name {
            fn to_output(&self) -> $crate::codegen_support::Value {
                match self {
                    $(Self::$variant(value) => $crate::codegen_support::ToOutput::to_output(value),)+
                }
            }
        }

        $crate::__output_serde_impls! { $name }
    };
}

#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __union_serde {
    ($($union:tt)*) => {};
}

#[cfg(feature = "from-json")]
#[doc(hidden)]
#[macro_export]
macro_rules! __string_enum_from_json {
    ($name:ident) => {
        #[doc(hidden)]
        impl $crate::codegen_support::FromJson for $name {
            fn from_json(
                value: &$crate::codegen_support::Value,
                _: &'static $crate::codegen_support::schema::ValueSchema,
                builder: &mut $crate::codegen_support::Builder,
            ) -> ::std::option::Option<Self> {
                builder.variant(value)
            }

            fn read<'de, D: $crate::codegen_support::Deserializer<'de>>(
                deserializer: D,
                _: &'static $crate::codegen_support::schema::ValueSchema,
                _: &mut $crate::codegen_support::Builder,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::codegen_support::read_text(deserializer, |text| text.parse().ok())
            }
        }
    };
}

#[cfg(not(feature = "from-json"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __string_enum_from_json {
    ($name:ident) => {};
}

#[cfg(feature = "clap")]
#[doc(hidden)]
#[macro_export]
macro_rules! __string_enum_clap {
    ($name:ident) => {
        impl $crate::codegen_support::clap::ValueEnum for $name {
            fn value_variants<'a>() -> &'a [Self] {
                Self::ALL
            }

            fn to_possible_value(
                &self,
            ) -> ::std::option::Option<$crate::codegen_support::clap::builder::PossibleValue> {
                ::std::option::Option::Some(
                    $crate::codegen_support::clap::builder::PossibleValue::new(self.as_str()),
                )
            }
        }
    };
}

#[cfg(not(feature = "clap"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __string_enum_clap {
    ($name:ident) => {};
}

#[cfg(feature = "from-json")]
#[doc(hidden)]
#[macro_export]
macro_rules! __union_from_json {
    ($name:ident { $($variant:ident($inner:ty),)+ }) => {
        #[doc(hidden)]
        impl $crate::codegen_support::FromJson for $name {
            fn from_json(
                value: &$crate::codegen_support::Value,
                schema: &'static $crate::codegen_support::schema::ValueSchema,
                builder: &mut $crate::codegen_support::Builder,
            ) -> ::std::option::Option<Self> {
                builder.union(value, schema, &[$(
                    |builder, value, schema| {
                        builder.attempt::<$inner>(value, schema).map(Self::$variant)
                    },
                )+])
            }

            fn null() -> ::std::option::Option<Self> {
                ::std::option::Option::None
                    $(.or_else(|| {
                        <$inner as $crate::codegen_support::FromJson>::null().map(Self::$variant)
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
