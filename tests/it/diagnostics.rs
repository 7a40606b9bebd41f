//! Diagnostics of the command: as lines of JSON, and as errors if they are denied.

use std::path::PathBuf;

use runcomfy_codegen::{Code, Severity};
use serde_json::{Value, json};

use crate::support::{write, xtask_command};

/// Causes two warnings, the second after characters of more than one byte.
const WARNED: &str = "{\n  \"type\": \"object\",\n  \"properties\": {\n    \
    \"a\": {\"type\": \"tensor\"},\n    \"b\": {\"title\": \"入力é\", \"maxWords\": 9}\n  }\n}\n";
const REFUSED: &str = r#"{"type": "string"}"#;
const FIXUP: &str = r#"{"reason": "a", "input": [
    {"op": "test", "path": "/type", "value": "string"},
    {"op": "replace", "path": "", "value": {"type": "object", "maxWords": 9}}
]}"#;

#[test]
fn json_diagnostics_are_the_only_lines_on_stdout() {
    let place = Place::new(&[("acme/warned", WARNED), ("acme/refused", REFUSED)]);
    for mode in [&["--check"][..], &["--dry-run"], &[]] {
        let ran = place.codegen(&[mode, &["--message-format", "json"]].concat());
        assert!(!ran.ok, "an error passed: {}", ran.err);
        let file = |name: &str| place.path("schemas").join(name).display().to_string();
        let found = [
            json!({
                "code": "not-an-object", "severity": "error", "file": file("acme/refused/input.json"),
                "pointer": "", "line": 1, "column": 1, "span": [0, 18],
            }),
            json!({
                "code": "unknown-keyword", "severity": "warning",
                "file": file("acme/warned/input.json"), "pointer": "/properties/b/maxWords",
                "line": 5, "column": 39, "span": [112, 113],
            }),
            json!({
                "code": "unknown-type", "severity": "warning",
                "file": file("acme/warned/input.json"), "pointer": "/properties/a/type",
                "line": 4, "column": 19, "span": [58, 66],
            }),
        ];
        let mut lines = ran.lines();
        lines.sort_by_key(|line| line["code"].to_string());
        assert_eq!(lines.len(), found.len(), "{}", ran.out);
        for (mut line, expected) in lines.into_iter().zip(found) {
            let object = line.as_object_mut().expect("a line is an object");
            for words in ["message", "help"] {
                let text = object.remove(words);
                let text = text.as_ref().and_then(Value::as_str).map(str::len);
                assert!(text.is_some_and(|length| length > 0), "{expected} has no {words}");
            }
            assert_eq!(line, expected);
        }
        assert!(ran.err.contains("1 error, 2 warnings"), "{}", ran.err);
        assert!(ran.err.contains("models: 1; files: 4"), "{}", ran.err);
        assert!(!ran.err.contains("unknown-type"), "{}", ran.err);
    }
    // The text format does the opposite.
    let ran = place.codegen(&["--message-format", "human"]);
    assert!(ran.out.contains("models: 1") && !ran.out.contains("unknown-type"), "{}", ran.out);
    assert!(ran.err.contains("warning[unknown-type]"), "{}", ran.err);
}

