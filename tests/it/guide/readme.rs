//! The README's first screen: the refusals of the demo, and the first program, built in a project
//! outside of the workspace from the README's own lines. And the picture of the demo.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use regex::Regex;
use tempfile::TempDir;

use super::commands::{Examples, executables, normalized, printed};
use super::document::{Document, Piece};
use crate::support::root;

/// The folder of the clone, as the README writes it.
const CLONE: &str = "/path/to/runcomfy-rs";
/// The profile of the workspace, to share what is built of dependencies.
const PROFILE: &str = "[profile.dev]\ndebug = \"line-tables-only\"\n\n\
                       [profile.dev.package.\"*\"]\ndebug = false\n";
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
    let write = |name: &str, text: &str| crate::support::write(&folder.path().join(name), text);
    let dependencies = readme.blocks("toml").next().expect("the README shows dependencies");
    assert!(dependencies.starts_with("[dependencies]\n"), "{dependencies}");
    let dependencies = dependencies.replace(CLONE, root().to_str().expect("it is text"));
    // As `cargo new video` writes it. The rest keeps it out of a workspace in a folder above, and
    // shares what is built.
    let package = "[package]\nname = \"video\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    write("Cargo.toml", &format!("{package}\n{dependencies}\n[workspace]\n\n{PROFILE}"));
    write("src/main.rs", readme.blocks("rust").next().expect("the README shows a program"));
    std::fs::copy(root().join("Cargo.lock"), folder.path().join("Cargo.lock")).expect("copied");
    let programs = executables("bin", folder.path(), &["build"]);

    let simulator = executables("bin", &root(), &["build", "--workspace", "--bins"]);
    let mut simulator = Command::new(&simulator["runcomfy-simulator"])
        .args(["--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .map(Simulator)
        .expect("it starts");
    let stdout = simulator.0.stdout.take().expect("it is piped");
    let greeting: Vec<String> =
        BufReader::new(stdout).lines().take(4).map(|line| line.expect("it is text")).collect();
    let base = greeting[3].trim().split(['=', ' ']).nth(1).expect("it says its API base");

    let printed = printed(Command::new(&programs["video"]), folder.path(), base).await;
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
    let mut demo = Command::new(Examples::build().program("demo"));
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
