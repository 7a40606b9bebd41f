//! `rcomfy batch add`: checks every line, and writes the jobs down.

use std::collections::{BTreeSet, HashMap};

use runcomfy::client::Price as CatalogPrice;
use runcomfy_ledger::{Batch, Error, Ledger, NewBatch, Usd};
use serde_json::json;

use super::name_of;
use crate::args::Global;
use crate::args::batch::BatchAddArgs;
use crate::batch::check::{self, Checked, Good, LineProblem};
use crate::batch::source;
use crate::failure::{Failure, Kind, Result};
use crate::model::{KnownModel, find};
use crate::output::{Output, Reply};
use crate::session::{Backend, Session};
use crate::style::{count, escaped};

/// The most problems that are shown to a person. `--json` has all.
const MAX_SHOWN: usize = 20;
/// The most notes about what could not be checked.
const MAX_NOTES: usize = 5;

/// Adds a batch.
pub(crate) async fn run(args: &BatchAddArgs, global: &Global, output: Output) -> Result<Reply> {
    let model = find(&args.model)?;
    let name = name(args)?;
    let source = source::read(args, model)?;
    let (place, total) = (source.name.clone(), source.lines.len());
    let session = Session::open(global, output, Backend::Measuring).await?;
    let price = if args.offline { None } else { price(&session, model).await };
    let mut checked = check::shapes(source, model, price.as_ref())?;
    if !args.offline {
        check::media(&session, model, &mut checked).await?;
    }
    if !args.again {
        repeated(&mut checked);
    }
    for (reason, lines) in checked.unchecked.iter().take(MAX_NOTES) {
        output.warn(&format!("{}: {}", count(*lines, "line"), escaped(reason)));
    }
    if !checked.problems.is_empty() && (!args.skip_invalid || checked.good.is_empty()) {
        return Err(refused(&place, total, checked.problems));
    }
    let ledger = session.ledger().await?;
    let batch = create(&ledger, args, &name).await?;
    if let Err(error) = fill(&batch, args, model, &mut checked).await {
        batch.discard().await?;
        return Err(match error {
            Refused::Line(problem) => refused(&place, total, vec![*problem]),
            Refused::Other(failure) => failure,
        });
    }
    added(&ledger, output, &batch, &place, &checked).await
}

/// Returns the name of the batch: the option, or that of the file.
fn name(args: &BatchAddArgs) -> Result<String> {
    let from_file = || args.file.as_deref().or(args.input.as_deref()).and_then(name_of);
    args.name.clone().or_else(from_file).ok_or_else(|| {
        Failure::usage("the batch has no name").fix("add `--name`, such as `--name boats`")
    })
}

/// Returns the price of a model: that of the catalog, or else that of its cache.
async fn price(session: &Session, model: KnownModel) -> Option<CatalogPrice> {
    match session.client.model(model.info.id).await {
        Ok(entry) => entry.price(),
        Err(_) => model.live.and_then(|live| live.price.clone()),
    }
}

/// Makes lines with the same input as an earlier one problems.
fn repeated(checked: &mut Checked) {
    let mut first = HashMap::new();
    let mut kept = Vec::with_capacity(checked.good.len());
    for good in std::mem::take(&mut checked.good) {
        let earlier = *first.entry(good.key()).or_insert(good.number);
        if earlier == good.number {
            kept.push(good);
        } else {
            let message = format!("the same input as line {earlier}; `--again` pays for both");
            checked.problems.push(LineProblem::whole(good.number, "twin", message));
        }
    }
    checked.good = kept;
    checked.problems.sort_by_key(|problem| problem.line);
}

/// Creates the batch. One that has no lines is what a killed command left.
async fn create(ledger: &Ledger, args: &BatchAddArgs, name: &str) -> Result<Batch> {
    let exists = || {
        Failure::usage(format!("there is a batch named `{name}` already"))
            .fix(format!("`rcomfy batch run {name}` continues it; `--name` gives this one another"))
    };
    let new = NewBatch::new(name).retry_failed(args.retry_failed);
    match ledger.create_batch(new.clone()).await {
        Err(Error::BatchExists(_)) => {
            let old = ledger.find_batch(name).await?;
            if old.status().await?.lines > 0 {
                return Err(exists());
            }
            old.discard().await?;
            Ok(ledger.create_batch(new).await?)
        }
        created => Ok(created?),
    }
}

/// The reason why lines were not added.
enum Refused {
    /// One line cannot be paid for.
    Line(Box<LineProblem>),
    Other(Failure),
}

