//! Proves the report about a changed schema: callers and inputs of the earlier state are built
//! against the later one and checked by it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::support::{
    LIBRARY, Scratch, Uses, compile, root, scratch, xtask, xtask_command, xtask_output,
};
use runcomfy_codegen::{Change, Kind, Level, Source, diff};
use runcomfy_tests::changes::{Case, Side, Sides, cases};
use serde_json::Value;

/// The cases in which a new neighbour gets the old name. A caller builds if the type is the same, so
/// only the comparison tells that the change breaks it.
const TAKEN_OVER: [&str; 2] = ["word_renamed_by_a_neighbour", "property_renamed_by_a_neighbour"];

/// The version of a crate around schemas.
const VERSION: &str = "0.3.1";

/// The program that checks the inputs of all cases.
const JUDGE: &str = "src/bin/judge.rs";

#[test]
fn every_kind_of_change_is_found_at_its_path() {
    let cases = cases();
    let sides = Sides::of(&cases);
    for side in [&sides.old, &sides.new] {
        let errors: Vec<String> = side
            .generated
            .diagnostics
            .iter()
            .filter(|found| found.code.severity() == runcomfy_codegen::Severity::Error)
            .map(ToString::to_string)
            .collect();
        assert_eq!(errors, [""; 0]);
    }
    let changes = changes(&cases, &sides);
    let mut wrong = String::new();
    for case in &cases {
        let mut expected: Vec<(&str, &str)> =
            case.changes.iter().map(|(kind, at)| (kind.name(), *at)).collect();
        let found = &changes[case.name];
        let mut named: Vec<(&str, &str)> =
            found.iter().map(|change| (change.kind.name(), change.at.as_str())).collect();
        expected.sort_unstable();
        named.sort_unstable();
        if expected != named {
            wrong += &format!("{}:\n  expected {expected:?}\n  found    {found:#?}\n", case.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let covered: BTreeSet<&str> =
        cases.iter().flat_map(|case| &case.changes).map(|(kind, _)| kind.name()).collect();
    let all: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(covered, all, "a kind of change has no case");
}

#[test]
fn reported_changes_match_the_compiler_and_the_checker() {
    let cases = cases();
    let sides = Sides::of(&cases);
    let changes = changes(&cases, &sides);
    let breaks =
        |case: &&Case| changes[case.name].iter().any(|change| change.kind.level() == Level::Breaks);
    let callable: Vec<&Case> = cases.iter().filter(|case| case.old.is_some()).collect();
    let (broken, sound): (Vec<&Case>, Vec<&Case>) =
        callable.iter().copied().partition(|case| breaks(case));
    let (old_folder, new_folder) = (folder(), folder());

    // As a control, every caller builds against the crate that it was written for.
    let all: Vec<(String, String)> =
        callable.iter().map(|case| program(case, sides.old.caller(case))).collect();
    let judge = |side: &Side| ("judge".to_owned(), side.judge(&cases));
    let programs = [together(&all), judge(&sides.old)];
    let old = crate_of(old_folder.path(), &sides.old, &programs);
    let failed_old = failed(&old, &programs);
    assert_eq!(failed_old, BTreeMap::new(), "a caller does not build against its own crate");

    let sound: Vec<(String, String)> =
        sound.iter().map(|case| program(case, sides.old.caller(case))).collect();
    let mut programs: Vec<(String, String)> =
        broken.iter().map(|case| program(case, sides.old.caller(case))).collect();
    programs.extend([together(&sound), judge(&sides.new)]);
    let new = crate_of(new_folder.path(), &sides.new, &programs);
    let failed = failed(&new, &programs);
    let builds = failed.get("together");
    assert_eq!(builds, None, "a caller that should build does not");
    let failed: BTreeSet<&str> = failed.keys().map(String::as_str).collect();
    let expected: BTreeSet<String> = broken.iter().map(|case| case.module()).collect();
    let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
    let expected: BTreeSet<&str> =
        expected.into_iter().filter(|module| !TAKEN_OVER.contains(module)).collect();
    assert_eq!(failed, expected, "a caller that should not build does");
    assert!(broken.len() > 20 && sound.len() > 50, "the cases were not found");

    assert_eq!(judged(&old), BTreeMap::new(), "an input is refused by its own crate");
    let judged = judged(&new);
    let mut wrong = String::new();
    for case in &cases {
        let expected: BTreeSet<(String, String)> = changes[case.name]
            .iter()
            .filter_map(|change| change.refuses.as_ref())
            .map(|refusal| (refusal.at.clone(), refusal.rule.clone()))
            .collect();
        let found = judged.get(case.name).cloned().unwrap_or_default();
        if found != expected {
            wrong += &format!("{}: refused {found:?}, expected {expected:?}\n", case.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Returns objects and unions that refer to each other in every way, in two orders.
#[test]
fn recursive_schemas_are_compared_quickly() {
    let schema = |step: usize, most: u32| {
        let definition = |of: usize| {
            let property = |index: usize| {
                let other = |by: usize| (of * step + index * by) % 8;
                format!(
                    r##""p{index}": {{"anyOf": [{{"$ref": "#/$defs/D{}"}}, {{"type": "array", "items": {{"$ref": "#/$defs/D{}"}}}}, {{"type": "integer", "maximum": {most}}}]}}"##,
                    other(3),
                    other(5),
                )
            };
            let properties: Vec<String> = (0..10).map(property).collect();
            format!(r#""D{of}": {{"type": "object", "properties": {{{}}}}}"#, properties.join(", "))
        };
        let definitions: Vec<String> = (0..8).map(definition).collect();
        let definitions = definitions.join(", ");
        format!(
            r##"{{"properties": {{"a": {{"$ref": "#/$defs/D0"}}}}, "$defs": {{{definitions}}}}}"##
        )
    };
    let (first, bounded, other) = (schema(1, 9), schema(1, 8), schema(3, 9));
    let model = r#"{"id": "acme/x"}"#;
    let source = |input| Source { folder: "acme/x", model, input, output: None, fixup: None };
    let start = std::time::Instant::now();
    for (old, new) in [(&first, &bounded), (&first, &other), (&other, &first)] {
        let diff = diff(&[source(old)], &[source(new)]);
        assert_eq!(diff.refused, []);
        assert!(diff.models[0].changes.len() > 40, "{}", diff.models[0].changes.len());
    }
    let seconds = start.elapsed().as_secs_f64();
    assert!(seconds < 20.0, "it took {seconds:.1} s");
}

#[test]
fn docs_list_every_kind_of_change_with_its_level() {
    let text = std::fs::read_to_string(root().join("docs/compatibility.md")).expect("it exists");
    for kind in Kind::ALL {
        let row = format!("| `{kind}` | {} |", kind.level().name());
        assert!(text.lines().any(|line| line.starts_with(&row)), "no row `{row}`");
    }
    let rows =
        text.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 4);
    let rows = rows.filter(|line| line.contains('-') || line.starts_with("| `docs`"));
    assert_eq!(rows.count(), Kind::ALL.len(), "a row for an unknown kind");
}

#[test]
fn schemas_diff_compares_folders_and_revisions() {
    let place = folder();
    let path = |name: &str| place.path().join(name).display().to_string();
    let state = |name: &str, most: u32, model: &str| {
        let home = place.path().join(name).join("acme/boat");
        let input = format!(
            r#"{{"required": ["p"], "properties": {{"p": {{"type": "string", "maxLength": {most}}}}}}}"#
        );
        crate::support::write(&home.join("model.json"), model);
        crate::support::write(&home.join("input.json"), &input);
    };
    state("old", 9, r#"{"id": "acme/boat"}"#);
    state("new", 8, r#"{"id": "acme/boat"}"#);
    state("bad", 8, r#"{"id": 7}"#);

    // Without a Cargo.toml around the schemas, there is no version to step from.
    let (_, printed) = xtask(&["schemas", "diff", &path("old"), &path("new")]);
    assert!(printed.contains("\nstep: minor\n"), "{printed}");
    let manifest = format!("[package]\nname = \"own\"\nversion = \"{VERSION}\"\n");
    crate::support::write(&place.path().join("Cargo.toml"), &manifest);

    let (ok, printed) = xtask(&["schemas", "diff", &path("old"), &path("new")]);
    let (changes, release) = printed.split_once("step: ").expect("it gives the step");
    let expected = "acme/boat\n  refuses  p: `maxLength` 8, was 9\n\nmodels changed: 1; for \
        callers: breaks 0, refuses 1, new 0, words 0\n";
    assert_eq!((ok, changes), (true, expected));
    assert!(release.starts_with("minor, 0.3.1 to 0.3.2\n"), "{release}");
    let changelog = "for CHANGELOG.md:\n- `acme/boat`: Refused now: `p`: `maxLength` 8, was 9.\n";
    assert!(release.ends_with(changelog), "{release}");
    let (ok, printed) = xtask(&["schemas", "diff", &path("old"), &path("old")]);
    assert_eq!((ok, printed.as_str()), (true, "nothing changed\n"));

    for (most, passes) in [("major", true), ("minor", false), ("patch", false)] {
        let (ok, printed) =
            xtask(&["schemas", "diff", &path("old"), &path("new"), "--fail-on", most]);
        assert_eq!(ok, passes, "{most}: {printed}");
    }
    let output =
        xtask_output(&["schemas", "diff", &path("old"), &path("new"), "--message-format", "json"]);
    let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let change = serde_json::json!({
        "model": "acme/boat", "folder": "acme/boat", "level": "refuses", "kind": "narrower-bound",
        "at": "p", "message": "`maxLength` 8, was 9", "refuses": ["p", "maxLength"],
    });
    assert_eq!(lines[0], change);
    assert_eq!(lines[1]["step"], "minor");
    assert_eq!(lines[1]["version"], "0.3.2");
    assert_eq!(lines.len(), 2);

    let (ok, printed) = xtask(&["schemas", "diff", &path("old"), &path("bad")]);
    assert!(!ok && printed.contains("not compared: its later schemas are refused"), "{printed}");
    assert!(printed.contains("malformed-model"), "{printed}");
}

#[test]
fn schemas_diff_names_a_missing_git_revision() {
    let place = folder();
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"];
        let output = std::process::Command::new("git")
            .args(identity)
            .args(args)
            .current_dir(place.path())
            .output()
            .expect("git is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let state = |most: u32| {
        let home = place.path().join("my/schemas/acme/boat");
        let input =
            format!(r#"{{"properties": {{"p": {{"type": "string", "maxLength": {most}}}}}}}"#);
        crate::support::write(&home.join("model.json"), r#"{"id": "acme/boat"}"#);
        crate::support::write(&home.join("input.json"), &input);
    };
    git(&["init", "--quiet"]);
    for most in [9, 8] {
        state(most);
        git(&["add", "."]);
        git(&["commit", "--quiet", "--message", "A state"]);
    }
    // A file that is not committed is in no revision.
    state(7);
    let diff = |states: &[&str], below: &str| {
        let mut command = xtask_command();
        command.args(["schemas", "diff"]).args(states).current_dir(place.path().join(below));
        let output = command.output().expect("xtask runs");
        let printed = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
    };
    for below in ["", "my/schemas"] {
        let (ok, printed) = diff(&["HEAD~1:my/schemas", "HEAD:my/schemas"], below);
        assert!(
            ok && printed.contains("  refuses  p: `maxLength` 8, was 9\n"),
            "{below}: {printed}"
        );
    }
    let (ok, printed) = diff(&["HEAD:my/schemas", "my/schemas"], "");
    assert!(ok && printed.contains("  refuses  p: `maxLength` 7, was 8\n"), "{printed}");
    for (state, why) in [
        ("nowhere", "`nowhere` is neither a folder nor a git revision"),
        ("-x", "unexpected argument"),
        ("HEAD", "there is no folder schemas in `HEAD`"),
        (
            "HEAD:my/schemas/acme/boat/input.json",
            "there is no folder my/schemas/acme/boat/input.json",
        ),
        ("HEAD:my", "ok"),
        ("HEAD:my/schemas/acme/boat", "must be in the folder"),
    ] {
        let (ok, printed) = diff(&[state, "HEAD:my"], "");
        assert!(printed.contains(why) || why == "ok" && ok, "{state}: {printed}");
    }
}

fn changes(cases: &[Case], sides: &Sides) -> BTreeMap<&'static str, Vec<Change>> {
    let diff = sides.diff();
    assert_eq!(diff.refused, []);
    let of = |case: &Case| {
        let model = diff.models.iter().find(|model| model.folder == case.folder());
        (case.name, model.map(|model| model.changes.clone()).unwrap_or_default())
    };
    cases.iter().map(of).collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder can be made")
}

fn program(case: &Case, text: String) -> (String, String) {
    (case.module(), text)
}

/// Joins programs as modules of one crate, which is checked in one step.
fn together(programs: &[(String, String)]) -> (String, String) {
    let mut text = "//! Callers.\n".to_owned();
    for (name, program) in programs {
        // Inner docs and attributes are allowed only at the top of a file.
        text += &format!("mod {name} {{\n{program}\n}}\n");
    }
    let calls: String = programs.iter().map(|(name, _)| format!("    {name}::main();\n")).collect();
    text += &format!("\nfn main() {{\n{calls}}}\n");
    ("together".to_owned(), text)
}

/// A crate of one side's modules, and of programs that use them.
fn crate_of(folder: &Path, side: &Side, programs: &[(String, String)]) -> Scratch {
    let programs = programs.iter().map(|(name, text)| (format!("src/bin/{name}.rs"), text.clone()));
    scratch(folder, Uses::Runcomfy, &side.library().into_iter().chain(programs).collect())
}

/// Returns those of the programs that do not build, each with the compiler's message.
fn failed(scratch: &Scratch, programs: &[(String, String)]) -> BTreeMap<String, String> {
    let (ok, printed) = compile(scratch.build(LIBRARY));
    assert!(ok, "the generated code does not compile:\n{printed}");
    let mut failed = BTreeMap::new();
    for (name, _) in programs {
        let (ok, printed) = compile(scratch.check(&format!("src/bin/{name}.rs")));
        if !ok {
            failed.insert(name.clone(), printed);
        }
    }
    failed
}

/// Returns the violations of each case's inputs: the path, with `[]` for any index, and the rule.
fn judged(scratch: &Scratch) -> BTreeMap<String, BTreeSet<(String, String)>> {
    let (ok, printed) = compile(scratch.build(JUDGE));
    assert!(ok, "{printed}");
    let output = Command::new(scratch.program(JUDGE)).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut judged: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let parts: Vec<&str> = line.split('\t').collect();
        let [case, path, rule] = <[&str; 3]>::try_from(parts).expect("a line is a violation");
        let path = if path == "input" { "" } else { path };
        let path = path.replace("[\"*\"]", "[*]").replace("[0]", "[]").replace("[1]", "[]");
        judged.entry(case.to_owned()).or_default().insert((path, rule.to_owned()));
    }
    judged
}
