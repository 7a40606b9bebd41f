//! Fixups are read, applied and named in the docs, and fail once they no longer apply.

use std::path::Path;

use runcomfy_codegen::import::{from_files, layout};
use runcomfy_codegen::{Code, Generated, Source, fixup_path, generate, model_json, orphaned_fixup};
use serde_json::Value;

use crate::support::{settings, write, xtask};

const MODEL: &str = r#"{"id": "acme/x"}"#;
const INPUT: &str = r#"{
  "type": "object",
  "required": ["prompt"],
  "properties": {
    "prompt": {"type": "string"},
    "scale": {"type": "flaot", "maximum": 300},
    "a/b~c": {"type": "boolean"},
    "last": {"type": "boolean"}
  }
}"#;
const OUTPUT: &str = r#"{"output": {"properties": {"mask": {"type": "strnig"}, "note": {}}}}"#;

/// The `test` that starts a patch.
const TEST: &str = r#"{"op": "test", "path": "/properties/scale/type", "value": "flaot"}"#;

#[test]
fn a_fixup_corrects_what_is_generated() {
    // A name, the schema, the operations after the test, and the expected properties in order.
    let cases = [
        (
            "replaced",
            r#"{"op": "replace", "path": "/properties/scale/type", "value": "float"}"#,
            r#"{"prompt": {"type": "string"}, "scale": {"type": "float", "maximum": 300}, "a/b~c": {"type": "boolean"}, "last": {"type": "boolean"}}"#,
        ),
        (
            "removed, the others in their order",
            r#"{"op": "remove", "path": "/properties/scale"}"#,
            r#"{"prompt": {"type": "string"}, "a/b~c": {"type": "boolean"}, "last": {"type": "boolean"}}"#,
        ),
        (
            "moved, the others in their order",
            r#"{"op": "move", "from": "/properties/scale", "path": "/properties/size"}, {"op": "add", "path": "/properties/size/type", "value": "float"}"#,
            r#"{"prompt": {"type": "string"}, "a/b~c": {"type": "boolean"}, "last": {"type": "boolean"}, "size": {"type": "float", "maximum": 300}}"#,
        ),
        (
            "a pointer with a slash and a tilde in a name",
            r#"{"op": "remove", "path": "/properties/scale"}, {"op": "add", "path": "/properties/a~1b~0c/default", "value": true}"#,
            r#"{"prompt": {"type": "string"}, "a/b~c": {"type": "boolean", "default": true}, "last": {"type": "boolean"}}"#,
        ),
        (
            "copied",
            r#"{"op": "copy", "from": "/properties/last", "path": "/properties/scale"}"#,
            r#"{"prompt": {"type": "string"}, "scale": {"type": "boolean"}, "a/b~c": {"type": "boolean"}, "last": {"type": "boolean"}}"#,
        ),
    ];
    for (what, operations, properties) in cases {
        let fixup = format!(r#"{{"reason": "It is so.", "input": [{TEST}, {operations}]}}"#);
        let generated = with(&fixup);
        assert_eq!(generated.diagnostics, [], "{what}");
        let patched = generated.patched.get("acme/x/input.json").expect(what);
        let whole =
            format!(r#"{{"type": "object", "required": ["prompt"], "properties": {properties}}}"#);
        assert_eq!(*patched, layout(&whole), "{what}");
        // The generated code is the same as if the corrected schema had been published.
        let published =
            generate(&[Source { input: &whole, fixup: None, ..source("") }], &settings());
        let without_reason =
            generated.files["acme/x.rs"].replace("//!\n//! Corrected here: It is so.\n", "");
        assert_eq!(without_reason, published.files["acme/x.rs"], "{what}");
    }
}

#[test]
fn the_output_is_corrected_and_the_docs_say_why() {
    let source = Source {
        output: Some(OUTPUT),
        ..source(
            r#"{
            "reason": "The page shows a mask,\nas `a URL`.",
            "input": [
                {"op": "test", "path": "/properties/scale/type", "value": "flaot"},
                {"op": "replace", "path": "/properties/scale/type", "value": "float"}
            ],
            "output": [
                {"op": "test", "path": "/output/properties/mask/type", "value": "strnig"},
                {"op": "replace", "path": "/output/properties/mask", "value": {"type": "string", "format": "uri"}}
            ]
        }"#,
        )
    };
    let generated = generate(&[source], &settings());
    assert_eq!(generated.diagnostics, []);
    let patched: Vec<&String> = generated.patched.keys().collect();
    assert_eq!(patched, ["acme/x/input.json", "acme/x/output.json"]);
    let text = &generated.files["acme/x.rs"];
    for line in [
        "//! Corrected here: The page shows a mask, as `a URL`.",
        "pub scale: Option<f64>,",
        "pub mask: Option<Url>,",
    ] {
        assert!(text.contains(line), "`{line}` is missing:\n{text}");
    }
}

#[test]
fn a_malformed_fixup_is_refused_at_its_position() {
    let cases = [
        ("not JSON", r#"{"reason": "a", "input": [}"#, "", "expected value"),
        ("empty", "", "", "EOF"),
        ("a key twice", r#"{"reason": "a", "reason": "b"}"#, "/reason", "occurs twice"),
        ("no object", "[]", "", "must be an object"),
        ("no reason", "{\"input\": [T]}", "", "a `reason` with text"),
        ("a blank reason", r#"{"reason": " \n", "input": [T]}"#, "/reason", "a `reason` with text"),
        (
            "a number as the reason",
            r#"{"reason": 7, "input": [T]}"#,
            "/reason",
            "a `reason` with text",
        ),
        ("no patch", r#"{"reason": "a"}"#, "", "must correct `input` or `output`"),
        ("another key", r#"{"reason": "a", "input": [T], "why": 1}"#, "/why", "`why`"),
        ("no list", r#"{"reason": "a", "input": T}"#, "/input", "a list of operations"),
        ("an empty patch", r#"{"reason": "a", "input": []}"#, "/input", "begin with a `test`"),
        (
            "no test first",
            r#"{"reason": "a", "input": [{"op": "remove", "path": "/type"}, T]}"#,
            "/input/0",
            "begin with a `test`",
        ),
        (
            "no test first in the second patch",
            r#"{"reason": "a", "input": [T], "output": [{"op": "remove", "path": "/x"}]}"#,
            "/output/0",
            "begin with a `test`",
        ),
        (
            "an unknown operation",
            r#"{"reason": "a", "input": [T, {"op": "tset", "path": "/type"}]}"#,
            "/input/1",
            "unknown variant `tset`",
        ),
        (
            "no value",
            r#"{"reason": "a", "input": [T, {"op": "add", "path": "/type"}]}"#,
            "/input/1",
            "missing field `value`",
        ),
        (
            "a value too many",
            r#"{"reason": "a", "input": [T, {"op": "remove", "path": "/type", "value": 1}]}"#,
            "/input/1",
            "a member that it does not use",
        ),
        (
            "a pointer without its slash",
            r#"{"reason": "a", "input": [T, {"op": "remove", "path": "type"}]}"#,
            "/input/1",
            "slash",
        ),
        (
            "a tilde that is not escaped",
            r#"{"reason": "a", "input": [T, {"op": "remove", "path": "/a~b"}]}"#,
            "/input/1",
            "malformed",
        ),
    ];
    for (what, fixup, pointer, message) in cases {
        let fixup = fixup.replace('T', TEST);
        let generated = with(&fixup);
        assert!(!generated.files.contains_key("acme/x.rs"), "{what}: it was generated");
        assert!(generated.patched.is_empty(), "{what}: it was applied");
        let found = generated.diagnostics.iter().find(|found| found.code == Code::MalformedFixup);
        let found = found.unwrap_or_else(|| panic!("{what}: {:?}", generated.diagnostics));
        assert_eq!(found.place.file, "fixups/acme/x.json", "{what}");
        assert_eq!(found.place.pointer, pointer, "{what}: {}", found.message);
        assert!(found.message.contains(message), "{what}: {}", found.message);
        assert!(!found.help.is_empty(), "{what}");
        let names = generated.diagnostics.iter().filter(|found| found.code == Code::MalformedFixup);
        assert_eq!(names.count(), 1, "{what}: {:?}", generated.diagnostics);
    }
}

#[test]
fn a_stale_fixup_is_an_error_with_help() {
    let after_test = |operation: &str| format!("{TEST}, {operation}");
    let cases = [
        (
            "another value",
            r#"{"op": "test", "path": "/properties/scale/type", "value": "float"}"#.to_owned(),
            "/input/0",
            "`/properties/scale/type` of `input.json` is `\"flaot\"`, not `\"float\"`",
        ),
        (
            "a long value",
            format!(r#"{{"op": "test", "path": "/type", "value": "{}"}}"#, "é".repeat(70)),
            "/input/0",
            "é…`",
        ),
        (
            "a number in another form",
            r#"{"op": "test", "path": "/properties/scale/maximum", "value": 300.0}"#.to_owned(),
            "/input/0",
            "is `300`, not `300.0`",
        ),
        (
            "nothing there to test",
            r#"{"op": "test", "path": "/properties/seed/type", "value": "integer"}"#.to_owned(),
            "/input/0",
            "`input.json` has no `/properties/seed/type`",
        ),
        (
            "nothing there to remove",
            after_test(r#"{"op": "remove", "path": "/properties/seed"}"#),
            "/input/1",
            "`input.json` has no `/properties/seed`",
        ),
        (
            "nothing there to replace",
            after_test(r#"{"op": "replace", "path": "/required/7", "value": 1}"#),
            "/input/1",
            "`input.json` has no `/required/7`",
        ),
        (
            "nowhere to add",
            after_test(r#"{"op": "add", "path": "/properties/seed/type", "value": 1}"#),
            "/input/1",
            "`input.json` has no place for `/properties/seed/type`",
        ),
        (
            "nothing there to move",
            after_test(r#"{"op": "move", "from": "/properties/seed", "path": "/seed"}"#),
            "/input/1",
            "`input.json` has no `/properties/seed`",
        ),
        (
            "nothing there to copy",
            after_test(r#"{"op": "copy", "from": "/properties/seed", "path": "/seed"}"#),
            "/input/1",
            "`input.json` has no `/properties/seed`",
        ),
        (
            "into itself",
            after_test(r#"{"op": "move", "from": "/properties", "path": "/properties/x"}"#),
            "/input/1",
            "cannot be changed at `/properties/x`",
        ),
    ];
    for (what, operations, pointer, message) in cases {
        let fixup = format!(r#"{{"reason": "a", "input": [{operations}]}}"#);
        let generated = with(&fixup);
        assert_stale(&generated, what, pointer, message);
        let found = &generated.diagnostics[0];
        let operation: Value = serde_json::from_str(&fixup[found.place.span.clone()]).expect(what);
        let written: Value = serde_json::from_str(&fixup).expect(what);
        assert_eq!(Some(&operation), written.pointer(pointer), "{what}");
    }
    let fixup = format!(r#"{{"reason": "a", "output": [{TEST}]}}"#);
    assert_stale(&with(&fixup), "no output", "/output", "the model has no `output.json`");
}

#[test]
fn diagnostics_of_a_corrected_schema_point_into_it() {
    let operations =
        r#"{"op": "replace", "path": "/properties/scale", "value": {"minimum": 2, "maximum": 1}}"#;
    let generated = with(&format!(r#"{{"reason": "a", "input": [{TEST}, {operations}]}}"#));
    let [found] = generated.diagnostics.as_slice() else {
        panic!("{:?}", generated.diagnostics);
    };
    assert_eq!(
        (found.code, found.place.pointer.as_str()),
        (Code::Unsatisfiable, "/properties/scale")
    );
    let text = &generated.patched[&found.place.file];
    assert_eq!(
        &text[found.place.span.clone()],
        "{\n      \"minimum\": 2,\n      \"maximum\": 1\n    }"
    );
}

#[test]
fn a_schema_that_is_not_json_is_reported_once() {
    let fixup = format!(r#"{{"reason": "a", "input": [{TEST}]}}"#);
    let generated = generate(&[Source { input: "{", ..source(&fixup) }], &settings());
    let codes: Vec<Code> = generated.diagnostics.iter().map(|found| found.code).collect();
    assert_eq!(codes, [Code::InvalidJson]);
}

#[test]
fn arguments_follow_the_corrected_schema() {
    let fixup = r#"{"reason": "a", "input": [
        {"op": "test", "path": "/required", "value": ["prompt"]},
        {"op": "replace", "path": "/required", "value": ["last", "prompt"]}
    ]}"#;
    let model = from_files("acme/x", INPUT, None).expect("it is a schema");
    let arguments = |fixup: Option<&str>| {
        let text = model_json(&model, None, fixup);
        let entry: Value = serde_json::from_str(&text).expect("it is JSON");
        entry["arguments"].to_string()
    };
    assert_eq!(arguments(None), r#"["prompt"]"#);
    assert_eq!(arguments(Some(fixup)), r#"["prompt","last"]"#);
    // A fixup that does not apply changes nothing.
    assert_eq!(arguments(Some(&fixup.replace("[\"prompt\"]", "[]"))), r#"["prompt"]"#);
}

#[test]
fn a_fixup_leaves_the_published_file_unchanged() {
    let place = Place::new();
    let (ok, printed) = place.codegen();
    assert!(ok && printed.contains("unknown-type"), "{printed}");

    let corrected = format!(
        r#"{{"reason": "It is misspelt.", "input": [{TEST}, {{"op": "replace", "path": "/properties/scale/type", "value": "float"}}]}}"#
    );
    write(&place.path("schemas/fixups/acme/x.json"), &corrected);
    write(&place.path("schemas/fixups/README.md"), "Why.\n");
    let (ok, printed) = place.codegen();
    assert!(ok && !printed.contains("unknown-type"), "{printed}");
    let text = std::fs::read_to_string(place.path("generated/acme/x.rs")).expect("it exists");
    assert!(text.contains("//! Corrected here: It is misspelt."), "{text}");

    // A diagnostic about a corrected schema shows the corrected text, and says so.
    write(&place.path("schemas/fixups/acme/x.json"), &corrected.replace("float", "tensor"));
    let (ok, printed) = place.codegen();
    let fixup = Path::new("schemas").join("fixups/acme/x.json").display().to_string();
    assert!(ok && printed.contains("unknown-type"), "{printed}");
    let arrow = printed.lines().find(|line| line.contains("-->")).expect("it is drawn");
    assert!(arrow.contains("acme/x/input.json with ") && arrow.contains(&fixup), "{arrow}");
    assert!(printed.contains(r#""type": "tensor""#), "{printed}");

    // A stale fixup is an error, and the generated file stays.
    write(&place.path("schemas/fixups/acme/x.json"), &corrected.replace("flaot", "string"));
    let before = std::fs::read_to_string(place.path("generated/acme/x.rs")).expect("it exists");
    let (ok, printed) = place.codegen();
    assert!(
        !ok && printed.contains("error[stale-fixup]") && printed.contains("/input/0"),
        "{printed}"
    );
    assert!(printed.contains("import the new schema, then correct or remove"), "{printed}");
    let after = std::fs::read_to_string(place.path("generated/acme/x.rs")).expect("it exists");
    assert_eq!(before, after);

    let input = std::fs::read_to_string(place.path("schemas/acme/x/input.json"));
    assert_eq!(input.expect("it exists"), INPUT);
}

#[test]
fn a_fixup_without_its_model_is_an_error() {
    let fixup = format!(r#"{{"reason": "a", "input": [{TEST}]}}"#);
    for file in ["fixups/acme/y.json", "fixups/x.json", "fixups/acme/x.jsn", "fixups/acme/x/z.json"]
    {
        let place = Place::new();
        write(&place.path(&format!("schemas/{file}")), &fixup);
        let (ok, printed) = place.codegen();
        assert!(
            !ok && printed.contains("error[stale-fixup]") && printed.contains(file),
            "{printed}"
        );
        assert!(printed.contains("this fixup has no model"), "{printed}");
        // It stops no other model.
        assert!(place.path("generated/acme/x.rs").is_file(), "{printed}");
    }
    let printed = orphaned_fixup("fixups/acme/y.json", "{}");
    assert_eq!((printed.code, printed.place.span), (Code::StaleFixup, 0..2));
}

#[test]
fn adding_a_model_again_applies_its_fixup() {
    let place = Place::new();
    let fixup = r#"{"reason": "a", "input": [
        {"op": "test", "path": "/required", "value": ["prompt"]},
        {"op": "add", "path": "/required/-", "value": "last"}
    ]}"#;
    write(&place.path("schemas/fixups/acme/x.json"), fixup);
    let schemas = place.path("schemas").display().to_string();
    let input = place.path("schemas/acme/x/input.json").display().to_string();
    let (ok, printed) = xtask(&["schemas", "add", &input, "--id", "acme/x", "--schemas", &schemas]);
    assert!(ok, "{printed}");
    let model = std::fs::read_to_string(place.path("schemas/acme/x/model.json"));
    let model: Value = serde_json::from_str(&model.expect("it exists")).expect("it is JSON");
    assert_eq!(model["arguments"].to_string(), r#"["prompt","last"]"#);
}

fn source(fixup: &str) -> Source<'_> {
    Source { folder: "acme/x", model: MODEL, input: INPUT, output: None, fixup: Some(fixup) }
}

fn with(fixup: &str) -> Generated {
    generate(&[source(fixup)], &settings())
}

fn assert_stale(generated: &Generated, what: &str, pointer: &str, message: &str) {
    assert!(!generated.files.contains_key("acme/x.rs"), "{what}: it was generated");
    assert!(generated.patched.is_empty(), "{what}: it was applied in part");
    let found = generated.diagnostics.first().expect(what);
    assert_eq!(found.code, Code::StaleFixup, "{what}");
    assert_eq!(found.place.file, fixup_path("acme/x"), "{what}");
    assert_eq!(found.place.pointer, pointer, "{what}: {}", found.message);
    assert!(found.message.contains(message), "{what}: {}", found.message);
    assert_eq!(found.help, "import the new schema, then correct or remove the fixup", "{what}");
}

/// Creates a folder with the schemas of one model.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a folder can be made"));
        write(&place.path("schemas/acme/x/model.json"), MODEL);
        write(&place.path("schemas/acme/x/input.json"), INPUT);
        place
    }

    fn path(&self, file: &str) -> std::path::PathBuf {
        self.0.path().join(file)
    }

    fn codegen(&self) -> (bool, String) {
        let (schemas, out) = (self.path("schemas"), self.path("generated"));
        let (schemas, out) = (schemas.display().to_string(), out.display().to_string());
        xtask(&["codegen", "--schemas", &schemas, "--out", &out])
    }
}
