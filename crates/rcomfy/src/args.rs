//! The command line. `--help`, the docs, the completions and the man pages are all made from it.

pub(crate) mod batch;
mod time;
pub(crate) mod worker;

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::engine::ArgValueCandidates;
use runcomfy::ContentKind;
use runcomfy_ledger::{State, Usd};

use crate::config::LEDGER_VARIABLE;
use crate::failure::Kind;
use crate::model::find::candidates;
use crate::output::{Format, Output};
use crate::trouble::Trouble;

/// RunComfy's hosted models at a prompt.
///
/// Checks every input before it costs money, and keeps each paid job in a ledger on this machine.
#[derive(Debug, Parser)]
#[command(name = "rcomfy", version, disable_help_subcommand = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  rcomfy models 'text to video'
  rcomfy models show seedance-2.5/text-to-video/480p
  rcomfy run seedance-2.5/text-to-video/480p --prompt 'a paper boat drifts' --simulate

--simulate needs no account: no model runs, and nothing is paid. Without it, a job is paid for:
  rcomfy login
  rcomfy run hailuo --prompt 'a paper boat drifts' --image-url boat.png";

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Print one JSON envelope on stdout.
    #[arg(long, global = true, conflicts_with = "events")]
    pub json: bool,

    /// Print one JSON object per line; the last is `finished`.
    #[arg(long, global = true)]
    pub events: bool,

    /// Print results and errors only.
    #[arg(long, short, global = true)]
    pub quiet: bool,

    /// Log requests to stderr; never the token. Twice for more.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Ledger: a file, or `postgres://user@host/database`, instead of the file of this user.
    #[arg(long, global = true, env = LEDGER_VARIABLE, hide_env_values = true)]
    pub ledger: Option<OsString>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List models, show the inputs of one, or get the live catalog.
    Models(ModelsArgs),
    /// Check an input without paying.
    Check(CheckArgs),
    /// Check an input, pay for it, wait, and save the outputs.
    Run(RunArgs),
    /// Check an input and pay for it, without waiting: `run --no-wait`.
    Submit(RunArgs),
    /// Show the status of a job.
    Status {
        /// The job: its id, the beginning of it, or the request id.
        job: String,
    },
    /// Wait for a job, and save its outputs.
    Wait(WaitArgs),
    /// Print the output of a finished job as JSON.
    Result {
        /// The job: its id, the beginning of it, or the request id.
        job: String,
    },
    /// Ask RunComfy to cancel a job. A job that runs cannot be cancelled.
    Cancel {
        /// The job: its id, the beginning of it, or the request id.
        job: String,
    },
    /// Save the outputs of a finished job, again if need be.
    Download(DownloadArgs),
    /// Pay for many inputs, each once, however often the command is killed.
    Batch(batch::BatchArgs),
    /// Work on every batch of a ledger on PostgreSQL, beside other machines, until told to stop.
    Worker(worker::WorkerArgs),
    /// List the jobs of the ledger, show one, resume or settle it.
    Jobs(JobsArgs),
    /// Show what was spent, the budgets and the balance, or set the limits.
    Spend(SpendArgs),
    /// Serve RunComfy's API on this machine: no model runs, and nothing costs money.
    Simulate(SimulateArgs),
    /// Save a token for later commands.
    Login,
    /// Remove the saved token.
    Logout,
    /// Show the configuration, and the source of each value.
    Config,
    /// Print the script that completes commands, models and flags in a shell.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Write the man pages into a folder.
    Man {
        /// The folder, which is created.
        folder: PathBuf,
    },
    /// Show the help of a command, or all commands as JSON.
    Help {
        /// The command.
        command: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ModelsArgs {
    #[command(subcommand)]
    pub command: Option<ModelsCommand>,

    /// Words of the id, the title or the kinds of media.
    pub query: Vec<String>,

    /// Only models that take this: text, image, video or audio.
    #[arg(long, value_name = "KIND")]
    pub takes: Vec<ContentKind>,

    /// Only models that give this: text, image, video or audio.
    #[arg(long, value_name = "KIND")]
    pub gives: Vec<ContentKind>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// Show the inputs of a model: types, bounds, choices and defaults.
    Show {
        /// The id, or a unique fragment of it.
        #[arg(add = ArgValueCandidates::new(candidates))]
        model: String,
    },
    /// Get the live catalog: prices, and models that this version does not know.
    Sync,
}

/// An input of a model. The model's own flags are added once it is known.
#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// The model: its id, or a unique fragment of it.
    #[arg(add = ArgValueCandidates::new(candidates))]
    pub model: String,

    /// JSON file with the input, or `-` for stdin. Flags win over it.
    #[arg(long, short, value_name = "FILE")]
    pub input: Option<String>,

    /// Set one value by its path, such as `loras.0.scale=0.8`.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub input: InputArgs,

    /// Do not measure media.
    #[arg(long)]
    pub offline: bool,

    #[command(flatten)]
    pub simulate: SimulateOption,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub input: InputArgs,

    /// Return as soon as RunComfy has accepted the job.
    #[arg(long)]
    pub no_wait: bool,

    /// Print the request without sending it.
    #[arg(long)]
    pub dry_run: bool,

    /// The most US dollars that the job may cost.
    #[arg(long, value_name = "USD")]
    pub max_cost: Option<Usd>,

    /// Send the input although it breaks rules: RunComfy may refuse it, or charge and fail.
    #[arg(long)]
    pub no_check: bool,

    /// Pay again for an input that is running or was paid for in the last 24 hours.
    #[arg(long)]
    pub again: bool,

    /// Open the saved outputs.
    #[arg(long)]
    pub open: bool,

    #[command(flatten)]
    pub simulate: SimulateOption,

    #[command(flatten)]
    pub delivery: DeliveryArgs,
}

