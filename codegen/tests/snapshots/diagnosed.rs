//! Every diagnostic, and what it is given for.

use runcomfy_codegen::{Code, Severity, Source, Treatment, generate, keywords};

use crate::{ENTRY, FINE, settings};

#[test]
fn every_diagnostic_points_to_its_cause() {
    let mut shown = String::new();
    for (code, model, input, output) in DIAGNOSED {
        let fixup = FIXUPS.iter().find(|(of, _)| of == code).map(|(_, text)| *text);
        let source = Source { folder: "acme/x", model, input, output: *output, fixup };
        let sources = [source];
        let generated = generate(&sources, &settings());
        let found: Vec<Code> =
            generated.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        assert!(found.contains(code), "{code} is not among {found:?}");
        let refused = !generated.files.contains_key("acme/x.rs");
        let is_error = code.severity() == Severity::Error;
        assert_eq!(refused, is_error, "{code}");
        for diagnostic in &generated.diagnostics {
            shown.push_str(&format!("{diagnostic}\n"));
        }
    }
    for (keyword, _) in keywords().filter(|(_, treatment)| *treatment == Treatment::Refused) {
        let input = format!("{{\"properties\": {{\"a\": {{\"{keyword}\": {{}}}}}}}}");
        let source =
            Source { folder: "acme/x", model: ENTRY, input: &input, output: None, fixup: None };
        let generated = generate(&[source], &settings());
        assert!(!generated.files.contains_key("acme/x.rs"), "{keyword} was taken");
        for diagnostic in &generated.diagnostics {
            shown.push_str(&format!("{diagnostic}\n"));
        }
    }
    for code in Code::ALL {
        // Guards against a typify that behaves otherwise, and against names that the rules
        // of naming do not tell apart; nothing here provokes them.
        let unreachable = matches!(code, Code::UnexpectedShape | Code::NameClash);
        let covered = DIAGNOSED.iter().any(|(covered, ..)| covered == code);
        assert!(covered != unreachable, "no case for {code}");
    }
    insta::assert_snapshot!("diagnostics", shown);
}

