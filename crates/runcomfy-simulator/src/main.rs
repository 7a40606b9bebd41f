//! `runcomfy-simulator`: RunComfy's queue API on this machine, for demos and offline work.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use runcomfy_simulator::{Measuring, Pace, Price, Random, RequestLog, Simulator, SimulatorBuilder};

/// Simulates RunComfy's queue API on this machine.
///
/// This is a simulator: it runs no model, costs nothing and accepts any token. It validates inputs
/// and their media by the schemas of their models and answers with small real media files.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = MEDIA)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// Folder of models, instead of the built-in ones: every subfolder with a `model.json` is one.
    #[arg(long, value_name = "DIR")]
    schemas: Option<PathBuf>,

    /// Loopback port to listen on; 0 for any free port.
    #[arg(long, default_value_t = 8787)]
    port: u16,

    /// Seconds that a job is queued.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    queue: Duration,

    /// Seconds that a job runs.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    run: Duration,

    /// Seconds that jobs of one model are queued and run; may be repeated.
    #[arg(long, value_name = "MODEL=QUEUE,RUN", value_parser = model_pace)]
    model_pace: Vec<(String, Pace)>,

    /// Price of every model without one, such as `0.05/second`; or of one model, such as
    /// `minimax/Hailuo Video 01 Live=0.25/output`. May be repeated.
    #[arg(long, value_name = "[MODEL=]USD/UNIT", value_parser = model_price)]
    price: Vec<(Option<String>, Price)>,

    /// Share of calls with a random fault, from 0 to 1. The README lists every fault.
    #[arg(long, value_name = "RATE", default_value = "0", value_parser = rate)]
    faults: f64,

    /// Share of jobs with an unusual scenario, from 0 to 1.
    #[arg(long, value_name = "RATE", default_value = "0", value_parser = rate)]
    odd_jobs: f64,

    /// Seed of the random faults: the same seed gives the same faults.
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Move jobs only by `POST /_simulator/advance`.
    #[arg(long)]
    manual_time: bool,

    /// Initial balance in US dollars.
    #[arg(long, value_name = "USD", default_value_t = 1_000_000.0)]
    funds: f64,

    /// The only accepted token, instead of any without `invalid` in it.
    #[arg(long)]
    token: Option<String>,

    /// Accept any media: ignore the `validations` of schemas.
    #[arg(long)]
    no_measuring: bool,

    /// Write no line for each request.
    #[arg(long)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Print the OpenAPI 3.1 document of the simulator and exit.
    Openapi {
        /// Folder of models, instead of the built-in ones.
        #[arg(long, value_name = "DIR")]
        schemas: Option<PathBuf>,
    },
}

const MEDIA: &str = "\
Media for inputs, at the address that the simulator listens on:
  /media/640x480.png                    also jpg, webp, gif, bmp, tiff
  /media/640x480.jpg?bytes=50000000     padded to a size; header=last moves its header to the end
  /media/samples/mp4.mp4                small real files of other formats
  /media/640x480.png?fault=no_ranges    with a fault; the README lists every fault

Media at these URLs and in `data:` URIs is measured when an input is submitted.";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Command::Openapi { schemas }) = arguments.command {
        return describe(schemas);
    }
    let simulator = match arguments.builder().start().await {
        Ok(simulator) => simulator,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    // The caller may have closed stdout. The simulator runs on.
    let _ = writeln!(std::io::stdout(), "{}", greeting(simulator.api_base()));

    match tokio::signal::ctrl_c().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot wait for Ctrl-C: {error}");
            ExitCode::FAILURE
        }
    }
}

fn greeting(base: &str) -> String {
    format!(
        "runcomfy-simulator: a simulator of RunComfy's queue API; no model runs here.\n\
         Listening on {base} until Ctrl-C. Point a program at it with\n\n    \
         RUNCOMFY_MODEL_API_BASE={base} RUNCOMFY_TOKEN=anything"
    )
}

/// Prints the OpenAPI document.
fn describe(schemas: Option<PathBuf>) -> ExitCode {
    let document = match builder(schemas).openapi() {
        Ok(document) => document,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    match writeln!(std::io::stdout(), "{document:#}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot write the document: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn builder(self) -> SimulatorBuilder {
        let random = Random::calls(self.faults).with_jobs(self.odd_jobs).with_seed(self.seed);
        let measuring = if self.no_measuring { Measuring::Off } else { Measuring::On };
        let mut builder = builder(self.schemas)
            .port(self.port)
            .pace(Pace { queue: self.queue, run: self.run })
            .random(random)
            .measuring(measuring)
            .funds_usd(self.funds)
            .request_log(if self.quiet { RequestLog::Off } else { RequestLog::Stderr });
        for (model, pace) in self.model_pace {
            builder = builder.model_pace(model, pace);
        }
        for (model, price) in self.price {
            builder = match model {
                Some(model) => builder.model_price(model, price),
                None => builder.price(price),
            };
        }
        if self.manual_time {
            builder = builder.manual_time();
        }
        match self.token {
            Some(token) => builder.token(token),
            None => builder,
        }
    }
}

fn builder(schemas: Option<PathBuf>) -> SimulatorBuilder {
    match schemas {
        Some(folder) => Simulator::builder().schemas(folder),
        None => Simulator::builder(),
    }
}

fn model_pace(text: &str) -> Result<(String, Pace), String> {
    let (model, pace) = text.rsplit_once('=').ok_or("must be MODEL=QUEUE,RUN")?;
    let (queue, run) =
        pace.split_once(',').ok_or("must have two numbers of seconds, as in 1,30")?;
    Ok((model.to_owned(), Pace { queue: seconds(queue)?, run: seconds(run)? }))
}

fn model_price(text: &str) -> Result<(Option<String>, Price), String> {
    match text.rsplit_once('=') {
        Some((model, price)) => Ok((Some(model.to_owned()), price.parse()?)),
        None => Ok((None, text.parse()?)),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (0.0..=1.0).contains(rate));
    rate.ok_or_else(|| "must be a number from 0 to 1, such as 0.2".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "must be a number of seconds, such as 0.5")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
