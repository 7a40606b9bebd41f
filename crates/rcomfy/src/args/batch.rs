//! The arguments of `rcomfy batch`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;
use runcomfy_ledger::Usd;

use crate::model::find::candidates;

#[derive(Debug, Args)]
pub(crate) struct BatchArgs {
    #[command(subcommand)]
    pub command: BatchCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BatchCommand {
    /// Check every line of a file, and write the jobs down. Nothing is sent.
    Add(BatchAddArgs),
    /// Send the jobs of a batch, wait, and save the outputs. Run it again after a crash.
    Run(BatchRunArgs),
    /// Show how far a batch is, or list all batches.
    Status {
        /// The batch: its name or its id.
        batch: Option<String>,
    },
    /// Send nothing more, in every process. Jobs that were sent run to their end.
    Pause {
        /// The batch: its name or its id.
        batch: String,
    },
    /// Send jobs again after `pause` or `cancel`.
    Resume {
        /// The batch: its name or its id.
        batch: String,
    },
    /// Cancel every job that was not sent, and ask RunComfy to cancel the others.
    Cancel {
        /// The batch: its name or its id.
        batch: String,
    },
    /// Pay again for lines that ended without a result.
    Requeue(BatchRequeueArgs),
    /// Write the results of all lines as JSON lines or CSV.
    Export(BatchExportArgs),
    /// Move a batch to another ledger, with all that is known of it. Nothing is sent. Run it again
    /// after a crash.
    Move(BatchMoveArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BatchAddArgs {
    /// The model: its id, or a unique fragment of it.
    #[arg(add = ArgValueCandidates::new(candidates))]
    pub model: String,

    /// One input per line: `.csv` with a header of properties, such as `prompt` or
    /// `loras[0].scale`; any other file, or `-` for stdin, holds JSON objects.
    #[arg(required_unless_present = "vary", conflicts_with = "vary")]
    pub file: Option<String>,

    /// JSON file with the values that every line shares. Lines win over it.
    #[arg(long, short, value_name = "FILE")]
    pub input: Option<String>,

    /// Values of a property: `prompt=@prompts.txt` (one per line), `seed=1..100` or
    /// `size=512,1024`. Several make every combination.
    #[arg(long, value_name = "PATH=VALUES")]
    pub vary: Vec<String>,

    /// Name of the batch. Defaults to the name of the file.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Leave out the lines with problems, instead of adding none.
    #[arg(long)]
    pub skip_invalid: bool,

    /// Do not measure media, and do not ask for the price.
    #[arg(long)]
    pub offline: bool,

    /// Pay again for inputs that are running, were paid for in the last 24 hours, or are here twice.
    #[arg(long)]
    pub again: bool,

    /// Number of times that a failed job is paid for again.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub retry_failed: u32,

    /// The most US dollars that one job may cost.
    #[arg(long, value_name = "USD")]
    pub max_cost: Option<Usd>,

    /// Add the lines without asking.
    #[arg(long, short)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BatchRunArgs {
    /// The batch: its name or its id.
    pub batch: String,

    /// Place of the saved outputs: a folder, or a pattern such as `{line}/{index}.{ext}` with
    /// `{batch}`, `{job}` and `{name}`. Defaults to a folder named after the batch.
    #[arg(long, short, value_name = "PATH", conflicts_with = "urls_only")]
    pub output: Option<String>,

    /// Save nothing: keep the addresses of the outputs.
    #[arg(long)]
    pub urls_only: bool,

    /// Write each result as a line of JSON as it comes, and all of them in order at the end.
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,

    /// The most jobs that this process works on at once. `rcomfy spend set` has the limits that
    /// hold for every process.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub at_once: usize,

    /// Send without asking.
    #[arg(long, short)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BatchRequeueArgs {
    /// The batch: its name or its id.
    pub batch: String,

    /// Lines whose job failed. RunComfy may have charged for it.
    #[arg(long, required_unless_present_any = ["refused", "cancelled"])]
    pub failed: bool,

    /// Lines that were not accepted.
    #[arg(long)]
    pub refused: bool,

    /// Lines whose job was cancelled.
    #[arg(long)]
    pub cancelled: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BatchExportArgs {
    /// The batch: its name or its id.
    pub batch: String,

    /// File to write: CSV if it ends with `.csv`, and otherwise JSON lines. Defaults to JSON lines
    /// on stdout.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BatchMoveArgs {
    /// The batch: its name or its id.
    pub batch: String,

    /// The other ledger: a file, or `postgres://user@host/database`.
    #[arg(long, value_name = "LEDGER")]
    pub to: OsString,

    /// Name of the batch there. Defaults to the name that it has here.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}
