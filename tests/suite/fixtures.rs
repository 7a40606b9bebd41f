//! Fixtures: small schemas, each about one thing. What is generated from them is a
//! snapshot, and compiles with warnings denied.

use runcomfy_codegen::{Code, Settings, Severity, Source, Treatment, generate, keywords};

use crate::support::{cargo, dependency, fixtures, generated, root, scratch_crate, settings};

#[test]
fn what_is_generated_from_each_fixture_is_as_it_was_reviewed() {
    let models = fixtures();
    assert!(models.len() > 5, "the fixtures were not found");
    for model in &models {
        let generated = generated(std::slice::from_ref(model));
        let mut shown = String::new();
        for diagnostic in &generated.diagnostics {
            shown.push_str(&format!("{diagnostic}\n"));
        }
        let name = model.id.folder().replace(['/', '.'], "_");
        let file = generated.files.iter().find(|(path, _)| path.contains('/'));
        let (path, text) = file.unwrap_or_else(|| panic!("{name} was refused:\n{shown}"));
        insta::assert_snapshot!(name, format!("{shown}--- {path}\n{text}"));
    }
}

#[test]
fn the_seed_s_model_is_generated_as_it_was_reviewed() {
    let folder = root().join("schemas/minimax/hailuo-video-01-live");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).expect("it is there");
    let (model, input, output) = (read("model.json"), read("input.json"), read("output.json"));
    let source = Source {
        folder: "minimax/hailuo-video-01-live",
        model: &model,
        input: &input,
        output: Some(&output),
        fixup: None,
    };
    let generated = generate(&[source], &settings());
    assert_eq!(generated.diagnostics, []);
    let text = &generated.files["minimax/hailuo_video_01_live.rs"];
    assert!(text.lines().count() <= 160, "it has grown to {} lines", text.lines().count());
    insta::assert_snapshot!("minimax_hailuo_video_01_live", text);
}

