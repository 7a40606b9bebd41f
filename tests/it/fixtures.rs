//! The code that is generated from the fixtures compiles with warnings denied. The tests of
//! `codegen` compare it with snapshots.

use runcomfy_codegen::{Source, generate};

use crate::support::{LIBRARY, Uses, compile, fixtures, generated, library, scratch, settings};

#[test]
fn generated_code_compiles_without_warnings() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let generated = generated(&fixtures());
    let mut sources = library(&generated.files);
    let head =
        "//! Fixtures.\n#![deny(warnings, missing_docs, rustdoc::all)]\npub mod generated;\n";
    sources.insert("src/lib.rs".to_owned(), head.to_owned());
    let scratch = scratch(folder.path(), Uses::Runcomfy, &sources);
    assert_eq!(compile(scratch.check(LIBRARY)), (true, String::new()));
    assert_eq!(compile(scratch.doc()), (true, String::new()));
    // A code fence in a description would become a doc test beside the call of each page.
    let (ok, printed) = compile(scratch.doc_tests());
    let pages = sources.values().filter(|text| text.contains("//! ```ignore\n")).count();
    let only_calls = format!("0 passed; 0 failed; {pages} ignored;");
    assert!(ok && printed.contains(&only_calls), "a doc comment is a test:\n{printed}");
}

#[test]
fn a_delisted_model_is_deprecated_with_its_version() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let model = r#"{"id": "acme/x", "gone": "0.3.0"}"#;
    let source = Source { folder: "acme/x", model, input: FINE, output: None, fixup: None };
    let generated = generate(&[source], &settings());
    let listing = &generated.files["acme.rs"];
    let note = "RunComfy's catalog no longer lists this model, as of 0.3.0";
    assert!(listing.contains(&format!("#[deprecated(note = \"{note}\")]")), "{listing}");

    let program = "//! A program.\n#![deny(warnings)]\npub mod generated;\n\
        /// Uses it.\npub fn f() -> generated::acme::x::Input {\n    Default::default()\n}\n";
    let mut sources = library(&generated.files);
    sources.insert("src/lib.rs".to_owned(), program.to_owned());
    let scratch = scratch(folder.path(), Uses::Runcomfy, &sources);
    let (ok, printed) = compile(scratch.check(LIBRARY));
    assert!(!ok && printed.contains(note), "there is no deprecation warning:\n{printed}");
    assert!(!printed.contains("src/generated"), "the module itself causes warnings:\n{printed}");
}

const FINE: &str = r#"{"type": "object", "properties": {}}"#;
