//! What typify decides: the Rust type of every field.
//!
//! typify is handed a small closed grammar, of which it cannot stumble:
//!
//! - a struct is a definition `S0`, `S1`, …: `type: object` with the properties `f0`,
//!   `f1`, … in order, all required;
//! - a union is a definition `U0`, `U1`, …: `oneOf` its branches;
//! - an enum of words is a definition `W0`, `W1`, …; media is `Media`, an address `Url`.
//!   All three are replaced by opaque types of the same name;
//! - what may be null is `anyOf` itself and `null`;
//! - anything else is `true`, a scalar, an array, or an object of `additionalProperties`.
//!
//! The names survive typify's casing, and no keyword of a rule reaches it. Its graph is
//! read back here; nothing else in this crate sees typify.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use schemars::Map;
use schemars::schema::{
    ArrayValidation, InstanceType, ObjectValidation, Schema, SchemaObject, SubschemaValidation,
};
use typify::{TypeDetails, TypeEnumVariant, TypeId, TypeSpace, TypeSpaceSettings};

use super::draft::{Lowered, StructDraft, TypeRequest, UnionDraft};
use crate::model::Type;

/// What holds the root's type.
const ROOT: &str = "Root";
const MEDIA: &str = "Media";
const URL: &str = "Url";

/// What typify decided.
pub(super) struct Types {
    pub root: Type,
    /// The type of every field of every struct.
    pub fields: Vec<Vec<Type>>,
    /// The type of every variant of every union.
    pub variants: Vec<Vec<Type>>,
}

/// Asks typify for the types of all that was found.
pub(super) fn types(found: &Lowered) -> Result<Types, String> {
    let mut settings = TypeSpaceSettings::default();
    let words = (0..found.enums.len()).map(word_name);
    let opaque: Vec<String> = words.chain([MEDIA.to_owned(), URL.to_owned()]).collect();
    for name in &opaque {
        settings.with_replacement(name, name, std::iter::empty());
    }
    let mut space = TypeSpace::new(&settings);
    let opaque = opaque.into_iter().map(|name| (name, scalar(InstanceType::String, None)));
    let structs = found.structs.iter().enumerate();
    let structs = structs.map(|(index, draft)| (struct_name(index), object(draft)));
    let unions = found.unions.iter().enumerate().filter(|(_, draft)| !draft.requests.is_empty());
    let unions = unions.map(|(index, draft)| (union_name(index), one_of(&draft.requests)));
    // The root's own type is asked for as that of a field.
    let root = StructDraft::holding(found.root.clone());
    let root = [(ROOT.to_owned(), object(&root))];
    let all = opaque.chain(structs).chain(unions).chain(root);
    // typify has panicked on what it did not foresee; that is this model's fault alone.
    let all: Vec<(String, Schema)> = all.collect();
    let added = catch_unwind(AssertUnwindSafe(|| space.add_ref_types(all)));
    added.map_err(|_| "typify panicked".to_owned())?.map_err(|error| error.to_string())?;
    let graph =
        Graph { types: space.iter_types().map(|ty| (ty.name(), ty)).collect(), space: &space };
    let fields = |(index, draft): (usize, &StructDraft)| {
        graph.fields(&struct_name(index), draft.fields.len())
    };
    let variants = |(index, draft): (usize, &UnionDraft)| match draft.requests.is_empty() {
        true => Ok(Vec::new()),
        false => graph.variants(&union_name(index), draft.requests.len()),
    };
    let root = graph.fields(ROOT, 1)?.pop().ok_or("typify lost the root")?;
    Ok(Types {
        root,
        fields: found.structs.iter().enumerate().map(fields).collect::<Result<_, _>>()?,
        variants: found.unions.iter().enumerate().map(variants).collect::<Result<_, _>>()?,
    })
}

/// typify's graph of types.
struct Graph<'a> {
    types: BTreeMap<String, typify::Type<'a>>,
    space: &'a TypeSpace,
}

impl Graph<'_> {
    fn fields(&self, name: &str, count: usize) -> Result<Vec<Type>, String> {
        let ty = self.types.get(name).ok_or_else(|| format!("typify lost the type {name}"))?;
        let TypeDetails::Struct(details) = ty.details() else {
            return Err(format!("typify made {name} no struct"));
        };
        let types: BTreeMap<&str, TypeId> = details.properties().collect();
        let field = |index: usize| {
            let id = types.get(field_name(index).as_str());
            read(self.space, id.ok_or_else(|| format!("typify lost a field of {name}"))?)
        };
        (0..count).map(field).collect()
    }

    fn variants(&self, name: &str, count: usize) -> Result<Vec<Type>, String> {
        let ty = self.types.get(name).ok_or_else(|| format!("typify lost the type {name}"))?;
        let TypeDetails::Enum(details) = ty.details() else {
            return Err(format!("typify made the union {name} no enum"));
        };
        let variants: Vec<Type> = details
            .variants()
            .map(|(_, variant)| match variant {
                TypeEnumVariant::Tuple(types) => match types.as_slice() {
                    [id] => read(self.space, id),
                    _ => Err(format!("typify made a branch of {name} a tuple")),
                },
                TypeEnumVariant::Simple | TypeEnumVariant::Struct(_) => {
                    Err(format!("typify gave a branch of {name} no type"))
                }
            })
            .collect::<Result<_, String>>()?;
        match variants.len() == count {
            true => Ok(variants),
            false => Err(format!("typify merged branches of {name}")),
        }
    }
}

