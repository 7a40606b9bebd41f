//! Imports of complete pages.

use std::path::Path;

use runcomfy_codegen::import::{import, layout};

use crate::{INPUT, OUTPUT, PAGES};

#[test]
fn a_page_imports_in_any_language_and_line_ending() {
    for (language, template) in PAGES {
        let page = template.replace("INPUT", INPUT).replace("OUTPUT", OUTPUT);
        let states = [
            ("as it is", page.clone()),
            ("with a byte order mark", format!("\u{FEFF}{page}")),
            ("with CRLF", page.replace('\n', "\r\n")),
            ("with no line ends", page.replace('\n', "")),
            ("with blanks for line ends", page.replace('\n', " ")),
            ("after its own schemas", format!("{INPUT}{OUTPUT}{page}")),
        ];
        for (state, page) in states {
            let model = import(&page)
                .unwrap_or_else(|error| panic!("{language}, {state}: {error}"))
                .models
                .remove(0);
            assert_eq!(model.id.as_str(), "acme/Paper Boat 2.1", "{language}, {state}");
            assert_eq!(model.id.folder(), "acme/paper-boat-2.1");
            assert_eq!(model.input, layout(INPUT), "{language}, {state}");
            assert_eq!(
                model.output.as_deref(),
                Some(layout(OUTPUT).as_str()),
                "{language}, {state}"
            );
            assert!(model.facts.is_empty());
        }
    }
}

#[test]
fn a_real_page_is_imported_unchanged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/seed");
    let Ok(files) = folder.read_dir() else {
        println!("passed over: there is no page beside the workspace");
        return;
    };
    let pages = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"));
    for path in pages {
        let model = import(&std::fs::read_to_string(&path).unwrap()).unwrap().models.remove(0);
        assert_eq!(model.id.as_str(), "minimax/Hailuo Video 01 Live");
        let input: serde_json::Value = serde_json::from_str(&model.input).unwrap();
        let keys = |value: &serde_json::Value| {
            value.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(keys(&input["properties"]), ["prompt", "image_url", "prompt_optimizer"]);
        assert_eq!(input["title"], "入力スキーマ");
        let validations = input["properties"]["image_url"]["validations"].as_array().unwrap();
        let rules: Vec<_> =
            validations.iter().map(|entry| entry["validation_rule"].as_str().unwrap()).collect();
        assert_eq!(rules, ["width_pixels>", "height_pixels>", "width/height>", "width/height<"]);
        let output: serde_json::Value = serde_json::from_str(&model.output.unwrap()).unwrap();
        assert_eq!(keys(&output["output"]["properties"]), ["image", "video", "images", "videos"]);
    }
}
