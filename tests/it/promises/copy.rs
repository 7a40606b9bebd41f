//! A copy of the workspace, in which code is changed and tests are run.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A test that does not end counts as a fault of the test: it has to fail.
const MAX_TIME: Duration = Duration::from_secs(300);

/// The copy, with a target folder of its own.
pub(super) struct Workspace(PathBuf);

/// Outcome of running a test.
#[derive(Debug)]
pub(super) enum Outcome {
    Passed,
    Failed,
    DoesNotCompile(String),
    NotFound,
    DoesNotEnd,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passes"),
            Self::Failed => f.write_str("fails"),
            Self::DoesNotCompile(errors) => write!(f, "does not compile:\n{errors}"),
            Self::NotFound => f.write_str("is not found"),
            Self::DoesNotEnd => f.write_str("does not end"),
        }
    }
}

impl Workspace {
    /// Copies every file that git does not ignore. Files that did not change keep their time, to
    /// be compiled once.
    pub(super) fn new(root: &Path) -> Self {
        let copy = Self(root.join("target/promises/workspace"));
        let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let output = Command::new("git").args(args).current_dir(root).output().expect("git runs");
        assert!(output.status.success(), "git does not list the files");
        let files = String::from_utf8(output.stdout).expect("the names are Unicode");
        for file in files.split('\0').filter(|file| root.join(file).is_file()) {
            let bytes = std::fs::read(root.join(file)).expect("it can be read");
            let to = copy.0.join(file);
            if std::fs::read(&to).ok().as_ref() != Some(&bytes) {
                std::fs::create_dir_all(to.parent().expect("it has a folder")).expect("it can");
                std::fs::copy(root.join(file), &to).expect("it can be copied");
                touch(&to);
            }
        }
        copy
    }

    /// Reads one file.
    pub(super) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.join(file)).expect("it can be read")
    }

    /// Changes one file.
    pub(super) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.0.join(file), text).expect("it can be written");
    }

    /// Runs the tests of a package whose names contain these words.
    pub(super) fn run(&self, package: &str, words: &str) -> Outcome {
        let programs = match self.build(package) {
            Ok(programs) => programs,
            Err(errors) => return Outcome::DoesNotCompile(errors),
        };
        let mut outcome = Outcome::NotFound;
        for program in &programs {
            match self.run_program(package, program, words) {
                Outcome::NotFound => {}
                Outcome::Passed => outcome = Outcome::Passed,
                other => return other,
            }
        }
        outcome
    }

    /// Builds the tests of a package. Returns the programs, or the compiler's errors.
    fn build(&self, package: &str) -> Result<Vec<PathBuf>, String> {
        let mut command = Command::new(env!("CARGO"));
        command.args(["test", "--no-run", "--quiet", "--offline", "--package", package]);
        command.args(["--message-format", "json-render-diagnostics"]);
        match package {
            "runcomfy-tests" => command.args(["--test", "it"]),
            "runcomfy" => command.args(["--tests", "--all-features"]),
            _ => command.arg("--tests"),
        };
        command.current_dir(&self.0).env("CARGO_TARGET_DIR", self.0.join("../target"));
        let output = command.output().expect("cargo runs");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let messages = String::from_utf8_lossy(&output.stdout).into_owned();
        let messages = messages.lines().map(serde_json::from_str::<Value>);
        let programs = messages.filter_map(|message| {
            let message = message.expect("cargo prints JSON");
            let is_test = message["profile"]["test"] == true;
            message["executable"].as_str().filter(|_| is_test).map(PathBuf::from)
        });
        Ok(programs.collect())
    }

    fn run_program(&self, package: &str, program: &Path, words: &str) -> Outcome {
        let folder = match package {
            "runcomfy-tests" => self.0.join("tests"),
            "runcomfy-codegen" => self.0.join("codegen"),
            package => self.0.join("crates").join(package),
        };
        let log = self.0.join("../log");
        let mut child = Command::new(program)
            .arg(words)
            .current_dir(&folder)
            .env("CARGO_MANIFEST_DIR", &folder)
            .env("INSTA_UPDATE", "no")
            .env_remove(super::WANTED)
            .stdout(File::create(&log).expect("it can be made"))
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("it can be asked") {
                break status;
            }
            if start.elapsed() > MAX_TIME {
                child.kill().expect("it still runs");
                child.wait().expect("it has ended");
                return Outcome::DoesNotEnd;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let printed = std::fs::read_to_string(&log).expect("it was written");
        match (status.success(), printed.contains("running 0 tests")) {
            (true, true) => Outcome::NotFound,
            (true, false) => Outcome::Passed,
            (false, _) => Outcome::Failed,
        }
    }
}

/// Sets the time of a file to now: copying keeps the old one on some systems.
fn touch(path: &Path) {
    let file = File::options().append(true).open(path).expect("it can be opened");
    file.set_modified(std::time::SystemTime::now()).expect("its time can be set");
}