/// The choice of a simulator.
#[derive(Debug, Args)]
pub(crate) struct SimulateOption {
    /// Use a simulator inside this process instead of RunComfy, with this trouble if one is given.
    #[arg(
        long,
        value_name = "TROUBLE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "none"
    )]
    pub simulate: Option<Trouble>,
}

/// The wait for a job, and the place of its outputs.
#[derive(Debug, Args)]
pub(crate) struct DeliveryArgs {
    /// Time to wait; the job continues after it.
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = time::duration)]
    pub timeout: Duration,

    /// Place of the saved outputs: a folder, a file, or a pattern such as `{job}/{index}.{ext}`,
    /// where `{name}` is the name at RunComfy. Defaults to the current folder.
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<String>,

    /// Save nothing: print the addresses of the outputs.
    #[arg(long)]
    pub urls_only: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WaitArgs {
    /// The job: its id, the beginning of it, or the request id.
    pub job: String,

    #[command(flatten)]
    pub delivery: DeliveryArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DownloadArgs {
    /// The job: its id, the beginning of it, or the request id.
    pub job: String,

    /// Place of the saved outputs: a folder, a file, or a pattern such as `{job}/{index}.{ext}`,
    /// where `{name}` is the name at RunComfy. Defaults to the current folder.
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<String>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct JobsArgs {
    #[command(subcommand)]
    pub command: Option<JobsCommand>,

    /// Only jobs in this state.
    #[arg(long, value_name = "STATE")]
    pub state: Option<State>,

    /// Only jobs of this model.
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,

    /// Only jobs of this batch: its name or its id.
    #[arg(long, value_name = "BATCH")]
    pub batch: Option<String>,

    /// Only jobs that are younger than this.
    #[arg(long, value_name = "TIME", value_parser = time::duration)]
    pub since: Option<Duration>,

    /// The most jobs to list.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub limit: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// Show everything about a job.
    Show {
        /// The job: its id, the beginning of it, or the request id.
        job: String,
    },
    /// Do what comes next for a job: send it if it was not sent, wait, save.
    Resume(WaitArgs),
    /// Decide about a job whose outcome is unknown.
    Settle(SettleArgs),
    /// Remove finished jobs from the ledger.
    Prune {
        /// Only jobs that are older than this.
        #[arg(long, value_name = "TIME", value_parser = time::duration)]
        older_than: Duration,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SettleArgs {
    /// The job: its id, or the beginning of it.
    pub job: String,

    #[command(flatten)]
    pub decision: Decision,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Decision {
    /// RunComfy accepted it under this id.
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,

    /// It was not accepted: write down a new job with the same input.
    #[arg(long)]
    pub resubmit: bool,

    /// Do not look for it any more. Its price counts as spent.
    #[arg(long)]
    pub give_up: bool,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SpendArgs {
    #[command(subcommand)]
    pub command: Option<SpendCommand>,

    /// Number of days to show.
    #[arg(long, value_name = "COUNT", default_value_t = 7)]
    pub days: u32,

    /// Do not ask RunComfy for the balance.
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SpendCommand {
    /// Set or lift limits of the ledger, which hold for every program that uses it.
    Set(LimitArgs),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct LimitArgs {
    /// The most US dollars that all jobs of a day (UTC) may cost, or `none`.
    #[arg(long, value_name = "USD")]
    pub budget_per_day: Option<Setting<Usd>>,

    /// The most US dollars that one job may cost, or `none`.
    #[arg(long, value_name = "USD")]
    pub max_cost_per_job: Option<Setting<Usd>>,

    /// The most jobs that are sent and not finished, or `none`.
    #[arg(long, value_name = "COUNT")]
    pub jobs_in_flight: Option<Setting<u32>>,

    /// The most submits per second, evenly spaced, or `none`.
    #[arg(long, value_name = "RATE")]
    pub submits_per_second: Option<Setting<f64>>,
}

/// A limit, or its absence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Setting<T> {
    None,
    Is(T),
}

impl<T: FromStr> FromStr for Setting<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> std::result::Result<Self, T::Err> {
        if text == "none" { Ok(Self::None) } else { text.parse().map(Self::Is) }
    }
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Port to listen on; 0 for any free one.
    #[arg(long, default_value_t = 8787)]
    pub port: u16,

    /// Time that a job waits in the queue.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = time::duration)]
    pub queue: Duration,

    /// Time that a job runs.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = time::duration)]
    pub run: Duration,

    /// Trouble of every job.
    #[arg(long, default_value = "none")]
    pub trouble: Trouble,

    /// Share of requests with a random fault, from 0 to 1.
    #[arg(long, value_name = "RATE", default_value_t = 0.0)]
    pub faults: f64,

    /// Seed of the random faults.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

impl Global {
    /// Returns the streams as the options want them.
    pub(crate) fn output(&self) -> Output {
        let format = match (self.json, self.events) {
            (true, _) => Format::Json,
            (_, true) => Format::Events,
            _ => Format::Human,
        };
        Output { format, is_quiet: self.quiet }
    }
}

/// Returns the command line without the flags of a model.
pub(crate) fn command() -> clap::Command {
    Cli::command().after_long_help(format!("{EXAMPLES}\n\n{}", exit_codes()))
}

/// Returns the exit codes as a section of help.
fn exit_codes() -> String {
    let lines = Kind::ALL.map(|kind| format!("  {:>3}  {}", kind.exit_code(), kind.meaning()));
    format!("Exit codes:\n    0  success\n{}", lines.join("\n"))
}

/// Returns the first positional argument of a subcommand that takes an input: the model.
pub(crate) fn model_of(command: &clap::Command, args: &[OsString]) -> Option<(String, String)> {
    let mut words = args.iter().skip(1).map(|arg| arg.to_string_lossy());
    let globals: Vec<&clap::Arg> = command.get_arguments().collect();
    let name = next_positional(&mut words, &globals)?;
    let subcommand = command.find_subcommand(&name)?;
    if !subcommand.get_arguments().any(|arg| arg.get_id() == "set") {
        return None;
    }
    let options: Vec<&clap::Arg> = subcommand.get_arguments().chain(globals).collect();
    next_positional(&mut words, &options).map(|model| (name, model))
}

/// Returns the next word that is no option and no value of one.
fn next_positional<'a>(
    words: &mut impl Iterator<Item = std::borrow::Cow<'a, str>>,
    options: &[&clap::Arg],
) -> Option<String> {
    while let Some(word) = words.next() {
        if !word.starts_with('-') || word == "-" {
            return Some(word.into_owned());
        }
        let takes_value = options.iter().any(|arg| {
            let is_it = arg.get_long().is_some_and(|long| word == format!("--{long}"))
                || arg.get_short().is_some_and(|short| word == format!("-{short}"));
            is_it && arg.get_action().takes_values()
        });
        if takes_value {
            words.next();
        }
    }
    None
}
