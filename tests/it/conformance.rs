//! Our own conformance cases: each keyword, and each peculiarity of RunComfy's schemas, from
//! the schema to the verdict of the code that is generated for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use runcomfy_codegen::{Treatment, keywords};
use serde_json::{Value, json};

use crate::support::{root, write, xtask, xtask_output};

/// Names that start the name of a case, but are not keywords.
const NO_KEYWORDS: [&str; 1] = ["maxWords"];

/// Returns the name of every case of `tests/conformance`, and whether its instance is valid.
fn cases() -> Vec<(String, bool)> {
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(root().join("tests/conformance")).expect("it exists") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_none_or(|end| end != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("it is text");
        let groups: Vec<Value> = serde_json::from_str(&text).expect("it is a list");
        for test in groups.iter().flat_map(|group| group["tests"].as_array().expect("a list")) {
            let name = test["description"].as_str().expect("it has a name");
            cases.push((name.to_owned(), test["valid"].as_bool().expect("it says so")));
        }
    }
    cases
}

#[test]
fn every_keyword_has_cases_named_after_it() {
    let mut seen: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for (name, valid) in cases() {
        let parts: Vec<&str> = name.split('/').collect();
        let [keyword, kind, why] = parts.as_slice() else {
            panic!("{name} does not have three parts")
        };
        assert_eq!(*kind, if valid { "valid" } else { "invalid" }, "{name}");
        assert!(why.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{name}");
        let known = keywords().any(|(known, _)| known == *keyword) || keyword.starts_with("x-");
        assert!(known || NO_KEYWORDS.contains(keyword), "{name} does not name a keyword");
        seen.entry((*keyword).to_owned()).or_default().insert(valid);
        assert!(names.insert(name.clone()), "{name} is a duplicate");
    }
    // No instance can break these.
    let silent = ["$defs", "definitions", "example", "examples"];
    for (keyword, treatment) in keywords() {
        let seen = seen.get(keyword).unwrap_or_else(|| panic!("no case for `{keyword}`"));
        let both = seen.len() == 2 || silent.contains(&keyword);
        assert!(both || treatment != Treatment::Carried, "`{keyword}` has cases of one kind only");
    }
}

#[test]
fn every_conformance_case_has_its_expected_verdict() {
    let output = xtask_output(&[
        "conformance",
        "tests/conformance",
        "--required",
        "tests/conformance/required.toml",
        "--message-format",
        "json",
    ]);
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    let text = String::from_utf8(output.stdout).expect("it is text");
    let mut lines = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).expect("a line is an object");
        let name = case["test"].as_str().expect("it has a name");
        let keyword = name.split('/').next().unwrap_or_default();
        let treatment = keywords().find(|(known, _)| *known == keyword).map(|(_, of)| of);
        let expected = match treatment {
            Some(Treatment::Refused) => "refused",
            _ if name.ends_with("-is-refused") => "refused",
            _ if name.ends_with("-is-declared") => "declared",
            Some(Treatment::Carried | Treatment::Annotation) | None => "exact",
        };
        assert_eq!(case["verdict"], expected, "{case}");
        lines += 1;
    }
    assert_eq!(lines, cases().len(), "one line per case");
}

#[test]
fn a_wrong_verdict_fails_the_conformance_command() {
    // Always the same folder, since builds are cached per folder.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
    std::fs::remove_dir_all(&folder).ok();
    let test = |data: Value, valid: bool| json!({"description": "", "data": data, "valid": valid});
    let group = |schema: Value, tests: Vec<Value>| json!({"schema": schema, "tests": tests});
    let groups = json!([
        group(json!({"type": "string"}), vec![test(json!("a"), false), test(json!("a"), true)]),
        group(json!({"type": "integer"}), vec![test(json!("a"), true)]),
        group(
            json!({"format": "date", "maxLength": 3}),
            vec![test(json!("abc"), false), test(json!("ab"), true),]
        ),
        group(
            json!({"not": {"const": "b"}}),
            vec![test(json!("b"), false), test(json!("a"), true)]
        ),
    ]);
    write(&folder.join("deep/nested.json"), &groups.to_string());
    let folder_name = folder.display().to_string();
    let (succeeded, printed) = xtask(&["conformance", &folder_name]);
    assert!(!succeeded, "{printed}");
    let counts = "7 cases of 4 schemas in 1 files: 2 exact, 1 declared, 2 refused, 1 too lax, \
        1 too strict, 0 broken build";
    assert_eq!(printed.lines().last(), Some(format!("total: {counts}").as_str()), "{printed}");
    assert!(printed.contains("schemas refused by unsupported-keyword: 1"), "{printed}");

    write(&folder.join("deep/nested.json"), r#"[{"schema": {}}]"#);
    write(&folder.join("fine.json"), r#"[{"schema": true, "tests": []}]"#);
    let (succeeded, printed) = xtask(&["conformance", &folder_name]);
    assert!(!succeeded && printed.contains("deep/nested.json: it is not in the form"), "{printed}");
}
