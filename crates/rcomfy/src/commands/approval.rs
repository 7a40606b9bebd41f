//! Questions about money to the person at the terminal.

use std::io::{BufRead, Write};

use runcomfy_ledger::{Job, Ledger, Price, Usd};

use crate::args::RunArgs;
use crate::batch::price::TotalPrice;
use crate::config::Config;
use crate::failure::{Failure, Kind, Result};
use crate::output::Output;

/// Returns the ceiling of a job: `--max-cost`, or more if the person at the terminal agrees. Without
/// a terminal, a price above it is a failure.
pub(crate) fn ceiling(args: &RunArgs, price: Price, output: Output) -> Result<Option<Usd>> {
    let (limit, name) = match (args.max_cost, Config::read()?.ask_above()?) {
        (Some(max), _) => (max, "--max-cost"),
        (None, Some(limit)) => (limit, "ask_above"),
        (None, None) => return Ok(None),
    };
    let Price::Known(price) = price else { return Ok(args.max_cost) };
    if price <= limit {
        return Ok(args.max_cost);
    }
    let question = format!("The job may cost ${price}, above {name} of ${limit}. Pay?");
    if output.can_ask() && ask(&question) {
        return Ok(Some(price));
    }
    let message = format!("the job may cost ${price}, above {name} of ${limit}");
    Err(Failure::new(Kind::Budget, message)
        .fix(format!("nothing was sent; `--max-cost {price}` allows it")))
}

/// Asks whether to pay again for the same input.
pub(crate) fn pay_again(twin: &Job) -> bool {
    ask(&format!("The same input is job {}, which is {}. Pay again?", twin.id, twin.state))
}

/// Asks for the price of many jobs, beside the budget. Without a yes, it fails with what is not done,
/// such as `sent`.
pub(crate) async fn agree(
    ledger: &Ledger,
    what: &str,
    price: TotalPrice,
    not_done: &str,
) -> Result<()> {
    let (limits, usage) = (ledger.limits().await?, ledger.usage().await?);
    let budget = limits.budget_per_day.map_or_else(
        || "no budget is set".to_owned(),
        |budget| format!("today: ${} of a budget of ${budget}", usage.used_today),
    );
    if ask(&format!("{what} {}; {budget}?", price.words())) {
        return Ok(());
    }
    Err(Failure::new(Kind::Interrupted, format!("nothing was {not_done}"))
        .fix("`--yes` goes on without asking"))
}

/// Asks a question. Only a clear yes is one.
pub(crate) fn ask(question: &str) -> bool {
    let mut stderr = std::io::stderr();
    let asked = write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush());
    let mut answer = String::new();
    asked.is_ok()
        && std::io::stdin().lock().read_line(&mut answer).is_ok()
        && matches!(answer.trim(), "y" | "Y" | "yes")
}
