//! Benchmarks of checking, generating, compiling and media, as ratios to other tools in the same run.
//! `cargo xtask bench` builds this optimised and starts it.

mod checking;
mod compiling;
mod generating;
mod measure;
mod media;
mod rival;
mod tables;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use measure::Report;

/// Benchmarks of checking, generating, compiling and media, one figure per line.
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
    /// The checker against the `jsonschema` crate, and how its cost grows.
    Checking,
    /// The generator against typify with prettyplease, and how its cost grows.
    Generating,
    /// `cargo check` of our code against typify's, and the commands. Takes minutes.
    Compiling,
    /// Local files, media at a URL and downloads against the same by hand and curl. For Linux.
    Media,
}

fn main() -> anyhow::Result<ExitCode> {
    if let Some(outcome) = media::child() {
        return outcome.map(|()| ExitCode::SUCCESS);
    }
    let cli = Cli::parse();
    let mut report = Report::default();
    let is_asked = |part| cli.parts.is_empty() || cli.parts.contains(&part);
    if is_asked(Part::Checking) {
        checking::run(&mut report)?;
    }
    if is_asked(Part::Generating) {
        generating::run(&mut report)?;
    }
    if is_asked(Part::Compiling) {
        compiling::run(&mut report)?;
    }
    if is_asked(Part::Media) {
        media::run(&mut report)?;
    }
    println!("{} of {} targets missed", report.missed, report.targets);
    let fails = cli.gate && report.missed > 0;
    Ok(if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
