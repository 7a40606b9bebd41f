#![doc = include_str!("../README.md")]
//!
//! This library holds the command line, for the program and for its tests. It may change with any
//! release.

mod args;
mod batch;
mod commands;
mod config;
mod drive;
mod errors;
mod failure;
mod input;
mod interrupt;
mod live;
mod model;
mod output;
mod place;
mod session;
mod style;
mod trouble;
mod view;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{ArgMatches, FromArgMatches};
use clap_complete::CompleteEnv;
use tracing_subscriber::filter::LevelFilter as Level;

use args::worker::LogFormat;
use args::{Cli, Command};
use failure::{Failure, Kind};
use output::{Format, Output};

/// Runs the command line with these arguments, the first of which is the program's name, and
/// returns its exit code.
pub fn run(args: Vec<OsString>) -> ExitCode {
    CompleteEnv::with_factory(complete).complete();
    Output::choose_colors();
    let early = early_output(&args);
    let parsed = match parse(args) {
        Ok(parsed) => parsed,
        Err(Refused::Clap(error)) => return refuse(&error, early),
        Err(Refused::Model(failure)) => return early.finish(Err(failure)),
    };
    let output = parsed.cli.global.output();
    log(&parsed.cli);
    output.finish(commands::run(parsed, output))
}

/// Prints help or the error of a command line, and returns the exit code.
fn refuse(error: &clap::Error, output: Output) -> ExitCode {
    if !error.use_stderr() || output.format == Format::Human {
        let text = error.render().to_string();
        let escaped = style::escaped_lines(&text);
        // A closed stream changes nothing about the exit code.
        let _ = if error.use_stderr() && escaped != text {
            // An argument that would control the terminal; colours are not worth it.
            write!(std::io::stderr(), "{escaped}")
        } else {
            error.print()
        };
        return ExitCode::from(if error.use_stderr() { Kind::Usage.exit_code() } else { 0 });
    }
    let text = error.render().to_string();
    let mut parts = text.split("\n\n").map(|part| {
        let words: Vec<&str> = part.split_whitespace().collect();
        words.join(" ")
    });
    let message = parts.next().unwrap_or_default();
    // Tips come before the usage.
    let fix: Vec<String> = parts.take_while(|part| !part.starts_with("For more")).collect();
    let failure = Failure::usage(message.trim_start_matches("error: "));
    output.finish(Err(failure.fix(match fix.join("; ") {
        none if none.is_empty() => "the same command with `--help` shows what it takes".to_owned(),
        fix => fix,
    })))
}

/// Writes the events of the client to stderr. The token is in none of them.
fn log(cli: &Cli) {
    // A worker has nobody who looks, so it always writes what it does.
    let (least, format) = match &cli.command {
        Command::Worker(args) => (1, args.log_format),
        _ => (0, LogFormat::Text),
    };
    let level = match cli.global.verbose.max(least) {
        0 => return,
        1 => Level::INFO,
        2 => Level::DEBUG,
        _ => Level::TRACE,
    };
    let subscriber = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
}

/// Returns the command line, for its docs.
pub fn command() -> clap::Command {
    args::command()
}

/// The parsed command line, with the matches that hold the flags of a model.
struct Parsed {
    cli: Cli,
    matches: ArgMatches,
}

/// A command line that cannot be run.
enum Refused {
    Clap(clap::Error),
    /// The model is unknown.
    Model(Failure),
}

fn parse(args: Vec<OsString>) -> std::result::Result<Parsed, Refused> {
    let command = args::command();
    let (command, args) = match args::model_of(&command, &args) {
        None => (command, args),
        Some((subcommand, text)) => {
            let model = model::find(&text).map_err(Refused::Model)?;
            let command =
                command.mut_subcommand(subcommand, |command| input::flags::add(command, model));
            (command, input::flags::rewrite_paths(args, model))
        }
    };
    let matches = command.try_get_matches_from(args).map_err(Refused::Clap)?;
    let cli = Cli::from_arg_matches(&matches).map_err(Refused::Clap)?;
    Ok(Parsed { cli, matches })
}

/// Returns the streams as options want them that are not parsed yet.
fn early_output(args: &[OsString]) -> Output {
    let format = match args {
        args if args.iter().any(|arg| arg == "--json") => Format::Json,
        args if args.iter().any(|arg| arg == "--events") => Format::Events,
        _ => Format::Human,
    };
    Output { format, is_quiet: false }
}

/// Returns the command line for a completion, with the flags of the model that was typed so far.
fn complete() -> clap::Command {
    let args: Vec<OsString> = std::env::args_os().skip_while(|arg| arg != "--").skip(1).collect();
    let command = args::command();
    match args::model_of(&command, &args) {
        Some((subcommand, text)) => match model::find(&text) {
            Ok(model) => {
                command.mut_subcommand(subcommand, |command| input::flags::add(command, model))
            }
            Err(_) => command,
        },
        None => command,
    }
}
