//! Merges two schemas into one that allows what both allow: for `allOf`, for the keywords beside a
//! `$ref`, and for those beside a union.

use std::cmp::Ordering::{self, Greater, Less};

use serde_json::Value;

use crate::diagnostic::{Conflict, Diagnostic, Findings, Place};
use crate::schema::{Additional, Pattern, Schema, TypeWord};

/// Merges two schemas. The annotations of `outer` go first.
pub(super) fn merged(outer: &Schema, inner: &Schema, findings: &mut Findings) -> Schema {
    let conflicts = conflicts(outer, inner);
    for conflict in &conflicts {
        findings.push(Diagnostic::unsupported_merge(&outer.place, *conflict));
    }
    if conflicts.contains(&Conflict::Unions) {
        // Nothing else is reported of a schema that cannot be merged.
        return Schema { place: outer.place.clone(), ..annotations(outer, inner) };
    }
    let mut schema = Schema {
        is_never: outer.is_never || inner.is_never,
        nullable: nullable(outer, inner),
        types: types(outer, inner, findings),
        choices: choices(outer, inner),
        properties: properties(outer, inner, findings),
        additional: additional(outer, inner, findings),
        required: required(outer, inner),
        items: items(outer, inner, findings),
        multiple_of: multiple_of(outer, inner, findings),
        format: outer.format.clone().or_else(|| inner.format.clone()),
        reference: outer.reference.clone().or_else(|| inner.reference.clone()),
        definitions: outer.definitions.clone(),
        any_of: outer.any_of.clone().or_else(|| inner.any_of.clone()),
        one_of: outer.one_of.clone().or_else(|| inner.one_of.clone()),
        all_of: concat(&outer.all_of, &inner.all_of),
        patterns: merged_patterns(outer, inner),
        validations: concat(&outer.validations, &inner.validations),
        place: outer.place.clone(),
        ..annotations(outer, inner)
    };
    tighten_bounds(&mut schema, outer, inner);
    schema
}

/// Returns the conflicts between two schemas that must hold together.
fn conflicts(outer: &Schema, inner: &Schema) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    if is_union(outer) && is_union(inner) {
        conflicts.push(Conflict::Unions);
    }
    if let (Some(a), Some(b)) = (&outer.format, &inner.format)
        && a.format != b.format
    {
        conflicts.push(Conflict::Formats);
    }
    if (restricts_others(outer) && inner.properties.is_some())
        || (restricts_others(inner) && outer.properties.is_some())
    {
        conflicts.push(Conflict::ClosedProperties);
    }
    conflicts
}

fn is_union(schema: &Schema) -> bool {
    schema.any_of.is_some() || schema.one_of.is_some()
}

fn restricts_others(schema: &Schema) -> bool {
    matches!(schema.additional, Some(Additional::Closed | Additional::Schema(_)))
}

/// Returns a schema of the annotations of both.
fn annotations(outer: &Schema, inner: &Schema) -> Schema {
    let notes = inner.notes.iter();
    let notes = notes.filter(|(keyword, _)| outer.notes.iter().all(|(known, _)| known != keyword));
    Schema {
        title: outer.title.clone().or_else(|| inner.title.clone()),
        description: outer.description.clone().or_else(|| inner.description.clone()),
        default: outer.default.clone().or_else(|| inner.default.clone()),
        examples: concat(&outer.examples, &inner.examples),
        notes: outer.notes.iter().chain(notes).cloned().collect(),
        unchecked: concat(&outer.unchecked, &inner.unchecked),
        ..Schema::default()
    }
}

/// Returns `true` if both allow null.
fn nullable(outer: &Schema, inner: &Schema) -> bool {
    match (is_about_any_type(outer), is_about_any_type(inner)) {
        (true, true) => outer.nullable || inner.nullable,
        (false, true) => outer.nullable,
        (true, false) => inner.nullable,
        (false, false) if outer.types.is_empty() && inner.types.is_empty() => {
            outer.nullable && inner.nullable
        }
        (false, false) => allows_null(outer) && allows_null(inner),
    }
}

fn allows_null(schema: &Schema) -> bool {
    let mut choices = schema.choices.iter().flatten();
    schema.nullable || (schema.types.is_empty() && choices.any(Value::is_null))
}

fn is_about_any_type(schema: &Schema) -> bool {
    schema.types.is_empty() && schema.choices.is_none()
}

