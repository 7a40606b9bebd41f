//! The workspace's own commands, and the parts of them that tests share. Nothing here depends
//! on the generated crate, to be able to regenerate code that does not compile.

mod args;
pub mod cargo;
pub mod collection;
mod command_line;
mod conformance;
mod programs;
mod schemas_asset;
pub mod scratch;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use runcomfy_codegen_cli::exit_code;

use args::{Cli, Command};

/// Runs the command that the command line names.
pub fn run() -> ExitCode {
    exit_code(run_command(&Cli::parse().command))
}

fn run_command(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Bench(args) => programs::bench(args),
        Command::Demo => programs::demo(),
        Command::Codegen(args) => {
            workspace::check_folders(args)?;
            workspace::project()?.generate(args)
        }
        Command::Conformance(args) => conformance::run(args),
        Command::Corpus(args) => collection::run(args),
        Command::Openapi(args) => programs::openapi(args),
        Command::Schemas(command) => workspace::project()?.schemas(command),
    }
}
