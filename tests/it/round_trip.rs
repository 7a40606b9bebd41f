//! The JSON Schema that an `Input` exports equals the published one, up to the equivalences in
//! `schemas/README.md`. Each equivalence is needed.

mod equivalence;
mod oracle;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::compiled_oracle::{CompiledOracle, Subject, subjects};
use crate::support::root;
use equivalence::Equivalence;
use oracle::OracleSchema;
pub(crate) use oracle::implied_type;

/// Returns the first difference under these equivalences.
fn difference(
    subject: &Subject,
    exported: &Value,
    allowed: &BTreeSet<Equivalence>,
) -> Option<String> {
    let published = OracleSchema::published(&subject.schema, &subject.required_inputs, allowed);
    oracle::difference(&published, &OracleSchema::of(exported, allowed))
}

/// Returns the first difference between the schema that a subject's `Input` exports and the
/// published one.
pub(crate) fn differs(oracle: &CompiledOracle, subject: &Subject) -> Option<String> {
    let allowed: BTreeSet<Equivalence> = Equivalence::ALL.into_iter().collect();
    difference(subject, &oracle.schema(subject), &allowed)
}

#[test]
fn every_exported_schema_equals_the_published_one() {
    let mut subjects = subjects();
    let all = subjects.len();
    let oracle = CompiledOracle::of("compiled-oracle", &mut subjects);
    assert!(all == subjects.len() && all >= 100, "{} of {all} were generated", subjects.len());
    let exported: Vec<Value> = subjects.iter().map(|subject| oracle.schema(subject)).collect();
    let pairs = || subjects.iter().zip(&exported);

    let allowed: BTreeSet<Equivalence> = Equivalence::ALL.into_iter().collect();
    let mut differing = String::new();
    for (subject, exported) in pairs() {
        if let Some(where_) = difference(subject, exported, &allowed) {
            differing.push_str(&format!("{}: {where_}\n", subject.folder));
        }
    }
    assert!(differing.is_empty(), "exported schemas differ from the published ones:\n{differing}");

    let idle: Vec<&str> = Equivalence::ALL
        .into_iter()
        .filter(|equivalence| {
            let mut rest = allowed.clone();
            rest.remove(equivalence);
            pairs().all(|(subject, exported)| difference(subject, exported, &rest).is_none())
        })
        .map(Equivalence::name)
        .collect();
    assert_eq!(idle, [""; 0], "nothing needs these equivalences");
}

#[test]
fn schemas_readme_lists_every_equivalence() {
    let text = std::fs::read_to_string(root().join("schemas/README.md")).expect("it exists");
    let (_, table) = text.split_once("| equivalence | what counts as the same |").expect("a table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let written: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    let known: Vec<&str> = Equivalence::ALL.into_iter().map(Equivalence::name).collect();
    assert_eq!(written, known);
}

#[test]
fn every_change_of_a_schema_is_a_difference() {
    let published = r##"{"type": "object", "required": ["a"], "title": "T", "properties": {
        "a": {"type": "string", "title": "A", "description": "D", "default": "x", "maxLength": 9,
            "examples": ["p"], "format": "image_uri", "x-order": 1, "validations": [
                {"validation_rule": "frames<", "validation_value": 24, "validation_error": "Few."}
            ]},
        "b": {"type": "array", "minItems": 1, "items": {"type": "integer", "title": "I", "enum": [1, 2]}},
        "c": {"anyOf": [{"type": "object", "properties": {"n": {"$ref": "#/properties/c"}}},
            {"type": "string", "minLength": 2}]}
    }}"##;
    let published: Value = serde_json::from_str(published).expect("it is JSON");
    let allowed: BTreeSet<Equivalence> = Equivalence::ALL.into_iter().collect();
    let differs = |other: &Value| {
        let published = OracleSchema::published(&published, &[], &allowed);
        oracle::difference(&published, &OracleSchema::of(other, &allowed)).is_some()
    };
    assert!(!differs(&published));
    // Change every value and remove every keyword, one at a time.
    let mut places = Vec::new();
    pointers(&published, String::new(), &mut places);
    let mut changed = 0;
    for pointer in places {
        let (parent, last) = pointer.rsplit_once('/').expect("it is below the top");
        let mut other = published.clone();
        match other.pointer_mut(parent).expect("it exists") {
            Value::Object(parent) => _ = parent.remove(last),
            Value::Array(parent) => _ = parent.remove(last.parse().expect("an index")),
            _ => panic!("{pointer} leads nowhere"),
        }
        // A keyword that another implies may be removed.
        let implied = pointer == "/type" || pointer == "/properties/c/anyOf/0/type";
        let implied = implied || pointer == "/properties/b/type" || pointer.ends_with("items/type");
        let implied = implied || pointer == "/properties/a/type";
        assert!(differs(&other) || implied, "{pointer} can be removed unnoticed");
        let mut other = published.clone();
        let value = other.pointer_mut(&pointer).expect("it exists");
        *value = match &*value {
            Value::String(text) if text == "#/properties/c" => Value::from("#/properties/b"),
            Value::String(text) if text == "string" => Value::from("boolean"),
            Value::String(text) if pointer.ends_with("/type") => {
                Value::from(if text == "integer" { "number" } else { "string" })
            }
            Value::String(text) => Value::from(format!("{text}!")),
            Value::Number(number) => Value::from(number.as_i64().unwrap_or_default() + 1),
            _ => continue,
        };
        changed += 1;
        assert!(differs(&other), "a change of {pointer} is not noticed");
    }
    assert!(changed > 20, "{changed}");
}

fn pointers(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(entries) => entries.iter().for_each(|(name, value)| {
            let at = format!("{at}/{name}");
            found.push(at.clone());
            pointers(value, at, found);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| {
            let at = format!("{at}/{index}");
            found.push(at.clone());
            pointers(value, at, found);
        }),
        _ => {}
    }
}
