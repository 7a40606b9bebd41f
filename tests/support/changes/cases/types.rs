//! Properties whose type changes.

use runcomfy_codegen::Kind::{NarrowerType, NewTakes, TypeChanged, TypeGone, WiderType};

use super::{Case, Changes, IMAGE, INTEGER, NUMBER, PROMPT, TEXT, URL, one, whole};

/// Returns the cases.
pub(super) fn types() -> Vec<Case> {
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
        // The kind of media is checked when it is measured, not from its URL.
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
