//! Imports of a catalog's reply, and of one entry of it.

use runcomfy_codegen::import::{import, layout};

use crate::{INPUT, OUTPUT, assert_refused};

#[test]
fn a_catalog_imports_usable_models_and_lists_skipped_ones() {
    let reply = format!(
        r#"{{"total": 4, "models": [
        {{"model_id": "b/Two Words", "price_unit": "second", "display_name": "Two", "base_price_usd": 0.05,
          "input_schema": {INPUT}, "required_inputs": ["zeta"], "output_schema": null}},
        {{"model_id": "b/none", "input_schema": null}},
        {{"model_id": "b/con", "input_schema": {INPUT}}},
        {{"input_schema": {INPUT}, "output_schema": {OUTPUT}, "model_id": "a/one"}}]}}"#
    );
    let found = import(&reply).unwrap();
    let ids: Vec<_> = found.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["b/Two Words", "a/one"]);
    let facts: Vec<_> = found.models[0].facts.keys().map(String::as_str).collect();
    assert_eq!(facts, ["price_unit", "display_name", "base_price_usd", "required_inputs"]);
    assert!(found.models.iter().all(|model| model.input == layout(INPUT)));
    assert_eq!(found.models[0].output, None);
    assert_eq!(found.models[1].output.as_deref(), Some(layout(OUTPUT).as_str()));
    let skipped: Vec<_> =
        found.skipped.iter().map(|entry| (entry.index, entry.to_string())).collect();
    assert_eq!(skipped[0], (1, "`b/none` has no `input_schema`".to_owned()));
    assert!(skipped[1].1.contains("`b/con` is not a model id: no folder"), "{}", skipped[1].1);
    assert_eq!(skipped.len(), 2);
    assert_eq!(
        import(&format!(r#"{{"model_id": "a/one", "input_schema": {INPUT}}}"#)).unwrap().models[0]
            .input,
        layout(INPUT)
    );
}

#[test]
fn json_that_is_not_a_catalog_is_refused() {
    let entry = |id: &str| format!(r#"{{"model_id": "{id}", "input_schema": {INPUT}}}"#);
    let two = |first: &str, second: &str| {
        format!(r#"{{"models": [{}, {}]}}"#, entry(first), entry(second))
    };
    let deep = "[".repeat(100_000);
    assert_refused(&[
        ("a bare schema", INPUT.into(), &["no model id", "--id provider/model"]),
        ("a bare output schema", OUTPUT.into(), &["--id provider/model"]),
        (
            "an error reply",
            r#"{"error_code": 400004, "x\u001b": 1}"#.into(),
            &["`error_code`", r"`x\u{1b}`", "`models`"],
        ),
        ("a list of other things", "[1, {\"a\": 2}]".into(), &["a list"]),
        ("a list of objects", "[{\"a\": 2}]".into(), &["a list", "neither a catalog"]),
        ("an empty object", "{ }".into(), &["without keys"]),
        (
            "a broken reply",
            "{\n\"models\":\n  [,]}".into(),
            &["line 3, column 4", "expected value"],
        ),
        (
            "a broken place after other scripts",
            "{\"モデル\": \"é\" x}".into(),
            &["line 1, column 13"],
        ),
        (
            "a cut reply",
            two("a/b", "a/c")[..200].into(),
            &["middle of the JSON", "line 1, column 1"],
        ),
        ("an unending list", format!("[{deep}"), &["middle of the JSON"]),
        ("no models", r#"{"models": [], "total": 0}"#.into(), &["no entry that can be used"]),
        (
            "no schema",
            r#"{"model_id": "a/b"}"#.into(),
            &["`a/b` has no `input_schema`", "include_schema=true"],
        ),
        (
            "a null schema",
            r#"{"model_id": "a/b", "input_schema": null}"#.into(),
            &["`a/b` has no `input_schema`"],
        ),
        (
            "no usable entry",
            r#"{"models": [{"model_id": "a/b"}, {"x": 1}, 7]}"#.into(),
            &[
                "`a/b` has no `input_schema`",
                "entry 2 has no `model_id`",
                "entry 3 is the single value `7`",
            ],
        ),
        ("a bad id", entry("../../etc"), &["bad `model_id`", "starts with a dot"]),
        ("one id twice", two("a/b", "a/b"), &["two entries for `a/b`"]),
        ("one folder twice", two("a/B c", "a/b-c"), &["`a/B c` and `a/b-c`", "schemas/a/b-c"]),
        ("a key twice", r#"{"model_id": "a/b", "model_id": "a/c"}"#.into(), &["`model_id` twice"]),
        (
            "an output that is none",
            entry("a/b").replacen('{', r#"{"output_schema": {"type": "object"},"#, 1),
            &["`output_schema`", "only key"],
        ),
        (
            "a price out of range",
            entry("a/b").replacen('{', r#"{"base_price_usd": 1e999,"#, 1),
            &["`base_price_usd`", "out of range"],
        ),
    ]);
}
