//! `rcomfy run`: checks an input, pays for it once, waits, and saves the outputs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::ArgMatches;
use runcomfy::client::{DownloadOptions, Estimate};
use runcomfy::{AnyInput, InputPath, Valid};
use runcomfy_ledger::{Error, Intent, Job, Ledger, Price, Step, StepOptions, Usd};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::approval;
use crate::args::{DeliveryArgs, Global, RunArgs};
use crate::config::Config;
use crate::drive::{Goal, drive, finished};
use crate::failure::{Failure, Result};
use crate::input::references::Lookup;
use crate::input::{self, Input, problems};
use crate::output::{Output, Reply};
use crate::session::{Backend, Session};
use crate::style::{escaped_json, shortened};
use crate::view;

/// The longest time for which the end of a command waits for the outcome of a submit.
const MAX_CLOSING: Duration = Duration::from_secs(10);
/// The most characters of a media value that `--dry-run` shows.
const MAX_MEDIA: usize = 60;

/// Submits a job, and returns as soon as it is accepted.
pub(crate) async fn submit(
    args: RunArgs,
    matches: &ArgMatches,
    global: &Global,
    output: Output,
) -> Result<Reply> {
    run(&RunArgs { no_wait: true, ..args }, matches, global, output).await
}

/// Runs a job.
pub(crate) async fn run(
    args: &RunArgs,
    matches: &ArgMatches,
    global: &Global,
    output: Output,
) -> Result<Reply> {
    let simulate = args.simulate.simulate;
    let lookup = if simulate.is_none() { Lookup::RunComfy } else { Lookup::Ledger };
    let input = input::read(&args.input, matches, global, output, lookup).await?;
    let valid = if args.no_check { Valid::assume(input.any()?) } else { checked(&input)? };
    let backend = match simulate {
        Some(trouble) => Backend::Simulator(input.model, trouble),
        None => Backend::Configured,
    };
    let session = Session::open(global, output, backend).await?;
    if !args.no_check {
        measure(&session, &input, &valid).await?;
    }
    if args.dry_run {
        return dry_run(&session, &input, &valid);
    }
    let price = price(&session, &input, &valid).await;
    let ledger = session.ledger().await?;
    let job = intend(&session, &ledger, args, &valid, price).await?;
    let id = job.id.to_string();
    let price = view::price(&job);
    output.event("intended", json!({"job": id, "model": job.model, "price_usd": price}));
    let outcome = if args.no_wait {
        accepted(&session, &ledger, job, args.delivery.timeout).await
    } else {
        let driven = drive(&session, &ledger, &job.id, goal(&args.delivery, &id)?).await;
        driven.map(|job| saved(&session, job))
    };
    close(ledger).await;
    let reply = outcome.map_err(|failure| simulated(failure, &session))?;
    if args.open {
        open(&reply.data);
    }
    Ok(reply)
}

/// Returns a failure whose next step says that the ledger of a simulator has ended.
fn simulated(failure: Failure, session: &Session) -> Failure {
    match &failure.fix {
        Some(fix) if session.is_simulated() => {
            let fix = format!("at RunComfy, this would be next: {fix}");
            failure.fix(fix)
        }
        _ => failure,
    }
}

/// Checks the shape and the bounds of an input.
pub(crate) fn checked(input: &Input) -> Result<Valid<AnyInput>> {
    let validator = input.model.validator()?;
    let checked = input.validate(validator.as_ref())?;
    checked.map_err(|violations| problems::refused(input, &violations))
}

/// Measures the media of an input, and shows what could not be checked.
pub(crate) async fn measure(
    session: &Session,
    input: &Input,
    valid: &Valid<AnyInput>,
) -> Result<()> {
    let report = session.client.preflight(valid).await;
    for warning in &report.warnings {
        session.output.warn(&format!("{}: {}", warning.path, warning.message));
    }
    let is_broken =
        |path: &InputPath| report.violations.iter().any(|violation| violation.path == *path);
    for unchecked in report.unchecked.iter().filter(|unchecked| !is_broken(&unchecked.path)) {
        let (path, rule) = (&unchecked.path, &unchecked.rule);
        session.output.warn(&format!("{path}: {rule} was not checked: {}", unchecked.reason));
    }
    if report.violations.is_empty() {
        Ok(())
    } else {
        Err(problems::refused(input, &report.violations))
    }
}

/// Returns the price of a job, as far as the catalog and the input tell it, and shows it.
async fn price(session: &Session, input: &Input, valid: &Valid<AnyInput>) -> Price {
    let cached = input.model.live.and_then(|live| live.price.as_ref());
    let estimate = match session.client.estimate(valid).await {
        Ok(estimate) => estimate,
        // The catalog is not needed to pay, so the price of yesterday is better than none.
        Err(_) if !session.is_simulated() => cached.map(|price| price.estimate(&**valid)),
        Err(_) => None,
    };
    let Some(estimate) = estimate else { return Price::Unknown };
    session.output.note(&format!("price {}", words(&estimate)));
    let most = estimate.max_usd.and_then(|most| Usd::from_dollars(most).ok());
    most.map_or(Price::Unknown, Price::Known)
}

/// Returns an estimate as people write it, such as `$0.10 to $0.50`.
fn words(estimate: &Estimate) -> String {
    let least = dollars(estimate.min_usd);
    match estimate.max_usd.map(dollars) {
        Some(most) if most == least => format!("${most}"),
        Some(most) => format!("${least} to ${most}"),
        None => format!("at least ${least}"),
    }
}

fn dollars(usd: f64) -> String {
    Usd::from_dollars(usd).map_or_else(|_| usd.to_string(), |usd| usd.to_string())
}

