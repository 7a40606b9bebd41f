//! A copy of the workspace, in which code is changed and tests are run. A change builds no more than
//! its test needs: of this package, the modules that the test is made of.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::{NamedTempFile, TempPath};
use toml_edit::{Array, DocumentMut, value};

/// A test that does not end counts as a fault of the test: it has to fail.
const MAX_TIME: Duration = Duration::from_secs(300);
/// The providers whose models the tests use.
const PROVIDERS: [&str; 3] = ["bytedance", "google", "minimax"];
/// The tests of the workspace as a whole.
const WHOLE: &str = "tests/it";
/// The helpers of [`WHOLE`] that need no generator.
const SUPPORT: &str = "mod support {\n    pub(crate) fn root() -> std::path::PathBuf {\n        \
                       std::path::Path::new(env!(\"CARGO_MANIFEST_DIR\")).join(\"..\")\n    }\n}\n";

/// The copy, with a target folder of its own.
pub(super) struct Workspace(PathBuf);

/// A test: its file from the root of the workspace, and the name of its function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Test {
    pub(super) file: String,
    pub(super) name: String,
}

/// A program with tests, which is deleted once it is dropped.
pub(super) struct Program(TempPath);

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

impl Test {
    /// Returns `true` for a test of [`WHOLE`].
    pub(super) fn is_of_the_whole(&self) -> bool {
        self.module().is_some()
    }

    /// Returns the module of [`WHOLE`] that has it.
    fn module(&self) -> Option<&str> {
        self.file.strip_prefix("tests/it/")?.split(['/', '.']).next()
    }

    /// Returns its package, the folder of that, and the target of it that has the test.
    pub(super) fn target(&self) -> (&str, PathBuf, Option<&str>) {
        let mut parts = self.file.split('/');
        let (package, folder) = match (parts.next(), parts.next()) {
            (Some("crates"), Some(package)) => (package, Path::new("crates").join(package)),
            (Some("codegen"), _) => ("runcomfy-codegen", "codegen".into()),
            _ => return ("runcomfy-tests", "tests".into(), Some("it")),
        };
        let within = self.file.split_once("/tests/").filter(|_| !self.file.contains("/src/"));
        let target = within.and_then(|(_, file)| file.split(['/', '.']).next());
        (package, folder, target)
    }

    /// Returns the arguments that select it. A test in the file of a program has no module.
    fn filter(&self) -> Vec<String> {
        let is_alone = self
            .target()
            .2
            .is_some_and(|target| self.file.ends_with(&format!("/tests/{target}.rs")));
        match is_alone {
            true => vec![self.name.clone(), "--exact".to_owned()],
            false => vec![format!("::{}", self.name)],
        }
    }
}

impl Workspace {
    /// Copies every file that git does not ignore. Files that did not change keep their time, to
    /// be compiled once.
    pub(super) fn new(root: &Path, name: &str) -> Self {
        let copy = Self(root.join("target/promises").join(name).join("workspace"));
        let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let output = Command::new("git").args(args).current_dir(root).output().expect("git runs");
        assert!(output.status.success(), "git does not list the files");
        let files = String::from_utf8(output.stdout).expect("the names are Unicode");
        for file in files.split('\0').filter(|file| root.join(file).is_file()) {
            let bytes = std::fs::read(root.join(file)).expect("it can be read");
            copy.update(file, &fewer_packages(file, bytes));
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

    /// Writes a file if its content is another, and its folder.
    fn update(&self, file: &str, bytes: &[u8]) {
        let to = self.0.join(file);
        if std::fs::read(&to).ok().as_deref() != Some(bytes) {
            std::fs::create_dir_all(to.parent().expect("it has a folder")).expect("it can");
            std::fs::write(&to, bytes).expect("it can be written");
        }
    }

    /// Builds the program that has these tests. Returns it, or why it cannot be run.
    pub(super) fn build(&self, tests: &[&Test]) -> Result<Program, Outcome> {
        let (package, _, target) = tests.first().ok_or(Outcome::NotFound)?.target();
        let mut modules = BTreeSet::new();
        for module in tests.iter().filter_map(|test| test.module()) {
            self.find_modules(module, &mut modules);
        }
        if !modules.is_empty() {
            let modules = modules.iter().map(|module| format!("mod {module};\n"));
            let main = format!("//! One test.\n{}{SUPPORT}", modules.collect::<String>());
            self.update(&format!("{WHOLE}/main.rs"), main.as_bytes());
        }
        let mut command = Command::new(env!("CARGO"));
        command.args(["test", "--no-run", "--quiet", "--offline", "--package", package]);
        command.args(["--message-format", "json-render-diagnostics"]);
        match target {
            Some(target) => command.args(["--test", target]),
            None => command.arg("--lib"),
        };
        if package == "runcomfy" {
            command.arg("--all-features");
        }
        command.current_dir(&self.0).env("CARGO_TARGET_DIR", self.0.join("../target"));
        command.env("CARGO_PROFILE_DEV_DEBUG", "none");
        let output = command.output().expect("cargo runs");
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Outcome::DoesNotCompile(errors));
        }
        let messages = String::from_utf8_lossy(&output.stdout).into_owned();
        let messages = messages.lines().map(serde_json::from_str::<Value>);
        let mut programs = messages.filter_map(|message| {
            let message = message.expect("cargo prints JSON");
            let is_test = message["profile"]["test"] == true;
            message["executable"].as_str().filter(|_| is_test).map(PathBuf::from)
        });
        let program = programs.next().ok_or(Outcome::NotFound)?;
        // The next build writes the same file.
        let kept = NamedTempFile::new_in(self.0.join("..")).expect("there is room");
        let kept = kept.into_temp_path();
        std::fs::copy(program, &kept).expect("there is room");
        Ok(Program(kept))
    }