/// Adds the lines. With `--skip-invalid`, those that the ledger refuses are left out.
async fn fill(
    batch: &Batch,
    args: &BatchAddArgs,
    model: KnownModel,
    checked: &mut Checked,
) -> std::result::Result<(), Refused> {
    loop {
        let intents = checked.good.iter().map(|good| {
            let mut intent = good.intent(model);
            if let Some(ceiling) = args.max_cost {
                intent = intent.ceiling(ceiling);
            }
            if args.again { intent.again() } else { intent }
        });
        let (line, source) = match batch.add(intents).await {
            Ok(_) => return Ok(()),
            Err(Error::Line { line, source }) => (line, source),
            Err(error) => return Err(Refused::Other(error.into())),
        };
        let index = usize::try_from(line).unwrap_or_default().saturating_sub(1);
        let Some(number) = checked.good.get(index).map(|good| good.number) else {
            return Err(Refused::Other(Error::Line { line, source }.into()));
        };
        let rule = match *source {
            Error::Twin(_) | Error::Repeated(_) => "twin",
            Error::InputFile(_) => "file",
            other => return Err(Refused::Other(other.into())),
        };
        let problem = LineProblem::whole(number, rule, source.to_string());
        if !args.skip_invalid || checked.good.len() == 1 {
            return Err(Refused::Line(Box::new(problem)));
        }
        checked.good.remove(index);
        checked.problems.push(problem);
    }
}

/// Returns the failure of a file with problems.
fn refused(place: &str, total: usize, problems: Vec<LineProblem>) -> Failure {
    let lines: BTreeSet<u64> = problems.iter().map(|problem| problem.line).collect();
    let message = format!(
        "{} in {} of {total}; nothing was added",
        count(problems.len(), "problem"),
        count(lines.len(), "line")
    );
    let mut drawing: Vec<String> =
        problems.iter().take(MAX_SHOWN).map(|problem| shown(place, problem)).collect();
    if problems.len() > MAX_SHOWN {
        drawing.push(format!("and {} more: `--json` lists all", problems.len() - MAX_SHOWN));
    }
    let mut failure = Failure::new(Kind::InputRefused, message)
        .fix("correct the lines, or leave them out with `--skip-invalid`");
    failure.drawing = Some(drawing.join("\n"));
    failure.problems = problems.into_iter().map(|problem| problem.problem).collect();
    failure
}

/// Returns a problem in one line, such as `boats.jsonl:17: prompt: must be …`.
fn shown(place: &str, LineProblem { line, problem }: &LineProblem) -> String {
    let path = if problem.path.is_empty() { String::new() } else { format!("{}: ", problem.path) };
    let found = problem.found.as_ref().map(|found| format!(" (found {found})"));
    let text = format!("{path}{}{} [{}]", problem.message, found.unwrap_or_default(), problem.rule);
    format!("{}:{line}: {}", escaped(place), escaped(&text))
}

/// Returns the reply for a batch that was added, with its price.
async fn added(
    ledger: &Ledger,
    output: Output,
    batch: &Batch,
    place: &str,
    checked: &Checked,
) -> Result<Reply> {
    let lines = checked.good.len();
    let most = checked.good.iter().filter_map(Good::most).fold(Usd::ZERO, |sum, one| sum + one);
    let unpriced = checked.good.iter().filter(|good| good.most().is_none()).count();
    let skipped: BTreeSet<u64> = checked.problems.iter().map(|problem| problem.line).collect();
    let mut text = format!("batch {}: {}", batch.name, count(lines, "line"));
    if !skipped.is_empty() {
        text.push_str(&format!(", {} left out", skipped.len()));
        for problem in checked.problems.iter().take(MAX_SHOWN) {
            output.warn(&shown(place, problem));
        }
    }
    text.push_str(&money(most, unpriced, lines));
    let (limits, usage) = (ledger.limits().await?, ledger.usage().await?);
    if let Some(budget) = limits.budget_per_day {
        text.push_str(&format!("\ntoday: ${} of a budget of ${budget}", usage.used_today));
    }
    output.note(&format!("nothing was sent; `rcomfy batch run {}` pays for them", batch.name));
    let data = json!({
        "batch": batch.name,
        "id": batch.id.to_string(),
        "lines": lines,
        "skipped": skipped.len(),
        "price_usd": if unpriced == 0 { Some(most.to_string()) } else { None },
        "unpriced": unpriced,
        "budget_per_day_usd": limits.budget_per_day.map(|usd| usd.to_string()),
        "problems": checked.problems.iter().map(|problem| &problem.problem).collect::<Vec<_>>(),
    });
    Ok(Reply::new(data, text))
}

/// Returns the price of all lines in words.
fn money(most: Usd, unpriced: usize, lines: usize) -> String {
    match unpriced {
        0 => format!(", at most ${most}"),
        unpriced if unpriced == lines => ", of an unknown price".to_owned(),
        unpriced => format!(", at most ${most} and {unpriced} of an unknown price"),
    }
}
