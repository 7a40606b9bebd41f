//! The README's first screen: the refusals of the demo, and the first program, built in a project
//! outside of the workspace from the README's own lines. And the picture of the demo.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use regex::Regex;
use tempfile::TempDir;

use super::commands::{Programs, build, normalized, printed, write_manifest};
use super::document::{Document, Piece};
use crate::support::root;

/// The picture of the demo, relative to the root.
const PICTURE: &str = "docs/demo.svg";

/// A simulator that is stopped when this is dropped.
struct Simulator(Child);

impl Drop for Simulator {
    fn drop(&mut self) {
        // It may have ended already.
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_project_builds_elsewhere_and_prints_what_it_shows() {
    let mut readme = Document::read("README.md");
    let folder = TempDir::new().expect("a folder can be made");
    let dependencies = readme.blocks("toml").next().expect("the README shows dependencies");
    write_manifest(folder.path(), "video", dependencies);
    let program = readme.blocks("rust").next().expect("the README shows a program");
    crate::support::write(&folder.path().join("src/main.rs"), program);
    let video = build(folder.path());

    let programs = Programs::build();
    let mut simulator = Command::new(programs.program("runcomfy-simulator"))
        .args(["--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .map(Simulator)
        .expect("it starts");
    let stdout = simulator.0.stdout.take().expect("it is piped");
    let greeting: Vec<String> =
        BufReader::new(stdout).lines().take(4).map(|line| line.expect("it is text")).collect();
    let base = greeting[3].trim().split(['=', ' ']).nth(1).expect("it says its API base");

    let printed = printed(Command::new(video), folder.path(), base).await;
    let outputs = [format!("{}\n", greeting.join("\n")), printed];
    let consoles = readme.pieces.iter_mut().filter_map(|piece| match piece {
        Piece::Block { language, text } if language == "console" => Some(text),
        Piece::Block { .. } | Piece::Line(_) => None,
    });
    for (text, output) in consoles.zip(outputs) {
        let command = text.lines().next().unwrap_or_default().to_owned();
        let is_known = command.ends_with("--package runcomfy-simulator")
            || command.ends_with(
                "RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:8787/v1 RUNCOMFY_TOKEN=any cargo run",
            );
        assert!(is_known, "the README shows a command that is not run here: {command}");
        *text = format!("{command}\n{}", normalized(&output));
    }
    readme.compare();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_and_its_picture_show_the_demo() {
    let folder = TempDir::new().expect("a folder can be made");
    let mut demo = Command::new(Programs::build().program("demo"));
    demo.env("CLICOLOR_FORCE", "1").env("TMPDIR", "/tmp").env_remove("NO_COLOR");
    let colored = normalized(&printed(demo, folder.path(), "http://127.0.0.1:1/v1").await);

    let picture = anstyle_svg::Term::new().render_svg(&colored);
    let path = root().join(PICTURE);
    if std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        std::fs::write(&path, &picture).expect("it can be written");
    }
    let shown = std::fs::read_to_string(path).expect("there is a picture");
    assert_eq!(shown, picture, "{PICTURE} shows another demo: run with INSTA_UPDATE=always");

    let readme = Document::read("README.md");
    let plain = Regex::new("\u{1b}\\[[0-9;]*m").expect("it is right").replace_all(&colored, "");
    let mut rest = &*plain;
    let lines = readme.blocks("text").next().expect("the README shows refusals").lines();
    for line in lines.map(str::trim) {
        let found = rest.split_once(line);
        rest = found.unwrap_or_else(|| panic!("the demo does not print, or not there: {line}")).1;
    }
}

#[test]
fn the_readme_counts_the_models_of_each_provider() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("it can be read");
    let mut providers: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for model in runcomfy_models::models() {
        let (provider, _) = model.id.split_once('/').expect("an id names its provider");
        let (count, gives) = providers.entry(provider).or_default();
        *count += 1;
        gives.extend(model.gives.iter().map(|kind| kind.as_str()));
    }
    for (provider, (count, gives)) in &providers {
        let kinds =
            [("video", "videos"), ("image", "images"), ("audio", "audio"), ("text", "text")];
        let gives: Vec<&str> = kinds
            .iter()
            .filter(|(kind, _)| gives.contains(kind))
            .map(|(_, plural)| *plural)
            .collect();
        let row = format!("| `{provider}` | {count} | {} |", gives.join(", "));
        assert!(readme.lines().any(|line| line == row), "the README has no row {row}");
    }
    let total: usize = providers.values().map(|(count, _)| count).sum();
    let sentence = format!("{total} models of {} providers.", providers.len());
    assert!(readme.contains(&sentence), "the README does not say: {sentence}");
}

#[test]
fn the_readme_and_the_crate_list_every_feature() {
    let manifest = std::fs::read_to_string(root().join("crates/runcomfy/Cargo.toml"));
    let manifest: toml_edit::DocumentMut = manifest.expect("read").parse().expect("it is TOML");
    let features = manifest["features"].as_table().expect("it has features");
    // The last two are for this workspace and for the generator.
    let features = features.iter().map(|(name, _)| name);
    let features: Vec<&str> =
        features.filter(|name| !["default", "fuzz", "pattern"].contains(name)).collect();
    assert!(features.len() > 5, "the features were not found");
    for (file, opening) in [("README.md", "| `"), ("crates/runcomfy/README.md", "- `")] {
        let text = std::fs::read_to_string(root().join(file)).expect("it can be read");
        for feature in &features {
            let start = format!("{opening}{feature}`");
            assert!(text.lines().any(|line| line.starts_with(&start)), "{file}: no {start}");
        }
    }
}
