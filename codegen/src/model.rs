//! The model in the middle: one RunComfy model as plain data. `lower` makes it, `check` judges it,
//! and `render` writes it down without deciding anything.

use runcomfy::ContentKind;
use runcomfy::codegen_support::schema::Rule as Plain;
use runcomfy::media::MediaKind;
use runcomfy::media::{Bound, Metric};

use crate::diagnostic::Place;
use crate::number::Number;
use crate::schema::{Located, Pattern, Unchecked};

/// One RunComfy model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    /// The id, such as `minimax/Hailuo Video 01 Live`.
    pub id: String,
    /// The folder under `schemas/`, such as `minimax/hailuo-video-01-live`.
    pub folder: String,
    /// Its place in the generated crate.
    pub module: Module,
    /// The version in which the model left RunComfy's catalog.
    pub gone: Option<String>,
    /// The address of the model's page.
    pub page: Option<String>,
    /// The facts by which it is found.
    pub discovery: Discovery,
    /// Facts about the model beside its schemas, a sentence each.
    pub about: Vec<String>,
    /// The schema's own description of the input.
    pub description: Option<String>,
    /// The input's fields that `new` takes, in its order, as indices: the required ones,
    /// and those that once were.
    pub arguments: Vec<usize>,
    /// The structs of the input, the input itself first.
    pub inputs: Vec<Struct>,
    /// The schema of other properties of the input, if it allows any.
    pub others: Option<ValueSchema>,
    /// The place of the input's schema.
    pub place: Place,
    /// The rules of the input as a whole.
    pub rules: Vec<Rule>,
    /// The string enums of the input.
    pub enums: Vec<StringEnum>,
    /// The unions of the input.
    pub unions: Vec<Union>,
    /// The output.
    pub output: Output,
}

/// The facts by which a model is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Discovery {
    pub title: String,
    pub category: Option<String>,
    /// The kinds of content that the input can have.
    pub takes: Vec<ContentKind>,
    /// The kinds of content that the model gives. Empty if they are not known.
    pub gives: Vec<ContentKind>,
}

/// A module of the generated crate: `minimax::hailuo_video_01_live`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Module {
    /// The provider's module, and its feature.
    pub provider: String,
    /// The model's module within it.
    pub name: String,
}

/// Output of a model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Output {
    /// The output that most models share.
    Usual,
    /// Its own structs and unions, the output itself first.
    Own { structs: Vec<Struct>, unions: Vec<Union> },
    /// A value of this type, which is not an object.
    Plain { structs: Vec<Struct>, unions: Vec<Union>, root: Type },
}

impl Output {
    /// Any JSON.
    pub(crate) const ANY: Self =
        Self::Plain { structs: Vec::new(), unions: Vec::new(), root: Type::Any };
}

/// A struct: `Input { prompt: String, … }`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Struct {
    pub name: String,
    /// The property that it is named after.
    pub wire: String,
    pub docs: Docs,
    /// Only its table is needed, since its Rust type is a map.
    pub table_only: bool,
    /// In the schema's order.
    pub fields: Vec<Field>,
}

/// A field of a struct.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    /// The property's name on the wire.
    pub wire: String,
    /// The Rust name.
    pub name: String,
    pub docs: Docs,
    pub title: Option<String>,
    pub description: Option<String>,
    /// The default as JSON text.
    pub default: Option<String>,
    /// The place of the default.
    pub default_place: Place,
    /// The schema's examples.
    pub examples: Vec<Located>,
    /// Its position in `required`, if it is there.
    pub required: Option<usize>,
    /// The Rust type, without the `Option` of a field that `new` does not take.
    pub ty: Type,
    /// Its row of the table.
    pub schema: ValueSchema,
    /// The place of its schema.
    pub place: Place,
}

/// The texts of a schema for docs, verbatim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Docs {
    pub title: Option<String>,
    pub description: Option<String>,
    /// The keywords and formats that are not known, and so not checked.
    pub unchecked: Vec<Unchecked>,
}

/// A Rust type, as typify decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Any,
    Boolean,
    Integer,
    /// An integer from 0, which may be past `i64`.
    Unsigned,
    /// An integer that may be negative, and past `i64`.
    Wide,
    Number,
    Text,
    Media,
    Url,
    /// A string enum, by its index.
    Enum(usize),
    List(Box<Type>),
    Map(Box<Type>),
    /// A struct, by its index.
    Struct(usize),
    /// An enum of the branches of a union, by its index.
    Union(usize),
    /// This or null.
    Nullable(Box<Type>),
    /// A box, in a cycle.
    Boxed(Box<Type>),
}

