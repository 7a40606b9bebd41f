//! `rcomfy spend`: what was spent, the budgets, and the balance.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use runcomfy_ledger::{BatchId, Limits, Spend, Usage, Usd};
use serde_json::{Value, json};

use super::limits;
use crate::args::{Global, SpendArgs, SpendCommand};
use crate::errors;
use crate::failure::Result;
use crate::output::{Output, Reply};
use crate::session::{Backend, Session, ledger};
use crate::style::{Align, table};
use crate::view;

/// Length of a day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Shows the spend.
pub(crate) async fn run(args: &SpendArgs, global: &Global, output: Output) -> Result<Reply> {
    if let Some(SpendCommand::Set(args)) = &args.command {
        return limits::set(args, global).await;
    }
    let ledger = ledger(global).await?;
    let since = SystemTime::now().checked_sub(DAY * args.days).unwrap_or(SystemTime::UNIX_EPOCH);
    let spends = ledger.spend(since).await?;
    let (kept, usage) = (ledger.limits().await?, ledger.usage().await?);
    let balance = if args.offline { None } else { balance(global, output).await };
    // The names of batches are shown, since people do not know their ids.
    let mut batches = BTreeMap::new();
    for id in spends.iter().filter_map(|spend| spend.batch.as_ref()) {
        if !batches.contains_key(id) {
            batches.insert(id.clone(), ledger.find_batch(id.as_str()).await?.name);
        }
    }
    let mut lines = vec![shown(&spends, &batches), String::new()];
    lines.push(today(&kept, &usage));
    if let Some(dollars) = balance {
        lines.push(format!("balance at RunComfy: ${dollars:.2}"));
    }
    let data = json!({
        "spend": spends.iter().map(entry).collect::<Vec<_>>(),
        "today_usd": usage.used_today.to_string(),
        "jobs_in_flight": usage.jobs_in_flight,
        "limits": limits::data(&kept),
        "balance_usd": balance,
    });
    Ok(Reply::new(data, lines.join("\n")))
}

/// Returns the spend as a table, with a column of batches if there is one.
fn shown(spends: &[Spend], batches: &BTreeMap<BatchId, String>) -> String {
    let rows: Vec<[String; 5]> = spends.iter().map(row).collect();
    let [day, model, jobs, spent, reserved] = [
        ("day", Align::Whole),
        ("model", Align::Left),
        ("jobs", Align::Right),
        ("spent", Align::Right),
        ("reserved", Align::Right),
    ];
    if rows.is_empty() {
        return "nothing was spent".to_owned();
    }
    if batches.is_empty() {
        return table([day, model, jobs, spent, reserved], &rows);
    }
    let rows = rows.into_iter().zip(spends).map(|([day, model, jobs, spent, reserved], spend)| {
        let name = spend.batch.as_ref().and_then(|id| batches.get(id)).cloned();
        [day, model, name.unwrap_or_default(), jobs, spent, reserved]
    });
    let rows: Vec<[String; 6]> = rows.collect();
    table([day, model, ("batch", Align::Left), jobs, spent, reserved], &rows)
}

fn today(limits: &Limits, usage: &Usage) -> String {
    let used = usage.used_today;
    match limits.budget_per_day {
        Some(budget) => {
            let left = Usd::from_micros(budget.micros() - used.micros());
            format!("today: ${used} of a budget of ${budget}; ${left} left")
        }
        None => format!("today: ${used}; no budget is set: `rcomfy spend set --help`"),
    }
}

/// Returns the balance. The rest of the report needs no network.
async fn balance(global: &Global, output: Output) -> Option<f64> {
    let session = Session::open(global, output, Backend::Configured).await.ok()?;
    match session.client.balance().await {
        Ok(balance) => balance.balance_usd,
        Err(error) => {
            output.warn(&format!("the balance is not known: {}", errors::other(&error).message));
            None
        }
    }
}

fn row(spend: &Spend) -> [String; 5] {
    [
        day(spend),
        spend.model.clone(),
        spend.jobs.to_string(),
        format!("${}", spend.spent),
        format!("${}", spend.reserved),
    ]
}

fn day(spend: &Spend) -> String {
    view::time(spend.day).split('T').next().unwrap_or_default().to_owned()
}

fn entry(spend: &Spend) -> Value {
    json!({
        "day": day(spend),
        "model": spend.model,
        "batch": spend.batch.as_ref().map(ToString::to_string),
        "jobs": spend.jobs,
        "spent_usd": spend.spent.to_string(),
        "reserved_usd": spend.reserved.to_string(),
        "unpriced_jobs": spend.unpriced,
    })
}
