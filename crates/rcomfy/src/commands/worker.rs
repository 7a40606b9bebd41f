//! `rcomfy worker`: works on every batch of a ledger on PostgreSQL, until it is told to stop.

mod metrics;

use std::sync::Arc;
use std::time::Duration;

use runcomfy::client::DownloadOptions;
use runcomfy_ledger::{BatchOptions, Job, Ledger, Worker, WorkerStatus};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::args::Global;
use crate::args::worker::WorkerArgs;
use crate::config::Config;
use crate::failure::{Failure, Kind, Result};
use crate::interrupt::Interrupts;
use crate::output::{Output, Reply};
use crate::place::Place;
use crate::session::{Backend, Session};
use crate::view;

/// Longest time for submits that are on their way when the worker stops. A submit gives up after two
/// minutes without an answer, and its outcome is written then.
const MAX_DRAIN: Duration = Duration::from_secs(150);

/// Works until a signal.
pub(crate) async fn run(args: &WorkerArgs, global: &Global, output: Output) -> Result<Reply> {
    if let Place::File(path) = Place::chosen(global, &Config::read()?)? {
        let path = path.display();
        let message = format!("a worker needs a ledger on PostgreSQL, and this one is {path}");
        return Err(Failure::usage(message).fix(
            "one machine needs no worker: `rcomfy batch run <batch>` does the same; for several, \
             `--ledger postgres://user@host/database`",
        ));
    }
    let mut interrupts = Interrupts::new()?;
    let session = Session::open(global, output, Backend::Configured).await?;
    let ledger = session.ledger().await?;
    let worker = Worker::new(&ledger, &session.client, &options(args, output));
    let worker = Arc::new(worker.take_over_after(args.take_over_after));
    let server = match args.metrics {
        Some(address) => Some(metrics::serve(address, &ledger, &worker).await?),
        None => None,
    };
    tracing::info!(ledger = ledger.name(), at_once = args.at_once, "the worker begins");
    let ended = tokio::select! {
        ended = work(&worker, ledger, &mut interrupts) => ended,
        failure = metrics::failed(server) => Err(failure),
    };
    let status = worker.status();
    tracing::info!(steps = status.steps, submits = status.submits, "the worker ends");
    ended?;
    Ok(Reply::new(data(&status), summary(&status)))
}

/// Works until the first signal, and then until every submit has its outcome or the second.
async fn work(worker: &Worker, ledger: Ledger, interrupts: &mut Interrupts) -> Result<()> {
    let mut running = std::pin::pin!(worker.run());
    let ended = tokio::select! {
        ended = &mut running => ended,
        _ = interrupts.next() => {
            tracing::info!("told to stop: waits for the submits that are on their way");
            worker.stop();
            tokio::select! {
                ended = &mut running => ended,
                _ = interrupts.next() => return Err(hard()),
            }
        }
    };
    tokio::select! {
        closed = timeout(MAX_DRAIN, ledger.close()) => if closed.is_err() {
            tracing::warn!("a submit has no outcome yet; another worker finds it");
        },
        _ = interrupts.next() => return Err(hard()),
    }
    Ok(ended?)
}

/// Returns the failure of a worker that was told to stop twice.
fn hard() -> Failure {
    let message = "stopped at once; a job that was being sent is unknown until its id turns up";
    Failure::new(Kind::Interrupted, message).fix("`rcomfy jobs --state unknown` lists such jobs")
}

fn options(args: &WorkerArgs, output: Output) -> BatchOptions {
    let options = BatchOptions::new().at_once(args.at_once).on_job(move |job| {
        let cost = job.cost.map(|cost| cost.to_string());
        let batch = job.batch.as_ref().map(ToString::to_string);
        let problem = job.problem.as_ref().map(|problem| problem.message.as_str());
        let (job_id, line, state) = (&job.id, job.line, &job.state);
        tracing::info!(job = %job_id, batch, line, state = %state, cost, problem, "settled");
        output.event("job", view::data(job));
    });
    let Some(folder) = args.output_dir.clone() else { return options };
    options.deliver(move |job: &Job| {
        let batch = job.batch.as_ref().map_or("", |batch| batch.as_str());
        DownloadOptions::into_folder(folder.join(batch))
    })
}

/// Returns what a worker did, as programs read it.
fn data(status: &WorkerStatus) -> Value {
    let settled = status.settled.iter().map(|(state, jobs)| (state.to_string(), json!(jobs)));
    json!({
        "steps": status.steps,
        "submits": status.submits,
        "repeated": status.repeated,
        "settled": settled.collect::<serde_json::Map<_, _>>(),
    })
}

fn summary(status: &WorkerStatus) -> String {
    let settled = status.settled.iter().map(|(state, jobs)| format!(", {jobs} {state}"));
    format!("stopped after {} submits{}", status.submits, settled.collect::<String>())
}
