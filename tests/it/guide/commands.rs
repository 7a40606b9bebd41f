//! The commands that the documents show, run as a reader would run them.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use regex::Regex;
use runcomfy_simulator::Simulator;
use serde_json::Value;
use toml_edit::{DocumentMut, Item};

use crate::support::{root, target};

/// The origin of the simulator in the documents: the one of the program `runcomfy-simulator`.
const ORIGIN: &str = "http://127.0.0.1:8787";

/// The folder of the clone, as the documents write it.
pub(super) const CLONE: &str = "/path/to/runcomfy-rs";

/// The profile of the workspace, to share what is built of dependencies.
const PROFILE: &str = "[profile.dev]\ndebug = \"line-tables-only\"\n\n\
                       [profile.dev.package.\"*\"]\ndebug = false\n";

/// The built programs and examples of the workspace, and the tests of examples.
#[derive(Clone)]
pub(super) struct Programs {
    programs: Arc<BTreeMap<String, PathBuf>>,
    tests: Arc<BTreeMap<String, PathBuf>>,
}

impl Programs {
    /// Builds them all, with the features that `cargo test --workspace` builds them with.
    pub(super) fn build() -> Self {
        let all = ["build", "--workspace", "--bins", "--examples"];
        let programs = executables(&root(), &all);
        let test = ["test", "--workspace", "--no-run", "--example", "testing"];
        let tests = executables(&root(), &test);
        Self { programs: Arc::new(programs), tests: Arc::new(tests) }
    }

    /// Returns the path of a program.
    pub(super) fn program(&self, name: &str) -> &Path {
        self.programs.get(name).expect("there is such a program")
    }

    /// Runs a command. Returns what it printed to both streams.
    pub(super) async fn run(&self, command: &str, folder: &Path, simulator: &Simulator) -> String {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let origin = simulator.api_base().trim_end_matches("/v1").to_owned();
        let process = match words.as_slice() {
            ["runcomfy-simulator", ..] => return String::new(),
            [name @ "runcomfy-codegen", arguments @ ..] => {
                let mut process = Command::new(self.program(name));
                process.args(arguments);
                process
            }
            ["cargo", "run"] => Command::new(build(folder)),
            ["curl", "-so", file, url] => {
                let path = url.strip_prefix(ORIGIN).expect("it is a file of the simulator");
                let reply = reqwest::get(format!("{origin}{path}")).await.expect("it answers");
                let bytes = reply.error_for_status().expect("it is there").bytes().await;
                std::fs::write(folder.join(file), bytes.expect("it is whole")).expect("written");
                return String::new();
            }
            ["cargo", "run", "--example", name, arguments @ ..] => {
                let arguments = arguments.strip_prefix(&["--"]).unwrap_or(arguments);
                let mut process = Command::new(self.program(name));
                process.args(arguments);
                process
            }
            ["cargo", "test", "--example", name] => {
                let program = self.tests.get(*name).expect("there is such an example");
                let mut process = Command::new(program);
                process.arg("--test-threads=1");
                process
            }
            _ => unreachable!("the document shows a command that is not run here: {command}"),
        };
        let base = simulator.api_base().to_owned();
        printed(process, folder, &base).await
    }
}

/// Starts a simulator with the settings that a command names, or with the usual ones.
pub(super) async fn start_simulator(command: &str, folder: &Path) -> Simulator {
    let price = "0.05/second".parse().expect("it is a price");
    let builder = Simulator::builder().price(price);
    let builder = match command.split(' ').collect::<Vec<_>>().as_slice() {
        ["runcomfy-simulator", "--schemas", schemas, "&"] => builder.schemas(folder.join(schemas)),
        ["runcomfy-simulator", ..] => unreachable!("flags that are not read here: {command}"),
        _ => builder,
    };
    builder.start().await.expect("it starts")
}

/// Writes the manifest of a project of this name with the dependencies that a document shows, as
/// `cargo new` does.
pub(super) fn write_manifest(folder: &Path, name: &str, dependencies: &str) {
    assert!(dependencies.starts_with("[dependencies]\n"), "{dependencies}");
    let dependencies = dependencies.replace(CLONE, root().to_str().expect("it is text"));
    let package = format!("[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    // The rest keeps it out of a workspace in a folder above, and shares what is built.
    let manifest = format!("{package}\n{dependencies}\n[workspace]\n\n{PROFILE}");
    crate::support::write(&folder.join("Cargo.toml"), &manifest);
    std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("it can be copied");
}

/// Fails if the clone has no such crate at this path, or the crate has not these features.
pub(super) fn assert_dependency(name: &str, path: &str, features: Option<&Item>) {
    let folder = path.strip_prefix(CLONE).expect("it is in the clone").trim_start_matches('/');
    let manifest = root().join(folder).join("Cargo.toml");
    let manifest = std::fs::read_to_string(&manifest)
        .unwrap_or_else(|why| unreachable!("{}: {why}", manifest.display()));
    let manifest: DocumentMut = manifest.parse().expect("it is TOML");
    assert_eq!(manifest["package"]["name"].as_str(), Some(name), "{path}");
    for feature in features.and_then(Item::as_array).into_iter().flatten() {
        let feature = feature.as_str().expect("a feature is text");
        assert!(manifest["features"].get(feature).is_some(), "{name} has no feature {feature}");
    }
}

/// Builds the one program of a project. Returns its path.
pub(super) fn build(folder: &Path) -> PathBuf {
    executables(folder, &["build"]).into_values().next().expect("it has a program")
}

/// Runs a program against a simulator. Returns what it printed to both streams, in order.
pub(super) async fn printed(mut process: Command, folder: &Path, api_base: &str) -> String {
    let path = folder.join(".printed");
    let file = File::create(&path).expect("it can be made");
    process
        .current_dir(folder)
        .env("RUNCOMFY_MODEL_API_BASE", api_base)
        .env("RUNCOMFY_TOKEN", "any")
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(file.try_clone().expect("it can be shared"))
        .stderr(file);
    let ran = tokio::task::spawn_blocking(move || process.status()).await.expect("it runs");
    ran.expect("the program starts");
    std::fs::read_to_string(path).expect("it printed text")
}

/// Replaces what differs from run to run: the simulator's port, and measured times.
pub(super) fn normalized(printed: &str) -> String {
    let patterns = [
        (r"http://127\.0\.0\.1:\d+", ORIGIN),
        (r"finished in \d+\.\d+s", "finished in 0.10s"),
        (r"(requests?), \d+ ms", "$1, 3 ms"),
    ];
    patterns.iter().fold(printed.to_owned(), |text, (pattern, replacement)| {
        let pattern = Regex::new(pattern).expect("it is right");
        pattern.replace_all(&text, *replacement).into_owned()
    })
}

/// Builds with cargo in a folder, offline. Returns the built executables by name.
fn executables(folder: &Path, arguments: &[&str]) -> BTreeMap<String, PathBuf> {
    // A project outside has other settings. Its build would replace libraries that other tests use.
    let target = match folder.starts_with(root()) {
        true => target().to_owned(),
        false => target().join("outside"),
    };
    let output = xtask::cargo::command(folder, arguments)
        .args(["--offline", "--message-format", "json"])
        .env("CARGO_TARGET_DIR", target)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo {arguments:?} fails in {}", folder.display());
    let mut found = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line).expect("cargo prints JSON");
        let name = message["target"]["name"].as_str();
        if let (Some(name), Some(path)) = (name, message["executable"].as_str()) {
            found.insert(name.to_owned(), PathBuf::from(path));
        }
    }
    found
}
