//! The command line of `cargo xtask`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use runcomfy_codegen_cli::{GenerateArgs, MessageFormat, SchemasCommand};

/// Commands of the runcomfy-rs workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure the cost of checking, generating, compiling and media, next to other libraries.
    Bench(BenchArgs),
    /// Show the main job end to end, against a simulator: no token, no network.
    Demo,
    /// Generate Rust from the schemas.
    Codegen(GenerateArgs),
    /// Check instances by code generated for their schemas, and compare with the verdicts of a
    /// test suite.
    Conformance(ConformanceArgs),
    /// Generate and compile a whole collection of schemas, and report.
    Corpus(CorpusArgs),
    /// Write the simulator's OpenAPI 3.1 document of itself.
    Openapi(OpenapiArgs),
    /// Add, update, compare and list schemas.
    #[command(subcommand)]
    Schemas(SchemasCommand),
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// `--gate`, to fail if a target is missed; `checking`, `generating`, `compiling` or `media`,
    /// to measure only that.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ConformanceArgs {
    /// A folder of files in the form of the official JSON Schema test suite.
    pub folder: PathBuf,
    /// A TOML file of `"file" = count`: the number of cases of each file that have to be exact.
    /// Both fewer and more fail.
    #[arg(long, value_name = "FILE")]
    pub required: Option<PathBuf>,
    /// A file of the suite that contradicts a documented rule. Its verdicts do not fail the
    /// command.
    #[arg(long, value_name = "FILE")]
    pub except: Vec<String>,
    /// The form of the verdicts: `json` is one object per case on stdout.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub message_format: MessageFormat,
}

#[derive(Debug, Args)]
pub(crate) struct CorpusArgs {
    /// A catalog reply, or a folder of files `{"model_id", "input", "output"}`.
    pub collection: PathBuf,
    /// The number of models that may be refused.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub allow_refused: usize,
    /// Take a sample: every N-th model.
    #[arg(long, value_name = "N")]
    pub every: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct OpenapiArgs {
    /// The file to write, instead of stdout.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The schemas to read, instead of the workspace's own.
    #[arg(long, value_name = "DIR")]
    pub schemas: Option<PathBuf>,
}
