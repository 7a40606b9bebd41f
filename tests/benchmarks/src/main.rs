//! Benchmarks of checking, generating, compiling, media and the start of `rcomfy`, as ratios to other tools in the same
//! run. `cargo xtask bench` builds this optimised and starts it.

mod checking;
#[cfg(feature = "all-parts")]
mod compiling;
#[cfg(feature = "all-parts")]
mod generating;
mod measure;
#[cfg(feature = "all-parts")]
mod media;
mod peers;
#[cfg(feature = "all-parts")]
mod rival;
#[cfg(feature = "all-parts")]
mod starting;
mod tables;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use measure::Report;

/// Benchmarks of checking, generating, compiling, media and starting, one figure per line.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Cli {
    /// Parts to measure. Defaults to all.
    parts: Vec<Part>,
    /// Fail if a target is missed.
    #[arg(long)]
    gate: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The checker against the `jsonschema` crate and garde, and how its cost grows.
    Checking,
    /// The generator against typify with prettyplease, and how its cost grows.
    #[cfg(feature = "all-parts")]
    Generating,
    /// `cargo check` of our code against typify's, and the commands. Takes minutes.
    #[cfg(feature = "all-parts")]
    Compiling,
    /// Local files, media at a URL and downloads against the same by hand and curl. For Linux.
    #[cfg(feature = "all-parts")]
    Media,
    /// The size of `rcomfy`, and its start beside other command lines.
    #[cfg(feature = "all-parts")]
    Starting,
}

fn main() -> anyhow::Result<ExitCode> {
    #[cfg(feature = "all-parts")]
    if let Some(outcome) = media::child() {
        return outcome.map(|()| ExitCode::SUCCESS);
    }
    let cli = Cli::parse();
    let mut report = Report::default();
    for part in Part::value_variants() {
        if !cli.parts.is_empty() && !cli.parts.contains(part) {
            continue;
        }
        match part {
            Part::Checking => checking::run(&mut report)?,
            #[cfg(feature = "all-parts")]
            Part::Generating => generating::run(&mut report)?,
            #[cfg(feature = "all-parts")]
            Part::Compiling => compiling::run(&mut report)?,
            #[cfg(feature = "all-parts")]
            Part::Media => media::run(&mut report)?,
            #[cfg(feature = "all-parts")]
            Part::Starting => starting::run(&mut report)?,
        }
    }
    println!("{} of {} targets missed", report.missed, report.targets);
    let fails = cli.gate && report.missed > 0;
    Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Returns the root of this workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .map(Path::to_path_buf)
        .unwrap_or_default()
}
