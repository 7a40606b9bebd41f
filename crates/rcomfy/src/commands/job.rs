//! `status`, `wait`, `result`, `cancel` and `download`: the steps of one job, by job or request id.

use runcomfy::client::{CancelOutcome, DownloadedFile, Raw};
use runcomfy::{Job as Request, RequestId};
use runcomfy_ledger::{Error, Job, Ledger, State, output_files};
use serde_json::json;

use super::run::{close, delivery, goal, outputs, saved};
use crate::args::{DownloadArgs, Global, WaitArgs};
use crate::drive::drive;
use crate::errors;
use crate::failure::{Failure, Kind, Result};
use crate::output::{Output, Reply};
use crate::session::{Backend, Session};
use crate::style::{escaped_json, hyperlink};
use crate::view;

/// A job that a person named.
enum Named {
    /// It is in the ledger.
    Known(Box<Job>),
    /// It was submitted by another program or machine.
    Foreign(Request<Raw>),
}

/// Returns the job that a text names.
async fn find(session: &Session, ledger: &Ledger, text: &str) -> Result<Named> {
    match ledger.find(text).await {
        Ok(job) => Ok(Named::Known(Box::new(job))),
        Err(Error::NoSuchJob(_)) => match text.parse::<RequestId>() {
            Ok(id) => Ok(Named::Foreign(session.client.raw().job(id))),
            Err(_) => Err(Error::NoSuchJob(text.to_owned()).into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// Shows the status of a job.
pub(crate) async fn status(text: &str, global: &Global, output: Output) -> Result<Reply> {
    let session = Session::open(global, output, Backend::Configured).await?;
    let ledger = session.ledger().await?;
    let (job, request) = match find(&session, &ledger, text).await? {
        Named::Foreign(request) => (None, request),
        Named::Known(job) => match (&job.request_id, job.state) {
            (Some(id), State::Accepted) => {
                let request = session.client.raw().job(id.clone());
                (Some(job), request)
            }
            _ => {
                let request = job.request_id.as_ref().map(ToString::to_string);
                let data = json!({
                    "job": job.id.to_string(),
                    "request_id": request,
                    "state": job.state.to_string(),
                    "status": null,
                    "queue_position": null,
                });
                return Ok(Reply::new(data, job.state.to_string()));
            }
        },
    };
    let status = request.status().await.map_err(|error| errors::call(&error))?;
    let position =
        status.queue_position.map(|position| format!(", position {position}")).unwrap_or_default();
    let data = json!({
        "job": job.as_ref().map(|job| job.id.to_string()),
        "request_id": request.id().to_string(),
        "state": job.map(|job| job.state.to_string()),
        "status": status.status.to_string(),
        "queue_position": status.queue_position,
    });
    Ok(Reply::new(data, format!("{}{position}", status.status)))
}

/// Waits for a job, and saves its outputs.
pub(crate) async fn wait(args: &WaitArgs, global: &Global, output: Output) -> Result<Reply> {
    let session = Session::open(global, output, Backend::Configured).await?;
    let ledger = session.ledger().await?;
    match find(&session, &ledger, &args.job).await? {
        Named::Known(job) => {
            let goal = goal(&args.delivery, job.id.as_str())?;
            let driven = drive(&session, &ledger, &job.id, goal).await;
            close(ledger).await;
            Ok(saved(&session, driven?))
        }
        Named::Foreign(request) => {
            let waited = request.wait_for(args.delivery.timeout).await;
            let completed = waited.map_err(|error| errors::call(&error))?;
            let goal = goal(&args.delivery, request.id().as_str())?;
            let Some(delivery) = goal.delivery else {
                let text = escaped_json(&format!("{:#}", completed.output));
                return Ok(Reply::new(json!({"output": completed.output}), text));
            };
            let files = session.client.download(&completed, &delivery).await;
            foreign(request.id(), files.map_err(|error| errors::download(&error))?).await
        }
    }
}

/// Returns the reply for the saved outputs of a job that is not in the ledger.
async fn foreign(id: &RequestId, files: Vec<DownloadedFile>) -> Result<Reply> {
    let files = output_files(files).await?;
    let paths: Vec<String> = files.iter().map(|file| hyperlink(&file.path)).collect();
    let outputs: Vec<_> = files.iter().map(view::output).collect();
    Ok(Reply::new(json!({"request_id": id.to_string(), "outputs": outputs}), paths.join("\n")))
}

/// Prints the output of a finished job.
pub(crate) async fn result(text: &str, global: &Global, output: Output) -> Result<Reply> {
    let session = Session::open(global, output, Backend::Configured).await?;
    let ledger = session.ledger().await?;
    let request = match find(&session, &ledger, text).await? {
        Named::Foreign(request) => request,
        Named::Known(job) => match (&job.result, &job.request_id) {
            (Some(result), _) => {
                let text = escaped_json(&format!("{:#}", result.output));
                return Ok(Reply::new(json!({"output": result.output}), text));
            }
            (None, Some(id)) => session.client.raw().job(id.clone()),
            (None, None) => return Err(no_request(&job)),
        },
    };
    let completed = request.result().await.map_err(|error| errors::call(&error))?;
    let completed = completed.ok_or_else(|| {
        Failure::new(Kind::Timeout, format!("request {} is not finished", request.id()))
            .request_id(request.id().to_string())
            .fix(format!("`rcomfy wait {}` waits for it", request.id()))
            .retryable()
    })?;
    let text = escaped_json(&format!("{:#}", completed.output));
    Ok(Reply::new(json!({"output": completed.output}), text))
}

/// Asks RunComfy to cancel a job.
pub(crate) async fn cancel(text: &str, global: &Global, output: Output) -> Result<Reply> {
    let session = Session::open(global, output, Backend::Configured).await?;
    let ledger = session.ledger().await?;
    let (job, outcome, name) = match find(&session, &ledger, text).await? {
        Named::Known(job) => {
            let (job, outcome) = ledger.cancel(&session.client, &job.id).await?;
            let name = format!("job {}", job.id);
            (Some(job), outcome, name)
        }
        Named::Foreign(request) => {
            let outcome = request.cancel().await.map_err(|error| errors::call(&error))?;
            (None, outcome, format!("request {}", request.id()))
        }
    };
    let text = match &outcome {
        CancelOutcome::Cancelled => format!("{name} is cancelled: it had not begun to run"),
        CancelOutcome::NotCancellable => {
            format!("{name} cannot be cancelled: it runs or is finished, and will be charged")
        }
        other => format!("{name}: {other}"),
    };
    let data = json!({"outcome": outcome.to_string(), "job": job.as_ref().map(view::data)});
    Ok(Reply::new(data, text))
}

/// Saves the outputs of a finished job.
pub(crate) async fn download(
    args: &DownloadArgs,
    global: &Global,
    output: Output,
) -> Result<Reply> {
    let session = Session::open(global, output, Backend::Configured).await?;
    let ledger = session.ledger().await?;
    let (request, job) = match find(&session, &ledger, &args.job).await? {
        Named::Foreign(request) => (request, None),
        Named::Known(job) => match &job.request_id {
            Some(id) => (session.client.raw().job(id.clone()), Some(job)),
            None => return Err(no_request(&job)),
        },
    };
    let name = job.as_ref().map_or(request.id().as_str(), |job| job.id.as_str());
    let to = delivery(args.output.as_deref(), name)?.replace();
    let kept = job.as_ref().and_then(|job| job.result.clone());
    let completed = match kept {
        Some(result) => result,
        None => request.result().await.map_err(|error| errors::call(&error))?.ok_or_else(|| {
            Failure::new(Kind::Timeout, format!("request {} is not finished", request.id()))
                .fix(format!("`rcomfy wait {}` waits for it, and saves its outputs", request.id()))
                .retryable()
        })?,
    };
    let files = session.client.download(&completed, &to).await;
    let files = files.map_err(|error| errors::download(&error))?;
    match job {
        Some(job) if job.state == State::Succeeded => {
            let job = ledger.delivered(&job.id, files).await?;
            Ok(outputs(job))
        }
        _ => foreign(request.id(), files).await,
    }
}

/// Returns the failure of a job that RunComfy does not know.
fn no_request(job: &Job) -> Failure {
    Failure::usage(format!("job {} is {}, and has no request at RunComfy", job.id, job.state))
        .job(job.id.to_string())
        .fix(format!("`rcomfy jobs show {}` has all about it", job.id))
}
