//! Merging: the schema that takes what two schemas both take, for `allOf`, for the
//! keywords beside a `$ref`, and for those beside a union.

use std::cmp::Ordering::{self, Greater, Less};

use serde_json::Value;

use crate::diagnostic::{Code, Findings};
use crate::schema::{Additional, Schema, TypeWord};

/// Both schemas in one. What `outer` says of itself, such as its title, goes first.
pub(super) fn merged(outer: &Schema, inner: &Schema, findings: &mut Findings) -> Schema {
    let mut refuse = |what: &str| {
        findings.push(
            Code::UnsupportedKeyword,
            &outer.place,
            format!("two schemas that are to hold together {what}, which is not carried"),
            "write them as one, with a fixup",
        );
    };
    if (outer.any_of.is_some() || outer.one_of.is_some())
        && (inner.any_of.is_some() || inner.one_of.is_some())
    {
        refuse("are both unions");
    }
    if let (Some(a), Some(b)) = (outer.format, inner.format)
        && a != b
    {
        refuse("have different `format`s");
    }
    let closes = |schema: &Schema| {
        matches!(schema.additional, Some(Additional::Closed | Additional::Schema(_)))
    };
    if (closes(outer) && inner.properties.is_some())
        || (closes(inner) && outer.properties.is_some())
    {
        refuse("say something of each other's properties");
    }
    let types = types(outer, inner);
    if types.is_empty() && !outer.types.is_empty() {
        let help = "correct one of them, with a fixup";
        let message = "two schemas that are to hold together have no `type` in common";
        findings.push(Code::Unsatisfiable, &outer.place, message, help);
    }
    let properties = properties(outer, inner, findings);
    let items = match (&outer.items, &inner.items) {
        (Some(a), Some(b)) => Some(Box::new(merged(a, b, findings))),
        (a, b) => a.clone().or_else(|| b.clone()),
    };
    let mut required = outer.required.clone();
    for entry in &inner.required {
        if !required.iter().any(|(name, _)| *name == entry.0) {
            required.push(entry.clone());
        }
    }
    let says_nothing = |schema: &Schema| schema.types.is_empty() && schema.choices.is_none();
    Schema {
        place: outer.place.clone(),
        nullable: match (says_nothing(outer), says_nothing(inner)) {
            (true, true) => outer.nullable || inner.nullable,
            (false, true) => outer.nullable,
            (true, false) => inner.nullable,
            (false, false) => outer.nullable && inner.nullable,
        },
        types,
        title: outer.title.clone().or_else(|| inner.title.clone()),
        description: outer.description.clone().or_else(|| inner.description.clone()),
        default: outer.default.clone().or_else(|| inner.default.clone()),
        examples: outer.examples.iter().chain(&inner.examples).cloned().collect(),
        choices: match (&outer.choices, &inner.choices) {
            (Some(a), Some(b)) => {
                Some(a.iter().filter(|value| b.contains(value)).cloned().collect())
            }
            (a, b) => a.clone().or_else(|| b.clone()),
        },
        format: outer.format.or(inner.format),
        reference: outer.reference.clone().or_else(|| inner.reference.clone()),
        definitions: outer.definitions.clone(),
        any_of: outer.any_of.clone().or_else(|| inner.any_of.clone()),
        one_of: outer.one_of.clone().or_else(|| inner.one_of.clone()),
        all_of: outer.all_of.iter().chain(&inner.all_of).cloned().collect(),
        properties,
        required,
        additional: additional(outer, inner, findings),
        min_properties: outer.min_properties.max(inner.min_properties),
        max_properties: least(outer.max_properties, inner.max_properties),
        items,
        min_items: outer.min_items.max(inner.min_items),
        max_items: least(outer.max_items, inner.max_items),
        unique_items: outer.unique_items || inner.unique_items,
        min_length: outer.min_length.max(inner.min_length),
        max_length: least(outer.max_length, inner.max_length),
        minimum: tighter(outer.minimum, inner.minimum, Greater),
        maximum: tighter(outer.maximum, inner.maximum, Less),
        exclusive_minimum: tighter(outer.exclusive_minimum, inner.exclusive_minimum, Greater),
        exclusive_maximum: tighter(outer.exclusive_maximum, inner.exclusive_maximum, Less),
        multiple_of: match (outer.multiple_of, inner.multiple_of) {
            (Some(a), Some(b)) if a % b != 0.0 && b % a != 0.0 => {
                let help = "write the common multiple as one, with a fixup";
                let message = "two `multipleOf` that are to hold together are not carried";
                findings.push(Code::UnsupportedKeyword, &outer.place, message, help);
                Some(a)
            }
            (a, b) => tighter(a, b, Greater),
        },
        notes: notes(outer, inner),
        unchecked: outer.unchecked.iter().chain(&inner.unchecked).cloned().collect(),
        validations: outer.validations.iter().chain(&inner.validations).cloned().collect(),
    }
}

/// The notes of both. Where both have one of a keyword, the outer one stands.
fn notes(outer: &Schema, inner: &Schema) -> Vec<(String, Value)> {
    let is_new =
        |(keyword, _): &&(String, Value)| outer.notes.iter().all(|(known, _)| known != keyword);
    outer.notes.iter().chain(inner.notes.iter().filter(is_new)).cloned().collect()
}

/// The types that both take. A whole number is a number.
fn types(outer: &Schema, inner: &Schema) -> Vec<TypeWord> {
    match (outer.types.as_slice(), inner.types.as_slice()) {
        ([], types) | (types, []) => types.to_vec(),
        (of_outer, of_inner) => {
            let whole = |a: &[TypeWord], b: &[TypeWord]| {
                a.contains(&TypeWord::Integer) && b.contains(&TypeWord::Number)
            };
            let both = of_outer.iter().filter(|word| of_inner.contains(word)).copied();
            let mut both: Vec<TypeWord> = both.collect();
            let is_whole = whole(of_outer, of_inner) || whole(of_inner, of_outer);
            if is_whole && !both.contains(&TypeWord::Integer) {
                both.push(TypeWord::Integer);
            }
            // Null is no word here, and is in common where both have it.
            if both.is_empty() && outer.nullable && inner.nullable {
                both.push(TypeWord::Null);
            }
            both
        }
    }
}

/// What both say of other properties: closed goes before described, described before open.
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

fn least(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    tighter(a, b, Less)
}

/// The one of two bounds that is greater, or less, than the other.
fn tighter<T: Copy + PartialOrd>(a: Option<T>, b: Option<T>, side: Ordering) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a.partial_cmp(&b) == Some(side) { a } else { b }),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::parse::schema;

    /// Both schemas in one, and the codes of what is said of that.
    fn both(outer: &Value, inner: &Value) -> (Schema, Vec<Code>) {
        let mut findings = Findings::default();
        let merged = merged(&schema(outer), &schema(inner), &mut findings);
        (merged, findings.0.into_iter().map(|found| found.code).collect())
    }

    #[test]
    fn of_two_bounds_the_tighter_holds_whichever_comes_first() {
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
    fn null_is_taken_where_both_take_it() {
        let silent = json!({"minimum": 1});
        let (null, text) = (json!({"type": ["string", "null"]}), json!({"type": "string"}));
        let (flag, word) = (json!({"nullable": true}), json!({"enum": ["a"]}));
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
    fn what_cannot_be_said_in_one_is_refused() {
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
    fn what_both_say_stands_in_one() {
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
