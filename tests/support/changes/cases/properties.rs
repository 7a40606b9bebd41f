//! Added, removed and moved properties.

use runcomfy_codegen::Kind::{
    ArgumentGone, DefaultChanged, Docs, NameRequired, NewTakes, NowRequired, PropertyGone,
    PropertyNew, PropertyRenamed, PropertyRequired, TypeChanged, WireRenamed, WordGone, WordNew,
};

use super::{Case, IMAGE, PROMPT, TEXT, URL, one, whole};

/// Returns the cases.
pub(super) fn properties() -> Vec<Case> {
    let kind = |schema: &str, required: &str| {
        format!(
            r#"{{"properties": {{"k": {schema}, "p": {{"type": "string"}}}}, "required": [{required}]}}"#
        )
    };
    let single = kind(r#"{"enum": ["x"]}"#, r#""k", "p""#);
    let two = kind(r#"{"enum": ["x", "y"]}"#, r#""k", "p""#);
    let optional = kind(r#"{"enum": ["x"]}"#, r#""p""#);
    vec![
        whole(
            "only-value-joined",
            &single,
            &two,
            &[(WordNew, "k"), (NowRequired, "k"), (NewTakes, "")],
            &[r#"{"k": "x", "p": ""}"#],
        ),
        whole(
            "only-value-left",
            &two,
            &single,
            &[(WordGone, "k"), (ArgumentGone, "k"), (NewTakes, "")],
            &[r#"{"k": "y", "p": ""}"#],
        ),
        whole(
            "only-value-optional",
            &single,
            &optional,
            &[(TypeChanged, "k")],
            &[r#"{"k": "x", "p": ""}"#],
        ),
        whole(
            "only-value-required",
            &optional,
            &single,
            &[(NameRequired, "k"), (TypeChanged, "k")],
            &[r#"{"p": ""}"#],
        ),
        whole(
            "only-value-new",
            PROMPT,
            r#"{"properties": {"p": {"type": "string"}, "k": {"const": "x"}}, "required": ["p", "k"]}"#,
            &[(NameRequired, "k")],
            &[r#"{"p": ""}"#],
        ),
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
