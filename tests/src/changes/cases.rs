//! Each kind of change, as two states of a small schema.

use runcomfy_codegen::Kind;
use runcomfy_codegen::Kind::{
    ArgumentGone, BranchGone, BranchNew, DefaultChanged, Docs, IdChanged, ModelBack,
    ModelDeprecated, ModelGone, ModelNew, ModuleRenamed, NameRequired, NarrowerBound, NarrowerType,
    NewTakes, NowOptional, NowRequired, OutputChanged, OutputGone, OutputNew, OutputReshaped,
    OutputWireRenamed, PropertyGone, PropertyNew, PropertyRenamed, PropertyRequired, TypeChanged,
    TypeGone, ValueGone, ValueNew, WiderBound, WiderType, WireRenamed, WordGone, WordNew,
    WordRenamed,
};

/// Two states of one model, and what is to be said of them.
#[derive(Debug)]
pub struct Case {
    /// The name of the case, and of its model.
    pub name: &'static str,
    /// The earlier state; nothing where the model is new.
    pub old: Option<State>,
    /// The later state; nothing where the model is gone.
    pub new: Option<State>,
    /// The folder of another model that is in the later state only.
    pub beside: Option<&'static str>,
    /// The changes: each kind, and where.
    pub changes: Vec<(Kind, &'static str)>,
    /// Inputs that the earlier state takes, among them one for every refusal.
    pub inputs: Vec<String>,
}

/// One state of a model.
#[derive(Debug, Clone)]
pub struct State {
    /// The model's id, where it is spelt otherwise than its folder.
    pub id: Option<&'static str>,
    /// What `model.json` has beside the id.
    pub facts: String,
    /// `input.json`.
    pub input: String,
    /// `output.json`.
    pub output: Option<String>,
}

impl State {
    fn of(input: impl Into<String>) -> Self {
        Self { id: None, facts: String::new(), input: input.into(), output: None }
    }

