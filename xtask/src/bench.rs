//! `cargo xtask bench`: build the benchmarks optimised, and start them.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::{BenchArgs, folder};

/// The program: a package of its own, so that this one need not depend on the crate that
/// it generates.
const PROGRAM: [&str; 6] =
    ["run", "--quiet", "--release", "--package", "runcomfy-benchmarks", "--"];

pub(crate) fn run(args: &BenchArgs) -> Result<ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(PROGRAM)
        .args(&args.arguments)
        .current_dir(folder::workspace()?)
        .status()
        .context("starting the benchmarks")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
