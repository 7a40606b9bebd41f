//! The commands that are programs of other packages: `xtask` builds and starts them, and does
//! not depend on what they depend on.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use runcomfy_codegen_cli::{GenerateArgs, files};

use crate::args::{BenchArgs, OpenapiArgs};
use crate::{cargo, workspace};

const BENCHMARKS: [&str; 5] = ["run", "--release", "--package", "runcomfy-benchmarks", "--"];
const DEMO: &str = "demo";
const SIMULATOR: &str = "runcomfy-simulator";

/// Builds the benchmarks optimised, and runs them.
pub(crate) fn bench(args: &BenchArgs) -> Result<ExitCode> {
    run(cargo::command(&cargo::workspace()?, &BENCHMARKS).args(&args.arguments))
}

/// Regenerates, then runs the demo program against the simulator.
pub(crate) fn demo() -> Result<ExitCode> {
    println!("1. Regenerating crates/runcomfy-models from schemas/\n");
    let code = workspace::project()?.generate(&GenerateArgs::default())?;
    if code != ExitCode::SUCCESS {
        return Ok(code);
    }
    println!();
    let Some(folder) = cargo::build(&cargo::workspace()?, ["--example", DEMO])? else {
        return Ok(ExitCode::FAILURE);
    };
    run(&mut Command::new(folder.join("examples").join(DEMO)))
}

/// Writes the OpenAPI document that the simulator prints of itself.
pub(crate) fn openapi(args: &OpenapiArgs) -> Result<ExitCode> {
    let root = cargo::workspace()?;
    let schemas = match &args.schemas {
        Some(schemas) => std::path::absolute(schemas).context("finding the schemas")?,
        None => root.join("schemas"),
    };
    let Some(folder) = cargo::build(&root, ["--bin", SIMULATOR])? else {
        return Ok(ExitCode::FAILURE);
    };
    let mut command = Command::new(folder.join(SIMULATOR));
    command.args(["openapi", "--schemas"]).arg(schemas);
    let Some(path) = &args.out else { return run(&mut command) };
    let output = command.stderr(Stdio::inherit()).output().context("starting the simulator")?;
    if !output.status.success() {
        return Ok(ExitCode::FAILURE);
    }
    let document = String::from_utf8(output.stdout).context("reading the document")?;
    let path = std::path::absolute(path).context("finding the file to write")?;
    files::write(&path, &document).with_context(|| format!("writing {}", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Runs a command to its end, with this process's own input and output.
fn run(command: &mut Command) -> Result<ExitCode> {
    let status = command.status().context("starting the program")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
