//! Hostile text is inert: the generated code compiles, and its docs are plain text. The tests
//! of `codegen` cover which hostile schemas are refused.

use std::time::Duration;

use runcomfy_codegen::{Code, Generated, Source, generate};
use serde_json::{Value, json};

use crate::support::{LIBRARY, Uses, compile, library, scratch, settings};
use crate::work::cpu_time;

/// The most CPU time of one case. The longest takes about 3 s.
const MAX_TIME: Duration = Duration::from_secs(10);

/// Texts that would be code or markup if they were not escaped.
const TEXTS: [&str; 14] = [
    "\"#}; fn main() { panic!() } //",
    "`code` ``more`` `odd",
    "```\npanic!(\"a doc test\")\n```",
    "~~~rust\nlet x: u8 = 300;\n~~~",
    "*/ /* /** //! ///",
    "#[derive(Copy)] #![deny(all)] #[doc = \"x\"]",
    "one\ntwo\r\nthree\rfour\u{b}five\u{c}six\u{85}seven\u{2028}eight",
    "\u{0} \u{1b}[31m \u{7} \u{7f} \u{9b}",
    "\u{202e}turned\u{202c} \u{2066}isolated\u{2069} \u{200b} \u{feff} \u{ad} \u{e0001}",
    "    indented code\n\n\tand with a tab",
    "[link](x) [ref]: y <b onclick=x> <!-- &amp; https://a.b https://[x] [`Vec`] [crate::x]",
    "\\ \\\" \\n \\u{202e} {} {0} %s $x $(x) r#\"x\"#",
    "# one\n- two\n1. three\n> four\n| a | b |\n|---|---|\n=====\n***\n+++",
    "\u{1f600}\u{fe0f} e\u{301} \u{fffd} \u{10ffff} \u{3000}x\u{a0}",
];

#[test]
fn hostile_text_is_inert_in_generated_code() {
    let mut cases: Vec<(String, Value, Value, Value)> = Vec::new();
    for (index, text) in TEXTS.into_iter().enumerate() {
        let folder = format!("acme/text-{index}");
        let input = everywhere(text);
        let output = json!({"output": {
            "type": "object", "title": text, "description": text,
            "properties": {
                text: {"title": text, "description": text, "format": text, "type": "string"},
                "of": {"anyOf": [
                    {"type": "object", "properties": {text: {"type": "string", "format": "uri"}}},
                    {"type": "string", "enum": [text]},
                ]},
            },
        }});
        cases.push((folder.clone(), about(&folder, text), input, output));
    }
    let plain =
        json!({"output": {"type": "array", "items": {"type": "string", "description": TEXTS[0]}}});
    let long = "word `odd ".repeat(100_000);
    let folder = "acme/megabyte".to_owned();
    let input =
        json!({"type": "object", "description": long, "properties": {"a": {"description": long}}});
    cases.push((folder.clone(), about(&folder, "x"), input, plain));

    let texts: Vec<[String; 4]> = cases
        .iter()
        .map(|(folder, model, input, output)| {
            [folder.clone(), model.to_string(), input.to_string(), output.to_string()]
        })
        .collect();
    let sources = texts.iter().map(|[folder, model, input, output]| Source {
        folder,
        model,
        input,
        output: Some(output),
        fixup: None,
    });
    let sources: Vec<Source<'_>> = sources.collect();
    for source in &sources {
        let started = cpu_time();
        let generated = generate(std::slice::from_ref(source), &settings());
        let errors = errors(&generated);
        assert!(generated.models == 1, "{} is refused: {errors:#?}", source.folder);
        let took = cpu_time() - started;
        assert!(took < MAX_TIME, "{} took {took:?}", source.folder);
    }
    compiles(&generate(&sources, &settings()));
}

fn errors(generated: &Generated) -> Vec<Code> {
    let codes = generated.diagnostics.iter().map(|diagnostic| diagnostic.code);
    codes.filter(|code| settings().severity(*code) == runcomfy_codegen::Severity::Error).collect()
}

/// Returns a `model.json` with the same text in every member.
fn about(folder: &str, text: &str) -> Value {
    json!({
        "id": folder, "display_name": text, "description": text, "pricing_note": text,
        "model_url": text, "page": text, "base_price_usd": 0.05, "price_unit": text,
        "categories": [text], "category": text, text: text,
    })
}

/// Returns an input schema with the same text wherever text is allowed.
pub(crate) fn everywhere(text: &str) -> Value {
    let rule = |rule: &str, value: Value| json!({"validation_rule": rule, "validation_value": value, "validation_error": text});
    let step = text.replace('~', "~0").replace('/', "~1").replace('%', "%25");
    json!({
        "type": "object", "title": text, "description": text, "$comment": text, "required": ["plain", text],
        text: text,
        "$defs": {text: {"type": "object", "title": text, "description": text, "properties": {text: {"enum": [text, "x"]}}}},
        "properties": {
            text: {"type": "string", "title": text, "description": text, "default": text, "format": text},
            "plain": {"type": text, "title": text, "default": {text: [text]}},
            "word": {"type": "string", "enum": [text, format!("{text}{text}"), "x"], "default": text},
            "values": {"enum": [text, 1, [text], {text: text}]},
            "one": {"const": {text: text}},
            "media": {
                "type": "string", "format": "image_uri", "title": text,
                "validations": [rule("width_pixels>", json!(1)), rule(&format!("x{text}"), json!(text))],
            },
            "list": {"type": "array", "items": {"type": "string", "enum": [text, "y"], "description": text}},
            "object": {"type": "object", "properties": {text: {"type": "object", "properties": {text: {}}}}, "required": [text]},
            "open": {"type": "object", "properties": {text: {"description": text}}, "additionalProperties": {"type": "string", "enum": [text]}},
            "map": {"type": "object", "description": text, "additionalProperties": {"title": text, "type": "integer"}},
            "union": {"title": text, "description": text, "oneOf": [
                {"type": "object", "title": text, "properties": {text: {"const": text}}},
                {"type": "object", "properties": {"kind": {"const": format!("{text}x")}}},
                {"type": "string", "enum": [text]},
            ]},
            "referred": {"$ref": format!("#/$defs/{step}"), "title": text},
        },
    })
}

/// Asserts that the generated code and its docs compile with warnings denied, and that no doc
/// comment became a test.
fn compiles(generated: &Generated) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let head = "//! Hostile.\n#![deny(warnings, missing_docs, rustdoc::all)]\npub mod generated;\n";
    let mut sources = library(&generated.files);
    sources.insert("src/lib.rs".to_owned(), head.to_owned());
    let scratch = scratch(folder.path(), Uses::Runcomfy, &sources);
    for (step, compiler) in [("check", scratch.check(LIBRARY)), ("doc", scratch.doc())] {
        let (ok, printed) = compile(compiler);
        let printed: String = printed.chars().take(6000).collect();
        assert!(ok, "{step} fails:\n{printed}");
    }
    let (ok, printed) = compile(scratch.doc_tests());
    let pages = generated.files.keys().filter(|path| path.contains('/')).count();
    let only_calls = format!("0 passed; 0 failed; {pages} ignored;");
    assert!(ok && printed.contains(&only_calls), "a doc comment is a test:\n{printed}");
}
