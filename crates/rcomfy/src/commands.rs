//! The commands, one file each.

mod approval;
mod batch;
mod check;
mod completions;
mod config;
mod help;
mod job;
mod jobs;
mod limits;
mod login;
mod models;
mod run;
mod simulate;
mod spend;
mod sync;
mod worker;

use std::future::Future;

use crate::Parsed;
use crate::args::Command;
use crate::failure::{Failure, Result};
use crate::output::{Output, Reply};

/// Runs a command.
pub(crate) fn run(parsed: Parsed, output: Output) -> Result<Reply> {
    let Parsed { cli, matches } = parsed;
    let Some((_, matches)) = matches.subcommand() else {
        return Err(Failure::usage("no command").fix("`rcomfy --help` lists them"));
    };
    let global = &cli.global;
    match cli.command {
        Command::Models(args) => models::run(&args, global, output),
        Command::Check(args) => wait_for(check::run(&args, matches, global, output)),
        Command::Run(args) => wait_for(run::run(&args, matches, global, output)),
        Command::Submit(args) => wait_for(run::submit(args, matches, global, output)),
        Command::Status { job } => wait_for(job::status(&job, global, output)),
        Command::Wait(args) => wait_for(job::wait(&args, global, output)),
        Command::Result { job } => wait_for(job::result(&job, global, output)),
        Command::Cancel { job } => wait_for(job::cancel(&job, global, output)),
        Command::Download(args) => wait_for(job::download(&args, global, output)),
        Command::Batch(args) => wait_for(batch::run(args, global, output)),
        Command::Worker(args) => wait_for(worker::run(&args, global, output)),
        Command::Jobs(args) => wait_for(jobs::run(&args, global, output)),
        Command::Spend(args) => wait_for(spend::run(&args, global, output)),
        Command::Simulate(args) => wait_for(simulate::run(&args, output)),
        Command::Login => login::login(output),
        Command::Logout => login::logout(),
        Command::Config => config::run(global),
        Command::Completions { shell } => completions::script(shell),
        Command::Man { folder } => completions::man(&folder),
        Command::Help { command } => help::run(&command, output),
    }
}

/// Waits for a command that makes calls.
fn wait_for(command: impl Future<Output = Result<Reply>>) -> Result<Reply> {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| Failure::io("start the runtime", error))?;
    runtime.block_on(command)
}
