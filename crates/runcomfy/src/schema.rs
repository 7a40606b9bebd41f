//! The static table of a type: its fields and their rules, one rule per schema keyword.
//!
//! Generated code holds one table per struct. The checker, the serialiser and the exported schema
//! all read it, so no bound is written twice.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use crate::media::{Bound, MediaKind, Metric};

/// One property of an object.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Field {
    /// The property's name on the wire.
    pub name: &'static str,
    /// `true` if the schema requires it.
    pub required: bool,
    /// The schema of its value.
    pub schema: ValueSchema,
    /// The schema's `title`.
    pub title: Option<&'static str>,
    /// The schema's `description`.
    pub description: Option<&'static str>,
    /// The schema's `default`, as JSON text. It is documented, never sent; a
    /// required property's default is an example.
    pub default: Option<&'static str>,
}

/// The shape of a value, and its rules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueSchema {
    /// The allowed kind of value.
    pub shape: Shape,
    /// The rules of the value itself.
    pub rules: &'static [Rule],
}

impl ValueSchema {
    /// Creates the schema of a value from its shape and its rules.
    pub const fn new(shape: Shape, rules: &'static [Rule]) -> Self {
        Self { shape, rules }
    }

    /// Creates the schema of a model's whole input.
    pub(crate) const fn input(
        fields: &'static [Field],
        others: Option<&'static Self>,
        rules: &'static [Rule],
    ) -> Self {
        match others {
            Some(others) => Self::new(Shape::Open(fields, others), rules),
            None => Self::new(Shape::Object(fields), rules),
        }
    }
}