#[test]
fn everything_generated_compiles_with_warnings_denied_and_its_docs_too() {
    let folder = tempfile::tempdir().expect("there is room");
    let generated = generated(&fixtures());
    let mut sources = vec![(
        "src/lib.rs".to_owned(),
        "//! Fixtures.\n#![deny(warnings, missing_docs, rustdoc::all)]\npub mod generated;\n"
            .to_owned(),
    )];
    for (path, text) in &generated.files {
        sources.push((format!("src/generated/{path}"), text.clone()));
    }
    scratch_crate(folder.path(), &dependency("runcomfy", "crates/runcomfy", ""), &sources);
    for args in [["check", "--offline"], ["doc", "--offline"], ["test", "--offline"]] {
        let mut args = args.to_vec();
        match args[0] {
            // Apart from the docs of the workspace, where nobody looks for it.
            "doc" => args.extend(["--no-deps", "--target-dir", env!("CARGO_TARGET_TMPDIR")]),
            // A code fence in a description would be a doc test.
            "test" => args.push("--doc"),
            _ => {}
        }
        let output = cargo(folder.path(), &args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo {} fails:\n{said}", args[0]);
        if args[0] == "test" {
            let ran = String::from_utf8_lossy(&output.stdout);
            assert!(ran.contains("running 0 tests"), "a doc comment became a test:\n{ran}");
        }
    }
}

#[test]
fn a_model_that_is_gone_from_the_catalog_is_deprecated_and_says_since_when() {
    let folder = tempfile::tempdir().expect("there is room");
    let model = r#"{"id": "acme/x", "gone": "0.3.0"}"#;
    let source = Source { folder: "acme/x", model, input: FINE, output: None, fixup: None };
    let generated = generate(&[source], &settings());
    let listing = &generated.files["acme.rs"];
    let note = "RunComfy's catalog has this model no more, as of 0.3.0";
    assert!(listing.contains(&format!("#[deprecated(note = \"{note}\")]")), "{listing}");

    let program = "//! A program.\n#![deny(warnings)]\npub mod generated;\n\
        /// Uses it.\npub fn f() -> generated::acme::x::Input {\n    Default::default()\n}\n";
    let mut sources = vec![("src/lib.rs".to_owned(), program.to_owned())];
    for (path, text) in &generated.files {
        sources.push((format!("src/generated/{path}"), text.clone()));
    }
    scratch_crate(folder.path(), &dependency("runcomfy", "crates/runcomfy", ""), &sources);
    let output = cargo(folder.path(), &["check", "--offline"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(note) && said.contains("could not compile"), "nobody is told:\n{said}");
    assert!(!said.contains("src/generated"), "the module itself is warned about:\n{said}");
}

#[test]
fn the_order_of_the_models_makes_no_difference_and_two_runs_give_the_same_bytes() {
    let mut models = fixtures();
    let first = generated(&models);
    models.reverse();
    let second = generated(&models);
    assert_eq!(first.files, second.files);
    assert_eq!(first.diagnostics, second.diagnostics);
}

#[test]
fn every_diagnostic_is_given_for_what_it_is_about() {
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

#[test]
fn models_whose_modules_would_share_a_name_are_both_there_and_that_is_said() {
    let model = |id: &'static str, folder: &'static str| (format!("{{\"id\": \"{id}\"}}"), folder);
    let entries =
        [model("acme/a-b", "acme/a-b"), model("acme/a.b", "acme/a.b"), model("acme/c", "acme/c")];
    let source = |(model, folder): &'_ (String, &'static str)| (model.clone(), *folder);
    let owned: Vec<(String, &str)> = entries.iter().map(source).collect();
    let sources: Vec<Source<'_>> = owned
        .iter()
        .map(|(model, folder)| Source { folder, model, input: FINE, output: None, fixup: None })
        .collect();
    let generated = generate(&sources, &settings());
    let files: Vec<&str> = generated.files.keys().map(String::as_str).collect();
    let expected =
        ["acme.rs", "acme/a_b_612d62.rs", "acme/a_b_612e62.rs", "acme/c.rs", "mod.rs", "models.md"];
    assert_eq!(files, expected);
    let codes: Vec<Code> = generated.diagnostics.iter().map(|found| found.code).collect();
    assert_eq!(codes, [Code::SharedName, Code::SharedName]);
}

#[test]
fn a_refused_model_stops_no_other_and_keeps_its_old_file() {
    let bad = Source {
        folder: "acme/bad",
        model: r#"{"id": "acme/bad"}"#,
        input: "{",
        output: None,
        fixup: None,
    };
    let good = Source { folder: "acme/good", model: r#"{"id": "acme/good"}"#, input: FINE, ..bad };
    let generated = generate(&[bad, good], &settings());
    assert!(generated.files.contains_key("acme/good.rs"));
    assert!(!generated.files["acme.rs"].contains("pub mod bad"));

    let present = ["acme/bad.rs".to_owned()].into();
    let generated = generate(&[bad, good], &Settings { present, ..settings() });
    assert!(!generated.files.contains_key("acme/bad.rs") && generated.kept.contains("acme/bad.rs"));
    assert!(generated.files["acme.rs"].contains("pub mod bad"));
}

const ENTRY: &str = r#"{"id": "acme/x"}"#;
const FINE: &str = r#"{"type": "object", "properties": {}}"#;

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
        r#"{"properties": {"a": {"pattern": "^a"}, "b": {"allOf": [{"anyOf": [{}, {}]}, {"oneOf": [{}, {}]}]}}}"#,
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
    (Code::NotAnObject, ENTRY, FINE, Some(r#"{"type": "object"}"#)),
    (
        Code::Unsatisfiable,
        ENTRY,
        r#"{"properties": {"a": {"minimum": 2, "maximum": 1}, "b": {"enum": []}, "c": {"type": "integer", "enum": ["x"]}, "d": {"minLength": 2, "maxLength": 1}, "e": {"exclusiveMinimum": 1, "maximum": 1}}}"#,
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
