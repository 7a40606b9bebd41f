//! `rcomfy batch`: many inputs, each paid for once.

mod add;
mod run;

use std::path::Path;

use runcomfy_ledger::{Batch, BatchStatus, Error, State};
use serde_json::{Value, json};

use crate::args::Global;
use crate::args::batch::{
    BatchArgs, BatchCommand, BatchExportArgs, BatchMoveArgs, BatchRequeueArgs,
};
use crate::batch::results;
use crate::commands::run::close;
use crate::failure::{Failure, Result};
use crate::output::{Format, Output, Reply};
use crate::place::Place;
use crate::session::{Backend, Session, ledger};
use crate::style::{Align, count, escaped, table};
use crate::view;

/// Does what the subcommand says.
pub(crate) async fn run(args: BatchArgs, global: &Global, output: Output) -> Result<Reply> {
    match args.command {
        BatchCommand::Add(args) => add::run(&args, global, output).await,
        BatchCommand::Run(args) => run::run(&args, global, output).await,
        BatchCommand::Status { batch: Some(batch) } => {
            status(&ledger(global).await?.find_batch(&batch).await?).await
        }
        BatchCommand::Status { batch: None } => list(global).await,
        BatchCommand::Pause { batch } => {
            let batch = ledger(global).await?.find_batch(&batch).await?;
            batch.pause().await?;
            let name = &batch.name;
            output.note(&format!("nothing more is sent; `rcomfy batch resume {name}` continues"));
            status(&batch).await
        }
        BatchCommand::Resume { batch } => {
            let batch = ledger(global).await?.find_batch(&batch).await?;
            batch.resume().await?;
            let name = &batch.name;
            output.note(&format!("`rcomfy batch run {name}` works on it, if nothing does"));
            status(&batch).await
        }
        BatchCommand::Cancel { batch } => cancel(&batch, global, output).await,
        BatchCommand::Requeue(args) => requeue(&args, global, output).await,
        BatchCommand::Export(args) => export(&args, global, output).await,
        BatchCommand::Move(args) => move_to(args, global, output).await,
    }
}

/// Shows how far a batch is.
async fn status(batch: &Batch) -> Result<Reply> {
    let status = batch.status().await?;
    Ok(Reply::new(data(batch, &status), summary(batch, &status)))
}

/// Lists all batches.
async fn list(global: &Global) -> Result<Reply> {
    let (mut rows, mut all) = (Vec::new(), Vec::new());
    for batch in ledger(global).await?.batches().await? {
        let status = batch.status().await?;
        rows.push([
            batch.name.clone(),
            status.lines.to_string(),
            (status.waiting() + status.running()).to_string(),
            status.succeeded().to_string(),
            status.failed().to_string(),
            status.unknown().to_string(),
            format!("${}", status.spent),
            view::time(batch.created_at),
        ]);
        all.push(data(&batch, &status));
    }
    let columns = [
        ("batch", Align::Whole),
        ("lines", Align::Right),
        ("open", Align::Right),
        ("done", Align::Right),
        ("failed", Align::Right),
        ("unknown", Align::Right),
        ("cost", Align::Right),
        ("created", Align::Left),
    ];
    let text = if rows.is_empty() { "no batches".to_owned() } else { table(columns, &rows) };
    Ok(Reply::new(json!({"batches": all}), text))
}

/// Returns a batch as programs read it.
fn data(batch: &Batch, status: &BatchStatus) -> Value {
    let states = State::ALL.map(|state| (state.as_str().to_owned(), json!(status.count(state))));
    json!({
        "batch": batch.name,
        "id": batch.id.to_string(),
        "lines": status.lines,
        "states": states.into_iter().collect::<serde_json::Map<_, _>>(),
        "paused": status.is_paused,
        "cancelled": status.is_cancelled,
        "settled": status.is_settled(),
        "moved_to": status.moved_to,
        "spent_usd": status.spent.to_string(),
        "reserved_usd": status.reserved.to_string(),
        "retry_failed": batch.max_retries,
        "created_at": view::time(batch.created_at),
    })
}

