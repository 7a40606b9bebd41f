//! What is generated, as text: from the fixtures, each about one thing, and from schemas that
//! earn each diagnostic. What changes is reviewed as a snapshot; that it compiles is tested in
//! the workspace's own suite.

mod diagnosed;
mod field;
mod limits;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use runcomfy_codegen::import::{Imported, import};
use runcomfy_codegen::{Code, Features, Objects, Settings, Source, generate, generate_imported};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn settings() -> Settings {
    Settings {
        origin: "schemas".to_owned(),
        features: Features::None,
        present: Default::default(),
        deny: Default::default(),
        objects: Objects::Closed,
    }
}

/// Every fixture: catalog entries, one a file.
fn fixtures() -> Vec<Imported> {
    let folder = std::fs::read_dir(root().join("tests/fixtures")).expect("there are fixtures");
    let mut files: Vec<PathBuf> = folder
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("it can be read");
        import(&text).expect("a fixture is a catalog entry").models
    };
    files.iter().flat_map(read).collect()
}

#[test]
fn each_fixture_generates_its_snapshot() {
    let models = fixtures();
    assert!(models.len() > 5, "the fixtures were not found");
    for model in &models {
        let generated = generate_imported(std::slice::from_ref(model), &settings());
        let mut shown = String::new();
        for diagnostic in &generated.diagnostics {
            shown.push_str(&format!("{diagnostic}\n"));
        }
        let name = model.id.folder().replace(['/', '.'], "_");
        let file = generated.files.iter().find(|(path, _)| path.contains('/'));
        let (path, text) = file.unwrap_or_else(|| panic!("{name} was refused:\n{shown}"));
        insta::assert_snapshot!(name, format!("{shown}--- {path}\n{text}"));
    }
}

#[test]
fn the_hailuo_model_generates_its_snapshot() {
    let folder = root().join("schemas/minimax/hailuo-video-01-live");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).expect("it is there");
    let (model, input, output) = (read("model.json"), read("input.json"), read("output.json"));
    let source = Source {
        folder: "minimax/hailuo-video-01-live",
        model: &model,
        input: &input,
        output: Some(&output),
        fixup: None,
    };
    let generated = generate(&[source], &settings());
    assert_eq!(generated.diagnostics, []);
    let text = &generated.files["minimax/hailuo_video_01_live.rs"];
    assert!(text.lines().count() <= 160, "it has grown to {} lines", text.lines().count());
    insta::assert_snapshot!("minimax_hailuo_video_01_live", text);
}

#[test]
fn generation_is_deterministic_in_any_order_of_models() {
    let mut models = fixtures();
    let first = generate_imported(&models, &settings());
    models.reverse();
    let second = generate_imported(&models, &settings());
    assert_eq!(first.files, second.files);
    assert_eq!(first.diagnostics, second.diagnostics);
}

#[test]
fn models_with_one_module_name_get_suffixes_and_a_warning() {
    let model = |id: &'static str, folder: &'static str| (format!("{{\"id\": \"{id}\"}}"), folder);
    let entries =
        [model("acme/a-b", "acme/a-b"), model("acme/a.b", "acme/a.b"), model("acme/c", "acme/c")];
    let source = |(model, folder): &'_ (String, &'static str)| (model.clone(), *folder);
    let owned: Vec<(String, &str)> = entries.iter().map(source).collect();
    let sources: Vec<Source<'_>> = owned
        .iter()
        .map(|(model, folder)| Source { folder, model, input: FINE, output: None, fixup: None })
        .collect();
    let generated = generate(&sources, &settings());
    let files: Vec<&str> = generated.files.keys().map(String::as_str).collect();
    let expected =
        ["acme.rs", "acme/a_b_612d62.rs", "acme/a_b_612e62.rs", "acme/c.rs", "mod.rs", "models.md"];
    assert_eq!(files, expected);
    let codes: Vec<Code> = generated.diagnostics.iter().map(|found| found.code).collect();
    assert_eq!(codes, [Code::SharedName, Code::SharedName]);
}

