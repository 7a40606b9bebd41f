//! What is beyond a limit is refused by name, and soon; what is within it is generated.

use std::time::{Duration, Instant};

use runcomfy_codegen::{Code, Generated, Severity, Source, generate};
use serde_json::{Map, Value, json};

use crate::{ENTRY, FINE, settings};

/// What no case may pass; each takes under 2 s on an idle machine.
const MOST_TIME: Duration = Duration::from_secs(10);

#[test]
fn input_beyond_a_limit_is_refused_quickly() {
    let mut failures = Vec::new();
    for (name, code, model, input) in beyond() {
        let source =
            Source { folder: "acme/x", model: &model, input: &input, output: None, fixup: None };
        failures.extend(refused(name, code, &source));
        let output = format!(r#"{{"output": {input}}}"#);
        if !ONLY_INPUTS.contains(&name) {
            let source = Source { output: Some(&output), input: FINE, ..source };
            failures.extend(read_as_json(name, &source));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_fixup_that_copies_endlessly_is_refused_quickly() {
    let test = json!({"op": "test", "path": "/type", "value": "object"});
    let copy =
        |index: usize| json!({"op": "copy", "from": "", "path": format!("/properties/x{index}")});
    let deeper = |_: usize| json!({"op": "copy", "from": "/properties", "path": "/properties/a"});
    let cases = [
        ("doubled forty times", Code::LimitPassed, (0..40).map(copy).collect::<Vec<_>>()),
        ("nested a hundred times", Code::LimitPassed, (0..100).map(deeper).collect()),
        ("of a thousand operations", Code::MalformedFixup, vec![test.clone(); 1000]),
    ];
    for (name, code, operations) in cases {
        let operations: Vec<Value> = [test.clone()].into_iter().chain(operations).collect();
        let fixup = json!({"reason": "r", "input": operations}).to_string();
        let source = Source {
            folder: "acme/x",
            model: ENTRY,
            input: FINE,
            output: None,
            fixup: Some(&fixup),
        };
        assert_eq!(refused(name, code, &source), None);
    }
}

#[test]
fn many_findings_are_counted_and_truncated() {
    let properties = |make: fn(usize) -> Value| -> Map<String, Value> {
        (0..450).map(|index| (format!("p{index}"), make(index))).collect()
    };
    let unknown = json!({"properties": properties(|index| json!({"maxWords": index}))});
    let generated = of(ENTRY, &unknown.to_string());
    assert_eq!((generated.models, generated.diagnostics.len()), (1, 201));
    let last = generated.diagnostics.last().expect("there is one");
    assert!(last.message.ends_with("; and 249 more of this kind, not shown"), "{last}");

    let mut mixed = properties(|index| json!({"maxWords": index}));
    mixed.insert("last".to_owned(), json!({"minLength": -1}));
    let generated = of(ENTRY, &json!({"properties": mixed}).to_string());
    assert_eq!((generated.models, generated.diagnostics.len()), (0, 202));
    assert_eq!(errors(&generated).len(), 1, "an error past those that are shown is kept");
}

#[test]
fn a_schema_within_the_limits_is_generated() {
    let chain: Map<String, Value> = (0..30)
        .map(|index| {
            let next = json!({"$ref": format!("#/$defs/d{}", index + 1), "minProperties": 1});
            (
                format!("d{index}"),
                json!({"type": "object", "properties": {format!("next{index}"): next}}),
            )
        })
        .chain([("d30".to_owned(), json!({"type": "string"}))])
        .collect();
    let choices: Vec<String> = (0..2000).map(|index| format!("w{index}")).collect();
    let wide: Map<String, Value> =
        (0..500).map(|index| (format!("p{index}"), json!({"type": "string"}))).collect();
    let parts: Vec<Value> = (0..60).map(|index| json!({"minLength": index})).collect();
    let cases = [
        ("500 properties", json!({"properties": wide})),
        ("2,000 choices", json!({"properties": {"a": {"enum": choices}}})),
        ("60 parts of `allOf`", json!({"properties": {"a": {"type": "string", "allOf": parts}}})),
        (
            "30 references, each with more beside it",
            json!({"$defs": chain, "properties": {"a": {"$ref": "#/$defs/d0", "maxProperties": 3}}}),
        ),
        (
            "a tree that refers to itself",
            json!({"$defs": {"n": {"properties": {"all": {"type": "array", "items": {"$ref": "#/$defs/n"}}}}}, "properties": {"a": {"$ref": "#/$defs/n"}}}),
        ),
        (
            "one reference in two parts of `allOf`",
            json!({"$defs": {"n": {"type": "string"}}, "properties": {"a": {"allOf": [{"$ref": "#/$defs/n"}, {"$ref": "#/$defs/n"}]}}}),
        ),
    ];
    for (name, input) in cases {
        let started = Instant::now();
        let generated = of(ENTRY, &input.to_string());
        assert!(generated.models == 1, "{name}: {:#?}", errors(&generated));
        assert!(started.elapsed() < MOST_TIME, "{name} took {:?}", started.elapsed());
    }
}

#[test]
fn a_reference_within_merged_properties_is_not_lost() {
    let input = json!({
        "$defs": {"short": {"type": "string", "maxLength": 7}},
        "allOf": [
            {"properties": {"a": {"$ref": "#/$defs/short"}}},
            {"properties": {"a": {"minLength": 3}}},
        ],
    });
    let generated = of(ENTRY, &input.to_string());
    let text = &generated.files["acme/x.rs"];
    assert!(text.contains("MaxLength(7)") && text.contains("MinLength(3)"), "{text}");
}

/// Cases that are about what only an input has.
const ONLY_INPUTS: [&str; 3] =
    ["a file of 11 MiB", "600 enums", "60,000 names that model.json requires"];

/// A case, the code that it earns, `model.json`, and `input.json`.
fn beyond() -> Vec<(&'static str, Code, String, String)> {
    let limit = Code::LimitPassed;
    let nested = |depth: usize, open: &str, close: &str| {
        format!(r#"{{"properties": {{"a": {}{{}}{}}}}}"#, open.repeat(depth), close.repeat(depth))
    };
    let many = |count: usize, make: &dyn Fn(usize) -> Value| -> Value {
        (0..count).map(|index| (format!("p{index}"), make(index))).collect::<Map<_, _>>().into()
    };
    let list = |count: usize, make: &dyn Fn(usize) -> Value| -> Value {
        (0..count).map(make).collect::<Vec<_>>().into()
    };
    let with = |definition: Value| {
        json!({"$defs": {"a": definition}, "properties": {"y": {"$ref": "#/$defs/a"}}}).to_string()
    };
    let again = |limit: u64| json!({"$ref": "#/$defs/a", "minProperties": limit});
    let word = "w".repeat(100_000);
    let plain: Vec<(&str, Code, String)> = vec![
        ("a file of 11 MiB", limit, format!(r#"{{"description": "{}"}}"#, "x".repeat(11 << 20))),
        ("a depth of 100", limit, nested(100, r#"{"items":"#, "}")),
        ("a depth of 10,000", limit, nested(10_000, r#"{"items":"#, "}")),
        ("a depth of 5,000,000", limit, "[".repeat(5_000_000) + &"]".repeat(5_000_000)),
        ("a depth of 10,000 that is not closed", limit, r#"{"items":"#.repeat(10_000)),
        ("10,000 properties", limit, json!({"properties": many(10_000, &|_| json!({}))}).to_string()),
        ("3,000 choices", limit, json!({"properties": {"a": {"enum": list(3000, &|n| json!(n))}}}).to_string()),
        ("a choice of 100,000 bytes", limit, json!({"properties": {"a": {"enum": [word]}}}).to_string()),
        ("a name of 100,000 bytes", limit, json!({"properties": {word.clone(): {}}}).to_string()),
        ("a definition's name of 100,000 bytes", limit, json!({"$defs": {word.clone(): {}}, "properties": {"a": {"$ref": format!("#/$defs/{word}")}}}).to_string()),
        ("60,000 values", limit, json!({"default": list(60_000, &|_| json!(0)), "properties": {}}).to_string()),
        ("1,000 required names", limit, json!({"required": list(1000, &|n| json!(n.to_string())), "properties": {}}).to_string()),
        ("1,000 branches", limit, json!({"properties": {"a": {"anyOf": list(1000, &|_| json!({"type": "string"}))}}}).to_string()),
        ("1,000 parts of `allOf`", limit, json!({"properties": {"a": {"allOf": list(1000, &|_| json!({"type": "string"}))}}}).to_string()),
        ("parts of `allOf` within parts", limit, json!({"properties": {"a": {"allOf": list(20, &|_| json!({"allOf": [{}, {}, {}]}))}}}).to_string()),
        ("150 parts of `allOf`", limit, json!({"properties": {"a": {"allOf": list(150, &|_| json!({"type": "string"}))}}}).to_string()),
        ("a circle through properties", limit, with(json!({"properties": {"x": again(1)}}))),
        ("two circles a level", limit, with(json!({"properties": {"x": again(1), "y": again(2)}}))),
        ("a circle through items", limit, with(json!({"items": {"$ref": "#/$defs/a", "minItems": 1}}))),
        ("a circle through additional properties", limit, with(json!({"type": "object", "additionalProperties": again(1)}))),
        ("two circles through a union", limit, with(json!({"anyOf": [{"type": "string"}, {"type": "array", "items": again(1)}, {"type": "object", "additionalProperties": again(2)}]}))),
        ("a circle of `allOf`", Code::UnresolvableReference, with(json!({"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}))),
        ("a circle of `allOf` through properties", limit, with(json!({"allOf": [{"properties": {"x": {"allOf": [{"$ref": "#/$defs/a"}, {"minProperties": 1}]}}}]}))),
        ("600 objects", limit, json!({"properties": {"a": {"properties": many(300, &|_| json!({"properties": {"x": {}}}))}, "b": {"properties": many(300, &|_| json!({"properties": {"x": {}}}))}}}).to_string()),
        ("600 enums", limit, json!({"properties": {"a": {"properties": many(300, &|_| json!({"enum": ["x"]}))}, "b": {"properties": many(300, &|_| json!({"enum": ["x"]}))}, "c": {"anyOf": list(150, &|n| json!({"enum": [n.to_string()], "type": "string"}))}, "d": {"properties": many(10, &|_| json!({"properties": {"x": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}}))}}}).to_string()),
        ("5,000 fields", limit, json!({"properties": many(10, &|_| json!({"properties": many(500, &|_| json!({}))}))}).to_string()),
        ("a megabyte that 500 references repeat", limit, json!({"$defs": {"a": {"type": "object", "description": "x".repeat(1 << 20)}}, "properties": many(500, &|n| json!({"$ref": "#/$defs/a", "minProperties": n}))}).to_string()),
        ("a default that 500 references repeat", limit, json!({"$defs": {"a": {"type": "string", "default": "x".repeat(1 << 20)}}, "properties": many(500, &|_| json!({"$ref": "#/$defs/a"}))}).to_string()),
        ("choices that 500 references repeat", limit, json!({"$defs": {"a": {"enum": list(2000, &|n| json!([n]))}}, "properties": many(500, &|_| json!({"$ref": "#/$defs/a"}))}).to_string()),
        ("rules that 500 references repeat", limit, json!({"$defs": {"a": {"type": "string", "format": "image_uri", "validations": list(2000, &|n| json!({"validation_rule": "width_pixels>", "validation_value": n, "validation_error": "no"}))}}, "properties": many(500, &|_| json!({"$ref": "#/$defs/a"}))}).to_string()),
    ];
    let all = plain.into_iter().map(|(name, code, input)| (name, code, ENTRY.to_owned(), input));
    let required =
        json!({"id": "acme/x", "required_inputs": list(40_000, &|n| json!(n.to_string()))});
    all.chain([(
        "60,000 names that model.json requires",
        limit,
        required.to_string(),
        FINE.to_owned(),
    )])
    .collect()
}

/// Why a case is not refused with its code and soon, if it is not.
fn refused(name: &str, code: Code, source: &Source<'_>) -> Option<String> {
    let started = Instant::now();
    let generated = generate(std::slice::from_ref(source), &settings());
    let took = started.elapsed();
    let mut found = errors(&generated);
    println!(
        "{:>7.3} s, {:>3} diagnostics: {name}",
        took.as_secs_f64(),
        generated.diagnostics.len()
    );
    found.dedup();
    if found != [code] || generated.models != 0 {
        return Some(format!("{name}: {found:?}, {} models", generated.models));
    }
    let longest = generated.diagnostics.iter().map(|found| found.message.len()).max();
    if longest > Some(8000) || generated.diagnostics.len() > 250 {
        return Some(format!("{name}: {} diagnostics", generated.diagnostics.len()));
    }
    (took > MOST_TIME).then(|| format!("{name} took {took:?}"))
}

/// Returns a failure unless an output beyond a limit is generated as JSON, and soon.
fn read_as_json(name: &str, source: &Source<'_>) -> Option<String> {
    let started = Instant::now();
    let generated = generate(std::slice::from_ref(source), &settings());
    let warned = generated.diagnostics.iter().any(|found| found.code == Code::UnreadableOutput);
    let took = started.elapsed();
    if generated.models != 1 || !warned || took > MOST_TIME {
        return Some(format!("{name}, as an output: {} models, {took:?}", generated.models));
    }
    None
}

fn errors(generated: &Generated) -> Vec<Code> {
    let codes = generated.diagnostics.iter().map(|diagnostic| diagnostic.code);
    codes.filter(|code| settings().severity(*code) == Severity::Error).collect()
}

fn of(model: &str, input: &str) -> Generated {
    generate(&[Source { folder: "acme/x", model, input, output: None, fixup: None }], &settings())
}
