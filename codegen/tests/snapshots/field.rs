//! Cases from the field, each named after its report: a schema, the diagnostics that it must get,
//! and texts that the generated module must have.

use runcomfy_codegen::{Generated, Source, generate};
use serde_json::{Value, json};

use crate::{ENTRY, settings};

/// A code, the end of a JSON pointer, and parts of the message and the help.
type Expected = (&'static str, &'static str, &'static str, &'static str);

/// Generates a model with one property `v` of this schema.
fn property(schema: Value) -> Generated {
    input(&json!({"properties": {"v": schema}}))
}

fn input(schema: &Value) -> Generated {
    let input = schema.to_string();
    let source =
        Source { folder: "acme/x", model: ENTRY, input: &input, output: None, fixup: None };
    generate(&[source], &settings())
}

fn module(generated: &Generated) -> &str {
    assert!(generated.files.contains_key("acme/x.rs"), "{:?}", generated.diagnostics);
    &generated.files["acme/x.rs"]
}

/// Asserts that these are all diagnostics, in order.
fn assert_found(generated: &Generated, expected: &[Expected]) {
    let found = &generated.diagnostics;
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, (code, pointer, message, help)) in found.iter().zip(expected) {
        assert_eq!(found.code.name(), *code, "{found}");
        assert!(found.place.pointer.ends_with(pointer), "{found}");
        assert!(found.message.contains(message), "{found}");
        assert!(found.help.contains(help), "{found}");
    }
}

/// Asserts that the module has these texts, whatever the line breaks of its docs.
fn assert_texts(generated: &Generated, texts: &[&str]) {
    let lines = module(generated).lines().map(|line| line.trim().trim_start_matches("///").trim());
    let module = lines.collect::<Vec<_>>().join(" ");
    for text in texts {
        assert!(module.contains(text), "no `{text}` in {module}");
    }
}

// Field case: null-title.
#[test]
fn a_null_keyword_is_absent() {
    let schema = json!({
        "type": "string", "title": null, "description": null, "minimum": null, "enum": null,
        "validations": null, "format": null, "items": null, "anyOf": null, "maxLength": null,
        "required": null, "properties": null, "additionalProperties": null, "pattern": null,
        "$ref": null, "$defs": null, "nullable": null, "examples": null, "not": null,
    });
    let generated = property(schema);
    assert_found(&generated, &[]);
    assert_texts(&generated, &["pub v: Option<String>"]);
    let untyped = property(json!({"type": null}));
    assert_found(&untyped, &[("unknown-type", "/v/type", "`type` is null", "fixup")]);
}

// Field case: null-title.
#[test]
fn a_malformed_annotation_is_a_warning() {
    let generated = property(json!({
        "type": "string",
        "title": {"zh": "提示", "en": "The prompt"},
        "description": ["a", 1],
        "default": {"any": 1},
        "deprecated": "soon",
        "readOnly": 7,
        "$comment": {"a": null},
    }));
    let warned = ("malformed-annotation", "/title", "`title` must be a string", "nothing");
    let described = ("malformed-annotation", "/description", "must be a string", "nothing");
    let default = ("default-breaks-schema", "/v/default", "must be a string", "never sent");
    assert_found(&generated, &[warned, described, default]);
    assert_texts(&generated, &["The prompt."]);
}

// Field case: null-title.
#[test]
fn a_format_that_is_no_string_is_a_warning() {
    for format in [json!(1), json!(true), json!(["image_uri"]), json!({"en": "image_uri"})] {
        let generated = property(json!({"type": "string", "format": format}));
        let warned = ("unknown-format", "/v/format", "`format` must be a string", "nothing");
        assert_found(&generated, &[warned]);
        assert_texts(&generated, &["pub v: Option<String>", &format!("format: {format}")]);
    }
}

// Field case: oneof-of-consts. A program that chose a branch has said its discriminator.
#[test]
fn an_optional_discriminator_is_filled_in() {
    let branch = |word: &str| {
        let kind = json!({"type": "string", "const": word, "default": word});
        json!({"type": "object", "properties": {"kind": kind, "size": {"type": "integer"}}})
    };
    let generated = property(json!({"anyOf": [branch("x"), branch("y")]}));
    let text = module(&generated).split_whitespace().collect::<Vec<_>>().join(" ");
    for branch in ["X", "Y"] {
        let filled_in = format!("Kind::{branch}), size: None, }}");
        assert!(text.contains(&filled_in), "no {filled_in} in {text}");
    }
    assert_eq!(text.matches("`new` fills in its only value.").count(), 2, "{text}");
    let alone = property(branch("x"));
    assert!(!module(&alone).contains("fills in"), "{}", module(&alone));
}

