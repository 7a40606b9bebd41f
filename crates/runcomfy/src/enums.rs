//! The macros by which generated code declares enums: of words, for a schema's `enum` of
//! strings, and of the branches of a union.

/// A text that is none of the choices.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not one of the choices, which are {}", .choices.join(", "))]
pub struct UnknownWord {
    /// Every word that would be right.
    pub choices: &'static [&'static str],
}

/// Declares an enum of words: the variants, each with the word that goes to
/// RunComfy, and the conversions between them.
///
/// ```
/// runcomfy::words! {
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
/// assert_eq!(error.to_string(), "not one of the choices, which are 16:9, 1:1");
/// ```
#[macro_export]
macro_rules! words {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_attribute])* $variant,)+
            /// Never there. With it a choice cannot be cast to its number, which a new
            /// one before it would change.
            #[doc(hidden)]
            __NoNumber(::std::convert::Infallible),
        }

        impl $name {
            /// Every choice, in the schema's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Every word, in the same order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word that goes to RunComfy.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::__NoNumber(never) => match never {},
                }
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::UnknownWord> {
                match text {
                    $($word => ::std::result::Result::Ok(Self::$variant),)+
                    _ => ::std::result::Result::Err($crate::UnknownWord { choices: Self::WORDS }),
                }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::node::View for $name {
            fn view(&self) -> $crate::node::Node<'_> {
                $crate::node::Node::Text(self.as_str())
            }
        }

        $crate::__words_from_json! { $name }
    };
}

/// Declares the enum of a union in an input: one variant a branch.
///
/// ```
/// runcomfy::union! {
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
#[macro_export]
macro_rules! union {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident($inner:ty $(,)?),)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_attribute])* $variant($inner),)+
        }

        $(impl ::std::convert::From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self::$variant(value)
            }
        })+

        impl $crate::node::View for $name {
            fn view(&self) -> $crate::node::Node<'_> {
                match self {
                    $(Self::$variant(value) => $crate::node::View::view(value),)+
                }
            }
        }

        $crate::__union_from_json! { $name { $($variant($inner),)+ } }
    };
}

/// Declares the enum of a union in an output: one variant a branch, of which the first
/// that fits is read.
#[macro_export]
macro_rules! output_union {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident($inner:ty $(,)?),)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_attribute])* $variant($inner),)+
        }

        impl $crate::Read for $name {
            fn read(value: &$crate::Value) -> ::std::option::Option<Self> {
                ::std::option::Option::None
                    $(.or_else(|| <$inner as $crate::Read>::read(value).map(Self::$variant)))+
            }
        }
    };
}
