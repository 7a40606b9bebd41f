//! `rcomfy batch add`: checks every line, and writes the jobs down.

use std::collections::{BTreeSet, HashMap};

use runcomfy::client::Price as CatalogPrice;
use runcomfy_ledger::{Batch, Error, Ledger, NewBatch, Usd};
use serde_json::json;

use super::name_of;
use crate::args::Global;
use crate::args::batch::BatchAddArgs;
use crate::batch::check::{self, Checked, LineProblem};
use crate::batch::price::TotalPrice;
use crate::batch::source;
use crate::commands::approval::agree;
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
    if !args.yes && output.can_ask() {
        let what = format!("Add {} as batch {name}", count(checked.good.len(), "line"));
        agree(&ledger, &what, checked.price(), "added").await?;
    }
    let batch = create(&ledger, args, &name).await?;
    if let Err(error) = fill(&batch, args, model, &mut checked).await {
        batch.discard().await?;
        return Err(error);
    }
    if checked.good.is_empty() {
        batch.discard().await?;
        return Err(refused(&place, total, checked.problems));
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

/// Adds the lines, or none if the ledger refuses one. With `--skip-invalid`, those that it refuses are
/// left out. The lines that are left are those that were added.
async fn fill(
    batch: &Batch,
    args: &BatchAddArgs,
    model: KnownModel,
    checked: &mut Checked,
) -> Result<()> {
    let intents = checked.good.iter().map(|good| {
        let mut intent = good.intent(model);
        if let Some(ceiling) = args.max_cost {
            intent = intent.ceiling(ceiling);
        }
        if args.again { intent.again() } else { intent }
    });
    let left_out = if args.skip_invalid {
        batch.add_valid(intents).await?
    } else {
        match batch.add(intents).await {
            Err(Error::Line { line, source }) => vec![(line, *source)],
            added => return Ok(added.map(drop)?),
        }
    };
    let left_out: HashMap<u64, Error> = left_out.into_iter().collect();
    let (mut kept, mut problems) = (Vec::new(), Vec::new());
    for (good, line) in std::mem::take(&mut checked.good).into_iter().zip(1..) {
        match left_out.get(&line) {
            Some(error) => problems.push(problem(good.number, error)?),
            None => kept.push(good),
        }
    }
    // Without `--skip-invalid`, one bad line leaves out all.
    checked.good = if args.skip_invalid { kept } else { Vec::new() };
    checked.problems.extend(problems);
    checked.problems.sort_by_key(|problem| problem.line);
    Ok(())
}

/// Returns the problem of a line that the ledger refuses, or fails if it is not one of the line.
fn problem(line: u64, error: &Error) -> Result<LineProblem> {
    let rule = match error {
        Error::Twin(_) | Error::Repeated(_) => "twin",
        Error::InputFile(_) => "file",
        Error::NotJson(_) => "syntax",
        other => return Err(Failure::usage(format!("line {line}: {other}"))),
    };
    Ok(LineProblem::whole(line, rule, error.to_string()))
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
    let TotalPrice { most, unpriced } = checked.price();
    let unpriced = usize::try_from(unpriced).unwrap_or(usize::MAX);
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