/// rustc denies an argument with the name of a variant of its type.
#[test]
fn an_argument_is_named_apart_from_the_variants_of_its_type() {
    let word = json!({"type": "string", "enum": ["名前", "b"]});
    let schema = json!({"properties": {"名前": word, "ab": word}, "required": ["名前", "ab"]});
    let generated = input(&schema);
    assert_texts(
        &generated,
        &["pub fn new(名前_: 名前, ab: Ab) -> Self", "Self { 名前: 名前_, ab }"],
    );
}

// Field case: misspelt-keyword.
#[test]
fn a_misspelling_gets_its_word() {
    let cases = [
        (json!({"type": "string", "maxLenght": 3}), "unknown-keyword", "did you mean `maxLength`?"),
        (json!({"maximun": 3}), "unknown-keyword", "did you mean `maximum`?"),
        (json!({"addtionalProperties": true}), "unknown-keyword", "mean `additionalProperties`?"),
        (json!({"maxWords": 3}), "unknown-keyword", "report it"),
        (json!({"type": "interger"}), "unknown-type", "did you mean `integer`?"),
        (json!({"type": "OBJECT"}), "unknown-type", "did you mean `object`?"),
        (json!({"type": "bool"}), "unknown-type", "did you mean `boolean`?"),
        (json!({"type": "tensor"}), "unknown-type", "if you know its meaning"),
        (
            json!({"type": "string", "format": "imge_uri"}),
            "unknown-format",
            "did you mean `image_uri`?",
        ),
    ];
    for (schema, code, help) in cases {
        assert_found(&property(schema), &[(code, "", "", help)]);
    }
}

// Field case: number-format-help.
#[test]
fn a_format_of_numbers_is_an_annotation_on_numbers() {
    for (word, format) in
        [("integer", "int64"), ("integer", "int32"), ("number", "float"), ("number", "double")]
    {
        let generated = property(json!({"type": word, "format": format}));
        assert_found(&generated, &[]);
        assert!(!module(&generated).contains("Not checked"), "{format}");
    }
    let unknown = property(json!({"type": "integer", "format": "epoch"}));
    assert_found(&unknown, &[("unknown-format", "/v/format", "`epoch`", "any number will do")]);
    let of_text = property(json!({"type": "string", "format": "int64"}));
    assert_found(&of_text, &[("unknown-format", "/v/format", "`int64`", "any string will do")]);
}

// Field case: format-on-non-string.
#[test]
fn a_media_format_on_another_type_is_reported() {
    let object = json!({"type": "object", "properties": {"url": {"type": "string"}}});
    let cases = [
        (json!({"type": "integer", "format": "image_uri"}), "image_uri", "an integer"),
        (json!({"type": "boolean", "format": "video_uri"}), "video_uri", "a boolean"),
        (json!({"type": "array", "format": "image_uris", "items": object}), "image_uris", "object"),
        (json!({"type": "object", "format": "audio_uri"}), "audio_uri", "an object"),
    ];
    for (schema, format, noun) in cases {
        let generated = property(schema);
        assert_found(&generated, &[("unknown-format", "/v/format", noun, "`type`")]);
        let docs = format!("Not checked: `format: {format}`.");
        let row = format!("Annotation(\"format\", \"\\\"{format}\\\"\")");
        assert_texts(&generated, &[&docs, &row]);
    }
    let mixed = [
        json!({"type": ["string", "integer"], "format": "image_uri"}),
        json!({"format": "image_uri", "anyOf": [{"type": "string"}, {"type": "integer"}]}),
    ];
    for schema in mixed {
        assert_found(&property(schema), &[]);
    }
}

// Field case: ref-to-components.
#[test]
fn a_reference_leads_to_any_schema_of_the_document() {
    let generated = input(&json!({
        "properties": {
            "q": {"allOf": [{"$ref": "#/components/schemas/Q"}], "default": "hd"},
            "r": {"$ref": "#/x-shared/0/R"},
        },
        "components": {"schemas": {"Q": {"type": "string", "enum": ["hd", "sd"]}}},
        "x-shared": [{"R": {"type": "object", "properties": {"s": {"type": "boolean"}}}}],
    }));
    assert_found(&generated, &[]);
    assert_texts(&generated, &["pub q: Option<Q>", "pub r: Option<R>", "pub s: Option<bool>"]);
    let dangling = input(&json!({
        "properties": {"q": {"$ref": "#/components/schemas/P"}},
        "components": {"schemas": {"Q": {}}},
    }));
    let missing = ("unresolvable-reference", "/q/$ref", "no `#/components/schemas/P`", "");
    assert_found(&dangling, &[missing]);
}

