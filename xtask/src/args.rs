//! The command line of `cargo xtask`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use runcomfy_codegen::Code;

/// Commands of the runcomfy-rs workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

/// The value of `--deny` for every warning.
pub(crate) const ALL_WARNINGS: &str = "warnings";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure the cost of checking, generating and compiling, next to other libraries.
    Bench(BenchArgs),
    /// Show the main job end to end, against a simulator: no token, no network.
    Demo,
    /// Generate Rust from the schemas.
    Codegen(CodegenArgs),
    /// Check instances by code generated for their schemas, and compare with the verdicts of a
    /// test suite.
    Conformance(ConformanceArgs),
    /// Generate and compile a whole collection of schemas, and report.
    Corpus(CorpusArgs),
    /// Write the simulator's OpenAPI 3.1 document of itself.
    Openapi(OpenapiArgs),
    /// Import and compare schemas.
    #[command(subcommand)]
    Schemas(SchemasCommand),
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// `--gate`, to fail if a target is missed; `checking`, `generating` or `compiling`,
    /// to measure only that.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
}

#[derive(Debug, Default, Args)]
pub(crate) struct CodegenArgs {
    /// Only compare: fail, with the difference, if a file is not up to date.
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,
    /// Only list what would change.
    #[arg(long)]
    pub dry_run: bool,
    /// The schemas to read, instead of the workspace's own.
    #[arg(long, value_name = "DIR", requires = "out")]
    pub schemas: Option<PathBuf>,
    /// The folder to write the modules to, such as `src/generated` of your own crate.
    #[arg(long, value_name = "DIR", requires = "schemas")]
    pub out: Option<PathBuf>,
    /// The form of diagnostics.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub message_format: MessageFormat,
    /// Warnings to treat as errors, by their code; `warnings` is all of them.
    #[arg(long, value_name = "warnings|CODE", value_parser = deniable())]
    pub deny: Vec<String>,
}

/// Form of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MessageFormat {
    /// Drawn for people, on stderr.
    #[default]
    Human,
    /// One JSON object a line, and nothing else, on stdout.
    Json,
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

#[derive(Debug, Subcommand)]
pub(crate) enum SchemasCommand {
    /// Add a model, or update its schemas.
    Add(AddArgs),
    /// Bring the schemas up to date with RunComfy's live catalog.
    Sync(SyncArgs),
    /// Show what changed for callers between two states of the schemas.
    Diff(DiffArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The earlier state: a schemas folder, or a git revision such as `v0.1.0` or
    /// `main:schemas`. A folder comes before a revision of the same name.
    pub old: String,
    /// The later state, in the same form; defaults to the workspace's own schemas.
    pub new: Option<String>,
    /// The form of the report.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub message_format: MessageFormat,
    /// Fail if the changes ask for this step of the version, or a greater one.
    #[arg(long, value_name = "STEP", value_parser = ["patch", "minor", "major"])]
    pub fail_on: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// The text of a model's API page; or a catalog entry or reply as JSON; or, with
    /// --id, an input schema.
    pub file: PathBuf,
    /// With --id: the output schema.
    #[arg(requires = "id")]
    pub output: Option<PathBuf>,
    /// The model's id, such as `minimax/Hailuo Video 01 Live`, if it is not in the file.
    #[arg(long)]
    pub id: Option<String>,
    /// The schemas folder to add to, instead of the workspace's own.
    #[arg(long, value_name = "DIR")]
    pub schemas: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    /// Only report: fail if something would change, and write nothing.
    #[arg(long)]
    pub check: bool,
    /// The API to read from, with the version in it, instead of RUNCOMFY_MODEL_API_BASE
    /// or RunComfy's own. The token is the one in RUNCOMFY_TOKEN.
    #[arg(long, value_name = "URL")]
    pub api_base: Option<String>,
    /// The schemas folder to bring up to date, instead of the workspace's own.
    #[arg(long, value_name = "DIR")]
    pub schemas: Option<PathBuf>,
    /// The number of models to ask for at once.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub page_size: u16,
}

/// Parses the value of `--deny`.
fn deniable() -> PossibleValuesParser {
    let names = Code::ALL.iter().map(|code| code.name());
    PossibleValuesParser::new([ALL_WARNINGS].into_iter().chain(names))
}
