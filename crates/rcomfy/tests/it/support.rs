//! A home of its own for each test, the binary in it, and a simulator.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use runcomfy_simulator::{Pace, Simulator};
use serde_json::Value;
use tempfile::TempDir;

/// A home folder, in which the binary runs.
pub(crate) struct Home {
    folder: TempDir,
    api_base: Option<String>,
}

/// The end of a run of the binary.
#[derive(Debug)]
pub(crate) struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Home {
    /// Creates a home in which no API is configured.
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder"), api_base: None }
    }

    /// Creates a home whose API is a simulator.
    pub(crate) fn with(simulator: &Simulator) -> Self {
        Self { api_base: Some(simulator.api_base().to_owned()), ..Self::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the home.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// Writes a picture of this size, as the simulator makes it.
    pub(crate) fn picture(&self, name: &str, width: u32, height: u32) -> PathBuf {
        let mut bytes = Vec::new();
        let image = image::RgbImage::new(width, height);
        let mut cursor = std::io::Cursor::new(&mut bytes);
        image.write_to(&mut cursor, image::ImageFormat::Png).expect("a picture");
        self.write(name, bytes)
    }

    /// Returns the binary with arguments, in this home and with no other configuration.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.program(env!("CARGO_BIN_EXE_rcomfy"), args)
    }

    /// Returns a program with arguments, in this home. The binary is in its `PATH`.
    pub(crate) fn program(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("XDG_STATE_HOME", self.path().join("state"))
            .env("XDG_CACHE_HOME", self.path().join("cache"))
            .env("PATH", path())
            .env("COLUMNS", "100")
            .stdin(Stdio::null());
        if let Some(base) = &self.api_base {
            command
                .env("RUNCOMFY_MODEL_API_BASE", base)
                .env("RUNCOMFY_TOKEN", "test-token-of-no-use");
        }
        command
    }

    /// Returns `true` if the ledger of this home has a job.
    pub(crate) fn has_job(&self, id: &str) -> bool {
        let (_, envelope) = self.json(&["jobs", "--limit", "1000"]);
        let jobs = envelope["data"]["jobs"].as_array().cloned().unwrap_or_default();
        jobs.iter().any(|job| job["job"] == id)
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        Ended::of(self.command(args).output().expect("the binary runs"))
    }

    /// Runs the binary with `--json`, and returns the envelope.
    pub(crate) fn json(&self, args: &[&str]) -> (i32, Value) {
        let ended = self.run(&[args, &["--json"]].concat());
        let lines: Vec<&str> = ended.stdout.lines().collect();
        assert_eq!(lines.len(), 1, "one envelope on stdout: {ended:?}");
        let envelope = serde_json::from_str(lines[0]).expect("the envelope is JSON");
        super::schemas::assert_envelope(args, &envelope);
        (ended.code, envelope)
    }
}

/// Returns the folders of programs, the first of which has the binary.
pub(crate) fn path() -> std::ffi::OsString {
    let folder = Path::new(env!("CARGO_BIN_EXE_rcomfy")).parent().expect("a folder");
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&inherited));
    std::env::join_paths(folders).expect("a path")
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }

    /// Returns everything that was printed, for a snapshot.
    pub(crate) fn shown(&self, home: &Home) -> String {
        let text =
            format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr);
        redacted(&text, home)
    }
}

/// Replaces what differs between two runs: folders, ports, ids and times.
pub(crate) fn redacted(text: &str, home: &Home) -> String {
    let text = text.replace(&*home.path().to_string_lossy(), "~");
    let patterns = [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"\bjob [0-9a-z]{10}\b", "job JOB"),
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "REQUEST"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
        (r"\(\d+ s\)", "(N s)"),
    ];
    patterns.iter().fold(text, |text, (pattern, by)| {
        let pattern = regex::Regex::new(pattern).expect("a pattern");
        pattern.replace_all(&text, *by).into_owned()
    })
}

/// Starts a simulator whose jobs take this long in the queue and running.
pub(crate) async fn simulator(queue: Duration, run: Duration) -> Simulator {
    Simulator::builder().pace(Pace { queue, run }).start().await.expect("the simulator starts")
}

/// Starts a simulator without delay.
pub(crate) async fn fast() -> Simulator {
    simulator(Duration::ZERO, Duration::from_millis(50)).await
}
