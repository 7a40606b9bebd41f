//! The workspace's own commands, and the parts of them that tests share. Nothing here depends
//! on the generated crate, to be able to regenerate code that does not compile.

mod args;
mod cargo;
mod codegen;
pub mod collection;
mod conformance;
mod diff;
mod files;
mod programs;
mod report;
mod revision;
mod schemas;
mod schemas_asset;
mod schemas_dir;
pub mod scratch;
mod sync;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command, SchemasCommand};

/// Runs the command that the command line names.
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Bench(args) => programs::bench(&args),
        Command::Demo => programs::demo(),
        Command::Codegen(args) => codegen::run(&args),
        Command::Conformance(args) => conformance::run(&args),
        Command::Corpus(args) => collection::run(&args),
        Command::Openapi(args) => programs::openapi(&args),
        Command::Schemas(SchemasCommand::Add(args)) => schemas::add(&args),
        Command::Schemas(SchemasCommand::Sync(args)) => sync::run(&args),
        Command::Schemas(SchemasCommand::Diff(args)) => diff::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", files::escape_lines(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}