/// Returns the types that both allow. An integer is a number.
fn types(outer: &Schema, inner: &Schema, findings: &mut Findings) -> Vec<TypeWord> {
    if outer.types.is_empty() || inner.types.is_empty() {
        return concat(&outer.types, &inner.types);
    }
    let mut both = outer.types.clone();
    both.retain(|word| inner.types.contains(word));
    let has_integer = integer_and_number(outer, inner) || integer_and_number(inner, outer);
    if has_integer && !both.contains(&TypeWord::Integer) {
        both.push(TypeWord::Integer);
    }
    // Null is not among the words.
    if both.is_empty() && outer.nullable && inner.nullable {
        both.push(TypeWord::Null);
    }
    if both.is_empty() {
        findings.push(Diagnostic::no_common_type(&outer.place));
    }
    both
}

fn integer_and_number(a: &Schema, b: &Schema) -> bool {
    a.types.contains(&TypeWord::Integer) && b.types.contains(&TypeWord::Number)
}

fn choices(outer: &Schema, inner: &Schema) -> Option<Vec<Value>> {
    match (&outer.choices, &inner.choices) {
        (Some(a), Some(b)) => Some(a.iter().filter(|value| b.contains(value)).cloned().collect()),
        (a, b) => a.clone().or_else(|| b.clone()),
    }
}

fn properties(
    outer: &Schema,
    inner: &Schema,
    findings: &mut Findings,
) -> Option<Vec<(String, Schema)>> {
    let (Some(a), Some(b)) = (&outer.properties, &inner.properties) else {
        return outer.properties.clone().or_else(|| inner.properties.clone());
    };
    let mut properties = a.clone();
    for (name, schema) in b {
        match properties.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = merged(known, schema, findings),
            None => properties.push((name.clone(), schema.clone())),
        }
    }
    Some(properties)
}

/// Returns what both allow of other properties.
fn additional(outer: &Schema, inner: &Schema, findings: &mut Findings) -> Option<Additional> {
    match (&outer.additional, &inner.additional) {
        (Some(Additional::Closed), _) | (_, Some(Additional::Closed)) => Some(Additional::Closed),
        (Some(Additional::Schema(a)), Some(Additional::Schema(b))) => {
            Some(Additional::Schema(Box::new(merged(a, b, findings))))
        }
        (Some(Additional::Schema(one)), _) | (_, Some(Additional::Schema(one))) => {
            Some(Additional::Schema(one.clone()))
        }
        (a, b) => a.clone().or_else(|| b.clone()),
    }
}

fn required(outer: &Schema, inner: &Schema) -> Vec<(String, Place)> {
    let mut required = outer.required.clone();
    for entry in &inner.required {
        if !required.iter().any(|(name, _)| *name == entry.0) {
            required.push(entry.clone());
        }
    }
    required
}

fn merged_patterns(outer: &Schema, inner: &Schema) -> Vec<Pattern> {
    let new = inner.patterns.iter().filter(|pattern| !outer.patterns.contains(pattern));
    outer.patterns.iter().chain(new).cloned().collect()
}

fn items(outer: &Schema, inner: &Schema, findings: &mut Findings) -> Option<Box<Schema>> {
    match (&outer.items, &inner.items) {
        (Some(a), Some(b)) => Some(Box::new(merged(a, b, findings))),
        (a, b) => a.clone().or_else(|| b.clone()),
    }
}

fn multiple_of(outer: &Schema, inner: &Schema, findings: &mut Findings) -> Option<f64> {
    match (outer.multiple_of, inner.multiple_of) {
        (Some(a), Some(b)) if a % b != 0.0 && b % a != 0.0 => {
            findings.push(Diagnostic::unsupported_multiple_of_pair(&outer.place));
            Some(a)
        }
        (a, b) => tighter(a, b, Greater),
    }
}

/// Sets the tighter of each bound.
fn tighten_bounds(schema: &mut Schema, outer: &Schema, inner: &Schema) {
    schema.min_properties = tighter(outer.min_properties, inner.min_properties, Greater);
    schema.max_properties = tighter(outer.max_properties, inner.max_properties, Less);
    schema.min_items = tighter(outer.min_items, inner.min_items, Greater);
    schema.max_items = tighter(outer.max_items, inner.max_items, Less);
    schema.unique_items = outer.unique_items || inner.unique_items;
    schema.min_length = tighter(outer.min_length, inner.min_length, Greater);
    schema.max_length = tighter(outer.max_length, inner.max_length, Less);
    schema.minimum = tighter(outer.minimum, inner.minimum, Greater);
    schema.maximum = tighter(outer.maximum, inner.maximum, Less);
    schema.exclusive_minimum = tighter(outer.exclusive_minimum, inner.exclusive_minimum, Greater);
    schema.exclusive_maximum = tighter(outer.exclusive_maximum, inner.exclusive_maximum, Less);
}

