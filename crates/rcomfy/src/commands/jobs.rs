//! `rcomfy jobs`: the ledger.

use std::time::SystemTime;

use runcomfy_ledger::{Filter, Job, Ledger, Settlement, State};
use serde_json::{Value, json};

use super::job;
use crate::args::{Global, JobsArgs, JobsCommand, SettleArgs};
use crate::failure::{Failure, Result};
use crate::model;
use crate::output::{Output, Reply};
use crate::session::ledger;
use crate::style::{Align, count, table};
use crate::view;

/// Lists the jobs, or does what the subcommand says.
pub(crate) async fn run(args: &JobsArgs, global: &Global, output: Output) -> Result<Reply> {
    match &args.command {
        None => list(args, &ledger(global).await?).await,
        Some(JobsCommand::Show { job }) => {
            let job = ledger(global).await?.find(job).await?;
            let mut data = view::data(&job);
            data["input"] = job.input.clone();
            data["output"] =
                job.result.as_ref().map(|result| result.output.clone()).unwrap_or_default();
            Ok(Reply::new(data, view::whole(&job)))
        }
        Some(JobsCommand::Resume(args)) => job::wait(args, global, output).await,
        Some(JobsCommand::Settle(args)) => settle(args, &ledger(global).await?).await,
        Some(JobsCommand::Prune { older_than }) => {
            let removed = ledger(global).await?.prune(*older_than).await?;
            let text = format!("removed {}", count(usize::try_from(removed).unwrap_or(0), "job"));
            Ok(Reply::new(json!({"removed": removed}), text))
        }
    }
}

async fn list(args: &JobsArgs, ledger: &Ledger) -> Result<Reply> {
    let mut filter = Filter::default().count(args.limit);
    if let Some(state) = args.state {
        filter = filter.state(state);
    }
    if let Some(text) = &args.model {
        filter = filter.model(model::find(text)?.info.id);
    }
    if let Some(text) = &args.batch {
        filter = filter.batch(&ledger.find_batch(text).await?.id);
    }
    if let Some(since) = args.since.and_then(|age| SystemTime::now().checked_sub(age)) {
        filter = filter.since(since);
    }
    let jobs = ledger.jobs(&filter).await?;
    let rows: Vec<[String; 5]> = jobs.iter().map(row).collect();
    let columns = [
        ("job", Align::Whole),
        ("state", Align::Left),
        ("model", Align::Left),
        ("cost", Align::Right),
        ("created", Align::Left),
    ];
    let text = if jobs.is_empty() {
        "no jobs".to_owned()
    } else {
        format!("{}\n\n{}", table(columns, &rows), summary(&jobs))
    };
    let data: Vec<Value> = jobs.iter().map(view::data).collect();
    Ok(Reply::new(json!({"jobs": data}), text))
}

fn row(job: &Job) -> [String; 5] {
    [
        job.id.to_string(),
        job.state.to_string(),
        job.model.clone(),
        job.cost.map(|cost| format!("${cost}")).unwrap_or_default(),
        view::time(job.created_at),
    ]
}

/// Returns the number of jobs, and what to do about those that need a person.
fn summary(jobs: &[Job]) -> String {
    let unknown = jobs.iter().filter(|job| job.state == State::Unknown).count();
    let all = count(jobs.len(), "job");
    match jobs.iter().find(|job| job.state == State::Unknown) {
        Some(job) => format!(
            "{all}, {unknown} with an unknown outcome: `rcomfy jobs settle {} --help`",
            job.id
        ),
        None => all,
    }
}

async fn settle(args: &SettleArgs, ledger: &Ledger) -> Result<Reply> {
    let decision = &args.decision;
    let settlement = match (&decision.request_id, decision.resubmit) {
        (Some(id), _) => Settlement::RequestId(
            id.parse().map_err(|error| Failure::usage(format!("--request-id: {error}")))?,
        ),
        (None, true) => Settlement::Resubmit,
        (None, false) => Settlement::GiveUp,
    };
    let job = ledger.find(&args.job).await?;
    let settled = ledger.settle(&job.id, settlement).await?;
    let next = match settled.state {
        State::GivenUp => String::new(),
        _ => format!("; `rcomfy jobs resume {}` continues it", settled.id),
    };
    let text = format!("job {} is {}{next}", settled.id, settled.state);
    Ok(Reply::new(view::data(&settled), text))
}