fn read(space: &TypeSpace, id: &TypeId) -> Result<Type, String> {
    let ty = space.get_type(id).map_err(|error| error.to_string())?;
    let inner = |id: &TypeId| read(space, id).map(Box::new);
    match ty.details() {
        TypeDetails::String => Ok(Type::Text),
        TypeDetails::Vec(item) => Ok(Type::List(inner(&item)?)),
        TypeDetails::Map(_, value) => Ok(Type::Map(inner(&value)?)),
        TypeDetails::Box(boxed) => Ok(Type::Boxed(inner(&boxed)?)),
        TypeDetails::Struct(_) => indexed(&ty.name(), 'S').map(Type::Struct),
        TypeDetails::Enum(_) => indexed(&ty.name(), 'U').map(Type::Union),
        TypeDetails::Option(some) => Ok(Type::Nullable(inner(&some)?)),
        TypeDetails::Builtin(name) => match name {
            "bool" => Ok(Type::Boolean),
            "i64" => Ok(Type::Integer),
            "f64" => Ok(Type::Number),
            MEDIA => Ok(Type::Media),
            URL => Ok(Type::Url),
            "::serde_json::Value" => Ok(Type::Any),
            name => indexed(name, 'W').map(Type::Enum),
        },
        TypeDetails::Newtype(_)
        | TypeDetails::Set(_)
        | TypeDetails::Tuple(_)
        | TypeDetails::Array(..)
        | TypeDetails::Unit => Err(format!("typify made an unforeseen {}", ty.describe())),
    }
}

fn indexed(name: &str, kind: char) -> Result<usize, String> {
    let index = name.strip_prefix(kind).and_then(|index| index.parse().ok());
    index.ok_or_else(|| format!("typify made the unforeseen type {name}"))
}

fn struct_name(index: usize) -> String {
    format!("S{index}")
}

fn union_name(index: usize) -> String {
    format!("U{index}")
}

fn word_name(index: usize) -> String {
    format!("W{index}")
}

fn field_name(index: usize) -> String {
    format!("f{index}")
}

fn object(draft: &StructDraft) -> Schema {
    let properties: Map<String, Schema> = draft
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| (field_name(index), schema(&field.request)))
        .collect();
    object_of(ObjectValidation {
        required: properties.keys().cloned().collect(),
        properties,
        // Without this, a struct of no properties would be a map.
        additional_properties: Some(Box::new(Schema::Bool(false))),
        ..ObjectValidation::default()
    })
}

fn object_of(object: ObjectValidation) -> Schema {
    Schema::Object(SchemaObject {
        instance_type: Some(InstanceType::Object.into()),
        object: Some(Box::new(object)),
        ..SchemaObject::default()
    })
}

fn schema(request: &TypeRequest) -> Schema {
    match request {
        // As an object: `true` as a branch of a union makes typify panic.
        TypeRequest::Any => Schema::Object(SchemaObject::default()),
        TypeRequest::Boolean => scalar(InstanceType::Boolean, None),
        TypeRequest::Integer => scalar(InstanceType::Integer, Some("int64")),
        TypeRequest::Number => scalar(InstanceType::Number, Some("double")),
        TypeRequest::Text => scalar(InstanceType::String, None),
        TypeRequest::Media => reference(MEDIA),
        TypeRequest::Url => reference(URL),
        TypeRequest::Enum(index) => reference(&word_name(*index)),
        TypeRequest::Object(index) => reference(&struct_name(*index)),
        TypeRequest::Union(index) => reference(&union_name(*index)),
        TypeRequest::Nullable(inner) => subschemas(SubschemaValidation {
            any_of: Some(vec![schema(inner), scalar(InstanceType::Null, None)]),
            ..SubschemaValidation::default()
        }),
        TypeRequest::List(item) => Schema::Object(SchemaObject {
            instance_type: Some(InstanceType::Array.into()),
            array: Some(Box::new(ArrayValidation {
                items: Some(schema(item).into()),
                ..ArrayValidation::default()
            })),
            ..SchemaObject::default()
        }),
        TypeRequest::Map(value) => object_of(ObjectValidation {
            additional_properties: Some(Box::new(schema(value))),
            ..ObjectValidation::default()
        }),
    }
}

fn one_of(requests: &[TypeRequest]) -> Schema {
    subschemas(SubschemaValidation {
        one_of: Some(requests.iter().map(schema).collect()),
        ..SubschemaValidation::default()
    })
}

fn subschemas(subschemas: SubschemaValidation) -> Schema {
    Schema::Object(SchemaObject {
        subschemas: Some(Box::new(subschemas)),
        ..SchemaObject::default()
    })
}

fn scalar(kind: InstanceType, format: Option<&str>) -> Schema {
    Schema::Object(SchemaObject {
        instance_type: Some(kind.into()),
        format: format.map(str::to_owned),
        ..SchemaObject::default()
    })
}

fn reference(name: &str) -> Schema {
    Schema::new_ref(format!("#/definitions/{name}"))
}