#[test]
fn json_diagnostics_have_ordered_keys() {
    let place = Place::new(&[("acme/warned", WARNED)]);
    let ran = place.codegen(&["--message-format", "json"]);
    let first = ran.out.lines().next().expect("it exists");
    let keys = ["code", "severity", "file", "pointer", "line", "column", "span", "message", "help"];
    let at = keys.map(|key| first.find(&format!("\"{key}\":")).expect(key));
    assert!(at.is_sorted() && !first.contains("\"fixup\":"), "{first}");

    let place = Place::new(&[("acme/fine", r#"{"type": "object"}"#)]);
    let ran = place.codegen(&["--message-format", "json"]);
    assert!(ran.ok && ran.out.is_empty(), "{}", ran.out);
}

#[test]
fn json_diagnostics_of_a_corrected_schema_name_the_fixup() {
    let place = Place::new(&[("acme/x", REFUSED)]);
    write(&place.path("schemas/fixups/acme/x.json"), FIXUP);
    let ran = place.codegen(&["--message-format", "json"]);
    let lines = ran.lines();
    let [line] = lines.as_slice() else { panic!("{}", ran.out) };
    let fixup = place.path("schemas").join("fixups/acme/x.json").display().to_string();
    assert_eq!((&line["code"], &line["fixup"]), (&json!("unknown-keyword"), &json!(fixup)));
    // The position is one in the corrected text, which differs from the published one.
    assert_eq!((&line["line"], &line["column"]), (&json!(3), &json!(15)));
}

#[test]
fn a_denied_warning_refuses_its_model_only() {
    // The denied codes, whether the run passes, and the number of errors and warnings.
    let cases: [(&[&str], bool, &str); 5] = [
        (&[], true, "0 errors, 2 warnings"),
        (&["--deny", "repeated-choice"], true, "0 errors, 2 warnings"),
        (&["--deny", "unknown-type"], false, "1 error, 1 warning"),
        (&["--deny", "unknown-type", "--deny", "unknown-keyword"], false, "2 errors, 0 warnings"),
        (&["--deny", "warnings"], false, "2 errors, 0 warnings"),
    ];
    for (flags, passes, counts) in cases {
        let place = Place::new(&[("acme/warned", WARNED), ("acme/fine", r#"{"type": "object"}"#)]);
        let ran = place.codegen(flags);
        assert_eq!(ran.ok, passes, "{flags:?}: {}", ran.err);
        assert!(ran.err.contains(counts), "{flags:?}: {}", ran.err);
        assert_eq!(place.path("generated/acme/warned.rs").is_file(), passes, "{flags:?}");
        assert!(place.path("generated/acme/fine.rs").is_file(), "{flags:?}: {}", ran.err);
        assert_eq!(ran.err.contains("error[unknown-type]"), !passes, "{flags:?}: {}", ran.err);

        let ran = place.codegen(&[flags, &["--message-format", "json"]].concat());
        let errors = ran.lines().iter().filter(|line| line["severity"] == "error").count();
        assert!(counts.starts_with(&errors.to_string()), "{flags:?}: {}", ran.out);
    }
}

#[test]
fn a_model_with_a_denied_warning_keeps_its_file() {
    let place = Place::new(&[("acme/warned", WARNED)]);
    assert!(place.codegen(&[]).ok);
    let ran = place.codegen(&["--deny", "warnings"]);
    assert!(!ran.ok && ran.out.contains("models: 0; files: 3, 0 of them changed"), "{}", ran.out);
    assert!(place.path("generated/acme/warned.rs").is_file());
}

#[test]
fn denying_an_unknown_code_lists_the_codes() {
    let place = Place::new(&[("acme/warned", WARNED)]);
    let ran = place.codegen(&["--deny", "unknown-tpye"]);
    assert!(!ran.ok && ran.err.contains("unknown-tpye"), "{}", ran.err);
    for code in Code::ALL.iter().filter(|code| code.severity() == Severity::Warning) {
        assert!(ran.err.contains(code.name()), "{code} is not listed: {}", ran.err);
    }
    assert!(ran.err.contains("warnings"), "{}", ran.err);
    assert!(!place.path("generated").exists(), "something was generated");
}

#[test]
fn colours_follow_the_conventions() {
    let place = Place::new(&[("acme/warned", WARNED)]);
    let forced = ("CLICOLOR_FORCE", "1");
    for (variables, is_coloured) in [
        (&[][..], false), // there is no terminal
        (&[forced][..], true),
        (&[forced, ("NO_COLOR", "1")][..], false),
    ] {
        let ran = place.codegen_with(&["--check"], variables);
        assert!(!ran.ok, "the files are there: {}", ran.out);
        for (stream, text) in [("difference", &ran.out), ("report", &ran.err)] {
            assert_eq!(text.contains('\u{1b}'), is_coloured, "{stream}, {variables:?}: {text:?}");
        }
    }
}

/// A schemas folder.
struct Place(tempfile::TempDir);

/// The output of a run.
struct Ran {
    ok: bool,
    out: String,
    err: String,
}

impl Place {
    /// Creates a folder with these models: ids and input schemas.
    fn new(models: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().expect("a folder can be made"));
        for (id, input) in models {
            let model = json!({ "id": id }).to_string();
            write(&place.path(&format!("schemas/{id}/model.json")), &model);
            write(&place.path(&format!("schemas/{id}/input.json")), input);
        }
        place
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn codegen(&self, flags: &[&str]) -> Ran {
        self.codegen_with(flags, &[])
    }

    /// Runs the command with variables of the environment.
    fn codegen_with(&self, flags: &[&str], variables: &[(&str, &str)]) -> Ran {
        let (schemas, out) = (self.path("schemas"), self.path("generated"));
        let folders =
            ["--schemas", &schemas.display().to_string(), "--out", &out.display().to_string()];
        let mut command = xtask_command();
        command.args([&["codegen"], flags, &folders].concat());
        for convention in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(convention);
        }
        let output = command.envs(variables.iter().copied()).output().expect("xtask runs");
        let text = |bytes| String::from_utf8(bytes).expect("xtask prints UTF-8");
        Ran { ok: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ran {
    fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }
}