/// The schema of a value: its shape and its rules.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueSchema {
    pub shape: Shape,
    pub rules: Vec<Rule>,
}

/// The shape of a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Any,
    Null,
    Boolean,
    Integer,
    Number,
    Text,
    Media(MediaKind),
    List(Box<ValueSchema>),
    Map(Box<ValueSchema>),
    /// A struct, by its index.
    Object(usize),
    /// A struct, by its index, and what its other properties may be.
    Open(usize, Box<ValueSchema>),
    /// This or null.
    Nullable(Box<ValueSchema>),
    /// A union, by its index.
    Union(usize),
}

/// One constraint on a value, or a note on it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rule {
    /// A rule that holds nothing but numbers, as the table has it.
    Plain(Plain),
    Pattern(Pattern),
    /// The values of a string enum, by its index.
    Strings(usize),
    Integers(Vec<i64>),
    /// Any values, as JSON text.
    Values(Vec<String>),
    Measured(Metric, Bound, String),
    /// Its name, its value as JSON text, its message.
    Unchecked(String, String, String),
    /// A keyword that is not checked, and its value as JSON text.
    Annotation(String, String),
}

/// One end of the range that a rule allows for a quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Edge {
    pub quantity: Quantity,
    pub end: End,
    pub value: Number,
    /// Returns `true` if the value itself is not allowed.
    pub is_strict: bool,
}

/// A quantity that rules bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    Number,
    Length,
    Items,
    Properties,
}

impl Quantity {
    pub(crate) const ALL: [Self; 4] = [Self::Number, Self::Length, Self::Items, Self::Properties];
}

/// An end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Least,
    Most,
}

impl Rule {
    /// Returns `true` if this does not constrain values.
    pub(crate) fn is_note(&self) -> bool {
        matches!(self, Self::Annotation(..))
    }

    /// Returns the end of the range that this bounds, if it is a bound.
    pub(crate) fn edge(&self) -> Option<Edge> {
        let Self::Plain(rule) = self else { return None };
        let (quantity, end, value) = match *rule {
            Plain::MinLength(count) => (Quantity::Length, End::Least, Number::from(count)),
            Plain::MaxLength(count) => (Quantity::Length, End::Most, Number::from(count)),
            Plain::MinItems(count) => (Quantity::Items, End::Least, Number::from(count)),
            Plain::MaxItems(count) => (Quantity::Items, End::Most, Number::from(count)),
            Plain::MinProperties(count) => (Quantity::Properties, End::Least, Number::from(count)),
            Plain::MaxProperties(count) => (Quantity::Properties, End::Most, Number::from(count)),
            Plain::Minimum(bound) | Plain::ExclusiveMinimum(bound) => {
                (Quantity::Number, End::Least, Number::Float(bound))
            }
            Plain::Maximum(bound) | Plain::ExclusiveMaximum(bound) => {
                (Quantity::Number, End::Most, Number::Float(bound))
            }
            Plain::MinimumInteger(bound) => (Quantity::Number, End::Least, Number::Integer(bound)),
            Plain::MaximumInteger(bound) => (Quantity::Number, End::Most, Number::Integer(bound)),
            // The others do not bound a range.
            _ => return None,
        };
        let is_strict = matches!(rule, Plain::ExclusiveMinimum(_) | Plain::ExclusiveMaximum(_));
        Some(Edge { quantity, end, value, is_strict })
    }
}

/// The condition for a value to fit a union.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnionKind {
    /// At least one branch holds: `anyOf`.
    AnyOf,
    /// Exactly one branch holds: `oneOf`.
    OneOf,
    /// The branch of the value's kind holds, if there is one: a schema without `type`, whose
    /// keywords are each about one kind.
    ByKind,
}

/// A union: `anyOf`, `oneOf`, or a schema without `type`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Union {
    pub name: String,
    /// The property that it is named after.
    pub wire: String,
    pub docs: Docs,
    pub kind: UnionKind,
    pub branches: Vec<ValueSchema>,
    /// The places of the branches.
    pub places: Vec<Place>,
    /// The variants of its Rust enum; none where all branches have one Rust type.
    pub variants: Vec<(String, Type)>,
}

/// A string enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StringEnum {
    pub name: String,
    /// The property that it is named after.
    pub wire: String,
    pub docs: Docs,
    pub variants: Vec<Variant>,
}

/// A value of a string enum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variant {
    pub name: String,
    pub value: String,
    pub docs: Docs,
}
