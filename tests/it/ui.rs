//! Each program in `tests/ui` fails to compile, with the error code of its first line. If there
//! is a file `.stderr` beside it, the compiler says the lines of that file, in their order.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Uses, compile, root, scratch};

#[test]
fn each_ui_case_fails_to_compile_for_its_reason() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut sources = BTreeMap::new();
    let mut lessons: BTreeMap<String, String> = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("tests/ui")).expect("it exists") {
        let path = entry.expect("it can be read").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("it has a name");
        let text = std::fs::read_to_string(&path).expect("it can be read");
        if path.extension().is_some_and(|extension| extension == "stderr") {
            lessons.insert(name.to_owned(), text);
            continue;
        }
        let first = text.lines().next().and_then(|line| line.strip_prefix("// refused: "));
        let code = first.unwrap_or_else(|| panic!("{name} does not start with `// refused: `"));
        let codes = if code == "nothing" { Vec::new() } else { vec![code.to_owned()] };
        expected.insert(name.to_owned(), codes);
        sources.insert(format!("src/bin/{name}.rs"), text);
    }
    let scratch = scratch(folder.path(), Uses::Models, &sources);
    let mut found: BTreeMap<String, Vec<String>> =
        expected.keys().map(|name| (name.clone(), Vec::new())).collect();
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    for (name, codes) in &mut found {
        let mut compiler = scratch.check(&format!("src/bin/{name}.rs"));
        compiler.args(["--error-format", "json"]);
        let (_, printed) = compile(compiler);
        for line in printed.lines() {
            let message: Value = serde_json::from_str(line).expect("the compiler prints JSON");
            if message["level"] == "error"
                && let Some(code) = message["code"]["code"].as_str()
            {
                // The compiler repeats an error for each part of an expression.
                if !codes.contains(&code.to_owned()) {
                    codes.push(code.to_owned());
                }
                let rendered = message["rendered"].as_str().unwrap_or_default();
                *said.entry(name.to_owned()).or_default() += rendered;
            }
        }
    }
    assert!(expected.len() > 5, "the programs were not found");
    assert_eq!(found, expected);
    assert!(lessons.len() > 2, "the expected messages were not found");
    for (name, lines) in lessons {
        let said = said.get(&name).unwrap_or_else(|| panic!("{name}.stderr has no program"));
        let mut rest = said.as_str();
        for line in lines.lines() {
            let (_, after) = rest.split_once(line).unwrap_or_else(|| {
                panic!("the compiler does not say this line of {name}.stderr, or not there:\n{line}\n\n{said}")
            });
            rest = after;
        }
    }
}
