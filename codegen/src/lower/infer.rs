//! Which kind of value a schema is about: by its `type`, by its choices, or by its other
//! keywords, each of which says something about values of one kind.

use serde_json::Value;

use crate::schema::{Schema, TypeWord};

/// The type that a schema names, or that its other keywords imply.
pub(super) fn kind(schema: &Schema) -> TypeWord {
    let implied = || implied(schema).first().and_then(|kind| kind.types.first().copied());
    match stated(schema) {
        TypeWord::Unknown => implied().unwrap_or(TypeWord::Unknown),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diagnostic::Place;
    use crate::parse::schema;

    #[test]
    fn the_kind_is_the_type_or_that_of_all_choices_or_what_the_keywords_are_about() {
        let cases = [
            (json!({"type": "boolean", "properties": {}}), TypeWord::Boolean),
            (json!({"enum": ["a", "b"], "items": {}}), TypeWord::String),
            (json!({"enum": [1, 2]}), TypeWord::Integer),
            (json!({"enum": [1, 2.5]}), TypeWord::Unknown),
            (json!({"enum": ["a", 1]}), TypeWord::Unknown),
            (json!({"enum": [], "required": ["a"]}), TypeWord::Object),
            (json!({"properties": {}, "items": {}}), TypeWord::Object),
            (json!({"additionalProperties": true}), TypeWord::Object),
            (json!({"required": ["a"], "format": "image_uri"}), TypeWord::Object),
            (json!({"items": {}, "format": "image_uris"}), TypeWord::Array),
            (json!({"format": "image_uri"}), TypeWord::String),
            (json!({"validations": [{"validation_rule": "frames<"}]}), TypeWord::String),
            (json!({"type": "tensor", "items": {}}), TypeWord::Array),
            (json!({"minimum": 1, "maxLength": 2, "minItems": 3}), TypeWord::Unknown),
        ];
        for (value, expected) in cases {
            assert_eq!(kind(&schema(&value)), expected, "{value}");
        }
    }

    #[test]
    fn what_a_schema_says_of_itself_stands_on_each_kind() {
        let whole = schema(&json!({
            "title": "T", "description": "D", "maxWords": 1,
            "properties": {"a": {}}, "required": ["a"], "additionalProperties": false,
            "items": {"type": "string"}, "format": "image_uris",
            "validations": [{"validation_rule": "frames<"}],
        }));
        let kinds = implied(&whole);
        let [object, array] = kinds.as_slice() else { panic!("{} kinds", kinds.len()) };
        for kind in [object, array] {
            assert_eq!((&kind.title, &kind.description), (&whole.title, &whole.description));
            assert_eq!(kind.unchecked, ["maxWords"]);
            assert_eq!(kind.place, whole.place);
            assert_ne!(kind.place, Place::default());
        }
        assert_eq!(object.properties, whole.properties);
        assert_eq!(object.required, whole.required);
        assert_eq!(object.additional, whole.additional);
        assert_eq!((&object.items, &object.format), (&None, &None));
        assert_eq!((&array.items, &array.format), (&whole.items, &whole.format));
        assert_eq!(array.validations, whole.validations);
        assert_eq!(array.properties, None);
    }
}
