//! The code that is generated from the fixtures compiles with warnings denied. The tests of
//! `codegen` compare it with snapshots.

use runcomfy_codegen::{Source, generate};

use crate::support::{RUNCOMFY, cargo, fixtures, generated, library, scratch, settings};

#[test]
fn generated_code_compiles_without_warnings() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let generated = generated(&fixtures());
    let mut sources = library(&generated.files);
    let head =
        "//! Fixtures.\n#![deny(warnings, missing_docs, rustdoc::all)]\npub mod generated;\n";
    sources.insert("src/lib.rs".to_owned(), head.to_owned());
    let scratch = scratch(folder.path(), &[RUNCOMFY], &sources);
    for command in ["check", "doc", "test"] {
        let mut args = vec![command];
        match command {
            // Keep it apart from the docs of the workspace.
            "doc" => args.extend(["--no-deps", "--target-dir", env!("CARGO_TARGET_TMPDIR")]),
            // A code fence in a description would become a doc test.
            "test" => args.push("--doc"),
            _ => {}
        }
        let output = cargo(&scratch, &args);
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo {} fails:\n{printed}", command);
        if command == "test" {
            let ran = String::from_utf8_lossy(&output.stdout);
            assert!(ran.contains("running 0 tests"), "a doc comment became a test:\n{ran}");
        }
    }
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
    let output = cargo(&scratch(folder.path(), &[RUNCOMFY], &sources), &["check"]);
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(
        printed.contains(note) && printed.contains("could not compile"),
        "there is no deprecation warning:\n{printed}"
    );
    assert!(!printed.contains("src/generated"), "the module itself causes warnings:\n{printed}");
}

const FINE: &str = r#"{"type": "object", "properties": {}}"#;
