//! `rcomfy simulate`: an API on this machine that runs no model and costs nothing.

use runcomfy_simulator::{Pace, Random, Simulator};
use serde_json::json;
use tempfile::TempDir;

use crate::args::SimulateArgs;
use crate::config::{API_VARIABLE, LEDGER_VARIABLE};
use crate::failure::{Failure, Kind, Result};
use crate::interrupt::Interrupts;
use crate::output::{Format, Output, Reply};

/// Serves the simulator until it is interrupted.
pub(crate) async fn run(args: &SimulateArgs, output: Output) -> Result<Reply> {
    if output.format == Format::Json {
        return Err(Failure::usage(
            "`simulate` runs until it is interrupted, so it has no envelope",
        )
        .fix("use `--events`: `listening` has the address"));
    }
    let mut interrupts = Interrupts::new()?;
    let pace = Pace { queue: args.queue, run: args.run };
    let mut random = Random::calls(args.faults);
    random.seed = args.seed;
    let builder = args.trouble.prepare(Simulator::builder().random(random), pace);
    let simulator = builder.port(args.port).start().await;
    let simulator = simulator.map_err(|error| {
        Failure::new(Kind::Internal, format!("the simulator cannot start: {error}"))
            .fix("`--port 0` takes any free port")
    })?;
    args.trouble.arrange(&simulator);
    let base = simulator.api_base();
    // The request ids of a simulator begin again, and its jobs are none of those that were paid for.
    let folder = TempDir::new().map_err(|error| Failure::io("create a folder", error))?;
    let ledger = folder.path().join("ledger.db");
    let paste = format!(
        "export {API_VARIABLE}={base} RUNCOMFY_TOKEN=simulator {LEDGER_VARIABLE}={}",
        ledger.display()
    );
    output.note("This is a simulator: no model runs, and nothing is paid. Ctrl-C ends it.");
    for line in ["For other terminals:", "", &format!("    {paste}"), ""] {
        output.note(line);
    }
    output.event("listening", json!({"api_base": base, "ledger": ledger.to_string_lossy()}));
    interrupts.next().await;
    Ok(Reply::new(json!({"requests": simulator.ledger().len()}), ""))
}