    fn with_facts(self, facts: &str) -> Self {
        Self { facts: facts.to_owned(), ..self }
    }
}

type Changes<'a> = &'a [(Kind, &'static str)];

/// A case of whole inputs.
fn whole(name: &'static str, old: &str, new: &str, changes: Changes<'_>, inputs: &[&str]) -> Case {
    Case {
        name,
        old: Some(State::of(old)),
        new: Some(State::of(new)),
        beside: None,
        changes: changes.to_vec(),
        inputs: inputs.iter().map(|input| (*input).to_owned()).collect(),
    }
}

/// A case of one optional property `a`, with values of it.
fn one(name: &'static str, old: &str, new: &str, changes: Changes<'_>, values: &[&str]) -> Case {
    let input = |schema: &str| format!(r#"{{"properties": {{"a": {schema}}}}}"#);
    let inputs: Vec<String> = values.iter().map(|value| format!(r#"{{"a": {value}}}"#)).collect();
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    whole(name, &input(old), &input(new), changes, &inputs)
}

/// A case of facts in `model.json`.
fn facts(name: &'static str, old: &str, new: &str, input: [&str; 2], changes: Changes<'_>) -> Case {
    let [old_input, new_input] = input;
    let case = whole(name, old_input, new_input, changes, &[]);
    Case {
        old: case.old.map(|state| state.with_facts(old)),
        new: case.new.map(|state| state.with_facts(new)),
        ..case
    }
}

/// A case of outputs.
fn answer(name: &'static str, old: &str, new: &str, changes: Changes<'_>) -> Case {
    let state = |schema: &str| {
        let output = format!(r#"{{"output": {schema}}}"#);
        Some(State { output: Some(output), ..State::of(r#"{"properties": {}}"#) })
    };
    Case { old: state(old), new: state(new), ..whole(name, "", "", changes, &[]) }
}

/// Every case.
pub fn cases() -> Vec<Case> {
    let mut cases = models();
    cases.extend(properties());
    cases.extend(types());
    cases.extend(bounds());
    cases.extend(choices());
    cases.extend(unions());
    cases.extend(objects());
    cases.extend(outputs());
    cases
}

const TEXT: &str = r#"{"type": "string"}"#;
const INTEGER: &str = r#"{"type": "integer"}"#;
const NUMBER: &str = r#"{"type": "number"}"#;
const IMAGE: &str = r#"{"type": "string", "format": "image_uri"}"#;
const URL: &str = r#""https://example.com/a.png""#;
const PROMPT: &str = r#"{"properties": {"p": {"type": "string"}}, "required": ["p"]}"#;

fn models() -> Vec<Case> {
    let new = Case { old: None, ..whole("model-new", PROMPT, PROMPT, &[(ModelNew, "")], &[]) };
    let gone = Case { new: None, ..whole("model-gone", PROMPT, PROMPT, &[(ModelGone, "")], &[]) };
    let renamed = Case {
        beside: Some("acme/module.renamed"),
        ..whole("module-renamed", PROMPT, PROMPT, &[(ModuleRenamed, "")], &[])
    };
    let spelt = whole("id-changed", PROMPT, PROMPT, &[(IdChanged, "")], &[]);
    let spelt = Case {
        new: spelt.new.map(|state| State { id: Some("acme/ID Changed"), ..state }),
        ..spelt
    };
    vec![
        new,
        gone,
        renamed,
        facts("deprecated", "", r#", "gone": "0.1.0""#, [PROMPT; 2], &[(ModelDeprecated, "")]),
        facts("back", r#", "gone": "0.1.0""#, "", [PROMPT; 2], &[(ModelBack, "")]),
        facts("price", "", r#", "base_price_usd": 0.5"#, [PROMPT; 2], &[(Docs, "")]),
        spelt,
        facts(
            "required-reordered",
            r#", "arguments": ["p", "q"]"#,
            r#", "arguments": ["p", "q"]"#,
            [
                r#"{"properties": {"p": {"type": "string"}, "q": {"type": "integer"}}, "required": ["p", "q"]}"#,
                r#"{"properties": {"q": {"type": "integer"}, "p": {"type": "string"}}, "required": ["q", "p"]}"#,
            ],
            &[(Docs, "")],
        ),
        facts(
            "arguments-reordered",
            r#", "arguments": ["p", "q"]"#,
            r#", "arguments": ["q", "p"]"#,
            [r#"{"properties": {"p": {"type": "string"}, "q": {"type": "integer"}}, "required": ["p", "q"]}"#;
                2],
            &[(NewTakes, "")],
        ),
        facts(
            "argument-kept",
            r#", "arguments": ["p"]"#,
            r#", "arguments": ["p"]"#,
            [PROMPT, r#"{"properties": {"p": {"type": "string"}}}"#],
            &[(NowOptional, "p")],
        ),
        facts(
            "argument-kept-by-name",
            r#", "arguments": ["p", "q"]"#,
            r#", "arguments": ["p", "q"]"#,
            [
                r#"{"properties": {"p": {"type": "string"}, "q": {"type": "string"}}, "required": ["p", "q"]}"#,
                r#"{"properties": {"p": {"type": "string"}, "q": {"type": "string"}}, "required": ["p"]}"#,
            ],
            &[(NowOptional, "q")],
        ),
        facts(
            "argument-let-go",
            r#", "arguments": ["p"]"#,
            r#", "arguments": []"#,
            [PROMPT, r#"{"properties": {"p": {"type": "string"}}}"#],
            &[(ArgumentGone, "p"), (NewTakes, "")],
        ),
        Case {
            inputs: vec!["{}".to_owned()],
            ..facts(
                "argument-required-again",
                r#", "arguments": ["p"]"#,
                r#", "arguments": ["p"]"#,
                [r#"{"properties": {"p": {"type": "string"}}}"#, PROMPT],
                &[(NameRequired, "p")],
            )
        },
    ]
}

fn properties() -> Vec<Case> {
    vec![
        whole(
            "property-new",
            PROMPT,
            r#"{"properties": {"p": {"type": "string"}, "q": {"type": "integer"}}, "required": ["p"]}"#,
            &[(PropertyNew, "q")],
            &[r#"{"p": ""}"#],
        ),
        whole(
            "property-required",
            PROMPT,
            r#"{"properties": {"p": {"type": "string"}, "q": {"type": "integer"}}, "required": ["p", "q"]}"#,
            &[(PropertyRequired, "q"), (NewTakes, "")],
            &[r#"{"p": ""}"#],
        ),
        whole(
            "property-gone",
            r#"{"properties": {"p": {"type": "string"}, "q": {"type": "integer"}}}"#,
            r#"{"properties": {"p": {"type": "string"}}}"#,
            &[(PropertyGone, "q")],
            &[r#"{"q": 1}"#],
        ),
        whole(
            "argument-gone",
            r#"{"properties": {"p": {"type": "string"}, "q": {"type": "integer"}}, "required": ["p", "q"]}"#,
            PROMPT,
            &[(PropertyGone, "q"), (NewTakes, "")],
            &[r#"{"p": "", "q": 1}"#],
        ),
        whole(
            "now-required",
            r#"{"properties": {"p": {"type": "string"}}}"#,
            PROMPT,
            &[(NowRequired, "p"), (NewTakes, "")],
            &["{}"],
        ),
        whole(
            "optional-where-no-order-is-kept",
            PROMPT,
            r#"{"properties": {"p": {"type": "string"}}}"#,
            &[(ArgumentGone, "p"), (NewTakes, "")],
            &[r#"{"p": ""}"#],
        ),
        whole(
            "argument-of-one-type-added",
            r#"{"properties": {"p": {"type": "string"}, "q": {"type": "string"}}, "required": ["p"]}"#,
            r#"{"properties": {"p": {"type": "string"}, "q": {"type": "string"}}, "required": ["p", "q"]}"#,
            &[(NowRequired, "q"), (NewTakes, "")],
            &[r#"{"p": ""}"#],
        ),
        whole(
            "property-renamed-by-a-neighbour",
            r#"{"properties": {"a-b": {"type": "string"}}}"#,
            r#"{"properties": {"a-b": {"type": "string"}, "a_b": {"type": "string"}}}"#,
            &[(PropertyRenamed, "a-b"), (PropertyNew, "a_b")],
            &[r#"{"a-b": ""}"#],
        ),
        whole(
            "wire-renamed",
            r#"{"properties": {"aB": {"type": "string"}}, "required": ["aB"]}"#,
            r#"{"properties": {"a_b": {"type": "string"}}, "required": ["a_b"]}"#,
            &[(WireRenamed, "aB"), (WireRenamed, "a_b")],
            &[r#"{"aB": ""}"#],
        ),
        one(
            "title",
            r#"{"type": "string"}"#,
            r#"{"type": "string", "title": "T"}"#,
            &[(Docs, "a")],
            &[r#""""#],
        ),
        one(
            "description",
            r#"{"type": "string"}"#,
            r#"{"type": "string", "description": "D."}"#,
            &[(Docs, "a")],
            &[],
        ),
        one(
            "example",
            r#"{"type": "string"}"#,
            r#"{"type": "string", "example": "e"}"#,
            &[(Docs, "a")],
            &[],
        ),
        one(
            "default",
            r#"{"type": "integer", "default": 3}"#,
            r#"{"type": "integer", "default": 5}"#,
            &[(DefaultChanged, "a")],
            &["3"],
        ),
        one(
            "unchecked-format",
            TEXT,
            r#"{"type": "string", "format": "color"}"#,
            &[(Docs, "a")],
            &[r#""red""#],
        ),
        one(
            "unchecked-rule",
            IMAGE,
            r#"{"type": "string", "format": "image_uri", "validations": [{"validation_rule": "frames<", "validation_value": 9, "validation_error": ""}]}"#,
            &[(Docs, "a")],
            &[URL],
        ),
        whole(
            "properties-reordered",
            r#"{"properties": {"p": {"type": "string"}, "q": {"type": "integer"}}}"#,
            r#"{"properties": {"q": {"type": "integer"}, "p": {"type": "string"}}}"#,
            &[(Docs, "")],
            &[],
        ),
    ]
}

fn types() -> Vec<Case> {
    let list = r#"{"type": "array", "items": {"type": "string"}}"#;
    let refused: Changes<'_> = &[(TypeChanged, "a"), (NarrowerType, "a")];
    vec![
        one("integer-to-number", INTEGER, NUMBER, &[(TypeChanged, "a"), (WiderType, "a")], &["1"]),
        one("number-to-integer", NUMBER, INTEGER, refused, &["1.5"]),
        one("text-to-integer", TEXT, INTEGER, refused, &[r#""1""#]),
        one("text-to-media", TEXT, IMAGE, &[(TypeChanged, "a")], &[URL]),
        one("media-to-text", IMAGE, TEXT, &[(TypeChanged, "a")], &[URL]),
        one("text-to-any", TEXT, "{}", &[(TypeChanged, "a"), (WiderType, "a")], &[r#""""#]),
        one("any-to-text", "{}", TEXT, refused, &["1"]),
        one("list-to-text", list, TEXT, refused, &[r#"["a"]"#]),
        one("text-to-list", TEXT, list, refused, &[r#""a""#]),
        one(
            "text-to-words",
            TEXT,
            r#"{"type": "string", "enum": ["x", "y"]}"#,
            refused,
            &[r#""x""#, r#""z""#],
        ),
        one(
            "words-to-text",
            r#"{"type": "string", "enum": ["x", "y"]}"#,
            TEXT,
            &[(TypeGone, ""), (TypeChanged, "a"), (WiderType, "a")],
            &[r#""x""#],
        ),
        one(
            "optional-nullable",
            TEXT,
            r#"{"type": ["string", "null"]}"#,
            &[(WiderType, "a")],
            &[r#""""#],
        ),
        one(
            "optional-nullable-no-more",
            r#"{"type": ["string", "null"]}"#,
            TEXT,
            &[(NarrowerType, "a")],
            &["null"],
        ),
        whole(
            "required-nullable",
            PROMPT,
            r#"{"properties": {"p": {"type": ["string", "null"]}}, "required": ["p"]}"#,
            &[(TypeChanged, "p"), (NewTakes, ""), (WiderType, "p")],
            &[r#"{"p": ""}"#],
        ),
        one(
            "image-to-media",
            r#"{"type": "string", "format": "image_uri", "validations": [{"validation_rule": "width_pixels>", "validation_value": 300, "validation_error": ""}]}"#,
            r#"{"type": "string", "validations": [{"validation_rule": "width_pixels>", "validation_value": 300, "validation_error": ""}]}"#,
            &[(WiderType, "a")],
            &[URL],
        ),
        // What a picture is, is asked when it is measured, and not of its address.
        one(
            "image-to-video",
            IMAGE,
            r#"{"type": "string", "format": "video_uri"}"#,
            &[(NarrowerType, "a")],
            &[URL],
        ),
        one(
            "list-of-another",
            list,
            r#"{"type": "array", "items": {"type": "integer"}}"#,
            &[(TypeChanged, "a"), (NarrowerType, "a[]")],
            &[r#"["a"]"#],
        ),
    ]
}

/// A case of one property with bounds.
fn bound(name: &'static str, ty: &str, old: &str, new: &str, kind: Kind, values: &[&str]) -> Case {
    let schema = |bound: &str| format!(r#"{{"type": "{ty}"{bound}}}"#);
    one(name, &schema(old), &schema(new), &[(kind, "a")], values)
}

fn bounds() -> Vec<Case> {
    let (narrower, wider) = (NarrowerBound, WiderBound);
    let measured = |rule: &str, value: f64| {
        format!(
            r#"{{"type": "string", "format": "image_uri", "validations": [{{"validation_rule": "{rule}", "validation_value": {value}, "validation_error": "No."}}]}}"#
        )
    };
    let media = |name, old: &str, new: &str, kind| one(name, old, new, &[(kind, "a")], &[URL]);
    vec![
        bound("max-length-new", "string", "", r#", "maxLength": 2"#, narrower, &[r#""abc""#]),
        bound(
            "max-length-narrower",
            "string",
            r#", "maxLength": 3"#,
            r#", "maxLength": 2"#,
            narrower,
            &[r#""abc""#],
        ),
        bound(
            "max-length-wider",
            "string",
            r#", "maxLength": 2"#,
            r#", "maxLength": 3"#,
            wider,
            &[r#""ab""#],
        ),
        bound("max-length-gone", "string", r#", "maxLength": 2"#, "", wider, &[r#""ab""#]),
        bound(
            "min-length-narrower",
            "string",
            r#", "minLength": 1"#,
            r#", "minLength": 2"#,
            narrower,
            &[r#""a""#],
        ),
        bound(
            "min-length-wider",
            "string",
            r#", "minLength": 2"#,
            r#", "minLength": 0"#,
            wider,
            &[r#""ab""#],
        ),
        bound(
            "minimum-narrower",
            "number",
            r#", "minimum": 0"#,
            r#", "minimum": 0.5"#,
            narrower,
            &["0.25"],
        ),
        bound(
            "minimum-strict",
            "number",
            r#", "minimum": 0"#,
            r#", "exclusiveMinimum": 0"#,
            narrower,
            &["0"],
        ),
        bound(
            "minimum-wider",
            "number",
            r#", "exclusiveMinimum": 0"#,
            r#", "minimum": 0"#,
            wider,
            &["1"],
        ),
        bound(
            "maximum-narrower",
            "integer",
            r#", "maximum": 9"#,
            r#", "maximum": 8"#,
            narrower,
            &["9"],
        ),
        bound(
            "maximum-strict",
            "integer",
            r#", "maximum": 9"#,
            r#", "exclusiveMaximum": 9"#,
            narrower,
            &["9"],
        ),
        bound("maximum-wider", "integer", r#", "maximum": 8"#, r#", "maximum": 9"#, wider, &["8"]),
        // A bound of integers that is written in another way.
        one(
            "maximum-as-strict",
            r#"{"type": "integer", "maximum": 8}"#,
            r#"{"type": "integer", "exclusiveMaximum": 9}"#,
            &[(Docs, "")],
            &["8"],
        ),
        bound(
            "maximum-past-floats",
            "integer",
            r#", "maximum": 9007199254740994"#,
            r#", "maximum": 9007199254740993"#,
            narrower,
            &["9007199254740994"],
        ),
        bound("multiple-new", "integer", "", r#", "multipleOf": 8"#, narrower, &["9"]),
        bound(
            "multiple-narrower",
            "integer",
            r#", "multipleOf": 8"#,
            r#", "multipleOf": 16"#,
            narrower,
            &["8"],
        ),
        bound(
            "multiple-wider",
            "integer",
            r#", "multipleOf": 16"#,
            r#", "multipleOf": 8"#,
            wider,
            &["16"],
        ),
        one(
            "multiple-of-one",
            INTEGER,
            r#"{"type": "integer", "multipleOf": 1}"#,
            &[(Docs, "")],
            &["3"],
        ),
        bound(
            "max-items-narrower",
            "array",
            r#", "maxItems": 2"#,
            r#", "maxItems": 1"#,
            narrower,
            &["[1, 2]"],
        ),
        bound("min-items-narrower", "array", "", r#", "minItems": 1"#, narrower, &["[]"]),
        bound(
            "max-items-wider",
            "array",
            r#", "maxItems": 1"#,
            r#", "maxItems": 2"#,
            wider,
            &["[1]"],
        ),
        bound("unique-items", "array", "", r#", "uniqueItems": true"#, narrower, &["[1, 1]"]),
        bound("unique-items-gone", "array", r#", "uniqueItems": true"#, "", wider, &["[1]"]),
        bound("min-properties", "object", "", r#", "minProperties": 1"#, narrower, &["{}"]),
        bound(
            "max-properties",
            "object",
            "",
            r#", "maxProperties": 1"#,
            narrower,
            &[r#"{"x": 1, "y": 2}"#],
        ),
        whole(
            "whole-input-bound",
            r#"{"properties": {"p": {}, "q": {}}}"#,
            r#"{"properties": {"p": {}, "q": {}}, "minProperties": 1}"#,
            &[(narrower, "")],
            &["{}"],
        ),
        one(
            "item-bound",
            r#"{"type": "array", "items": {"type": "integer", "maximum": 9}}"#,
            r#"{"type": "array", "items": {"type": "integer", "maximum": 8}}"#,
            &[(narrower, "a[]")],
            &["[9]"],
        ),
        // Pictures of the tests are 350 pixels wide and 5 MB large.
        media("width-new", IMAGE, &measured("width_pixels>", 400.0), narrower),
        media(
            "width-narrower",
            &measured("width_pixels>", 300.0),
            &measured("width_pixels>", 400.0),
            narrower,
        ),
        media(
            "width-wider",
            &measured("width_pixels>", 300.0),
            &measured("width_pixels>", 200.0),
            wider,
        ),
        media(
            "size-narrower",
            &measured("file_size_mb<", 10.0),
            &measured("file_size_mb<", 5.0),
            narrower,
        ),
        media("size-gone", &measured("file_size_mb<", 10.0), IMAGE, wider),
        media(
            "message-of-a-rule",
            &measured("width_pixels>", 300.0),
            &measured("width_pixels>", 300.0).replace("No.", "Wider."),
            Docs,
        ),
    ]
}

fn choices() -> Vec<Case> {
    let words = |words: &str| format!(r#"{{"type": "string", "enum": [{words}]}}"#);
    let numbers = |numbers: &str| format!(r#"{{"type": "integer", "enum": [{numbers}]}}"#);
    let any = |choices: &str| format!(r#"{{"enum": [{choices}]}}"#);
    vec![
        one("word-new", &words(r#""x""#), &words(r#""x", "y""#), &[(WordNew, "a")], &[r#""x""#]),
        one("word-gone", &words(r#""x", "y""#), &words(r#""x""#), &[(WordGone, "a")], &[r#""y""#]),
        one(
            "word-renamed-by-a-neighbour",
            &words(r#""4k""#),
            &words(r#""4k", "4K""#),
            &[(WordRenamed, "a"), (WordNew, "a")],
            &[r#""4k""#],
        ),
        one(
            "words-reordered",
            &words(r#""x", "y""#),
            &words(r#""y", "x""#),
            &[(Docs, "")],
            &[r#""x""#],
        ),
        one("value-new", &numbers("5"), &numbers("5, 10"), &[(ValueNew, "a")], &["5"]),
        one("value-gone", &numbers("5, 10"), &numbers("5"), &[(ValueGone, "a")], &["10"]),
        one(
            "values-to-bounds",
            &numbers("5, 10"),
            r#"{"type": "integer", "minimum": 6}"#,
            &[(ValueGone, "a"), (WiderType, "a")],
            &["5"],
        ),
        one("values-gone", &numbers("5, 10"), INTEGER, &[(WiderType, "a")], &["5"]),
        one("integer-to-values", INTEGER, &numbers("5, 10"), &[(NarrowerType, "a")], &["6"]),
        one(
            "row-to-values",
            r#"{"type": "integer", "minimum": 1, "maximum": 3}"#,
            &numbers("1, 2, 3"),
            &[(Docs, "")],
            &["1", "3"],
        ),
        one(
            "row-to-fewer-values",
            r#"{"type": "integer", "minimum": 1, "maximum": 3}"#,
            &numbers("1, 3, 5"),
            &[(ValueGone, "a"), (ValueNew, "a")],
            &["2"],
        ),
        one(
            "mixed-value-gone",
            &any(r#"1, "x", true"#),
            &any(r#"1, true"#),
            &[(ValueGone, "a")],
            &[r#""x""#],
        ),
        one(
            "mixed-value-new",
            &any(r#"1, true"#),
            &any(r#"1, "x", true"#),
            &[(ValueNew, "a")],
            &["1"],
        ),
        one(
            "const-word",
            &words(r#""x""#),
            r#"{"const": "y"}"#,
            &[(WordGone, "a"), (WordNew, "a")],
            &[r#""x""#],
        ),
    ]
}

fn unions() -> Vec<Case> {
    let any_of = |branches: &str| format!(r#"{{"anyOf": [{branches}]}}"#);
    let one_of = |branches: &str| format!(r#"{{"oneOf": [{branches}]}}"#);
    let both = r#"{"type": "integer"}, {"type": "string"}"#;
    let three = r#"{"type": "integer"}, {"type": "string"}, {"type": "boolean"}"#;
    vec![
        one(
            "branch-new",
            &any_of(both),
            &any_of(three),
            &[(BranchNew, "a"), (WiderType, "a")],
            &["1"],
        ),
        one(
            "branch-gone",
            &any_of(three),
            &any_of(both),
            &[(BranchGone, "a"), (NarrowerType, "a")],
            &["true"],
        ),
        one(
            "scalar-to-union",
            INTEGER,
            &any_of(both),
            &[(TypeChanged, "a"), (WiderType, "a")],
            &["1"],
        ),
        one(
            "union-to-scalar",
            &any_of(both),
            INTEGER,
            &[(TypeGone, ""), (TypeChanged, "a"), (NarrowerType, "a")],
            &[r#""x""#],
        ),
        one(
            "branch-narrower",
            &any_of(r#"{"type": "integer", "maximum": 9}, {"type": "string"}"#),
            &any_of(r#"{"type": "integer", "maximum": 8}, {"type": "string"}"#),
            &[(NarrowerBound, "a")],
            &["9"],
        ),
        one(
            "branch-wider",
            &any_of(r#"{"type": "integer", "maximum": 8}, {"type": "string"}"#),
            &any_of(r#"{"type": "integer", "maximum": 9}, {"type": "string"}"#),
            &[(WiderBound, "a")],
            &["8"],
        ),
        one(
            "branch-narrower-and-another-takes-it",
            &any_of(r#"{"type": "integer", "maximum": 9}, {"type": "string"}"#),
            &any_of(r#"{"type": "integer", "maximum": 8}, {"type": "string"}, {"type": "number"}"#),
            &[(BranchGone, "a"), (BranchNew, "a"), (WiderType, "a")],
            &["9"],
        ),
        one("any-of-to-one-of", &any_of(both), &one_of(both), &[(Docs, "")], &["1", r#""x""#]),
        one(
            "any-of-to-one-of-that-overlap",
            &any_of(
                r#"{"type": "integer"}, {"type": "string"}, {"type": "integer", "minimum": 5}"#,
            ),
            &one_of(
                r#"{"type": "integer"}, {"type": "string"}, {"type": "integer", "minimum": 5}"#,
            ),
            &[(NarrowerType, "a")],
            &["6"],
        ),
        one(
            "word-in-a-union",
            &any_of(r#"{"type": "string", "enum": ["x", "y"]}, {"type": "integer"}"#),
            &any_of(r#"{"type": "string", "enum": ["x"]}, {"type": "integer"}"#),
            &[(WordGone, "a")],
            &[r#""y""#],
        ),
        one(
            "word-beside-any-text",
            &any_of(r#"{"type": "string", "enum": ["x", "y"]}, {"type": "string"}"#),
            &any_of(r#"{"type": "string", "enum": ["x"]}, {"type": "string"}"#),
            &[(WordGone, "a")],
            &[r#""y""#],
        ),
        one(
            "words-beside-any-text-gone",
            &any_of(r#"{"type": "string", "enum": ["x", "y"]}, {"type": "string"}"#),
            TEXT,
            &[(TypeGone, "")],
            &[r#""y""#],
        ),
    ]
}

fn objects() -> Vec<Case> {
    let layers = |properties: &str, more: &str| {
        format!(
            r#"{{"type": "array", "items": {{"type": "object", "properties": {{{properties}}}{more}}}}}"#
        )
    };
    let required = r#", "required": ["u"]"#;
    let u = r#""u": {"type": "string"}"#;
    let open = r#", "additionalProperties": true"#;
    let map = |of: &str| format!(r#"{{"type": "object", "additionalProperties": {of}}}"#);
    vec![
        one(
            "nested-property-new",
            &layers(u, required),
            &layers(&format!(r#"{u}, "v": {{"type": "integer"}}"#), required),
            &[(PropertyNew, "a[].v")],
            &[r#"[{"u": ""}]"#],
        ),
        one(
            "nested-property-gone",
            &layers(&format!(r#"{u}, "v": {{"type": "integer"}}"#), required),
            &layers(u, required),
            &[(PropertyGone, "a[].v")],
            &[r#"[{"u": "", "v": 1}]"#],
        ),
        one(
            "nested-now-required",
            &layers(u, ""),
            &layers(u, required),
            &[(NowRequired, "a[].u"), (NewTakes, "a[]")],
            &["[{}]"],
        ),
        one(
            "nested-now-optional",
            &layers(u, required),
            &layers(u, ""),
            &[(ArgumentGone, "a[].u"), (NewTakes, "a[]")],
            &[r#"[{"u": ""}]"#],
        ),
        one(
            "nested-bound",
            &layers(r#""u": {"type": "string", "maxLength": 2}"#, ""),
            &layers(r#""u": {"type": "string", "maxLength": 1}"#, ""),
            &[(NarrowerBound, "a[].u")],
            &[r#"[{"u": "ab"}]"#],
        ),
        one(
            "nested-word-gone",
            &layers(r#""u": {"enum": ["x", "y"]}"#, ""),
            &layers(r#""u": {"enum": ["x"]}"#, ""),
            &[(WordGone, "a[].u")],
            &[r#"[{"u": "y"}]"#],
        ),
        one(
            "nested-required-reordered",
            &layers(
                r#""u": {"type": "string"}, "v": {"type": "integer"}"#,
                r#", "required": ["u", "v"]"#,
            ),
            &layers(
                r#""v": {"type": "integer"}, "u": {"type": "string"}"#,
                r#", "required": ["v", "u"]"#,
            ),
            &[(Docs, "")],
            &[r#"[{"u": "", "v": 1}]"#],
        ),
        one(
            "struct-to-map",
            r#"{"type": "object", "properties": {"u": {"type": "string"}}}"#,
            &format!(r#"{{"type": "object", "properties": {{"u": {{"type": "string"}}}}{open}}}"#),
            &[(TypeGone, ""), (TypeChanged, "a"), (WiderType, "a")],
            &[r#"{"u": ""}"#],
        ),
        one(
            "map-to-struct",
            &format!(r#"{{"type": "object", "properties": {{"u": {{"type": "string"}}}}{open}}}"#),
            r#"{"type": "object", "properties": {"u": {"type": "string"}}}"#,
            &[(TypeChanged, "a"), (NarrowerType, "a[*]")],
            &[r#"{"*": 1}"#],
        ),
        one(
            "open-name-bound",
            &format!(r#"{{"type": "object", "properties": {{"u": {{"type": "string"}}}}{open}}}"#),
            &format!(
                r#"{{"type": "object", "properties": {{"u": {{"type": "string", "maxLength": 1}}}}{open}}}"#
            ),
            &[(NarrowerBound, "a.u")],
            &[r#"{"u": "ab"}"#],
        ),
        one(
            "open-name-required",
            &format!(r#"{{"type": "object", "properties": {{"u": {{"type": "string"}}}}{open}}}"#),
            &format!(
                r#"{{"type": "object", "properties": {{"u": {{"type": "string"}}}}, "required": ["u"]{open}}}"#
            ),
            &[(NameRequired, "a.u")],
            &["{}"],
        ),
        one(
            "open-name-required-no-more",
            &format!(
                r#"{{"type": "object", "properties": {{"u": {{"type": "string"}}}}, "required": ["u"]{open}}}"#
            ),
            &format!(r#"{{"type": "object", "properties": {{"u": {{"type": "string"}}}}{open}}}"#),
            &[(NowOptional, "a.u")],
            &[r#"{"u": "ab"}"#],
        ),
        one(
            "open-name-described",
            &format!(r#"{{"type": "object", "properties": {{"u": {{"type": "string"}}}}{open}}}"#),
            &format!(
                r#"{{"type": "object", "properties": {{"u": {{"type": "string"}}, "v": {{"type": "integer"}}}}{open}}}"#
            ),
            &[(PropertyNew, "a.v"), (NarrowerType, "a.v")],
            &[r#"{"v": "x"}"#],
        ),
        one(
            "map-of-another",
            &map(INTEGER),
            &map(NUMBER),
            &[(TypeChanged, "a"), (WiderType, "a[*]")],
            &[r#"{"x": 1}"#],
        ),
        one(
            "map-bound",
            &map(r#"{"type": "integer", "maximum": 9}"#),
            &map(r#"{"type": "integer", "maximum": 8}"#),
            &[(NarrowerBound, "a[*]")],
            &[r#"{"*": 9}"#],
        ),
        whole(
            "type-renamed-by-a-neighbour",
            r#"{"properties": {"s": {"type": "object", "properties": {"m": {"enum": ["x"]}}}}}"#,
            r#"{"properties": {"s": {"type": "object", "properties": {"m": {"enum": ["x"]}}}, "m": {"enum": ["z"]}}}"#,
            &[(TypeChanged, "s.m"), (TypeGone, ""), (PropertyNew, "m")],
            &[r#"{"s": {"m": "x"}}"#],
        ),
        whole(
            "type-in-another-place",
            r##"{"properties": {"p": {"$ref": "#/$defs/Mode"}}, "$defs": {"Mode": {"enum": ["x"]}}}"##,
            r##"{"properties": {"q": {"$ref": "#/$defs/Mode"}}, "$defs": {"Mode": {"enum": ["z"]}}}"##,
            &[(PropertyGone, "p"), (PropertyNew, "q"), (WordGone, "Mode"), (WordNew, "Mode")],
            &[r#"{"p": "x"}"#],
        ),
        whole(
            "in-a-circle",
            r##"{"properties": {"n": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}, "v": {"type": "integer", "maximum": 9}}}}}"##,
            r##"{"properties": {"n": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}, "v": {"type": "integer", "maximum": 8}}}}}"##,
            &[(NarrowerBound, "n.v")],
            &[r#"{"n": {"v": 9}}"#],
        ),
    ]
}

fn outputs() -> Vec<Case> {
    let own = |properties: &str| {
        format!(r#"{{"type": "object", "properties": {{"s": {{"type": "integer"}}{properties}}}}}"#)
    };
    let items = |properties: &str| {
        own(&format!(
            r#", "l": {{"type": "array", "items": {{"type": "object", "properties": {{{properties}}}}}}}"#
        ))
    };
    let usual =
        r#"{"type": "object", "properties": {"video": {"type": "string", "format": "uri"}}}"#;
    let w = r#""w": {"type": "integer"}"#;
    vec![
        answer(
            "output-new",
            &own(""),
            &own(r#", "t": {"type": "string"}"#),
            &[(OutputNew, "output.t")],
        ),
        answer(
            "output-gone",
            &own(r#", "t": {"type": "string"}"#),
            &own(""),
            &[(OutputGone, "output.t")],
        ),
        answer(
            "output-changed",
            &own(r#", "t": {"type": "string"}"#),
            &own(r#", "t": {"type": "integer"}"#),
            &[(OutputChanged, "output.t")],
        ),
        answer("output-to-own", usual, &own(""), &[(OutputReshaped, "output")]),
        answer("output-to-usual", &own(""), usual, &[(OutputReshaped, "output")]),
        answer(
            "output-usual-still",
            usual,
            r#"{"type": "object", "properties": {"images": {"type": "array", "items": {"type": "string", "format": "uri"}}}}"#,
            &[],
        ),
        answer(
            "output-to-one-value",
            &own(""),
            r#"{"type": "string"}"#,
            &[(OutputReshaped, "output")],
        ),
        answer(
            "output-of-another-value",
            r#"{"type": "string"}"#,
            r#"{"type": "integer"}"#,
            &[(OutputReshaped, "output")],
        ),
        answer(
            "output-item-new",
            &items(w),
            &items(&format!(r#"{w}, "h": {{"type": "integer"}}"#)),
            &[(OutputNew, "output.l[].h")],
        ),
        answer(
            "output-item-gone",
            &items(&format!(r#"{w}, "h": {{"type": "integer"}}"#)),
            &items(w),
            &[(OutputGone, "output.l[].h")],
        ),
        answer(
            "output-others-renamed",
            &own(""),
            &own(r#", "others": {"type": "string"}"#),
            &[(OutputNew, "output.others"), (OutputChanged, "output")],
        ),
        answer(
            "output-wire-renamed",
            &own(r#", "aB": {"type": "string"}"#),
            &own(r#", "a_b": {"type": "string"}"#),
            &[(OutputWireRenamed, "output.aB")],
        ),
        answer(
            "output-required",
            &own(""),
            r#"{"type": "object", "properties": {"s": {"type": "integer"}}, "required": ["s"]}"#,
            &[],
        ),
        answer(
            "output-bound",
            &own(""),
            r#"{"type": "object", "properties": {"s": {"type": "integer", "maximum": 1}}}"#,
            &[(Docs, "")],
        ),
        answer(
            "output-branch-new",
            &own(r#", "t": {"anyOf": [{"type": "string"}, {"type": "integer"}]}"#),
            &own(
                r#", "t": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}]}"#,
            ),
            &[(BranchNew, "output.t")],
        ),
        answer(
            "output-branch-gone",
            &own(
                r#", "t": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}]}"#,
            ),
            &own(r#", "t": {"anyOf": [{"type": "string"}, {"type": "integer"}]}"#),
            &[(BranchGone, "output.t")],
        ),
        answer(
            "output-title",
            &own(""),
            r#"{"type": "object", "properties": {"s": {"type": "integer", "title": "T"}}}"#,
            &[(Docs, "output.s")],
        ),
    ]
}
