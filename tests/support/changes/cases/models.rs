//! Added, removed and renamed models, and the arguments that `model.json` keeps.

use runcomfy_codegen::Kind::{
    ArgumentGone, Docs, IdChanged, ModelBack, ModelDeprecated, ModelGone, ModelNew, ModuleRenamed,
    NameRequired, NewTakes, NowOptional,
};

use super::{Case, PROMPT, State, facts, whole};

/// Returns the cases.
pub(super) fn models() -> Vec<Case> {
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