fn image(validations: &[(&str, Value)]) -> Value {
    let validations = validations.iter().map(|(rule, value)| {
        json!({"validation_rule": rule, "validation_value": value, "validation_error": "m"})
    });
    let validations: Vec<Value> = validations.collect();
    json!({"type": "string", "format": "image_uri", "validations": validations})
}

// Field case: rule-value-with-unit.
#[test]
fn a_rule_without_a_number_blames_its_value() {
    for (rule, value) in [
        ("height_pixels>", json!("300px")),
        ("width/height>", json!("0,4")),
        ("file_size_mb<", json!("50MB")),
        ("width_pixels<", json!(null)),
        ("width_pixels<", json!("inf")),
    ] {
        let message = format!("the value of `{rule}` must be a number (found {value})");
        let generated = property(image(&[(rule, value)]));
        let found = &generated.diagnostics[0];
        assert!(found.message.starts_with(&message), "{found}");
        assert!(found.place.pointer.ends_with("/validations/0/validation_value"), "{found}");
    }
    let misspelt = property(image(&[("heigth_pixels>", json!(1))]));
    let help = "did you mean `height_pixels`?";
    assert_found(&misspelt, &[("unknown-rule", "/0", "not a known rule", help)]);
    let validation = json!([{"validation_rule": "width_pixels>", "validation_value": 1}]);
    let number = property(json!({"type": "integer", "validations": validation}));
    assert_found(&number, &[("unknown-rule", "/0", "no meaning for an integer", "`type`")]);
}

// Field case: same-rule-twice.
#[test]
fn docs_give_the_stricter_of_two_bounds() {
    let over = property(image(&[("width_pixels>", json!(400)), ("width_pixels>", json!(300))]));
    assert_texts(&over, &["Width over 400 px."]);
    let under = property(image(&[("file_size_mb<", json!(5)), ("file_size_mb<", json!(8))]));
    assert_texts(&under, &["File size under 5 MB."]);
}

// Field case: unchecked-rule-without-bound.
#[test]
fn docs_give_the_bound_of_an_unchecked_rule() {
    let mut schema = image(&[("duration_seconds<", json!(60)), ("calm", json!(null))]);
    schema["max_width"] = json!(4096);
    schema["mood"] = json!({"is": "calm"});
    let texts = [
        "Not checked: `duration_seconds<` 60.",
        "Not checked: `calm`.",
        "Not checked: `max_width` 4096.",
        "Not checked: `mood` `{\"is\":\"calm\"}`.",
    ];
    assert_texts(&property(schema), &texts);
}

// Field case: default-message.
#[test]
fn a_default_that_breaks_its_schema_names_value_and_rule() {
    let cases = [
        (json!({"type": "integer", "maximum": 6, "default": 99}), "at most 6 [maximum] (found 99)"),
        (json!({"enum": ["a", "b"], "default": "c"}), "one of \"a\", \"b\" (found \"c\")"),
        (json!({"type": "array", "items": {"type": "string"}, "default": ["a", 1]}), "at `/1`"),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "null"}], "default": 1}),
            "must be a string (found 1)",
        ),
        (
            json!({"anyOf": [{"type": "string"}, {"type": "boolean"}], "default": 1}),
            "must match a branch of the union (found 1)",
        ),
    ];
    for (schema, message) in cases {
        let found = [("default-breaks-schema", "/v/default", message, "never sent")];
        assert_found(&property(schema), &found);
    }
    let examples = json!({"type": "integer", "maximum": 6, "examples": [1, 7]});
    let found = [("default-breaks-schema", "/v/examples/1", "the example must be at most 6", "")];
    assert_found(&property(examples), &found);
}

