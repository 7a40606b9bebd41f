//! Asks typify for the Rust type of every field.
//!
//! typify only ever sees the small closed grammar below, on which it cannot fail:
//!
//! - a struct is a definition `S0`, `S1`, …: `type: object` with the properties `f0`, `f1`, …
//!   in order, all required;
//! - a union is a definition `U0`, `U1`, …: `oneOf` its branches;
//! - a string enum is a definition `W0`, `W1`, …; media is `Media`, an address `Url`, an integer
//!   past 64 bits `Wide`. All four are replaced by opaque types of the same name;
//! - a nullable value is `anyOf` itself and `null`;
//! - anything else is `true`, a scalar, an array, or an object of `additionalProperties`.
//!
//! The names survive typify's casing, and typify never sees a keyword of a rule. This file reads
//! its graph back; no other file of this crate sees typify.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use schemars::Map;
use schemars::schema::{
    ArrayValidation, InstanceType, ObjectValidation, Schema, SchemaObject, SubschemaValidation,
};
use typify::{TypeDetails, TypeEnumVariant, TypeId, TypeSpace, TypeSpaceSettings};

use super::draft::{Lowered, StructDraft, TypeRequest, UnionDraft};
use crate::model::Type;

/// The definition that holds the root's type.
const ROOT: &str = "Root";
const MEDIA: &str = "Media";
const URL: &str = "Url";
const WIDE: &str = "Wide";

/// The types that typify decided.
pub(super) struct Types {
    pub root: Type,
    /// The type of every field of every struct.
    pub fields: Vec<Vec<Type>>,
    /// The type of every variant of every union.
    pub variants: Vec<Vec<Type>>,
}

/// Asks typify for the types of a lowered schema.
pub(super) fn types(found: &Lowered) -> Result<Types, String> {
    let mut settings = TypeSpaceSettings::default();
    let words = (0..found.enums.len()).map(enum_name);
    let opaque: Vec<String> = words.chain([MEDIA, URL, WIDE].map(str::to_owned)).collect();
    for name in &opaque {
        settings.with_replacement(name, name, std::iter::empty());
    }
    let mut space = TypeSpace::new(&settings);
    let opaque = opaque.into_iter().map(|name| (name, scalar(InstanceType::String, None)));
    let structs = found.structs.iter().enumerate();
    let structs = structs.map(|(index, draft)| (struct_name(index), object(draft)));
    let unions = found.unions.iter().enumerate().filter(|(_, draft)| !draft.requests.is_empty());
    let unions = unions.map(|(index, draft)| (union_name(index), one_of(&draft.requests)));
    // The root's own type is asked for as the type of a field.
    let root = StructDraft::holding(found.root.clone());
    let root = [(ROOT.to_owned(), object(&root))];
    let all = opaque.chain(structs).chain(unions).chain(root);
    // typify has panicked on shapes that it did not foresee; that must refuse this model only.
    let all: Vec<(String, Schema)> = all.collect();
    let added = catch_unwind(AssertUnwindSafe(|| space.add_ref_types(all)));
    added.map_err(|_| "typify panicked".to_owned())?.map_err(|error| error.to_string())?;
    let graph =
        Graph { types: space.iter_types().map(|ty| (ty.name(), ty)).collect(), space: &space };
    let root = graph.fields(ROOT, 1)?.pop().ok_or("typify lost the root")?;
    Ok(Types {
        root,
        fields: graph.all_fields(&found.structs)?,
        variants: graph.all_variants(&found.unions)?,
    })
}

/// typify's graph of types.
struct Graph<'a> {
    types: BTreeMap<String, typify::Type<'a>>,
    space: &'a TypeSpace,
}

impl Graph<'_> {
    fn all_fields(&self, structs: &[StructDraft]) -> Result<Vec<Vec<Type>>, String> {
        let structs = structs.iter().enumerate();
        structs.map(|(index, draft)| self.fields(&struct_name(index), draft.fields.len())).collect()
    }

    fn all_variants(&self, unions: &[UnionDraft]) -> Result<Vec<Vec<Type>>, String> {
        let unions = unions.iter().enumerate();
        unions
            .map(|(index, draft)| match draft.requests.len() {
                0 => Ok(Vec::new()),
                count => self.variants(&union_name(index), count),
            })
            .collect()
    }

    fn fields(&self, name: &str, count: usize) -> Result<Vec<Type>, String> {
        let ty = self.types.get(name).ok_or_else(|| format!("typify lost the type {name}"))?;
        let TypeDetails::Struct(details) = ty.details() else {
            return Err(format!("typify made {name} no struct"));
        };
        let types: BTreeMap<&str, TypeId> = details.properties().collect();
        let fields = (0..count).map(|index| {
            let id = types.get(field_name(index).as_str());
            read(self.space, id.ok_or_else(|| format!("typify lost a field of {name}"))?)
        });
        fields.collect()
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
        if variants.len() != count {
            return Err(format!("typify merged branches of {name}"));
        }
        Ok(variants)
    }
}

fn read(space: &TypeSpace, id: &TypeId) -> Result<Type, String> {
    let ty = space.get_type(id).map_err(|error| error.to_string())?;
    match ty.details() {
        TypeDetails::String => Ok(Type::Text),
        TypeDetails::Vec(item) => Ok(Type::List(read_boxed(space, &item)?)),
        TypeDetails::Map(_, value) => Ok(Type::Map(read_boxed(space, &value)?)),
        TypeDetails::Box(boxed) => Ok(Type::Boxed(read_boxed(space, &boxed)?)),
        TypeDetails::Struct(_) => indexed(&ty.name(), 'S').map(Type::Struct),
        TypeDetails::Enum(_) => indexed(&ty.name(), 'U').map(Type::Union),
        TypeDetails::Option(some) => Ok(Type::Nullable(read_boxed(space, &some)?)),
        TypeDetails::Builtin(name) => match name {
            "bool" => Ok(Type::Boolean),
            "i64" => Ok(Type::Integer),
            "u64" => Ok(Type::Unsigned),
            "f64" => Ok(Type::Number),
            MEDIA => Ok(Type::Media),
            URL => Ok(Type::Url),
            WIDE => Ok(Type::Wide),
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

fn read_boxed(space: &TypeSpace, id: &TypeId) -> Result<Box<Type>, String> {
    read(space, id).map(Box::new)
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

fn enum_name(index: usize) -> String {
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
        TypeRequest::Unsigned => scalar(InstanceType::Integer, Some("uint64")),
        TypeRequest::Number => scalar(InstanceType::Number, Some("double")),
        TypeRequest::Text => scalar(InstanceType::String, None),
        TypeRequest::Media => reference(MEDIA),
        TypeRequest::Url => reference(URL),
        TypeRequest::Wide => reference(WIDE),
        TypeRequest::Enum(index) => reference(&enum_name(*index)),
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
