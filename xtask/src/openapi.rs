//! `cargo xtask openapi`: the simulator's OpenAPI document, which the simulator prints itself.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::{OpenapiArgs, files, folder};

/// The program: it is built when it is asked for, and not with every other command.
const PROGRAM: [&str; 6] = ["run", "--quiet", "--package", "runcomfy-simulator", "--", "openapi"];

pub(crate) fn run(args: &OpenapiArgs) -> Result<ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let schemas = match &args.schemas {
        Some(schemas) => std::path::absolute(schemas).context("finding the schemas")?,
        None => folder::workspace()?.join("schemas"),
    };
    let mut command = Command::new(cargo);
    command.args(PROGRAM).arg("--schemas").arg(schemas).current_dir(folder::workspace()?);
    let Some(path) = &args.out else {
        let status = command.status().context("starting the simulator")?;
        return Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    };
    let output = command.stderr(Stdio::inherit()).output().context("starting the simulator")?;
    if !output.status.success() {
        return Ok(ExitCode::FAILURE);
    }
    let document = String::from_utf8(output.stdout).context("reading the document")?;
    let path = std::path::absolute(path).context("finding the file to write")?;
    files::write(&path, &document).with_context(|| format!("writing {}", path.display()))?;
    Ok(ExitCode::SUCCESS)
}
