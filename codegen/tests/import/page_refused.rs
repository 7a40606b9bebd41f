//! Imports of texts that are not a complete page.

use std::time::{Duration, Instant};

use runcomfy_codegen::import::{MAX_DEPTH, MAX_SCHEMA_BYTES, import, layout};

use crate::{INPUT, OUTPUT, assert_refused, english, english_with};

#[test]
fn an_incomplete_page_is_refused() {
    let other_input = INPUT.replace("40", "41");
    let deep = format!(
        r#"{{"properties": {{"a": {}1{}}}}}"#,
        "[".repeat(MAX_DEPTH),
        "]".repeat(MAX_DEPTH)
    );
    let large = format!(r#"{{"properties": {{"a": "{}"}}}}"#, "x".repeat(MAX_SCHEMA_BYTES));
    let swelling = format!(
        r#"{{"properties": {{"a": {}{}1{}}}}}"#,
        "[".repeat(99),
        "1,".repeat(99_999),
        "]".repeat(99)
    );
    let long_id = format!("models/acme/{} \\", "x".repeat(200));
    assert_refused(&[
        ("nothing", String::new(), &["empty", "copy"]),
        ("white space", " \r\n\u{FEFF}".into(), &["neither"]),
        ("a mark alone", "\u{FEFF}\n".into(), &["empty"]),
        ("a NUL", "curl\nx\0".into(), &["U+0000", "line 2, column 2", "UTF-8"]),
        ("a saved page", "\n<!DOCTYPE html><p>".into(), &["HTML", "select all"]),
        ("a saved page with a comment", "<!-- saved --><HTML>".into(), &["HTML"]),
        ("a letter", "Dear all, {see} below.".into(), &["neither", "--id"]),
        (
            "examples alone",
            english_with(&format!("{INPUT}{OUTPUT}"), ""),
            &["no schema", "2 JSON objects", "unfolded"],
        ),
        (
            "no output",
            english_with(OUTPUT, ""),
            &["line 12, column 1", "end before its output schema", "--id"],
        ),
        ("no input", english_with(INPUT, ""), &["line 12, column 1", "no input schema"]),
        (
            "no id",
            english_with("v1/models/acme/Paper", "v9/models/acme/Paper"),
            &["no model id", "/v1/models/<id>"],
        ),
        (
            "a placeholder for an id",
            english_with("models/acme/Paper Boat 2.1 ", "models/{model_id} "),
            &["no model id"],
        ),
        (
            "two inputs",
            english_with(OUTPUT, &format!("{other_input}{OUTPUT}")),
            &["two different input schemas", "line 12, column 1 and", "line 14, column 94"],
        ),
        (
            "two outputs",
            english_with(OUTPUT, &format!("{OUTPUT}{}", OUTPUT.replace("audio", "video"))),
            &["two different output schemas"],
        ),
        (
            "two ids",
            english_with("/requests/{request_id}/status", "/models/acme/paper boat 2.1"),
            &["two different model ids", "line 3", "line 10"],
        ),
        (
            "a bad id",
            english_with("models/acme/Paper Boat 2.1 ", "models/acme/Böot "),
            &["line 3, column 48", "`ö`", "a to z"],
        ),
        (
            "a hidden slash",
            english_with("models/acme/Paper Boat 2.1 ", "models/acme/a%2Fb "),
            &["line 3", "`%` sequences"],
        ),
        ("a long id", english_with("models/acme/Paper Boat 2.1 \\", &long_id), &["longer than"]),
        (
            "a lost comma",
            english_with("40},", "40}"),
            &["line 14, column 1", "expected `,` or `}`"],
        ),
        (
            "a lost quote",
            english_with("\"alpha\"", "alpha\""),
            &["line 14, column 1", "broken JSON"],
        ),
        (
            "bent quotes",
            english_with(OUTPUT, &OUTPUT.replace("\"output\"", "“output”")),
            &["line 14", "broken JSON"],
        ),
        (
            "a first key with a lost quote",
            english_with(OUTPUT, &OUTPUT.replace("\"output", "output")),
            &["line 14", "broken JSON"],
        ),
        ("a lost first brace", english_with(INPUT, &INPUT[1..]), &["no input schema"]),
        (
            "a schema in something broken",
            english_with(OUTPUT, &OUTPUT[1..]),
            &["line 14, column 104", "piece of some larger JSON"],
        ),
        (
            "a schema with a brace too many",
            english_with(OUTPUT, &format!("{OUTPUT} }}")),
            &["piece of some larger JSON"],
        ),
        (
            "an example with no end",
            english_with("}'Put", "}Put"),
            &["line 5, column 9", "no closing quote"],
        ),
        (
            "a broken example reply",
            english_with("\"r-1\",", "\"r-1\""),
            &["line 8, column 78", "broken JSON"],
        ),
        ("127 levels and two", english_with(INPUT, &deep), &["127 levels", "line 12"]),
        ("11 MiB", english_with(INPUT, &large), &["10 MiB", "line 12"]),
        ("11 MiB when laid out", english_with(INPUT, &swelling), &["10 MiB", "line 12"]),
    ]);
}

#[test]
fn a_page_cut_anywhere_is_refused_or_complete() {
    let page = english();
    let end = page.find("Made with care").unwrap();
    let whole = import(&page).unwrap();
    for (at, _) in page.char_indices() {
        match import(&page[..at]) {
            Ok(found) => assert!(at >= end && found == whole, "cut at {at}"),
            Err(error) => assert!(at < end, "cut at {at}: {error}"),
        }
    }
}

#[test]
fn a_page_without_one_structural_byte_is_refused() {
    let schemas = format!("{}{}", layout(INPUT), layout(OUTPUT));
    let page = english().replace(INPUT, &layout(INPUT)).replace(OUTPUT, &layout(OUTPUT));
    let start = page.find(&schemas).unwrap();
    // Braces and quotes within a string are words and may go.
    let words = page.find("a {brace}").unwrap()..page.find("\\u00e9").unwrap();
    for at in (start..start + schemas.len())
        .filter(|at| page.is_char_boundary(*at) && !words.contains(at))
    {
        let lost = &page[at..=at];
        if "{}[]\":,".contains(lost) {
            let page = format!("{}{}", &page[..at], &page[at + 1..]);
            assert!(import(&page).is_err(), "without the `{lost}` at {at}");
        }
    }
}

#[test]
fn hostile_pages_take_linear_time() {
    for unit in [
        "{",
        "{\"",
        "{ ",
        "[",
        "--data '{",
        "-d'",
        " /v1/models/",
        "--url /v1/models/{",
        "{\"a\":{}}",
        "x{\"a\":",
        "{\u{2003}",
    ] {
        let page = format!("x{}", unit.repeat(1_000_000 / unit.len()));
        let start = Instant::now();
        assert!(import(&page).is_err(), "{unit}");
        // Quadratic work on a text of this length would take minutes.
        assert!(start.elapsed() < Duration::from_secs(10), "{unit}: {:?}", start.elapsed());
    }
}
