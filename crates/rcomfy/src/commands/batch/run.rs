//! `rcomfy batch run`: sends the jobs of a batch, waits, and saves the outputs.

use std::sync::Arc;
use std::time::Duration;

use runcomfy::client::DownloadOptions;
use runcomfy_ledger::{
    Batch, BatchOptions, BatchStatus, Error, Filter, Job, Ledger, Price, State, Usd,
};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use super::{data, summary};
use crate::args::Global;
use crate::args::batch::BatchRunArgs;
use crate::batch::bar::Bar;
use crate::batch::price::TotalPrice;
use crate::batch::results::Results;
use crate::commands::approval::agree;
use crate::commands::run::{close, delivery};
use crate::failure::{Failure, Kind, Result};
use crate::interrupt::Interrupts;
use crate::output::{Output, Reply};
use crate::session::{Backend, Session};
use crate::view;

/// Time between two looks at the batch, for the bar.
const TICK: Duration = Duration::from_millis(500);
/// The bar takes no more than this share of the time: one of so many.
const SHARE: u32 = 20;
/// The most jobs with an unknown outcome that are named.
const MAX_NAMED: u32 = 5;
/// Number of jobs that are read at once.
const PAGE: u32 = 10_000;

/// Runs a batch.
pub(crate) async fn run(args: &BatchRunArgs, global: &Global, output: Output) -> Result<Reply> {
    let session = Session::open(global, output, Backend::Configured).await?;
    let ledger = session.ledger().await?;
    let batch = ledger.find_batch(&args.batch).await?;
    let before = batch.status().await?;
    if let Some(to) = before.moved_to {
        return Err(Error::Moved { batch: batch.name, to }.into());
    }
    if before.is_cancelled {
        output.note(&format!(
            "the batch is cancelled: nothing is sent; `rcomfy batch resume {}` allows it again",
            batch.name
        ));
    }
    if before.is_paused {
        output.note(&format!("paused; `rcomfy batch resume {}` continues", batch.name));
    }
    join(&batch, output).await?;
    if before.waiting() > 0 && !args.yes && output.can_ask() {
        confirm(&ledger, &batch, &before).await?;
    }
    let results = args.results.as_deref().map(Results::open).transpose()?.map(Arc::new);
    let options = options(args, &batch, output, results.clone())?;
    let ended = watch(&session, &batch, &options, Bar::start(output, &before)).await;
    let status = match ended {
        Ok(status) => status,
        Err(failure) => {
            close(ledger).await;
            return Err(failure);
        }
    };
    if let Some(results) = results {
        results.finish(&batch).await?;
    }
    let reply = judge(&ledger, &batch, &status, args).await;
    close(ledger).await;
    reply
}

