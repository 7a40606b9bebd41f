//! `rcomfy spend set`: sets or lifts the limits of the ledger.

use runcomfy_ledger::Limits;
use serde_json::{Value, json};

use crate::args::{Global, LimitArgs, Setting};
use crate::config::Config;
use crate::failure::{Failure, Result};
use crate::output::Reply;
use crate::session::ledger;

/// Changes the limits that the arguments name.
pub(crate) async fn set(args: &LimitArgs, global: &Global) -> Result<Reply> {
    let config = Config::read()?;
    let fixed = [
        ("budget_per_day", config.file.budget_per_day.is_some() && args.budget_per_day.is_some()),
        (
            "max_cost_per_job",
            config.file.max_cost_per_job.is_some() && args.max_cost_per_job.is_some(),
        ),
    ];
    if let Some((name, _)) = fixed.into_iter().find(|(_, is_fixed)| *is_fixed) {
        let path = config.path.display();
        return Err(Failure::usage(format!("{path} has {name}, which would set it again"))
            .fix("change it there, or take it out and run this command again"));
    }
    let ledger = ledger(global).await?;
    let mut limits = ledger.limits().await?;
    change(&mut limits.budget_per_day, args.budget_per_day);
    change(&mut limits.max_cost_per_job, args.max_cost_per_job);
    change(&mut limits.jobs_in_flight, args.jobs_in_flight);
    change(&mut limits.submits_per_second, args.submits_per_second);
    ledger.set_limits(&limits).await?;
    Ok(Reply::new(data(&limits), shown(&limits)))
}

fn change<T>(limit: &mut Option<T>, setting: Option<Setting<T>>) {
    match setting {
        None => {}
        Some(Setting::None) => *limit = None,
        Some(Setting::Is(value)) => *limit = Some(value),
    }
}

/// Returns the limits as data.
pub(crate) fn data(limits: &Limits) -> Value {
    json!({
        "budget_per_day_usd": limits.budget_per_day.map(|usd| usd.to_string()),
        "max_cost_per_job_usd": limits.max_cost_per_job.map(|usd| usd.to_string()),
        "jobs_in_flight": limits.jobs_in_flight,
        "submits_per_second": limits.submits_per_second,
    })
}

/// Returns the limits for a person, one on each line.
pub(crate) fn shown(limits: &Limits) -> String {
    let dollars = [
        ("budget per day", limits.budget_per_day.map(|usd| format!("${usd}"))),
        ("max cost per job", limits.max_cost_per_job.map(|usd| format!("${usd}"))),
        ("jobs in flight", limits.jobs_in_flight.map(|jobs| jobs.to_string())),
        ("submits per second", limits.submits_per_second.map(|rate| rate.to_string())),
    ];
    let lines = dollars.map(|(name, value)| {
        format!("{name:<18}  {}", value.unwrap_or_else(|| "no limit".to_owned()))
    });
    lines.join("\n")
}
