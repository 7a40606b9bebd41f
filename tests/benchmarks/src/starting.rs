//! Benchmarks of the start of `rcomfy`, beside other command lines, in CPU time.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::compiling::{cargo, repeat, started};
use crate::measure::Report;
use crate::root;

/// Command lines beside which ours is measured, if they are installed.
const PEERS: [&str; 2] = ["gh", "git"];
/// A tenth more than it is: what makes it larger has to be looked at.
const MAX_MEGABYTES: f64 = 55.0;
const MAX_HELP_MS: f64 = 20.0;
const MAX_MODELS_MS: f64 = 50.0;

pub(crate) fn run(report: &mut Report) -> Result<()> {
    report.part("The start of `rcomfy`, by the release binary");
    cargo(&root(), &["build", "--release", "--package", "rcomfy"])?;
    let binary = root().join("target/release/rcomfy");
    let megabytes = std::fs::metadata(&binary)?.len() as f64 / 1e6;
    report.at_most("size", megabytes, MAX_MEGABYTES, " MB", "");
    let home = TempDir::new()?;
    let milliseconds = |args: &[&str]| -> Result<f64> {
        Ok(repeat(|| started(rcomfy(&binary, home.path()).args(args)))? * 1e3)
    };
    report.at_most("rcomfy --help", milliseconds(&["--help"])?, MAX_HELP_MS, " ms", "");
    report.at_most("rcomfy models", milliseconds(&["models"])?, MAX_MODELS_MS, " ms", "");
    sync(&binary, home.path())?;
    let cached = milliseconds(&["models"])?;
    report.at_most("rcomfy models, with a cached catalog", cached, MAX_MODELS_MS, " ms", "");
    for peer in PEERS {
        let is_installed = Command::new(peer).arg("--version").output().is_ok();
        if is_installed {
            let help = repeat(|| started(Command::new(peer).arg("--help")))? * 1e3;
            report.note(&format!("{peer} --help"), &format!("{help:6.2} ms"));
        }
    }
    Ok(())
}

/// Returns the binary in a home of its own.
fn rcomfy(binary: &Path, home: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env("HOME", home).env("XDG_CACHE_HOME", home).env("XDG_CONFIG_HOME", home);
    command.env_remove("RUNCOMFY_MODEL_API_BASE");
    command
}

/// Caches the catalog of the simulator, as if it was RunComfy's.
fn sync(binary: &Path, home: &Path) -> Result<()> {
    let mut simulator = rcomfy(binary, home)
        .args(["simulate", "--port", "0", "--events"])
        .stdout(Stdio::piped())
        .spawn()
        .context("starting the simulator")?;
    let synced = sync_with(&mut simulator, binary, home);
    simulator.kill()?;
    simulator.wait()?;
    synced
}

fn sync_with(simulator: &mut Child, binary: &Path, home: &Path) -> Result<()> {
    let stdout = simulator.stdout.take().context("the simulator prints nothing")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let event: serde_json::Value = serde_json::from_str(&line)?;
    let base = event["api_base"].as_str().context("the simulator does not listen")?;
    started(rcomfy(binary, home).args(["models", "sync"]).env("RUNCOMFY_MODEL_API_BASE", base))?;
    let written = std::fs::read_dir(home.join("rcomfy"))?.next().context("nothing is cached")??;
    std::fs::rename(written.path(), home.join("rcomfy/catalog-model-api.runcomfy.net-v1.jsonl"))?;
    Ok(())
}
