//! Infers the kind of value that a schema describes: from its `type`, from its `enum`, or from its
//! other keywords, since each of those constrains values of one kind.

use serde_json::Value;

use crate::schema::{Schema, TypeWord};

/// Returns the type that a schema states, or that its other keywords imply.
pub(super) fn kind(schema: &Schema) -> TypeWord {
    match stated_kind(schema) {
        TypeWord::Unknown => {
            let kinds = implied_kinds(schema);
            kinds.first().and_then(|kind| kind.types.first()).copied().unwrap_or(TypeWord::Unknown)
        }
        word => word,
    }
}

/// Returns the type that a schema states, or that all values of its `enum` have.
pub(super) fn stated_kind(schema: &Schema) -> TypeWord {
    if let [word, ..] = schema.types.as_slice() {
        return *word;
    }
    match &schema.choices {
        Some(choices) if choices.iter().all(Value::is_string) => TypeWord::String,
        Some(choices) if choices.iter().all(Value::is_i64) => TypeWord::Integer,
        _ => TypeWord::Unknown,
    }
}

/// Returns `true` if nothing in a schema without references says a type other than string.
pub(super) fn says_no_type(schema: &Schema) -> bool {
    let is_union = schema.any_of.is_some() || schema.one_of.is_some();
    schema.types.is_empty()
        && schema.choices.is_none()
        && !is_union
        && matches!(kind(schema), TypeWord::Unknown | TypeWord::String)
}

/// Returns a schema for each kind of value that a schema without `type` describes, beside rules
/// that are one number each.
pub(super) fn implied_kinds(schema: &Schema) -> Vec<Schema> {
    let is_about_objects =
        schema.properties.is_some() || schema.additional.is_some() || !schema.required.is_empty();
    let is_about_strings = schema.format.is_some() || !schema.validations.is_empty();
    let mut kinds = Vec::new();
    if is_about_objects {
        kinds.push(Schema {
            properties: schema.properties.clone(),
            required: schema.required.clone(),
            additional: schema.additional.clone(),
            ..described(schema, TypeWord::Object)
        });
    }
    // A format and custom rules are about the items, if there are any.
    if schema.items.is_some() || is_about_strings {
        let word = if schema.items.is_some() { TypeWord::Array } else { TypeWord::String };
        kinds.push(Schema {
            items: schema.items.clone(),
            format: schema.format.clone(),
            validations: schema.validations.clone(),
            ..described(schema, word)
        });
    }
    kinds
}

/// Returns a schema of one type with the description of another.
fn described(schema: &Schema, word: TypeWord) -> Schema {
    Schema {
        place: schema.place.clone(),
        types: vec![word],
        title: schema.title.clone(),
        description: schema.description.clone(),
        unchecked: schema.unchecked.clone(),
        ..Schema::default()
    }
}

/// Drops the format and the rules about media of the branches that are not about strings, if
/// there is one that is.
pub(super) fn keep_format_on_strings(branches: &mut [Schema]) {
    if !branches.iter().any(is_about_strings) {
        return;
    }
    for branch in branches.iter_mut().filter(|branch| !is_about_strings(branch)) {
        branch.format = None;
        branch.validations.clear();
    }
}

fn is_about_strings(schema: &Schema) -> bool {
    match &schema.choices {
        Some(choices) if schema.types.is_empty() => choices.iter().any(Value::is_string),
        _ => matches!(kind(schema), TypeWord::String | TypeWord::Array),
    }
}

/// Returns a type as a noun.
pub(super) fn noun(word: TypeWord) -> &'static str {
    match word {
        TypeWord::Object => "an object",
        TypeWord::Array => "a list",
        TypeWord::String => "a string",
        TypeWord::Boolean => "a boolean",
        TypeWord::Integer => "an integer",
        TypeWord::Number => "a number",
        TypeWord::Null => "null",
        TypeWord::Unknown => "a value of any type",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diagnostic::Place;
    use crate::parse::schema;

    #[test]
    fn the_kind_follows_from_type_choices_or_keywords() {
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
    fn annotations_apply_to_each_implied_kind() {
        let whole = schema(&json!({
            "title": "T", "description": "D", "maxWords": 1,
            "properties": {"a": {}}, "required": ["a"], "additionalProperties": false,
            "items": {"type": "string"}, "format": "image_uris",
            "validations": [{"validation_rule": "frames<"}],
        }));
        let kinds = implied_kinds(&whole);
        let [object, array] = kinds.as_slice() else { panic!("{} kinds", kinds.len()) };
        for kind in [object, array] {
            assert_eq!((&kind.title, &kind.description), (&whole.title, &whole.description));
            assert_eq!(kind.unchecked, whole.unchecked);
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

    #[test]
    fn a_format_stays_on_the_branches_that_may_be_strings() {
        let with_format = |mut value: Value| {
            value["format"] = "image_uri".into();
            schema(&value)
        };
        let is_kept = |value: Value| {
            let mut branches = [with_format(json!({"type": "string"})), with_format(value)];
            keep_format_on_strings(&mut branches);
            branches[1].format.is_some()
        };
        for kept in [
            json!({}),
            json!({"type": "array"}),
            json!({"enum": ["a", 1]}),
            json!({"type": "string", "enum": [1]}),
        ] {
            assert!(is_kept(kept.clone()), "{kept}");
        }
        for dropped in [
            json!({"type": "integer"}),
            json!({"const": 1.5}),
            json!({"enum": [true, 1]}),
            json!({"enum": [null]}),
        ] {
            assert!(!is_kept(dropped.clone()), "{dropped}");
        }
    }
}