/// Says that another process runs the batch too.
async fn join(batch: &Batch, output: Output) -> Result<()> {
    let runs = batch.runs().await?;
    let Some(first) = runs.first() else { return Ok(()) };
    let others = match runs.len() - 1 {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    output.note(&format!(
        "joins {}{others}, which has run the batch since {}; each does a part of it",
        first.process,
        view::time(first.since)
    ));
    Ok(())
}

/// Asks the person at the terminal before money is spent.
async fn confirm(ledger: &Ledger, batch: &Batch, status: &BatchStatus) -> Result<()> {
    let price = price(batch).await?;
    let what = format!("Send {} jobs of batch {}", status.waiting(), batch.name);
    agree(ledger, &what, price, "sent").await
}

/// Returns the highest price of the jobs that were not sent, and the number of those without one.
async fn price(batch: &Batch) -> Result<TotalPrice> {
    let (mut most, mut unpriced, mut after) = (Usd::ZERO, 0, 0);
    loop {
        let jobs = batch.jobs(after, PAGE).await?;
        let Some(last) = jobs.last().and_then(|job| job.line) else {
            return Ok(TotalPrice { most, unpriced });
        };
        for job in jobs.iter().filter(|job| job.state == State::Intended) {
            match job.price {
                Price::Known(price) => most = most + price,
                _ => unpriced += 1,
            }
        }
        after = last;
    }
}

fn options(
    args: &BatchRunArgs,
    batch: &Batch,
    output: Output,
    results: Option<Arc<Results>>,
) -> Result<BatchOptions> {
    let options = BatchOptions::new().at_once(args.at_once).on_job(move |job| {
        output.event("job", view::data(job));
        if let Some(results) = &results {
            results.append(job);
        }
    });
    if args.urls_only {
        return Ok(options);
    }
    let name = batch.name.clone();
    let template = args.output.clone().unwrap_or_else(|| file_name(&name));
    // A wrong pattern is an error now, and not of each job.
    drop(place(&template, &name, "0", "0")?);
    Ok(options.deliver(move |job: &Job| {
        let line = job.line.map_or_else(String::new, |line| line.to_string());
        let placed = place(&template, &name, &line, job.id.as_str());
        placed.unwrap_or_else(|_| DownloadOptions::into_folder("."))
    }))
}

/// Returns the place of the outputs of a job.
fn place(template: &str, batch: &str, line: &str, job: &str) -> Result<DownloadOptions> {
    let template = template.replace("{batch}", &file_name(batch)).replace("{line}", line);
    delivery(Some(&template), job)
}

/// Returns a name without what would be another folder.
fn file_name(name: &str) -> String {
    let safe = name.replace(['/', '\\', ':', '{', '}'], "-");
    if safe.trim_matches('.').is_empty() { "batch".to_owned() } else { safe }
}

/// Runs the batch, and shows how far it is.
async fn watch(
    session: &Session,
    batch: &Batch,
    options: &BatchOptions,
    mut bar: Bar,
) -> Result<BatchStatus> {
    let mut interrupts = Interrupts::new()?;
    let mut running = std::pin::pin!(batch.run(&session.client, options));
    let mut next = Instant::now();
    loop {
        tokio::select! {
            ended = &mut running => return Ok(ended?),
            () = sleep_until(next) => {
                let start = Instant::now();
                bar.show(&batch.status().await?);
                // Counting a million lines takes a while.
                next = start + TICK.max(start.elapsed() * SHARE);
            }
            _ = interrupts.next() => break,
        }
    }
    drop(bar);
    let status = batch.status().await?;
    let (name, sent, waiting) = (&batch.name, status.running(), status.waiting());
    let message = format!("interrupted; {sent} jobs continue at RunComfy, {waiting} were not sent");
    Err(Failure::new(Kind::Interrupted, message)
        .fix(format!("`rcomfy batch run {name}` continues; `rcomfy batch cancel {name}` ends it")))
}

/// Returns the reply of a batch that is settled: a failure if not every line has its result.
async fn judge(
    ledger: &Ledger,
    batch: &Batch,
    status: &BatchStatus,
    args: &BatchRunArgs,
) -> Result<Reply> {
    let text = summary(batch, status);
    let name = &batch.name;
    let unsaved = if args.urls_only { 0 } else { status.count(State::Succeeded) };
    let with = |kind| Failure::new(kind, text.clone());
    if status.unknown() > 0 {
        return Err(with(Kind::OutcomeUnknown).fix(unknown(ledger, batch).await?));
    }
    if status.running() > 0 {
        return Err(with(Kind::Timeout).retryable().fix(format!(
            "RunComfy does not know them now; `rcomfy batch run {name}` asks again"
        )));
    }
    if unsaved > 0 {
        return Err(with(Kind::PartlySaved).retryable().fix(format!(
            "{unsaved} results are not saved; `rcomfy batch run {name}` tries again"
        )));
    }
    if status.failed() > 0 {
        let only_cancelled = status.failed() == status.count(State::Cancelled);
        let kind = if only_cancelled { Kind::Cancelled } else { Kind::JobFailed };
        return Err(with(kind).fix(format!(
            "`rcomfy batch export {name}` has the reasons; `rcomfy batch requeue {name} --failed` \
             pays again"
        )));
    }
    let data: Value = data(batch, status);
    Ok(Reply::new(data, text))
}

/// Says what to do about jobs with an unknown outcome.
async fn unknown(ledger: &Ledger, batch: &Batch) -> Result<String> {
    let filter = Filter::default().batch(&batch.id).state(State::Unknown).count(MAX_NAMED);
    let jobs = ledger.jobs(&filter).await?;
    let names: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    Ok(format!(
        "look for them in your account at RunComfy, then `rcomfy jobs settle <job> --request-id <id>`, \
         `--resubmit` or `--give-up` for each, and `rcomfy batch run {}`: {}",
        batch.name,
        names.join(", ")
    ))
}
