//! What the suite's modules share.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use runcomfy_codegen::import::{Imported, import};
use runcomfy_codegen::{Features, Generated, Objects, Settings, generate_imported};
pub(crate) use runcomfy_tests::scratch::{dependency, root, scratch_crate, write};

/// Runs cargo in a folder, with the workspace's own target folder.
pub(crate) fn cargo(folder: &Path, args: &[&str]) -> Output {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is in target/");
    Command::new(env!("CARGO"))
        .args(args)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs")
}

/// Runs an xtask command.
pub(crate) fn xtask_output(args: &[&str]) -> Output {
    let run = ["run", "--quiet", "--offline", "--package", "xtask", "--"];
    cargo(&root(), &[&run, args].concat())
}

/// Runs an xtask command; whether it succeeded, and all that it said.
pub(crate) fn xtask(args: &[&str]) -> (bool, String) {
    let output = xtask_output(args);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).expect("xtask speaks UTF-8"))
}

/// Generates from models as `import` gives them.
pub(crate) fn generated(models: &[Imported]) -> Generated {
    generate_imported(models, &settings())
}

/// What is generated for, where a test asks for nothing else.
pub(crate) fn settings() -> Settings {
    Settings {
        origin: "schemas".to_owned(),
        features: Features::None,
        present: Default::default(),
        deny: Default::default(),
        objects: Objects::Closed,
    }
}

/// Every fixture: catalog entries, one a file, in `tests/fixtures`.
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
