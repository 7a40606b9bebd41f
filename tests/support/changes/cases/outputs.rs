//! Outputs.

use runcomfy_codegen::Kind::{
    BranchGone, BranchNew, Docs, OutputChanged, OutputGone, OutputNew, OutputReshaped,
    OutputWireRenamed,
};

use super::{Case, answer};

/// Returns the cases.
pub(super) fn outputs() -> Vec<Case> {
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
            // The page of the model names what it gives.
            &[(Docs, "")],
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