// Field case: media-rules-contradict.
#[test]
fn rules_that_allow_no_media_are_refused() {
    let cases: [(&[(&str, i64)], bool); 8] = [
        (&[("width_pixels>", 2000), ("width_pixels<", 300)], false),
        (&[("height_pixels>", 300), ("height_pixels<", 301)], false),
        (&[("height_pixels>", 300), ("height_pixels<", 302)], true),
        (&[("file_size_mb<", 0)], false),
        (&[("width_pixels<", 1)], false),
        (&[("width_pixels<", 2)], true),
        (&[("width/height>", 1), ("width/height<", 1)], false),
        (&[("width/height>", 1), ("width/height<", 2)], true),
    ];
    for (rules, is_possible) in cases {
        let rules: Vec<(&str, Value)> =
            rules.iter().map(|(rule, bound)| (*rule, json!(bound))).collect();
        let generated = property(image(&rules));
        let refused = [("unsatisfiable", "/v", "allow no media", "fixup")];
        assert_found(&generated, if is_possible { &[] } else { &refused });
    }
}

// Field case: dead-branch-place.
#[test]
fn a_branch_without_values_is_refused_at_its_place() {
    let dead = json!({"type": "integer", "minimum": 3, "maximum": 1});
    let generated = property(json!({"anyOf": [dead, {"type": "string"}]}));
    assert_found(&generated, &[("unsatisfiable", "/v/anyOf/0", "bounds", "fixup")]);
    assert_eq!(generated.diagnostics[0].place.file, "acme/x/input.json");
    for ignored in [json!({"type": "string"}), json!({"type": "boolean"}), json!({"type": "null"})]
    {
        let mut schema = ignored;
        (schema["minimum"], schema["maximum"]) = (3.into(), 1.into());
        assert_found(&property(schema), &[]);
    }
    let root = input(&json!({"minProperties": 2, "maxProperties": 1}));
    assert_found(&root, &[("unsatisfiable", "", "bounds", "fixup")]);
    assert_eq!(root.diagnostics[0].place.file, "acme/x/input.json");
}

/// Generates a model with this output.
fn output(output: &str) -> Generated {
    let input = r#"{"properties": {"a": {"type": "string"}}}"#;
    let source =
        Source { folder: "acme/x", model: ENTRY, input, output: Some(output), fixup: None };
    generate(&[source], &settings())
}

// Field cases: output-format-clash, openai-name-clash.
#[test]
fn types_of_an_input_and_an_output_are_named_apart() {
    let input = r#"{"properties": {"output_format": {"type": "string", "enum": ["png", "jpeg"]}}}"#;
    let output = r#"{"output": {"properties": {"format": {
        "type": "object", "properties": {"codec": {"type": "string"}}
    }}}}"#;
    let source =
        Source { folder: "acme/x", model: ENTRY, input, output: Some(output), fixup: None };
    let generated = generate(&[source], &settings());
    assert_found(&generated, &[]);
    let texts = ["pub output_format: Option<OutputFormat>", "pub enum OutputFormat {"];
    assert_texts(&generated, &texts);
    assert!(!module(&generated).contains("pub struct OutputFormat {"), "{}", module(&generated));
}

// Field cases: self-and-Self-property, F23.
#[test]
fn properties_that_are_keywords_in_two_cases_are_named_apart() {
    let generated = input(&json!({"properties": {
        "self": {"type": "string"},
        "Self": {"type": "integer"},
    }}));
    let texts = ["pub self_: Option<String>", "pub self_2: Option<i64>"];
    assert_texts(&generated, &texts);
    assert!(!module(&generated).contains("self__"), "{}", module(&generated));
}

// Field README: a dangling `$ref` in an output alone refuses the model.
#[test]
fn an_unreadable_output_is_json() {
    let parts = json!({"output": {"properties": {
        "dangling": {"$ref": "#/$defs/none"},
        "text": {"type": "string", "maxLength": -1},
        "circle": {"$ref": "#/properties/circle"},
        "url": {"type": "string", "format": "uri"},
    }}});
    let generated = output(&parts.to_string());
    let warned = |pointer, message| ("unreadable-output", pointer, message, "any JSON");
    let expected = [
        warned("/text/maxLength", "whole number"),
        warned("/dangling/$ref", "no `#/$defs/none`"),
        warned("/circle", "in a circle"),
    ];
    assert_found(&generated, &expected);
    assert_texts(
        &generated,
        &["pub dangling: Option<Value>", "pub text: Option<String>", "pub url: Option<Url>"],
    );
    for whole in ["{", "[]", r#"{"output": 7}"#, r#"{"output": {"a": 1, "a": 2}}"#] {
        let generated = output(whole);
        assert_eq!(generated.models, 1, "{whole}");
        assert_eq!(generated.diagnostics[0].code.name(), "unreadable-output", "{whole}");
        assert!(module(&generated).contains("type Output = Value;"), "{whole}");
    }
}