/// The allowed kind of value.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Shape {
    /// Any JSON value.
    Any,
    /// Nothing but `null`.
    Null,
    /// A boolean.
    Boolean,
    /// A whole number, such as `1` and `1.0`.
    Integer,
    /// A number.
    Number,
    /// A string.
    Text,
    /// A string that points to media or holds it.
    Media(MediaKind),
    /// A list, and the schema of its elements.
    List(&'static ValueSchema),
    /// An object with any names, and the schema of its values.
    Map(&'static ValueSchema),
    /// An object with these properties and no others.
    Object(&'static [Field]),
    /// An object with these properties, and the schema of all others.
    Open(&'static [Field], &'static ValueSchema),
    /// `null`, or a value of this schema.
    Nullable(&'static ValueSchema),
    /// At least one of these (`anyOf`).
    AnyOf(&'static [ValueSchema]),
    /// Exactly one of these (`oneOf`).
    OneOf(&'static [ValueSchema]),
    /// Any value. A value of the kind of one of these (an object, a list, a string) must match it: a
    /// schema without `type`, whose keywords each constrain one kind of value.
    ByKind(&'static [ValueSchema]),
    /// A shape that contains itself, in a table that was made at run time. [`Shape::resolved`]
    /// follows it. Generated tables refer to their statics instead.
    Recursive(&'static RecursiveShape),
}

/// A shape that is set once the table that contains it is made.
#[derive(Default)]
pub struct RecursiveShape(OnceLock<Shape>);

impl RecursiveShape {
    /// Sets the shape, unless it is set.
    pub fn set(&self, shape: Shape) {
        _ = self.0.set(shape);
    }
}

/// Two are equal if they are the same one: their shapes contain themselves.
impl PartialEq for RecursiveShape {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl fmt::Debug for RecursiveShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecursiveShape")
    }
}

impl Shape {
    /// Returns the shape itself, or the one that a [`Shape::Recursive`] stands for.
    pub fn resolved(self) -> Self {
        match self {
            Self::Recursive(shape) => shape.0.get().copied().unwrap_or(Self::Any),
            shape => shape,
        }
    }
}

/// One keyword of a schema: a constraint on a value, or an annotation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// `minLength`, in characters (Unicode code points).
    MinLength(u64),
    /// `maxLength`, in characters (Unicode code points).
    MaxLength(u64),
    /// `minimum`.
    Minimum(f64),
    /// `maximum`.
    Maximum(f64),
    /// `exclusiveMinimum`.
    ExclusiveMinimum(f64),
    /// `exclusiveMaximum`.
    ExclusiveMaximum(f64),
    /// `minimum`, where no float holds it exactly.
    MinimumInteger(i128),
    /// `maximum`, where no float holds it exactly.
    MaximumInteger(i128),
    /// `multipleOf`.
    MultipleOf(f64),
    /// `minItems`.
    MinItems(u64),
    /// `maxItems`.
    MaxItems(u64),
    /// `uniqueItems`.
    UniqueItems,
    /// `minProperties`.
    MinProperties(u64),
    /// `maxProperties`.
    MaxProperties(u64),
    /// `pattern`: as the schema has it, and in the syntax of the `regex` crate.
    #[cfg(feature = "pattern")]
    Pattern(&'static str, &'static str),
    /// `enum` of strings.
    Strings(&'static [&'static str]),
    /// `enum` of integers.
    Integers(&'static [i64]),
    /// `enum` of any values, as JSON text.
    Values(&'static [&'static str]),
    /// A custom rule about media, with the schema's own message, or an empty one. It is checked
    /// once the media is measured.
    Measured(Metric, Bound, &'static str),
    /// A custom rule that this version cannot check, verbatim: its name, its value as JSON text
    /// (or `null`), and the schema's own message.
    Unchecked(&'static str, &'static str, &'static str),
    /// An annotation: a keyword that is not checked, such as `examples`, an unknown `format`, or the
    /// `title` of a list's items, with its value as JSON text.
    Annotation(&'static str, &'static str),
}

impl Rule {
    /// Returns the schema keyword or the custom rule, verbatim.
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::MinLength(_) => "minLength".into(),
            Self::MaxLength(_) => "maxLength".into(),
            Self::Minimum(_) | Self::MinimumInteger(_) => "minimum".into(),
            Self::Maximum(_) | Self::MaximumInteger(_) => "maximum".into(),
            Self::MultipleOf(_) => "multipleOf".into(),
            Self::ExclusiveMinimum(_) => "exclusiveMinimum".into(),
            Self::ExclusiveMaximum(_) => "exclusiveMaximum".into(),
            Self::MinItems(_) => "minItems".into(),
            Self::MaxItems(_) => "maxItems".into(),
            Self::UniqueItems => "uniqueItems".into(),
            Self::MinProperties(_) => "minProperties".into(),
            Self::MaxProperties(_) => "maxProperties".into(),
            #[cfg(feature = "pattern")]
            Self::Pattern(..) => "pattern".into(),
            Self::Strings(_) | Self::Integers(_) | Self::Values(_) => "enum".into(),
            Self::Measured(metric, limit, _) => {
                format!("{}{}", metric.name(), limit.operator()).into()
            }
            Self::Unchecked(name, ..) | Self::Annotation(name, _) => (*name).into(),
        }
    }
}

/// The schema of any value.
#[cfg(feature = "from-json")]
pub(crate) static ANYTHING: ValueSchema = ValueSchema::new(Shape::Any, &[]);

/// Any JSON value.
pub const ANY: Shape = Shape::Any;
/// Nothing but `null`.
pub const NULL: Shape = Shape::Null;
/// A boolean.
pub const BOOLEAN: Shape = Shape::Boolean;
/// A whole number.
pub const INTEGER: Shape = Shape::Integer;
/// A number.
pub const NUMBER: Shape = Shape::Number;
/// A string.
pub const TEXT: Shape = Shape::Text;
/// Media of any kind.
pub const MEDIA: Shape = Shape::Media(MediaKind::Any);
/// An image.
pub const IMAGE: Shape = Shape::Media(MediaKind::Image);
/// A video.
pub const VIDEO: Shape = Shape::Media(MediaKind::Video);
/// An audio file.
pub const AUDIO: Shape = Shape::Media(MediaKind::Audio);

impl Field {
    /// Creates a required property.
    pub const fn required(name: &'static str, shape: Shape, rules: &'static [Rule]) -> Self {
        Self::new(name, true, ValueSchema::new(shape, rules))
    }

    /// Creates an optional property.
    pub const fn optional(name: &'static str, shape: Shape, rules: &'static [Rule]) -> Self {
        Self::new(name, false, ValueSchema::new(shape, rules))
    }

    const fn new(name: &'static str, required: bool, schema: ValueSchema) -> Self {
        Self { name, required, schema, title: None, description: None, default: None }
    }

    /// Sets the schema's title.
    pub const fn titled(mut self, title: &'static str) -> Self {
        self.title = Some(title);
        self
    }

    /// Sets the schema's description.
    pub const fn described(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// Sets the schema's default, as JSON text.
    pub const fn default(mut self, json: &'static str) -> Self {
        self.default = Some(json);
        self
    }
}
