//! The schemas of a git revision.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::Project;
use crate::schemas_dir::{self, Model};

/// The schemas folder of a revision. Another one is given behind a `:`.
const SCHEMAS: &str = "schemas";

/// Reads the models of a revision such as `v0.1.0`, or of a folder in it: `main:my/schemas`. The
/// repository is the one around the current folder.
pub(crate) fn read(state: &str, project: &Project) -> Result<Vec<Model>> {
    let neither =
        format!("`{state}` is neither a folder nor a git revision: `git log` lists the revisions");
    let here = std::env::current_dir().context("finding the current folder")?;
    let root =
        git(&here, None, &["rev-parse", "--show-toplevel"])?.with_context(|| neither.clone())?;
    let root = PathBuf::from(root.trim_end());
    let (revision, path) = state.split_once(':').unwrap_or((state, SCHEMAS));
    let commit = format!("{revision}^{{commit}}");
    let verify = ["rev-parse", "--verify", "--quiet", "--end-of-options"];
    if git(&root, None, &[&verify[..], &[&commit]].concat())?.is_none() {
        bail!(neither);
    }
    let tree = format!("{revision}:{path}");
    let found = git(&root, None, &["ls-tree", "-d", "--full-tree", revision, "--", path])?;
    if found.is_none_or(|found| found.split(' ').nth(1) != Some("tree")) {
        bail!("there is no folder {path} in `{revision}`: give it as `{revision}:path/to/schemas`");
    }
    // With a separate index, git leaves the working tree alone.
    let folder = tempfile::tempdir().context("making a folder for the revision's schemas")?;
    let index = folder.path().join("index");
    let schemas = folder.path().join(SCHEMAS);
    let prefix = format!("--prefix={}/", schemas.display());
    for args in [&["read-tree", &tree][..], &["checkout-index", "--all", &prefix]] {
        if git(&root, Some(&index), args)?.is_none() {
            bail!("git could not read `{tree}`; its message is above");
        }
    }
    if !schemas.is_dir() {
        bail!("`{tree}` holds no files");
    }
    schemas_dir::read(&schemas, project).with_context(|| format!("reading `{tree}`"))
}

/// Runs a git command and returns its output. Returns `None` if it fails.
fn git(root: &Path, index: Option<&Path>, args: &[&str]) -> Result<Option<String>> {
    let mut command = Command::new("git");
    command.args(args).current_dir(root);
    if let Some(index) = index {
        command.env("GIT_INDEX_FILE", index);
    }
    let output = command.output().context("starting git")?;
    if !output.status.success() {
        anstream::eprint!("{}", String::from_utf8_lossy(&output.stderr));
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()))
}
