//! Imports of schema files, model ids, and the layout of documents.

use runcomfy_codegen::import::{ModelId, from_files, layout};

use crate::{INPUT, OUTPUT};

#[test]
fn files_are_accepted_by_their_contents() {
    let model = from_files("acme/Paper Boat", &format!("\u{FEFF}{INPUT}\n"), Some(OUTPUT)).unwrap();
    assert_eq!((model.input, model.output), (layout(INPUT), Some(layout(OUTPUT))));
    assert_eq!(from_files("a/b", r#"{"properties": {}}"#, Some("null\n")).unwrap().output, None);
    assert_eq!(from_files("a/b", INPUT, None).unwrap().output, None);
    let cases: [(&str, &str, Option<&str>, &[&str]); 11] = [
        ("a", INPUT, None, &["`a`", "one segment"]),
        ("a/b", OUTPUT, Some(INPUT), &["each other's place"]),
        ("a/b", OUTPUT, None, &["each other's place"]),
        (
            "a/b",
            r#"{"type": "string", "properties": {}}"#,
            None,
            &["input file", "`type`, `properties`", "\"object\""],
        ),
        ("a/b", "[]", None, &["input file", "a list"]),
        ("a/b", INPUT, Some(r#"{"type": "object"}"#), &["output file", r#"{"output": { … }}"#]),
        (
            "a/b",
            INPUT,
            Some(r#"{"output": {}, "title": "Out"}"#),
            &["output file", "the keys `output`, `title`"],
        ),
        ("a/b", INPUT, Some("{\n\"output\": {]}"), &["output file", "line 2, column 12"]),
        (
            "a/b",
            "{\"properties\": {}}\n x",
            None,
            &["input file", "line 2, column 2", "nothing else"],
        ),
        ("a/b", "{\"properties\": {}", None, &["input file", "middle of the JSON"]),
        ("a/b", INPUT, Some("  "), &["output file", "empty"]),
    ];
    for (id, input, output, words) in cases {
        let error = from_files(id, input, output).expect_err(input).to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{words:?}: {error}");
    }
}

#[test]
fn a_model_id_is_kept_as_written_or_refused() {
    for (id, folder) in [
        ("minimax/Hailuo Video 01 Live", "minimax/hailuo-video-01-live"),
        ("kling/kling-video-o3/4K/image-to-video", "kling/kling-video-o3/4k/image-to-video"),
        ("a/b/c_d/e.f/0", "a/b/c_d/e.f/0"),
        ("a/fixups/console", "a/fixups/console"),
    ] {
        let parsed = ModelId::parse(id).unwrap();
        assert_eq!((parsed.as_str(), parsed.folder().as_str()), (id, folder));
        assert_eq!(parsed.segments().collect::<Vec<_>>(), id.split('/').collect::<Vec<_>>());
    }
    for id in [
        "",
        "a",
        "a/",
        "/a",
        "a//b",
        "a/b/c/d/e/f",
        "a/.",
        "a/..",
        "../a",
        "a/.git",
        "-rf/a",
        "a/-b",
        "a/b.",
        "a/ b",
        "a/b ",
        "a/b\n",
        "a/b%20c",
        "a\\b/c",
        "a/ä",
        "a/b:c",
        "a/CON",
        "a/nul.txt",
        "a/Aux.",
        "com1/a",
        "a/lpt9.x",
        "Fixups/a",
        "fixups/a",
        "readme.md/a",
        "a/b/Input.json",
        "a/b/model.json",
    ] {
        let error = ModelId::parse(id).expect_err(id).to_string();
        assert!(error.contains("is not a model id"), "{id}: {error}");
    }
}

#[test]
fn layout_changes_only_white_space_outside_strings() {
    let cases = [
        ("{}", "{}\n"),
        (" [ ] ", "[]\n"),
        ("{\"a\":1.0,\"a\":1e400}", "{\n  \"a\": 1.0,\n  \"a\": 1e400\n}\n"),
        (
            "[123456789012345678901234567890,-0,{}]",
            "[\n  123456789012345678901234567890,\n  -0,\n  {}\n]\n",
        ),
        (
            "{ \"\\u00e9\\/\\\\\" :\t\" : , {\\\"} \" }\r\n",
            "{\n  \"\\u00e9\\/\\\\\": \" : , {\\\"} \"\n}\n",
        ),
        (
            "[[\n\n],{\"a\":[true,null]}]",
            "[\n  [],\n  {\n    \"a\": [\n      true,\n      null\n    ]\n  }\n]\n",
        ),
    ];
    for (json, expected) in cases {
        assert_eq!(layout(json), expected);
        assert_eq!(layout(expected), expected);
    }
}
