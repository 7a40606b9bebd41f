//! Imports of a catalog's reply, and of one entry of it.

use runcomfy_codegen::import::{from_files, import, layout};

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

#[test]
fn a_bad_entry_stops_only_its_own_model() {
    let entry = |id: &str, name: &str| {
        format!(r#"{{"model_id": "{id}", "display_name": "{name}", "input_schema": {INPUT}}}"#)
    };
    let entries = [
        entry("a/one", "x"),
        entry("a/one", "x"),
        entry("b/two", "x"),
        entry("b/two", "y"),
        entry("c/Sea 4K", "x"),
        entry("c/sea-4k", "x"),
        // Attack H3.
        entry("-rf/b", "x"),
        entry("a/-b", "x"),
    ];
    let reply = format!(r#"{{"models": [{}]}}"#, entries.join(", "));
    let found = import(&reply).unwrap();
    let ids: Vec<_> = found.models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["a/one", "c/Sea 4K"]);
    let skipped: Vec<_> = found.skipped.iter().map(ToString::to_string).collect();
    let dash = "is not a model id: a segment starts with a dash, which commands take for an option";
    let expected = [
        "`b/two` has two entries that differ",
        "`b/two` has two entries that differ",
        "`c/sea-4k` would share the folder `schemas/c/sea-4k` with `c/Sea 4K`",
        &format!("`-rf/b` has a bad `model_id`: `-rf/b` {dash}"),
        &format!("`a/-b` has a bad `model_id`: `a/-b` {dash}"),
    ];
    assert_eq!(skipped, expected);
}

#[test]
fn a_schema_that_generates_or_can_be_corrected_is_imported() {
    // Field case import-door.
    let schemas = [
        r#"{"type": "object"}"#,
        "{}",
        r#"{"type": "OBJECT", "properties": {"p": {"type": "STRING"}}}"#,
        r#"{"type": ["object"], "properties": {"p": {"type": "string"}}}"#,
        r##"{"$ref": "#/$defs/In", "$defs": {"In": {"type": "object"}}}"##,
        r#"{"allOf": [{"type": "object"}, {"type": "object"}]}"#,
        r#"{"required": ["p"], "additionalProperties": {}}"#,
    ];
    for schema in schemas {
        let entry = format!(r#"{{"model_id": "a/b", "input_schema": {schema}}}"#);
        assert_eq!(import(&entry).unwrap().models[0].input, layout(schema), "{schema}");
        assert_eq!(from_files("a/b", schema, None).unwrap().input, layout(schema), "{schema}");
    }
    let others = [
        r#"{"type": "string", "properties": {}}"#,
        r#"{"type": ["string", "null"]}"#,
        r#"{"prompt": "a boat"}"#,
        "[]",
        "true",
    ];
    for schema in others {
        let entry = format!(r#"{{"model_id": "a/b", "input_schema": {schema}}}"#);
        let error = import(&entry).unwrap_err().to_string();
        assert!(error.contains("not the schema of an object"), "{schema}: {error}");
        let error = from_files("a/b", schema, None).unwrap_err().to_string();
        assert!(error.contains("not an input schema"), "{schema}: {error}");
    }
}
