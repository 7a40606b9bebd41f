//! `runcomfy-codegen`: validated Rust types from the JSON Schemas of RunComfy's models.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use runcomfy_codegen_cli::{GenerateArgs, Project, SchemasCommand, exit_code};

/// Generates validated Rust types from the JSON Schemas of RunComfy's models.
#[derive(Debug, Parser)]
#[command(name = "runcomfy-codegen", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Generate Rust modules from the schemas.
    Generate(GenerateArgs),
    /// Add, update, compare and list schemas.
    #[command(subcommand)]
    Schemas(SchemasCommand),
}

fn main() -> ExitCode {
    let project = Project::here();
    exit_code(match Cli::parse().command {
        Command::Generate(args) => project.generate(&args),
        Command::Schemas(command) => project.schemas(&command),
    })
}