    /// Collects a module of [`WHOLE`], and those that it uses.
    fn find_modules(&self, module: &str, found: &mut BTreeSet<String>) {
        if module == "support" || !found.insert(module.to_owned()) {
            return;
        }
        let text = self.read(&format!("{WHOLE}/{module}.rs"));
        for used in text.split("crate::").skip(1) {
            let end = used.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(used.len());
            self.find_modules(&used[..end], found);
        }
    }

    /// Runs a test.
    pub(super) fn run(&self, test: &Test, Program(program): &Program) -> Outcome {
        let folder = self.0.join(test.target().1);
        let mut log = tempfile::tempfile().expect("there is room");
        let mut child = Command::new(program.as_os_str())
            .args(test.filter())
            .current_dir(&folder)
            .env("CARGO_MANIFEST_DIR", &folder)
            .env("INSTA_UPDATE", "no")
            .env_remove(super::WANTED)
            .stdout(log.try_clone().expect("it is open"))
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
        let mut printed = String::new();
        log.rewind().expect("it is a file");
        log.read_to_string(&mut printed).expect("it is Unicode");
        match (status.success(), printed.contains("running 0 tests")) {
            (true, true) => Outcome::NotFound,
            (true, false) => Outcome::Passed,
            (false, _) => Outcome::Failed,
        }
    }
}

/// Takes from a manifest what its tests can do without: the generator, and models for doc tests.
fn fewer_packages(file: &str, bytes: Vec<u8>) -> Vec<u8> {
    let is_whole = file == "tests/Cargo.toml";
    if !is_whole && file != "crates/runcomfy/Cargo.toml" {
        return bytes;
    }
    let text = String::from_utf8(bytes).expect("a manifest is Unicode");
    let mut manifest: DocumentMut = text.parse().expect("a manifest is TOML");
    if is_whole {
        for key in ["lib", "features", "bin", "example"] {
            manifest.remove(key);
        }
        let tests = manifest["test"].as_array_of_tables_mut().expect("it has tests");
        tests.iter_mut().for_each(|test| _ = test.remove("required-features"));
        let package = manifest["package"].as_table_mut().expect("it has a name");
        package.insert("autoexamples", value(false));
        let dependencies = manifest["dependencies"].as_table_mut().expect("it has some");
        dependencies.retain(|name, _| !matches!(name, "xtask" | "runcomfy-codegen"));
        let dependencies = manifest["dev-dependencies"].as_table_mut().expect("it has some");
        dependencies.remove("runcomfy-codegen");
        let models = dependencies["runcomfy-models"].as_table_like_mut().expect("it is a table");
        models.clear();
        models.insert("path", value("../crates/runcomfy-models"));
        models.insert("default-features", value(false));
        models.insert("features", value(Array::from_iter(PROVIDERS)));
    } else {
        let dependencies = manifest["dev-dependencies"].as_table_mut().expect("it has some");
        dependencies.retain(|name, _| !matches!(name, "runcomfy-doctest" | "runcomfy-models"));
    }
    manifest.to_string().into_bytes()
}
