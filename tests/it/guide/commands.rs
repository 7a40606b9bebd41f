//! The commands that the documents show, run as a reader would run them.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use regex::Regex;
use runcomfy_simulator::Simulator;
use serde_json::Value;

use crate::support::{root, target};

/// The origin of the simulator in the documents: the one of the program `runcomfy-simulator`.
const ORIGIN: &str = "http://127.0.0.1:8787";

/// The built examples of the workspace: their programs, and their tests.
#[derive(Clone)]
pub(super) struct Examples {
    programs: Arc<BTreeMap<String, PathBuf>>,
    tests: Arc<BTreeMap<String, PathBuf>>,
}

impl Examples {
    /// Builds all examples, with the features that `cargo test --workspace` builds them with.
    pub(super) fn build() -> Self {
        let programs = executables("example", &root(), &["build", "--workspace", "--examples"]);
        let test = ["test", "--workspace", "--no-run", "--example", "testing"];
        let tests = executables("example", &root(), &test);
        Self { programs: Arc::new(programs), tests: Arc::new(tests) }
    }

    /// Returns the path of a program.
    pub(super) fn program(&self, name: &str) -> &Path {
        self.programs.get(name).expect("there is such an example")
    }

    /// Runs a command. Returns what it printed to both streams.
    pub(super) async fn run(&self, command: &str, folder: &Path, simulator: &Simulator) -> String {
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let origin = simulator.api_base().trim_end_matches("/v1").to_owned();
        let process = match words.as_slice() {
            ["runcomfy-simulator", ..] => return String::new(),
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

/// Starts the simulator of a section, with the settings that its first command names.
pub(super) async fn start_simulator(command: &str) -> Simulator {
    let mut builder = Simulator::builder();
    let mut words = command.split(' ').peekable();
    if words.next_if_eq(&"runcomfy-simulator").is_some() {
        while let (Some(flag), Some(value)) = (words.next(), words.next()) {
            builder = match flag {
                "--schemas" => builder.schemas(root().join(value)),
                _ => unreachable!("a flag that is not read here: {flag}"),
            };
        }
    }
    builder.price("0.05/second".parse().expect("it is a price")).start().await.expect("it starts")
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

/// Builds with cargo in a folder, offline. Returns the built executables of a kind, by name.
pub(super) fn executables(
    kind: &str,
    folder: &Path,
    arguments: &[&str],
) -> BTreeMap<String, PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .args(["--offline", "--message-format", "json"])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo {arguments:?} fails in {}", folder.display());
    let mut found = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Value = serde_json::from_str(line).expect("cargo prints JSON");
        if let (true, Some(path), Some(name)) = (
            message["target"]["kind"][0] == kind,
            message["executable"].as_str(),
            message["target"]["name"].as_str(),
        ) {
            found.insert(name.to_owned(), PathBuf::from(path));
        }
    }
    found
}
