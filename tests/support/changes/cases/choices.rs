//! Enums of strings, of integers, and of any values.

use runcomfy_codegen::Kind::{
    Docs, NarrowerType, ValueGone, ValueNew, WiderType, WordGone, WordNew, WordRenamed,
};

use super::{Case, INTEGER, one};

/// Returns the cases.
pub(super) fn choices() -> Vec<Case> {
    let words = |words: &str| format!(r#"{{"type": "string", "enum": [{words}]}}"#);
    let numbers = |numbers: &str| format!(r#"{{"type": "integer", "enum": [{numbers}]}}"#);
    let any = |choices: &str| format!(r#"{{"enum": [{choices}]}}"#);
    vec![
        one("word-new", &words(r#""x""#), &words(r#""x", "y""#), &[(WordNew, "a")], &[r#""x""#]),
        one(
            "word-new-before",
            &words(r#""x""#),
            &words(r#""y", "x""#),
            &[(WordNew, "a")],
            &[r#""x""#],
        ),
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
        one(
            "word-of-a-union-new",
            r#"{"oneOf": [{"const": "x"}, {"const": "y"}]}"#,
            r#"{"oneOf": [{"const": "x"}, {"const": "y"}, {"const": "z"}]}"#,
            &[(WordNew, "a")],
            &[r#""x""#],
        ),
        one(
            "word-of-a-union-gone",
            r#"{"oneOf": [{"const": "x"}, {"const": "y"}, {"const": "z"}]}"#,
            r#"{"oneOf": [{"const": "x"}, {"const": "y"}]}"#,
            &[(WordGone, "a")],
            &[r#""z""#],
        ),
        one(
            "word-described",
            r#"{"anyOf": [{"const": "x"}, {"const": "y"}]}"#,
            r#"{"anyOf": [{"const": "x", "title": "Ex"}, {"const": "y"}]}"#,
            &[(Docs, "a")],
            &[r#""x""#],
        ),
    ]
}