// Field cases: boolean-false-branch, enum-narrows-anyof.
#[test]
fn a_branch_that_cannot_hold_is_dropped() {
    let cases = [
        (json!({"anyOf": [true, false]}), "pub v: Option<Value>"),
        (json!({"oneOf": [{"type": "string"}, false]}), "pub v: Option<String>"),
        (json!({"type": "array", "items": false}), "pub v: Option<Vec<Value>>"),
        (
            json!({"enum": ["a", 3], "anyOf": [{"type": "string"}, {"type": "boolean"}]}),
            "pub v: Option<V>",
        ),
        (
            json!({"type": "string", "anyOf": [{"type": "string"}, {"type": "integer"}]}),
            "pub v: Option<String>",
        ),
        (
            json!({"type": "string", "anyOf": [{"type": "string"}, {"oneOf": [{"type": "null"}]}]}),
            "pub v: Option<String>",
        ),
    ];
    for (schema, text) in cases {
        let generated = property(schema);
        assert_found(&generated, &[]);
        assert_texts(&generated, &[text]);
    }
    let closed = input(&json!({"properties": {"v": false, "w": {"type": "string"}}}));
    assert_found(&closed, &[]);
    assert!(!module(&closed).contains("pub v"));
    let impossible = [
        json!({"anyOf": [false, false]}),
        json!({"enum": [3], "anyOf": [{"type": "string"}, {"type": "boolean"}]}),
        json!({"type": "string", "oneOf": [{"type": "integer"}, {"type": "boolean"}]}),
    ];
    for schema in impossible {
        let refused = [("unsatisfiable", "/v", "no branch of the union holds", "fixup")];
        assert_found(&property(schema), &refused);
    }
}

// Field case: openrouter-name-clash-after-refusal.
#[test]
fn one_cause_is_one_error() {
    let list = |word: &str| json!({"anyOf": [{"type": "string"}, {"type": word}]});
    let outer = json!({"type": "array", "items": list("integer")});
    let inner = json!({"type": "array", "items": list("boolean")});
    let inner = json!({"anyOf": [inner, {"type": "string"}]});
    let parts = [outer, inner].map(|c| json!({"type": "object", "properties": {"c": c}}));
    let refused = ("unsupported-keyword", "", "are both unions", "fixup");
    assert_found(&property(json!({"allOf": parts})), &[refused]);
    let both = json!({"anyOf": [{"type": "string"}, {}], "oneOf": [{"type": "integer"}, {}]});
    let refused = ("unsupported-keyword", "/v", "`anyOf` beside `oneOf`", "fixup");
    assert_found(&property(both), &[refused]);
}

