//! Imports of a catalog in pages, and the catalog status in `model.json`.

use runcomfy_codegen::import::{Import, ImportError, Pages, from_files, import};
use runcomfy_codegen::{CatalogStatus, model_json};

use crate::INPUT;

fn entry(id: &str, name: &str) -> String {
    format!(r#"{{"model_id": "{id}", "display_name": "{name}", "input_schema": {INPUT}}}"#)
}

fn page(entries: &[String]) -> String {
    format!(r#"{{"total": 9, "models": [{}]}}"#, entries.join(", "))
}

fn ids(import: &Import) -> Vec<&str> {
    import.models.iter().map(|model| model.id.as_str()).collect()
}

#[test]
fn an_entry_on_two_pages_counts_once() {
    let [a, b, c] = ["a/one", "b/two", "c/three"].map(|id| entry(id, "x"));
    let nameless = r#"{"display_name": "x"}"#.to_owned();
    let mut pages = Pages::default();
    let cases = [
        (page(&[]), 0),
        (page(&[a.clone(), b.clone()]), 2),
        (page(&[b.clone(), c, nameless.clone()]), 2),
        (page(&[nameless, a, b]), 0),
    ];
    for (text, fresh) in cases {
        assert_eq!(pages.add(&text), Ok(fresh), "{text}");
    }
    assert_eq!(pages.len(), 4);
    let import = pages.import().unwrap();
    assert_eq!(ids(&import), ["a/one", "b/two", "c/three"]);
    assert!(import.models.iter().all(|model| model.listed));
    let [skipped] = import.skipped.as_slice() else { panic!("{:?}", import.skipped) };
    assert_eq!((skipped.index, &skipped.model), (3, &None));
}

#[test]
fn two_different_entries_of_one_id_stop_no_other_model() {
    let mut pages = Pages::default();
    assert_eq!(pages.add(&page(&[entry("a/one", "x"), entry("b/two", "x")])), Ok(2));
    assert_eq!(pages.add(&page(&[entry("a/one", "y"), entry("b/two", "x")])), Ok(0));
    assert_eq!(pages.add(&page(&[entry("c/three", "x")])), Ok(1));
    assert_eq!(pages.len(), 3);
    let import = pages.import().unwrap();
    assert_eq!(ids(&import), ["b/two", "c/three"]);
    let skipped: Vec<String> = import.skipped.iter().map(ToString::to_string).collect();
    assert_eq!(skipped, ["`a/one` has two entries that differ"; 2]);
}

#[test]
fn two_different_entries_of_one_page_are_two() {
    let mut pages = Pages::default();
    let all = [entry("a/one", "x"), entry("a/one", "y"), entry("b/two", "x")];
    assert_eq!((pages.add(&page(&all)), pages.len()), (Ok(3), 3));
    assert_eq!((pages.add(&page(&all)), pages.len()), (Ok(0), 3));
    assert_eq!(ids(&pages.import().unwrap()), ["b/two"]);
}

#[test]
fn json_that_is_not_a_catalog_page_is_refused() {
    let cases = ["", "[]", "{}", INPUT, "<html>", r#"{"models": ["#, &entry("a/one", "x")];
    for text in cases {
        let mut pages = Pages::default();
        assert!(pages.add(text).is_err(), "{text} was taken");
        assert!(pages.is_empty());
    }
    assert!(matches!(Pages::default().import(), Err(ImportError::NothingUsable { .. })));
}

#[test]
fn two_ids_with_one_folder_resolve_the_same_way() {
    let both = [entry("a/Sea 4K", "x"), entry("a/sea-4k", "y")];
    let reversed = [both[1].clone(), both[0].clone()];
    for entries in [both, reversed] {
        let mut pages = Pages::default();
        pages.add(&page(&entries)).unwrap();
        let import = pages.import().unwrap();
        assert_eq!(ids(&import), ["a/Sea 4K"]);
        let [skipped] = import.skipped.as_slice() else { panic!("{:?}", import.skipped) };
        assert_eq!(skipped.model.as_ref().map(|id| id.as_str()), Some("a/sea-4k"));
        let words = "`a/sea-4k` would share the folder `schemas/a/sea-4k` with `a/Sea 4K`";
        assert_eq!(skipped.to_string(), words);
    }
}

#[test]
fn a_skipped_entry_names_its_model() {
    let entries = [entry("a/one", "x"), r#"{"model_id": "a/two", "input_schema": null}"#.into()];
    let skipped = import(&page(&entries)).unwrap().skipped;
    let models: Vec<_> = skipped.iter().map(|entry| entry.model.as_ref().unwrap()).collect();
    assert_eq!(models[0].as_str(), "a/two");
}

#[test]
fn a_page_keeps_the_catalog_status() {
    let listed = &import(&entry("a/one", "x")).unwrap().models[0];
    let by_hand = &from_files("a/one", INPUT, None).unwrap();
    let standing = |text: &str| {
        let CatalogStatus { id, is_listed: listed, delisted_as_of: gone } =
            CatalogStatus::read(text).unwrap();
        assert_eq!(id.as_str(), "a/one");
        (listed, gone)
    };
    let first = model_json(listed, None, None);
    assert_eq!(standing(&first), (true, None));
    assert_eq!(standing(&model_json(by_hand, None, None)), (false, None));
    let gone = CatalogStatus::mark_delisted(&first, "0.1.0").unwrap();
    assert_eq!(standing(&gone), (true, Some("0.1.0".to_owned())));
    assert_eq!(standing(&model_json(by_hand, Some(&gone), None)), (true, Some("0.1.0".to_owned())));
    assert_eq!(model_json(listed, Some(&gone), None), first);

    let boast = entry("a/one", "x").replacen('{', r#"{"gone": "9.9.9", "listed": 7, "#, 1);
    assert_eq!(model_json(&import(&boast).unwrap().models[0], None, None), first);
}

#[test]
fn an_unreadable_catalog_status_is_refused() {
    let cases = [
        ("[]", "not a JSON object"),
        (r#"{"id": 7}"#, "no `id`"),
        (r#"{"id": "one"}"#, "correct the `id`"),
        (r#"{"id": "a/one", "listed": "yes"}"#, "`listed`"),
        (r#"{"id": "a/one", "gone": true}"#, "`gone`"),
    ];
    for (text, words) in cases {
        let error = CatalogStatus::read(text).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn an_unreadable_schema_keeps_the_argument_order() {
    let previous = r#"{"id": "a/one", "arguments": ["zeta"]}"#;
    let too_deep = format!("\"default\": {}{}", "[".repeat(80), "]".repeat(80));
    let unreadable = INPUT.replace(r#""maxLength": 40"#, &too_deep);
    for input in [INPUT, unreadable.as_str()] {
        let model = from_files("a/one", input, None).unwrap();
        assert!(model_json(&model, Some(previous), None).contains("\"zeta\""), "{input}");
    }
}
