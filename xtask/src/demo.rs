//! `cargo xtask demo`: regenerate, then run the demo program against the simulator.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::{CodegenArgs, codegen, folder};

/// The program: an example of the generated crate, so that this one need not depend on
/// it.
const PROGRAM: [&str; 6] = ["run", "--quiet", "--package", "runcomfy-models", "--example", "demo"];

pub(crate) fn run() -> Result<ExitCode> {
    println!("1. Regenerating crates/runcomfy-models from schemas/\n");
    let args = CodegenArgs::default();
    let code = codegen::run(&args)?;
    if code != ExitCode::SUCCESS {
        return Ok(code);
    }
    println!();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(PROGRAM)
        .current_dir(folder::workspace()?)
        .status()
        .context("starting the demo program")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
