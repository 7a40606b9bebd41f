//! Unions.

use runcomfy_codegen::Kind::{
    BranchGone, BranchNew, Docs, NarrowerBound, NarrowerType, TypeChanged, TypeGone, WiderBound,
    WiderType, WordGone,
};

use super::{Case, INTEGER, TEXT, one};

/// Returns the cases.
pub(super) fn unions() -> Vec<Case> {
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
            "one-of-within-any-of",
            TEXT,
            &any_of(&format!(
                "{}, {INTEGER}",
                one_of(&format!(r#"{TEXT}, {{"type": "string", "minLength": 2}}"#))
            )),
            &[(TypeChanged, "a"), (NarrowerType, "a"), (WiderType, "a"), (WiderType, "a")],
            &[r#""abc""#],
        ),
        one(
            "type-left-out",
            r#"{"type": "array", "items": {"type": "string"}}"#,
            r#"{"items": {"type": "string"}}"#,
            &[(WiderType, "a")],
            &[r#"["x"]"#],
        ),
        one(
            "type-put-in",
            r#"{"items": {"type": "string"}}"#,
            r#"{"type": "array", "items": {"type": "string"}}"#,
            &[(NarrowerType, "a")],
            &["1"],
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