/// Returns how far a batch is, for a person.
fn summary(batch: &Batch, status: &BatchStatus) -> String {
    let word = match (&status.moved_to, status.is_paused, status.is_cancelled) {
        (Some(ledger), ..) => format!(" (moved to {})", escaped(ledger)),
        (_, true, _) => " (paused)".to_owned(),
        (_, _, true) => " (cancelled)".to_owned(),
        _ => String::new(),
    };
    let states = State::ALL.into_iter().filter(|state| status.count(*state) > 0);
    let states: Vec<String> =
        states.map(|state| format!(", {} {state}", status.count(state))).collect();
    format!(
        "batch {}{word}: {}{}; cost ${}",
        escaped(&batch.name),
        count(usize::try_from(status.lines).unwrap_or(usize::MAX), "line"),
        states.concat(),
        status.spent
    )
}

async fn cancel(name: &str, global: &Global, output: Output) -> Result<Reply> {
    let session = Session::open(global, output, Backend::Configured).await?;
    let batch = session.ledger().await?.find_batch(name).await?;
    let cancelled = batch.cancel(&session.client).await?;
    let (unsent, sent, running) = (cancelled.unsent, cancelled.cancelled, cancelled.running);
    let mut text = format!("{unsent} not sent, {sent} cancelled at RunComfy");
    if running > 0 {
        text.push_str(&format!(
            "; {running} run on and will be charged: `rcomfy batch run {name}` brings their results"
        ));
    }
    let data = json!({"unsent": unsent, "cancelled": sent, "running": running});
    Ok(Reply::new(data, text))
}

async fn requeue(args: &BatchRequeueArgs, global: &Global, output: Output) -> Result<Reply> {
    let batch = ledger(global).await?.find_batch(&args.batch).await?;
    let chosen = [
        (args.failed, State::Failed),
        (args.refused, State::Refused),
        (args.cancelled, State::Cancelled),
    ];
    let states = chosen.into_iter().filter(|(is_chosen, _)| *is_chosen);
    let states: Vec<State> = states.map(|(_, state)| state).collect();
    let new = batch.requeue(&states).await?;
    output.note(&format!("`rcomfy batch run {}` sends them", batch.name));
    Ok(Reply::new(
        json!({"requeued": new}),
        format!("{} to pay for again", count(usize::try_from(new).unwrap_or(usize::MAX), "line")),
    ))
}

async fn export(args: &BatchExportArgs, global: &Global, output: Output) -> Result<Reply> {
    let batch = ledger(global).await?.find_batch(&args.batch).await?;
    if let Some(path) = &args.output {
        let lines = results::export(&batch, path).await?;
        let shown = path.display();
        let data = json!({"path": path.to_string_lossy(), "lines": lines});
        return Ok(Reply::new(data, format!("wrote {lines} lines to {shown}")));
    }
    if output.format != Format::Human {
        return Err(Failure::usage("stdout has the envelope, so the results need a file")
            .fix("add `--output results.jsonl`"));
    }
    let lines = results::write_json(&batch, &mut std::io::stdout().lock()).await?;
    Ok(Reply::new(json!({"lines": lines}), ""))
}

async fn move_to(args: BatchMoveArgs, global: &Global, output: Output) -> Result<Reply> {
    let from = ledger(global).await?;
    let batch = from.find_batch(&args.batch).await?;
    let to = Place::read(args.to)?.open().await?;
    let moved = batch.move_to_as(&to, args.name.as_deref().unwrap_or(&batch.name)).await;
    let (left, place) = (from.name().to_owned(), to.name().to_owned());
    let status = match &moved {
        Ok(moved) => moved.status().await,
        Err(_) => batch.status().await,
    };
    close(from).await;
    close(to).await;
    let shown = escaped(&place);
    let moved = match moved {
        Err(Error::BatchExists(name)) => {
            return Err(Failure::usage(format!("{shown} has a batch named `{name}` already"))
                .fix("add `--name` to give this one another name there"));
        }
        moved => moved?,
    };
    let (name, lines) = (&moved.name, status?.lines);
    output.note(&format!("`rcomfy batch run {name} --ledger {shown}` works on it there"));
    let text = format!(
        "batch {name}: {} moved to {shown}",
        count(usize::try_from(lines).unwrap_or(usize::MAX), "line")
    );
    let data = json!({
        "batch": name,
        "id": moved.id.to_string(),
        "lines": lines,
        "from": left,
        "to": place,
    });
    Ok(Reply::new(data, text))
}

/// Returns the name of a batch that is made from a file.
fn name_of(file: &str) -> Option<String> {
    let stem = Path::new(file).file_stem()?.to_str()?;
    (stem != "-").then(|| stem.to_owned())
}