/// A code, and a model that earns it: `model.json`, `input.json`, `output.json`.
type Diagnosed = (Code, &'static str, &'static str, Option<&'static str>);

const DIAGNOSED: &[Diagnosed] = &[
    (Code::InvalidJson, ENTRY, "{\"type\": \"object\",\n \"properties\" {}}", None),
    (Code::DuplicateKey, ENTRY, r#"{"type": "object", "properties": {"a": {}, "a": {}}}"#, None),
    (
        Code::LimitPassed,
        ENTRY,
        r##"{"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "string", "anyOf": [{"$ref": "#/$defs/A"}]}}}"##,
        None,
    ),
    (Code::LimitPassed, ENTRY, DEEP, None),
    (Code::MalformedModel, r#"{"id": 7}"#, FINE, None),
    (Code::MalformedModel, r#"{"id": "acme/y"}"#, FINE, None),
    (Code::MalformedModel, r#"{"id": "acme/x", "arguments": "prompt"}"#, FINE, None),
    (Code::MalformedModel, r#"{"id": "acme/x", "title": 7}"#, FINE, None),
    (Code::MalformedModel, r#"{"id": "acme/x", "gives": ["smell"]}"#, FINE, None),
    (
        Code::UnknownArgument,
        r#"{"id": "acme/x", "arguments": ["promt", "seed", "prompt", "prompt"]}"#,
        r#"{"type": "object", "required": ["prompt"], "properties": {"prompt": {"type": "string"}}}"#,
        None,
    ),
    (Code::MalformedFixup, ENTRY, FINE, None),
    (Code::StaleFixup, ENTRY, FINE, None),
    (
        Code::MalformedKeyword,
        ENTRY,
        r#"{"properties": {"a": {"type": "string", "maxLength": -1}, "b": {"minimum": "0"}, "c": 5, "d": {"validations": [{}]}}, "required": "a"}"#,
        None,
    ),
    (
        Code::MalformedKeyword,
        ENTRY,
        r#"{"properties": {"a": {"minimum": 9007199254740993, "exclusiveMinimum": true}, "b": {"items": "string"}}}"#,
        None,
    ),
    (
        Code::UnsupportedKeyword,
        ENTRY,
        r#"{"type": "object", "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}"#,
        None,
    ),
    (
        Code::UnsupportedKeyword,
        ENTRY,
        r#"{"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "integer"}], "oneOf": [{"minimum": 1}, {"maxLength": 2}]}}}"#,
        None,
    ),
    (
        Code::Unsatisfiable,
        ENTRY,
        r#"{"minProperties": 3, "maxProperties": 1, "properties": {"a": {"const": "c", "enum": ["a", "b"]}, "b": false, "c": {"type": "integer", "minimum": 5, "enum": [1, 2]}, "d": {"type": "string", "maxLength": 2, "enum": ["abc"]}, "e": {"anyOf": [{"type": "integer", "minimum": 2, "maximum": 1}, {"type": "string"}]}}}"#,
        None,
    ),
    (
        Code::UnsupportedKeyword,
        ENTRY,
        r#"{"properties": {"a": {"type": "string", "pattern": "(?=a)"}, "b": {"allOf": [{"anyOf": [{}, {}]}, {"oneOf": [{}, {}]}]}}}"#,
        None,
    ),
    (
        Code::UnresolvableReference,
        ENTRY,
        r##"{"properties": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "other.json"}, "c": {"$ref": "#/properties/c"}}}"##,
        None,
    ),
    (
        Code::UnsupportedKeyword,
        ENTRY,
        r##"{"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": "array", "items": {"$ref": "#/$defs/a"}}}}"##,
        None,
    ),
    (Code::ClosedInput, ENTRY, r#"{"properties": {"a": {}}, "additionalProperties": true}"#, None),
    (Code::NotAnObject, ENTRY, r#"{"type": "string"}"#, None),
    (Code::UnreadableOutput, ENTRY, FINE, Some(r#"{"type": "object"}"#)),
    (
        Code::UnreadableOutput,
        ENTRY,
        FINE,
        Some(r##"{"output": {"properties": {"a": {"$ref": "#/$defs/A"}, "b": {"pattern": 7}}}}"##),
    ),
    (Code::UnreadableOutput, ENTRY, FINE, Some("{")),
    (
        Code::Unsatisfiable,
        ENTRY,
        r#"{"properties": {"a": {"minimum": 2, "maximum": 1}, "b": {"enum": []}, "c": {"type": "integer", "enum": ["x"]}, "d": {"minLength": 2, "maxLength": 1}, "e": {"exclusiveMinimum": 1, "maximum": 1}}}"#,
        None,
    ),
    (
        Code::MalformedAnnotation,
        ENTRY,
        r#"{"properties": {"a": {"type": "string", "title": {"en": "A"}, "description": 7}}}"#,
        None,
    ),
    (
        Code::UnknownKeyword,
        ENTRY,
        r#"{"properties": {"a": {"type": "string", "maxWords": 9}}}"#,
        None,
    ),
    (
        Code::DefaultBreaksSchema,
        ENTRY,
        r#"{"properties": {"a": {"type": "integer", "maximum": 5, "default": 6}, "b": {"enum": ["x"], "examples": ["x", "y"]}, "c": {"type": "array", "items": {"type": "string"}, "default": ["s", 1]}}}"#,
        None,
    ),
    (
        Code::SharedName,
        ENTRY,
        r#"{"properties": {"a-b": {}, "a_b": {"enum": ["4k", "4K"]}}}"#,
        None,
    ),
    (
        Code::UnknownFormat,
        ENTRY,
        r#"{"properties": {"a": {"type": "string", "format": "color"}}}"#,
        None,
    ),
    (Code::UnknownType, ENTRY, r#"{"properties": {"a": {"type": "tensor"}}}"#, None),
    (
        Code::UnknownRule,
        ENTRY,
        r#"{"properties": {"a": {"type": "string", "format": "video_uri", "validations": [{"validation_rule": "frames<", "validation_value": 240, "validation_error": "At most 240 frames."}]}}}"#,
        None,
    ),
    (Code::RequiredWithoutProperty, ENTRY, r#"{"properties": {}, "required": ["ghost"]}"#, None),
    (
        Code::IgnoredKeyword,
        ENTRY,
        r##"{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"$ref": "#/$defs/A", "maxLength": 2}}, "$defs": {"A": {"type": "string"}}}"##,
        None,
    ),
    (Code::RepeatedChoice, ENTRY, r#"{"properties": {"a": {"enum": ["x", "y", "x"]}}}"#, None),
];

/// The fixup of the model that earns a code about fixups.
const FIXUPS: &[(Code, &str)] = &[
    (
        Code::MalformedFixup,
        r#"{"why": "…", "input": [{"op": "replace", "path": "/type", "value": "object"}, {"op": "tset"}]}"#,
    ),
    (
        Code::StaleFixup,
        r#"{"reason": "…", "input": [{"op": "test", "path": "/type", "value": "objetc"}], "output": [{"op": "test", "path": "", "value": {}}]}"#,
    ),
];

const DEEP: &str = concat!(
    r#"{"properties": {"a": "#,
    r#"{"items": {"items": {"items": {"items": {"items": {"items": {"items": {"items": "#,
    r#"{"items": {"items": {"items": {"items": {"items": {"items": {"items": {"items": "#,
    r#"{"items": {"items": {"items": {"items": {"items": {"items": {"items": {"items": "#,
    r#"{"items": {"items": {"items": {"items": {"items": {"items": {"items": {"items": "#,
    r#"{"items": {"items": {"items": {"items": {"items": {"items": {"items": {"items": "#,
    r#"{"items": {"items": {"items": {"items": {"items": {"items": {"items": {"items": "#,
    r#"{"items": {"items": {"items": {"items": {"items": {"items": {"items": {"items": "#,
    r#"{"items": {"items": {"items": {"items": {"items": {"items": {"items": {"items": {}"#,
    "}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}",
);
