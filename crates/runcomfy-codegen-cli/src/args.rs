//! The command line of the commands.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use runcomfy_codegen::Code;

/// The value of `--deny` for every warning.
pub(crate) const ALL_WARNINGS: &str = "warnings";

/// The arguments of `generate`.
#[derive(Debug, Default, Args)]
pub struct GenerateArgs {
    /// Only compare: fail, with the difference, if a file is not up to date.
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,
    /// Only list what would change.
    #[arg(long)]
    pub dry_run: bool,
    /// The schemas folder to read, instead of this crate's own.
    #[arg(long, value_name = "DIR")]
    pub schemas: Option<PathBuf>,
    /// The folder to write the modules to, such as `src/generated`. It holds the modules of one
    /// schemas folder.
    #[arg(long, value_name = "DIR")]
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
pub enum MessageFormat {
    /// Drawn for people, on stderr.
    #[default]
    Human,
    /// One JSON object a line, and nothing else, on stdout.
    Json,
}

/// The commands about schemas.
#[derive(Debug, Subcommand)]
pub enum SchemasCommand {
    /// Add a model, or update its schemas.
    Add(AddArgs),
    /// Bring the schemas up to date with RunComfy's live catalog.
    Sync(SyncArgs),
    /// Show what changed for callers between two states of the schemas.
    Diff(DiffArgs),
    /// List the models, each with the module that is generated for it.
    List(ListArgs),
}

/// The arguments of `schemas list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// The schemas folder to read, instead of this crate's own.
    #[arg(long, value_name = "DIR")]
    pub schemas: Option<PathBuf>,
    /// The form of the list.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub message_format: MessageFormat,
}

/// The arguments of `schemas diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The earlier state: a schemas folder, or a git revision such as `v0.1.0` or
    /// `main:schemas`. A folder comes before a revision of the same name.
    pub old: String,
    /// The later state, in the same form; defaults to this crate's own schemas.
    pub new: Option<String>,
    /// The form of the report.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub message_format: MessageFormat,
    /// Fail if the changes ask for this step of the version, or a greater one.
    #[arg(long, value_name = "STEP", value_parser = ["patch", "minor", "major"])]
    pub fail_on: Option<String>,
}

/// The arguments of `schemas add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The text of a model's API page; or a catalog entry or reply as JSON; or, with
    /// --id, an input schema.
    pub file: PathBuf,
    /// With --id: the output schema.
    #[arg(requires = "id")]
    pub output: Option<PathBuf>,
    /// The model's id, such as `minimax/Hailuo Video 01 Live`, if it is not in the file.
    #[arg(long)]
    pub id: Option<String>,
    /// The schemas folder to add to, instead of this crate's own.
    #[arg(long, value_name = "DIR")]
    pub schemas: Option<PathBuf>,
}

/// The arguments of `schemas sync`.
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// Only report: fail if something would change, and write nothing.
    #[arg(long)]
    pub check: bool,
    /// The API to read from, with the version in it, instead of RUNCOMFY_MODEL_API_BASE
    /// or RunComfy's own. The token is the one in RUNCOMFY_TOKEN.
    #[arg(long, value_name = "URL")]
    pub api_base: Option<String>,
    /// The schemas folder to bring up to date, instead of this crate's own.
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