#[test]
fn a_refused_model_keeps_its_file_and_stops_no_other() {
    let bad = Source {
        folder: "acme/bad",
        model: r#"{"id": "acme/bad"}"#,
        input: "{",
        output: None,
        fixup: None,
    };
    let good = Source { folder: "acme/good", model: r#"{"id": "acme/good"}"#, input: FINE, ..bad };
    let generated = generate(&[bad, good], &settings());
    assert!(generated.files.contains_key("acme/good.rs"));
    assert!(!generated.files["acme.rs"].contains("pub mod bad"));

    let present = ["acme/bad.rs".to_owned()].into();
    let generated = generate(&[bad, good], &Settings { present, ..settings() });
    assert!(!generated.files.contains_key("acme/bad.rs") && generated.kept.contains("acme/bad.rs"));
    assert!(generated.files["acme.rs"].contains("pub mod bad"));
}

#[test]
fn an_unreadable_model_is_not_listed_with_wrong_facts() {
    // Field case: a syntax error in `input.json` rewrote `models.md` and the provider's module.
    let bad = Source {
        folder: "acme/bad-one",
        model: r#"{"id": "acme/Bad One", "gone": "0.1.0"}"#,
        input: "{",
        output: None,
        fixup: None,
    };
    let good = Source { folder: "acme/good", model: r#"{"id": "acme/good"}"#, input: FINE, ..bad };
    let present = BTreeSet::from(["acme/bad_one.rs".to_owned(), "acme.rs".to_owned()]);
    let settings = Settings { present, ..settings() };
    let generated = generate(&[bad, good], &settings);
    assert!(generated.kept.contains("models.md") && !generated.files.contains_key("models.md"));
    let listing = &generated.files["acme.rs"];
    assert!(listing.contains("| [`bad_one`] | `acme/Bad One` |"), "{listing}");
    assert!(listing.contains("as of 0.1.0") && listing.contains("good::Input"), "{listing}");

    let worse = Source { model: "{", ..bad };
    let generated = generate(&[worse, good], &settings);
    for file in ["models.md", "acme.rs", "acme/bad_one.rs"] {
        assert!(generated.kept.contains(file) && !generated.files.contains_key(file), "{file}");
    }
    assert!(generated.files["mod.rs"].contains("pub mod acme"));
}

#[test]
fn a_provider_named_like_a_feature_gets_another_feature() {
    // Attack L14.
    let folders = ["default/x", "full/x", "full_/x", "acme/x"];
    let models = folders.map(|folder| format!("{{\"id\": \"{folder}\"}}"));
    let sources = folders.iter().zip(&models).map(|(folder, model)| Source {
        folder,
        model,
        input: FINE,
        output: None,
        fixup: None,
    });
    let sources: Vec<Source<'_>> = sources.collect();
    let without = &generate(&sources, &settings()).files["models.md"];
    let settings = Settings { features: Features::PerProvider, ..settings() };
    let generated = generate(&sources, &settings);
    let with = &generated.files["models.md"];
    assert_eq!(last_cells(with, "| model"), ["output |", "input", "feature"]);
    assert_eq!(last_cells(with, "`full_/x`")[2], "`full_2`");
    assert_eq!(last_cells(without, "| model"), ["output |", "input", "gives"]);
    assert!(!without.contains("`full_2`"), "{without}");
    let features: Vec<&str> = generated.features.iter().map(String::as_str).collect();
    assert_eq!(features, ["acme", "default_", "full_", "full_2"]);
    assert!(generated.files["mod.rs"].contains("#[cfg(feature = \"default_\")]\npub mod default;"));
}

/// Returns the last three cells, from the end, of the row of a table that has these words.
fn last_cells<'a>(table: &'a str, words: &str) -> Vec<&'a str> {
    let row = table.lines().find(|line| line.contains(words)).unwrap_or_default();
    row.rsplit(" | ").take(3).collect()
}

const ENTRY: &str = r#"{"id": "acme/x"}"#;
const FINE: &str = r#"{"type": "object", "properties": {}}"#;
