//! Nested objects of an input.

use runcomfy_codegen::Kind::{
    ArgumentGone, Docs, NameRequired, NarrowerBound, NarrowerType, NewTakes, NowOptional,
    NowRequired, PropertyGone, PropertyNew, TypeChanged, TypeGone, WiderType, WordGone, WordNew,
};

use super::{Case, INTEGER, NUMBER, one, whole};

/// Returns the cases.
pub(super) fn objects() -> Vec<Case> {
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