/// Closes a ledger, after the submit that may be on its way has its outcome.
pub(crate) async fn close(ledger: Ledger) {
    // A submit that takes longer is found and settled by the next start.
    let _ = tokio::time::timeout(MAX_CLOSING, ledger.close()).await;
}

/// Writes the job down. A twin is an error, unless the person at the terminal wants to pay again.
async fn intend(
    session: &Session,
    ledger: &Ledger,
    args: &RunArgs,
    valid: &Valid<AnyInput>,
    price: Price,
) -> Result<Job> {
    let written = |error: runcomfy::ToJsonError| Failure::usage(error.to_string());
    let mut intent = Intent::of(valid).map_err(written)?.price(price);
    if let Some(ceiling) = approval::ceiling(args, price, session.output)? {
        intent = intent.ceiling(ceiling);
    }
    if args.again {
        intent = intent.again();
    }
    match ledger.intend(intent.clone()).await {
        Err(Error::Twin(twin)) if session.output.can_ask() && approval::pay_again(&twin) => {
            Ok(ledger.intend(intent.again()).await?)
        }
        written => Ok(written?),
    }
}

/// Sends a job once a limit has room for it, and returns once its outcome is known.
async fn accepted(
    session: &Session,
    ledger: &Ledger,
    job: Job,
    timeout: Duration,
) -> Result<Reply> {
    let options = StepOptions::new().wait_at_most(Duration::ZERO);
    let start = Instant::now();
    let job = loop {
        match ledger.step(&session.client, &job.id, &options).await? {
            Step::Finished(job) => break finished(job)?,
            Step::NeedsPerson(job) => return Err(Error::Unknown(job).into()),
            Step::Later { job, .. } if job.request_id.is_some() => break *job,
            Step::Later { job, .. } if start.elapsed() >= timeout => {
                return Err(Error::NotFinished(job).into());
            }
            Step::Later { after, .. } => {
                sleep(after.min(timeout.saturating_sub(start.elapsed()))).await;
            }
            _ => break ledger.job(&job.id).await?,
        }
    };
    session.output.note(&format!("`rcomfy wait {}` waits for it and saves its outputs", job.id));
    let text = job.request_id.as_ref().map_or_else(|| job.id.to_string(), ToString::to_string);
    Ok(Reply::new(view::data(&job), text))
}

/// Returns the end that the options want for a job.
pub(crate) fn goal(args: &DeliveryArgs, job: &str) -> Result<Goal> {
    let delivery = if args.urls_only { None } else { Some(delivery(args.output.as_deref(), job)?) };
    Ok(Goal { timeout: args.timeout, delivery })
}

/// Returns the place of a job's outputs: the option, the configuration, or the current folder.
///
/// A last part with a placeholder is the name of each file, and one with an extension the only
/// file. Anything else is a folder.
pub(crate) fn delivery(template: Option<&str>, job: &str) -> Result<DownloadOptions> {
    let configured = Config::read()?.file.output;
    let template = template.map(str::to_owned).or(configured).unwrap_or_else(|| ".".to_owned());
    let path = PathBuf::from(template.replace("{job}", job));
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !name.contains('{') {
        return Ok(match path.extension() {
            Some(_) => DownloadOptions::to_file(path),
            None => DownloadOptions::into_folder(path),
        });
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    DownloadOptions::into_folder(folder).named(name).map_err(|error| {
        Failure::usage(format!("--output {template}: {error}"))
            .fix("write a folder, a file, or a pattern such as `out/{job}/{index}.{ext}`")
    })
}

/// Shows the cost of a job that was just run, and returns its reply.
pub(crate) fn saved(session: &Session, job: Job) -> Reply {
    if let Some(cost) = job.cost {
        let simulated = if session.is_simulated() { " (simulated)" } else { "" };
        session.output.note(&format!("cost ${cost}{simulated}"));
    }
    outputs(job)
}

/// Returns the reply for a job that is done: its paths, or the addresses of its outputs.
pub(crate) fn outputs(job: Job) -> Reply {
    let mut text = view::paths(&job);
    if job.outputs.is_empty() {
        let output = job.result.as_ref().map(|result| result.output.clone()).unwrap_or_default();
        text = escaped_json(&format!("{output:#}"));
    }
    let mut data = view::data(&job);
    data["output"] = job.result.map(|result| result.output).unwrap_or_default();
    Reply::new(data, text)
}

/// Prints the request as it would be sent.
fn dry_run(session: &Session, input: &Input, valid: &Valid<AnyInput>) -> Result<Reply> {
    let mut body = input.value.clone();
    for (pointer, path) in &input.files {
        if let Some(place) = body.pointer_mut(pointer) {
            *place = Value::from(format!("data:…, the content of {}", path.display()));
        }
    }
    shorten(&mut body);
    let url = format!("{}/models/{}", session.api_base, valid.model().id.replace(' ', "%20"));
    let shown = escaped_json(&format!("{body:#}"));
    let text =
        format!("POST {url}\nAuthorization: Bearer …\nContent-Type: application/json\n\n{shown}");
    Ok(Reply::new(json!({"method": "POST", "url": url, "body": body}), text))
}

/// Shortens the data URIs of a body.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with("data:") => *text = shortened(text, MAX_MEDIA),
        Value::Array(list) => list.iter_mut().for_each(shorten),
        Value::Object(object) => object.values_mut().for_each(shorten),
        _ => {}
    }
}

/// Opens the saved files with the programs of this user.
fn open(data: &Value) {
    let outputs = data["outputs"].as_array().into_iter().flatten();
    for path in outputs.filter_map(|output| output["path"].as_str()) {
        // A machine without a desktop opens nothing.
        let _ = open::that_detached(path);
    }
}
