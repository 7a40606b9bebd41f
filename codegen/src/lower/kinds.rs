//! Which kind of value a schema is about: by its `type`, by its choices, or by its other
//! keywords, each of which says something about values of one kind.

use serde_json::Value;

use crate::document::{Schema, TypeWord};

/// The type that a schema names, or that its other keywords imply.
pub(super) fn kind(schema: &Schema) -> TypeWord {
    let kinds = || implied(schema).first().and_then(|branch| branch.types.first().copied());
    match stated(schema) {
        TypeWord::Unknown if schema.types.is_empty() && schema.choices.is_none() => {
            kinds().unwrap_or(TypeWord::Unknown)
        }
        word => word,
    }
}

/// The type that a schema names, or that all of its choices have.
pub(super) fn stated(schema: &Schema) -> TypeWord {
    if let [word, ..] = schema.types.as_slice() {
        return *word;
    }
    let all = |test: fn(&Value) -> bool| {
        schema.choices.as_ref().is_some_and(|choices| choices.iter().all(test))
    };
    if all(Value::is_string) {
        TypeWord::String
    } else if all(|value| value.as_i64().is_some()) {
        TypeWord::Integer
    } else {
        TypeWord::Unknown
    }
}

/// What a schema without `type` says of each kind of value that it describes, beside
/// rules that are one number each.
pub(super) fn implied(schema: &Schema) -> Vec<Schema> {
    let of_kind = |word: TypeWord| Schema {
        place: schema.place.clone(),
        types: vec![word],
        title: schema.title.clone(),
        description: schema.description.clone(),
        unchecked: schema.unchecked.clone(),
        ..Schema::default()
    };
    let about_objects =
        schema.properties.is_some() || schema.additional.is_some() || !schema.required.is_empty();
    let about_strings = schema.format.is_some() || !schema.validations.is_empty();
    let mut kinds = Vec::new();
    if about_objects {
        kinds.push(Schema {
            properties: schema.properties.clone(),
            required: schema.required.clone(),
            additional: schema.additional.clone(),
            ..of_kind(TypeWord::Object)
        });
    }
    // A format and custom rules are about the items where there are some.
    if schema.items.is_some() || about_strings {
        let word = if schema.items.is_some() { TypeWord::Array } else { TypeWord::String };
        kinds.push(Schema {
            items: schema.items.clone(),
            format: schema.format,
            validations: schema.validations.clone(),
            ..of_kind(word)
        });
    }
    kinds
}
