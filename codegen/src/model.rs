//! The model in the middle: one RunComfy model as plain data. `lower` makes it,
//! `check` judges it, `render` writes it down without deciding anything.

use runcomfy::codegen_support::schema::Rule as Plain;
use runcomfy::media::MediaKind;
use runcomfy::media::{Bound, Metric};
use serde_json::Value;

use crate::diagnostic::Place;
use crate::number::Number;

/// One RunComfy model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Model {
    /// The id, such as `minimax/Hailuo Video 01 Live`.
    pub id: String,
    /// The folder under `schemas/`, such as `minimax/hailuo-video-01-live`.
    pub folder: String,
    /// Where its module is.
    pub module: Module,
    /// Since which version the model is gone from RunComfy's catalog.
    pub gone: Option<String>,
    /// The address of the model's page.
    pub page: Option<String>,
    /// What is said of the model beside its schemas, a sentence each.
    pub about: Vec<String>,
    /// What the schema itself says of the input.
    pub description: Option<String>,
    /// The input's fields that `new` takes, in its order, as indices: the required ones,
    /// and those that once were.
    pub arguments: Vec<usize>,
    /// The structs of the input, the input itself first.
    pub inputs: Vec<Struct>,
    /// What properties of other names the input takes, where it takes them.
    pub others: Option<ValueSchema>,
    /// The rules of the input as a whole.
    pub rules: Vec<Rule>,
    /// The enums of words in the input.
    pub enums: Vec<StringEnum>,
    /// The unions of the input.
    pub unions: Vec<Union>,
    /// What the model answers.
    pub output: Output,
}

/// A module of the generated crate: `minimax::hailuo_video_01_live`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Module {
    /// The provider's module, and its feature.
    pub provider: String,
    /// The model's module within it.
    pub name: String,
}

/// What a model answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Output {
    /// The usual output, which the models share.
    Usual,
    /// Its own structs and unions, the output itself first.
    Own { structs: Vec<Struct>, unions: Vec<Union> },
    /// No object, but a value of this type.
    Plain { structs: Vec<Struct>, unions: Vec<Union>, root: Type },
}

/// A struct: `Input { prompt: String, … }`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Struct {
    pub name: String,
    /// The property that it is named after.
    pub wire: String,
    pub docs: Docs,
    /// Whether only its table is wanted, since its Rust type is a map.
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
    /// The schema's examples.
    pub examples: Vec<Value>,
    /// Its place in the schema's `required`, where it is there.
    pub required: Option<usize>,
    /// The Rust type, without the `Option` of a field that `new` does not take.
    pub ty: Type,
    /// What the table says of it.
    pub schema: ValueSchema,
    /// Where the schema describes it.
    pub place: Place,
}

/// The words of a schema about one thing, as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Docs {
    pub title: Option<String>,
    pub description: Option<String>,
    /// What is not known, and so not checked.
    pub unchecked: Vec<String>,
}

/// A Rust type, as typify decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Any,
    Boolean,
    Integer,
    Number,
    Text,
    Media,
    Url,
    /// An enum of words, by its index.
    Enum(usize),
    List(Box<Type>),
    Map(Box<Type>),
    /// A struct, by its index.
    Struct(usize),
    /// An enum of the branches of a union, by its index.
    Union(usize),
    /// The same, or null.
    Nullable(Box<Type>),
    /// The same in a box, in a cycle.
    Boxed(Box<Type>),
}

/// What the table says of a value: its shape and its rules.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueSchema {
    pub shape: Shape,
    pub rules: Vec<Rule>,
}

/// What kind of value is taken.
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
    /// The same, or null.
    Nullable(Box<ValueSchema>),
    /// A union, by its index.
    Union(usize),
}

/// One constraint on a value, or a note on it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rule {
    /// A rule that holds nothing but numbers, as the table has it.
    Plain(Plain),
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
    /// Whether this says nothing of values.
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
            // The others bound nothing, or are no plain rules.
            _ => return None,
        };
        let is_strict = matches!(rule, Plain::ExclusiveMinimum(_) | Plain::ExclusiveMaximum(_));
        Some(Edge { quantity, end, value, is_strict })
    }
}

/// What a value has to be to fit a union.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnionKind {
    /// What at least one branch takes: `anyOf`.
    AnyOf,
    /// What exactly one branch takes: `oneOf`.
    OneOf,
    /// What the branch of its kind takes, or anything where no branch is of its kind: a
    /// schema without `type`, whose keywords are each about one kind.
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
    /// The variants of its Rust enum; none where all branches have one Rust type.
    pub variants: Vec<(String, Type)>,
}

/// An enum of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StringEnum {
    pub name: String,
    /// The property that it is named after.
    pub wire: String,
    pub docs: Docs,
    pub variants: Vec<Variant>,
}

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variant {
    pub name: String,
    pub value: String,
}
