//! Bounds of values and of media.

use runcomfy_codegen::Kind;
use runcomfy_codegen::Kind::{Docs, NarrowerBound, WiderBound};

use super::{Case, IMAGE, INTEGER, URL, one, whole};

/// Creates a case of one property with bounds.
fn bound(name: &'static str, ty: &str, old: &str, new: &str, kind: Kind, values: &[&str]) -> Case {
    let schema = |bound: &str| format!(r#"{{"type": "{ty}"{bound}}}"#);
    one(name, &schema(old), &schema(new), &[(kind, "a")], values)
}

/// Returns the cases.
pub(super) fn bounds() -> Vec<Case> {
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
        // The same bound of an integer, written differently.
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
        // The image of the tests is 350 pixels wide and has 5 MB.
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
