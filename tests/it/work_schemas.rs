//! Reading schemas costs time and memory in proportion to their size, as `work.rs` says of the
//! rest.

use std::hint::black_box;

use runcomfy_codegen::import::import;
use runcomfy_codegen::{Source, diff, generate};
use serde_json::{Map, Value, json};

use crate::support::settings;
use crate::work::{assert_linear, list, object};

/// The schema of an input with so many pieces of a kind.
type Schema = fn(usize) -> Value;
/// A text with so many pieces of a kind.
type Text<'a> = Box<dyn Fn(usize) -> String + 'a>;

const FOLDER: &str = "acme/x";
const MODEL: &str = r#"{"id": "acme/x"}"#;

const SCHEMAS: [(&str, Schema); 27] = [
    ("properties", |n| json!({"properties": object(n, |_| json!({"type": "string"}))})),
    ("properties of one name", |n| {
        let names = (0..n).map(|index| (format!("a{}b", "-".repeat(index % 40 + 1)), json!({})));
        let more = (0..n).map(|index| (format!("A{}B", " ".repeat(index)), json!({})));
        json!({"properties": Map::from_iter(names.chain(more))})
    }),
    ("objects of one name", |n| {
        let inner = json!({"type": "object", "properties": {"x": {"enum": ["a", "b"]}}});
        json!({"properties": object(n, |_| json!({"type": "object", "properties": {"part": inner}}))})
    }),
    (
        "required names that are missing",
        |n| json!({"properties": object(n, |_| json!({})), "required": list(n, |i| json!(format!("nome-{i}")))}),
    ),
    ("unknown keywords", |n| {
        let mut schema = object(n, |_| json!(1));
        schema["properties"] = json!({"a": object(n, |_| json!(1))});
        schema
    }),
    ("words", |n| one(json!({"enum": list(n, |index| json!(format!("word {index}")))}))),
    ("words of one name", |n| one(json!({"enum": list(n, |index| json!("-".repeat(index % 90)))}))),
    ("numbers", |n| one(json!({"enum": list(n, Value::from)}))),
    ("values", |n| one(json!({"enum": list(n, |index| json!([index]))}))),
    ("constants", |n| {
        one(json!({"oneOf": list(n, |index| json!({"const": format!("w{index}")}))}))
    }),
    ("branches", |n| {
        let branch = |index| json!({"type": "object", "properties": {format!("p{index}"): {}}});
        one(json!({"anyOf": list(n, branch)}))
    }),
    ("branches with a discriminator", |n| {
        let branch = |index| {
            let kind = json!({"const": format!("k{index}")});
            json!({"type": "object", "properties": {"kind": kind, "a": {}}, "required": ["kind"]})
        };
        one(json!({"oneOf": list(n, branch)}))
    }),
    ("branches of text", |n| {
        one(json!({"anyOf": list(n, |index| json!({"type": "string", "maxLength": index}))}))
    }),
    ("merged schemas", |n| {
        one(json!({"allOf": list(n, |index| json!({"properties": {format!("p{index}"): {}}}))}))
    }),
    ("merged bounds", |n| one(json!({"allOf": list(n, |index| json!({"minimum": index}))}))),
    ("definitions", |n| {
        json!({"properties": object(n, |i| json!({"$ref": format!("#/$defs/name-{i}")})),
            "$defs": object(n, |_| json!({"type": "integer"}))})
    }),
    ("a chain of references", |n| {
        let next = |index| json!({"$ref": format!("#/$defs/name-{}", index + 1)});
        json!({"properties": {"a": next(0)}, "$defs": object(n, next)})
    }),
    ("references to nothing", |n| {
        json!({"properties": object(n, |i| json!({"$ref": format!("#/$defs/nome-{i}")})),
            "$defs": object(n, |_| json!({}))})
    }),
    ("a description", |n| json!({"description": "[a](b) `c` * ".repeat(n), "properties": {}})),
    ("titles", |n| json!({"properties": object(n, |i| json!({"title": "t ".repeat(i % 50)}))})),
    ("a default", |n| one(json!({"type": "array", "default": list(n, Value::from)}))),
    (
        "wrong defaults",
        |n| json!({"properties": object(n, |_| json!({"type": "integer", "default": "x"}))}),
    ),
    ("wrong values", |n| json!({"properties": object(n, |_| json!({"minLength": "x"}))})),
    ("a pattern", |n| one(json!({"type": "string", "pattern": "(a|[b-c]{2})?".repeat(n)}))),
    ("a pattern in groups", |n| {
        let pattern = format!("{}a{}", "(?:".repeat(n), ")*".repeat(n));
        one(json!({"type": "string", "pattern": pattern}))
    }),
    ("rules of media", |n| {
        let rule = |index| json!({"validation_rule": "width_pixels>", "validation_value": index});
        one(json!({"type": "string", "format": "image_uri", "validations": list(n, rule)}))
    }),
    ("a long name", |n| json!({"properties": {"x ".repeat(n): {"enum": ["y ".repeat(n)]}}})),
];

fn one(schema: Value) -> Value {
    json!({"properties": {"a": schema}})
}

// Attack M6.
#[test]
fn generating_is_linear_in_the_schema() {
    for (what, schema) in SCHEMAS {
        assert_linear(
            what,
            60,
            |count| schema(count).to_string(),
            |input| {
                let output = format!(r#"{{"output": {input}}}"#);
                let output = Some(output.as_str());
                let source = Source { folder: FOLDER, model: MODEL, input, output, fixup: None };
                let generated = generate(&[source], &settings());
                let shown: Vec<String> =
                    generated.diagnostics.iter().map(ToString::to_string).collect();
                black_box(shown);
            },
        );
    }
}

#[test]
fn comparing_is_linear_in_the_schema() {
    for (what, schema) in SCHEMAS {
        let both = |count| {
            let old = schema(count).to_string();
            (old.replace("name-", "nome-").replace("word ", "work "), old)
        };
        assert_linear(what, 60, both, |(new, old)| {
            let source =
                |input| Source { folder: FOLDER, model: MODEL, input, output: None, fixup: None };
            black_box(diff(&[source(old)], &[source(new)]));
        });
    }
}

#[test]
fn importing_is_linear_in_the_text() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let texts: [(&str, Text<'_>); 4] = [
        (
            "entries",
            Box::new(|n| {
                let entry =
                    |index| json!({"model_id": format!("a/b{index}"), "input_schema": schema});
                json!({"models": list(n, entry)}).to_string()
            }),
        ),
        (
            "entries of one id",
            Box::new(|n| {
                json!({"models": list(n, |_| json!({"model_id": "a/b", "input_schema": schema}))})
                    .to_string()
            }),
        ),
        ("lines of a page", Box::new(|n| "API\nSchema\n{\n".repeat(n))),
        ("a page with schemas", Box::new(|n| format!("{schema}\n\nInput Schema\n").repeat(n))),
    ];
    for (what, text) in texts {
        assert_linear(what, 100, text, |text| _ = black_box(import(text)));
    }
}
