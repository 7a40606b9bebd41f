//! The one place that starts cargo.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The variables that cargo sets for a program that it runs. Some build scripts read them, and
/// would run again.
const OF_A_PACKAGE: [&str; 5] =
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_"];

/// Arguments that give every dependency the features that `cargo test --workspace` gives it, to be
/// built once for both. An example has the features of the tests' dependencies.
pub(crate) const WORKSPACE: [&str; 3] = ["--workspace", "--example", "poster"];

/// Returns the root of this workspace.
pub(crate) fn workspace() -> Result<PathBuf> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .context("run this as `cargo xtask`: CARGO_MANIFEST_DIR is not set")?;
    let root = Path::new(&manifest).parent().map(Path::to_path_buf);
    root.context("CARGO_MANIFEST_DIR has no parent folder")
}

/// Returns the folder in which this workspace is built.
pub(crate) fn target() -> Result<PathBuf> {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(target) => std::path::absolute(target).context("finding CARGO_TARGET_DIR"),
        None => Ok(workspace()?.join("target")),
    }
}

/// Returns a command that runs cargo in a folder.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(args).current_dir(folder);
    for (name, _) in std::env::vars_os() {
        let is_of_a_package = |name: &str| OF_A_PACKAGE.iter().any(|start| name.starts_with(start));
        if name.to_str().is_some_and(is_of_a_package) {
            command.env_remove(name);
        }
    }
    command
}

/// Builds a program of the workspace, such as `["--bin", "runcomfy-simulator"]`, with the features
/// of [`WORKSPACE`]. Returns the folder that it is in, which has a folder `examples` too.
pub(crate) fn build(workspace: &Path, program: [&str; 2]) -> Result<Option<PathBuf>> {
    let mut command = command(workspace, &["build"]);
    let status = command.args(WORKSPACE).args(program).status().context("starting cargo")?;
    Ok(if status.success() { Some(target()?.join("debug")) } else { None })
}
