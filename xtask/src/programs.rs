//! The commands that are programs of other packages: `xtask` builds and starts them, and does
//! not depend on what they depend on.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use runcomfy_codegen_cli::{GenerateArgs, files};

use crate::args::{BenchArgs, OpenapiArgs};
use crate::{cargo, command_line, workspace};

const BENCHMARKS: [&str; 4] = ["run", "--release", "--package", "runcomfy-benchmarks"];
/// Without the generator, which turns on `preserve_order` of `serde_json`.
const SORTED_MAPS: &str = "--no-default-features";
/// The part of the benchmarks that needs no generator.
const CHECKING: &str = "checking";
const DEMO: &str = "demo";
const RCOMFY: &str = "rcomfy";
const SIMULATOR: &str = "runcomfy-simulator";

/// Builds the benchmarks optimised, and runs them. Checking is measured twice: with the maps of
/// `serde_json` sorted, as most programs have them, and in the order of the text.
pub(crate) fn bench(args: &BenchArgs) -> Result<ExitCode> {
    let root = cargo::workspace()?;
    let (options, parts): (Vec<&String>, Vec<&String>) =
        args.arguments.iter().partition(|argument| argument.starts_with('-'));
    let mut sorted = ExitCode::SUCCESS;
    if parts.is_empty() || parts.iter().any(|part| *part == CHECKING) {
        let mut command = cargo::command(&root, &BENCHMARKS);
        sorted = run(command.args([SORTED_MAPS, "--", CHECKING]).args(&options))?;
    }
    let mut command = cargo::command(&root, &BENCHMARKS);
    let ordered = run(command.arg("--").args(&args.arguments))?;
    Ok(if sorted == ExitCode::SUCCESS { ordered } else { sorted })
}

/// Regenerates, then runs the demo program and `rcomfy` against the simulator.
pub(crate) fn demo() -> Result<ExitCode> {
    println!("1. Regenerating crates/runcomfy-models from schemas/\n");
    let code = workspace::project()?.generate(&GenerateArgs::default())?;
    if code != ExitCode::SUCCESS {
        return Ok(code);
    }
    println!();
    let workspace = cargo::workspace()?;
    let Some(folder) = cargo::build(&workspace, ["--example", DEMO])? else {
        return Ok(ExitCode::FAILURE);
    };
    let code = run(&mut Command::new(folder.join("examples").join(DEMO)))?;
    if code != ExitCode::SUCCESS {
        return Ok(code);
    }
    match cargo::build(&workspace, ["--bin", RCOMFY])? {
        Some(folder) => command_line::demo(&folder.join(RCOMFY)),
        None => Ok(ExitCode::FAILURE),
    }
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