// Field case: pattern.
#[test]
fn a_pattern_is_enforced_and_described() {
    let generated = property(json!({"type": "string", "pattern": "^\\d+x\\d+$", "default": "1"}));
    let message = "the default must match the pattern `^\\d+x\\d+$` [pattern] (found \"1\")";
    assert_found(&generated, &[("default-breaks-schema", "/v/default", message, "")]);
    let row = r#"Pattern("^\\d+x\\d+$", "\\A[0-9]+x[0-9]+\\z")"#;
    assert_texts(&generated, &[r"Matches `^\d+x\d+$`.", row]);
    // The provider's feature has to turn on the one that checks patterns.
    assert!(generated.pattern_features.contains("acme"));
    assert!(property(json!({"type": "string"})).pattern_features.is_empty());
    let cases = [
        ("(?<!a)b", "unsupported-keyword", "`pattern` with look-behind is not supported"),
        (r"(a)\1", "unsupported-keyword", "`pattern` with a back-reference is not supported"),
        ("a**", "malformed-keyword", "a quantifier with nothing to repeat"),
    ];
    for (pattern, code, message) in cases {
        let refused = property(json!({"type": "string", "pattern": pattern}));
        assert_found(&refused, &[(code, "/v/pattern", message, "fixup")]);
    }
    let parts = json!({"type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "b$"}]});
    assert_texts(&property(parts), &["Matches `^a`. Matches `b$`."]);
}

// Field case: seed-u64.
#[test]
fn an_integer_past_i64_is_unsigned() {
    let seed =
        |minimum, maximum| json!({"type": "integer", "minimum": minimum, "maximum": maximum});
    let cases = [
        (seed(json!(0), json!(u64::MAX)), "pub v: Option<u64>"),
        (seed(json!(1), json!(9.3e18)), "pub v: Option<u64>"),
        (seed(json!(0), json!(i64::MAX)), "pub v: Option<i64>"),
        (seed(json!(-1), json!(u64::MAX)), "pub v: Option<i128>"),
        (json!({"type": "integer", "maximum": u64::MAX}), "pub v: Option<i128>"),
        (json!({"enum": [-1, u64::MAX], "type": "integer"}), "pub v: Option<i128>"),
        (json!({"enum": [1, u64::MAX], "type": "integer"}), "pub v: Option<u64>"),
        (json!({"type": "array", "items": seed(json!(0), json!(u64::MAX))}), "Option<Vec<u64>>"),
    ];
    for (schema, text) in cases {
        let generated = property(schema);
        assert_found(&generated, &[]);
        assert_texts(&generated, &[text]);
    }
}

// Field case: oneof-of-consts.
#[test]
fn a_union_of_consts_is_one_enum() {
    let consts = json!([
        {"const": "std", "title": "Standard", "description": "cheap"},
        {"const": "pro", "title": "Professional", "description": "costs more"},
    ]);
    let expected = "pub enum V { `std`: Standard.  cheap. Std = \"std\", `pro`: Professional.  \
                    costs more. Pro = \"pro\", }";
    let with_null = json!([consts[0], consts[1], {"type": "null"}]);
    for (schema, field) in [
        (json!({"oneOf": consts}), "pub v: Option<V>"),
        (json!({"anyOf": consts}), "pub v: Option<V>"),
        (json!({"type": "string", "oneOf": consts}), "pub v: Option<V>"),
        (json!({"oneOf": with_null}), "pub v: Option<V>"),
        (json!({"nullable": true, "anyOf": consts}), "pub v: Option<V>"),
    ] {
        let generated = property(schema);
        assert_found(&generated, &[]);
        assert_texts(&generated, &[field, expected, "Strings(V::VALUES)"]);
        assert_eq!(module(&generated).matches("pub enum").count(), 1);
    }
}

// Field case: oneof-of-consts.
#[test]
fn one_enum_has_the_values_that_the_union_accepts() {
    let any = json!({"anyOf": [{"enum": ["a", "b"]}, {"const": "c"}, {"enum": ["b"]}]});
    let one = json!({"oneOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]});
    let null = json!({"enum": ["a", null, "c"]});
    for (schema, values) in [(any, "A B C"), (one, "A C"), (null, "A C")] {
        let generated = property(schema);
        assert_found(&generated, &[]);
        let variants = module(&generated).lines().filter_map(|line| {
            line.trim().split_once(" = \"").map(|(name, _)| name).filter(|name| name.len() == 1)
        });
        assert_eq!(variants.collect::<Vec<_>>().join(" "), values);
    }
    // A value of both enums is refused though the third branch accepts it: one enum cannot say so.
    let three = json!({"oneOf": [{"const": "a"}, {"const": "a"}, {"type": "string"}]});
    assert_texts(&property(three), &["pub v: Option<String>", "Shape::OneOf"]);
}

// Field case: oneof-of-consts.
#[test]
fn a_discriminator_is_filled_in_and_its_variant_is_named_by_it() {
    let part = |word: &str, more: Value| {
        let properties = json!({"type": {"const": word}, word: more});
        json!({"type": "object", "required": ["type", word], "properties": properties})
    };
    let parts =
        json!([part("text", json!({"type": "string"})), part("code", json!({"type": "integer"}))]);
    let generated = property(json!({"oneOf": parts}));
    assert_texts(
        &generated,
        &[
            "pub fn new(text: impl Into<String>) -> Self { Self { text: text.into(), r#type: \
             VTextType::Text, } }",
            "pub fn new(code: i64) -> Self { Self { code, r#type: VCodeType::Code, } }",
            "An object. Text(VText), An object. Code(VCode),",
        ],
    );
}

// Field case: oneof-of-consts.
#[test]
fn a_recorded_argument_with_one_value_stays_an_argument() {
    let input = json!({"required": ["kind"], "properties": {"kind": {"const": "k"}}}).to_string();
    let recorded = r#"{"id": "acme/x", "arguments": ["kind"]}"#;
    for (model, new) in [(ENTRY, "kind: Kind::K"), (recorded, "pub fn new(kind: Kind) -> Self")] {
        let source = Source { folder: "acme/x", model, input: &input, output: None, fixup: None };
        assert_texts(&generate(&[source], &settings()), &[new]);
    }
}
