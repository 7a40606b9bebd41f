//! The arguments of `rcomfy worker`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// The most jobs that this process works on at once. `rcomfy spend set` has the limits that
    /// hold for all workers together.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub at_once: usize,

    /// Folder of the saved outputs, with one folder per batch: its id. All workers of a ledger
    /// should save, or none.
    #[arg(long, value_name = "DIR", required_unless_present = "urls_only")]
    pub output_dir: Option<PathBuf>,

    /// Save nothing: keep the addresses of the outputs.
    #[arg(long, conflicts_with = "output_dir")]
    pub urls_only: bool,

    /// Address at which Prometheus reads `/metrics`, such as 127.0.0.1:9464. `/healthz` answers
    /// as long as the worker works.
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<SocketAddr>,

    /// Form of the log on stderr.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// Time without a sign of life after which the jobs of another machine go on here: the same
    /// for all workers, and at least 3 s.
    #[arg(long, value_name = "TIME", default_value = "3m", value_parser = humantime::parse_duration)]
    pub take_over_after: Duration,
}

/// The form of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}
