//! Helpers that the test modules share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use runcomfy_codegen::import::{Imported, import};
use runcomfy_codegen::{Features, Generated, Objects, Settings, generate_imported};
pub(crate) use xtask::scratch::{LIBRARY, Libraries, Scratch, Uses, library};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the workspace").to_owned()
}

/// Writes a file, and the folders around it.
pub(crate) fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("it can be made");
    std::fs::write(path, text).expect("it can be written");
}

/// The folder in which the workspace is built.
pub(crate) fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is in target/")
}

/// Creates a crate of these sources outside of the workspace, called `scratch`.
pub(crate) fn scratch(folder: &Path, uses: Uses, sources: &BTreeMap<String, String>) -> Scratch {
    let scratch = Scratch::new(folder, "scratch", libraries(uses));
    scratch.write_sources(sources).expect("they can be written");
    scratch
}

/// Returns the libraries of scratch crates.
pub(crate) fn libraries(uses: Uses) -> &'static Libraries {
    let built = Libraries::get(uses, &root(), target());
    built.expect("the workspace builds")
}

/// Runs a compiler. Returns whether it succeeded, and what it printed.
pub(crate) fn compile(mut compiler: Command) -> (bool, String) {
    let output = compiler.output().expect("the compiler runs");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
}

/// Returns a command that runs xtask in the root of the workspace.
pub(crate) fn xtask_command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask-for-tests"));
    command
        .current_dir(root())
        .env("CARGO_MANIFEST_DIR", root().join("xtask"))
        .env("CARGO_TARGET_DIR", target());
    command
}

/// Runs an xtask command.
pub(crate) fn xtask_output(args: &[&str]) -> Output {
    xtask_command().args(args).output().expect("xtask runs")
}

/// Runs an xtask command. Returns whether it succeeded, and everything that it printed.
pub(crate) fn xtask(args: &[&str]) -> (bool, String) {
    let output = xtask_output(args);
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(printed).expect("xtask prints UTF-8"))
}

/// Generates code from imported models.
pub(crate) fn generated(models: &[Imported]) -> Generated {
    generate_imported(models, &settings())
}

/// Returns the default settings of a test.
pub(crate) fn settings() -> Settings {
    Settings {
        origin: "schemas".to_owned(),
        features: Features::None,
        present: Default::default(),
        deny: Default::default(),
        objects: Objects::Closed,
    }
}

/// Returns every fixture: the catalog entries in `tests/fixtures`, one per file.
pub(crate) fn fixtures() -> Vec<Imported> {
    let folder = root().join("tests/fixtures");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("there are fixtures")
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
