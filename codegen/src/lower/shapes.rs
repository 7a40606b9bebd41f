//! What typify decides: the Rust type of every field.
//!
//! typify is handed a small closed grammar, of which it cannot stumble:
//!
//! - a struct is a definition `S0`, `S1`, …: `type: object` with the properties `f0`,
//!   `f1`, … in order, all required;
//! - an enum of words is a definition `W0`, `W1`, …; media is `Media`, an address `Url`.
//!   All three are replaced by opaque types of the same name;
//! - anything else is `true`, a scalar, an array, or an object of `additionalProperties`.
//!
//! The names survive typify's casing, and no keyword of a rule reaches it. Its graph is
//! read back here; nothing else in this crate sees typify.

use std::collections::BTreeMap;

use schemars::Map;
use schemars::schema::{ArrayValidation, InstanceType, ObjectValidation, Schema, SchemaObject};
use typify::{TypeDetails, TypeId, TypeSpace, TypeSpaceSettings};

use super::values::{Draft, Plan};
use crate::model::Type;

const MEDIA: &str = "Media";
const URL: &str = "Url";

/// The type of every field of every struct.
pub(super) fn types(structs: &[Draft], words: usize) -> Result<Vec<Vec<Type>>, String> {
    let mut settings = TypeSpaceSettings::default();
    let opaque: Vec<String> =
        (0..words).map(word_name).chain([MEDIA.to_owned(), URL.to_owned()]).collect();
    for name in &opaque {
        settings.with_replacement(name, name, std::iter::empty());
    }
    let mut space = TypeSpace::new(&settings);
    let text = || scalar(InstanceType::String, None);
    let opaque = opaque.into_iter().map(|name| (name, text()));
    let structs_of =
        structs.iter().enumerate().map(|(index, draft)| (struct_name(index), object(draft)));
    space.add_ref_types(opaque.chain(structs_of)).map_err(|error| error.to_string())?;
    let graph: BTreeMap<String, _> = space.iter_types().map(|ty| (ty.name(), ty)).collect();
    let fields = |(index, draft): (usize, &Draft)| {
        let name = struct_name(index);
        let ty = graph.get(&name).ok_or_else(|| format!("typify lost the type {name}"))?;
        let TypeDetails::Struct(details) = ty.details() else {
            return Err(format!("typify made {} no struct", draft.name));
        };
        let types: BTreeMap<&str, TypeId> = details.properties().collect();
        (0..draft.fields.len())
            .map(|field| {
                let id = types.get(field_name(field).as_str());
                read(&space, id.ok_or_else(|| format!("typify lost a field of {name}"))?)
            })
            .collect()
    };
    structs.iter().enumerate().map(fields).collect()
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
        TypeDetails::Builtin(name) => match name {
            "bool" => Ok(Type::Boolean),
            "i64" => Ok(Type::Integer),
            "f64" => Ok(Type::Number),
            MEDIA => Ok(Type::Media),
            URL => Ok(Type::Url),
            "::serde_json::Value" => Ok(Type::Any),
            name => indexed(name, 'W').map(Type::Words),
        },
        TypeDetails::Enum(_)
        | TypeDetails::Newtype(_)
        | TypeDetails::Option(_)
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

fn word_name(index: usize) -> String {
    format!("W{index}")
}

fn field_name(index: usize) -> String {
    format!("f{index}")
}

fn object(draft: &Draft) -> Schema {
    let properties: Map<String, Schema> = draft
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| (field_name(index), schema(&field.plan)))
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

fn schema(plan: &Plan) -> Schema {
    match plan {
        Plan::Any => Schema::Bool(true),
        Plan::Boolean => scalar(InstanceType::Boolean, None),
        Plan::Integer => scalar(InstanceType::Integer, Some("int64")),
        Plan::Number => scalar(InstanceType::Number, Some("double")),
        Plan::Text => scalar(InstanceType::String, None),
        Plan::Media => reference(MEDIA),
        Plan::Url => reference(URL),
        Plan::Words(index) => reference(&word_name(*index)),
        Plan::Object(index) => reference(&struct_name(*index)),
        Plan::List(item) => Schema::Object(SchemaObject {
            instance_type: Some(InstanceType::Array.into()),
            array: Some(Box::new(ArrayValidation {
                items: Some(schema(item).into()),
                ..ArrayValidation::default()
            })),
            ..SchemaObject::default()
        }),
        Plan::Map(value) => object_of(ObjectValidation {
            additional_properties: Some(Box::new(schema(value))),
            ..ObjectValidation::default()
        }),
    }
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