/// Returns the one of two bounds that is greater, or less, than the other.
fn tighter<T: Copy + PartialOrd>(a: Option<T>, b: Option<T>, side: Ordering) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a.partial_cmp(&b) == Some(side) { a } else { b }),
        (a, b) => a.or(b),
    }
}

fn concat<T: Clone>(a: &[T], b: &[T]) -> Vec<T> {
    a.iter().chain(b).cloned().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::diagnostic::Code;
    use crate::parse::schema;

    /// Merges two schemas. Returns the result and the codes that were reported.
    fn both(outer: &Value, inner: &Value) -> (Schema, Vec<Code>) {
        let mut findings = Findings::default();
        let merged = merged(&schema(outer), &schema(inner), &mut findings);
        (merged, findings.0.into_iter().map(|found| found.code).collect())
    }

    #[test]
    fn the_tighter_bound_holds_in_either_order() {
        let cases = [
            ("minimum", json!(1), json!(2)),
            ("minimum", json!(9007199254740993_i64), json!(9007199254740996_i64)),
            ("maximum", json!(2), json!(1)),
            ("exclusiveMinimum", json!(1), json!(2)),
            ("exclusiveMaximum", json!(2), json!(1)),
            ("minLength", json!(1), json!(2)),
            ("maxLength", json!(2), json!(1)),
            ("minItems", json!(1), json!(2)),
            ("maxItems", json!(2), json!(1)),
            ("minProperties", json!(1), json!(2)),
            ("maxProperties", json!(2), json!(1)),
            ("multipleOf", json!(2), json!(6)),
            ("uniqueItems", json!(false), json!(true)),
        ];
        for (keyword, loose, tight) in cases {
            let (loose, tight) = (json!({ keyword: loose }), json!({ keyword: tight }));
            for (outer, inner) in [(&loose, &tight), (&tight, &loose), (&json!({}), &tight)] {
                let (merged, codes) = both(outer, inner);
                assert_eq!(merged, Schema { place: merged.place.clone(), ..schema(&tight) });
                assert_eq!(codes, [], "{outer} and {inner}");
            }
        }
        assert_eq!(
            both(&json!({"multipleOf": 2}), &json!({"multipleOf": 3})).1,
            [Code::UnsupportedKeyword]
        );
    }

    #[test]
    fn null_is_allowed_if_both_allow_it() {
        let silent = json!({"minimum": 1});
        let (null, text) = (json!({"type": ["string", "null"]}), json!({"type": "string"}));
        let (flag, word) = (json!({"nullable": true}), json!({"enum": ["a"]}));
        let null_word = json!({"enum": ["a", null]});
        let cases = [
            (&silent, &silent, false),
            (&silent, &null, true),
            (&silent, &text, false),
            (&flag, &silent, true),
            (&flag, &null, true),
            (&flag, &text, false),
            (&flag, &word, false),
            (&null, &null, true),
            (&null, &text, false),
            (&null, &word, false),
            (&null, &null_word, true),
            (&text, &null_word, false),
            (&text, &text, false),
        ];
        for (a, b, expected) in cases {
            for (outer, inner) in [(a, b), (b, a)] {
                assert_eq!(both(outer, inner).0.nullable, expected, "{outer} and {inner}");
            }
        }
        let (only_null, codes) = both(&null, &json!({"type": ["integer", "null"]}));
        assert_eq!((only_null.types.as_slice(), codes), (&[TypeWord::Null][..], vec![]));
    }

    #[test]
    fn conflicting_schemas_are_refused() {
        let (any, one) = (json!({"anyOf": [{}, {}]}), json!({"oneOf": [{}, {}]}));
        let closed = json!({"additionalProperties": false});
        let values = json!({"additionalProperties": {"type": "string"}});
        let (a, open) = (json!({"properties": {"a": {}}}), json!({"additionalProperties": true}));
        let (image, video) = (json!({"format": "image_uri"}), json!({"format": "video_uri"}));
        let (text, whole) = (json!({"type": "string"}), json!({"type": "integer"}));
        let cases = [
            (&any, &any, vec![Code::UnsupportedKeyword]),
            (&any, &one, vec![Code::UnsupportedKeyword]),
            (&one, &one, vec![Code::UnsupportedKeyword]),
            (&any, &text, vec![]),
            (&one, &text, vec![]),
            (&closed, &a, vec![Code::UnsupportedKeyword]),
            (&values, &a, vec![Code::UnsupportedKeyword]),
            (&open, &a, vec![]),
            (&closed, &values, vec![]),
            (&image, &video, vec![Code::UnsupportedKeyword]),
            (&image, &image, vec![]),
            (&image, &text, vec![]),
            (&text, &whole, vec![Code::Unsatisfiable]),
            (&text, &text, vec![]),
        ];
        for (a, b, expected) in cases {
            for (outer, inner) in [(a, b), (b, a)] {
                assert_eq!(both(outer, inner).1, expected, "{outer} and {inner}");
            }
        }
    }

    #[test]
    fn two_schemas_merge_keyword_by_keyword() {
        let cases = [
            (
                json!({"type": ["integer", "string"]}),
                json!({"type": ["number", "boolean"]}),
                json!({"type": "integer"}),
            ),
            (
                json!({"type": "number"}),
                json!({"type": ["number", "integer"]}),
                json!({"type": ["number", "integer"]}),
            ),
            (json!({"enum": [1, 2, 3]}), json!({"enum": [3, 2, 4]}), json!({"enum": [2, 3]})),
            (
                json!({"required": ["a", "b"]}),
                json!({"required": ["b", "c"]}),
                json!({"required": ["a", "b", "c"]}),
            ),
            (
                json!({"properties": {"a": {"minimum": 1}, "b": {}}}),
                json!({"properties": {"a": {"maximum": 2}, "c": {}}}),
                json!({"properties": {"a": {"minimum": 1, "maximum": 2}, "b": {}, "c": {}}}),
            ),
            (
                json!({"items": {"minimum": 1}}),
                json!({"items": {"maximum": 2}}),
                json!({"items": {"minimum": 1, "maximum": 2}}),
            ),
            (
                json!({"title": "A", "default": 1}),
                json!({"title": "B", "description": "D", "default": 2}),
                json!({"title": "A", "description": "D", "default": 1}),
            ),
            (json!({"examples": [1]}), json!({"examples": [2]}), json!({"examples": [1, 2]})),
            (
                json!({"additionalProperties": {"minimum": 1}}),
                json!({"additionalProperties": {"maximum": 2}}),
                json!({"additionalProperties": {"minimum": 1, "maximum": 2}}),
            ),
            (
                json!({"additionalProperties": true}),
                json!({"additionalProperties": {"minimum": 1}}),
                json!({"additionalProperties": {"minimum": 1}}),
            ),
            (
                json!({"additionalProperties": {"minimum": 1}}),
                json!({"additionalProperties": false}),
                json!({"additionalProperties": false}),
            ),
            (
                json!({"additionalProperties": true}),
                json!({}),
                json!({"additionalProperties": true}),
            ),
            (
                json!({"allOf": [{"minimum": 1}]}),
                json!({"allOf": [{"maximum": 2}]}),
                json!({"allOf": [{"minimum": 1}, {"maximum": 2}]}),
            ),
            (json!({"anyOf": [{}]}), json!({"minimum": 1}), json!({"anyOf": [{}], "minimum": 1})),
            (json!({"minimum": 1}), json!({"oneOf": [{}]}), json!({"oneOf": [{}], "minimum": 1})),
            (json!({"maxWords": 1}), json!({"maxLines": 1}), json!({"maxWords": 1, "maxLines": 1})),
            (
                json!({"validations": [{"validation_rule": "a>"}]}),
                json!({"validations": [{"validation_rule": "b>"}]}),
                json!({"validations": [{"validation_rule": "a>"}, {"validation_rule": "b>"}]}),
            ),
            (
                json!({"minimum": 1}),
                json!({"$ref": "#/$defs/a"}),
                json!({"minimum": 1, "$ref": "#/$defs/a"}),
            ),
            (json!({"$defs": {"a": {}}}), json!({}), json!({"$defs": {"a": {}}})),
        ];
        for (outer, inner, expected) in cases {
            let (merged, codes) = both(&outer, &inner);
            assert_eq!(codes, [], "{outer} and {inner}");
            assert_eq!(bare(merged), bare(schema(&expected)), "{outer} and {inner}");
        }
    }

    /// A schema without its places, as it prints.
    fn bare(schema: Schema) -> String {
        let text = format!("{schema:#?}");
        let is_place = |line: &&str| {
            !["file:", "pointer:", "span:", "place:"].iter().any(|key| line.trim().starts_with(key))
                && !line.trim().contains("..")
        };
        text.lines().filter(is_place).collect::<Vec<_>>().join("\n")
    }
}
