//! `runcomfy-simulator`: RunComfy's queue API on this machine, for demos and offline work.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use runcomfy_simulator::{Measuring, Pace, Simulator};

/// Simulates RunComfy's queue API on this machine.
///
/// This is a simulator: it runs no model, costs nothing and takes any token. It judges inputs by
/// the schemas of a folder, media in them too, and answers with small real media files.
#[derive(Parser)]
#[command(version, after_help = MEDIA)]
struct Arguments {
    /// The folder of models: every subfolder that holds `model.json` is one.
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    schemas: PathBuf,

    /// The loopback port to listen on; 0 for any free one.
    #[arg(long, default_value_t = 8787)]
    port: u16,

    /// How many seconds a job is queued.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    queue: Duration,

    /// How many seconds a job runs.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    run: Duration,

    /// Take any media: do not measure what an input points to by the schema's `validations`.
    #[arg(long)]
    no_measuring: bool,
}

const MEDIA: &str = "\
Media to be given to a model, made to measure, at the address that it listens at:
  /media/640x480.png                    also jpg, webp, gif, bmp, tiff
  /media/640x480.jpg?bytes=50000000     padded to any size; header=last puts its header at the end
  /media/samples/mp4.mp4                small real files of other formats
  /media/640x480.png?fault=no_ranges    served badly; the README lists every fault

Media at these addresses and in `data:` URIs is measured when an input is submitted.";

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { schemas, port, queue, run, no_measuring } = Arguments::parse();
    let measuring = if no_measuring { Measuring::Off } else { Measuring::On };
    let builder = Simulator::builder(schemas).port(port).pace(Pace { queue, run });
    let started = builder.measuring(measuring).start().await;
    let simulator = match started {
        Ok(simulator) => simulator,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let base = simulator.api_base();
    println!("runcomfy-simulator: a simulator of RunComfy's queue API; no model runs here.");
    println!("It listens at {base} until Ctrl-C. To point a program at it, set");
    println!();
    println!("    RUNCOMFY_MODEL_API_BASE={base} RUNCOMFY_TOKEN=anything");

    match tokio::signal::ctrl_c().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot wait for Ctrl-C: {error}");
            ExitCode::FAILURE
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "give a number of seconds, such as 0.5")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
