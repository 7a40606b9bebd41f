//! Drives one job to its end, with the live line, Ctrl-C and the signal to end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use runcomfy::client::{CancelOutcome, DownloadOptions};
use runcomfy_ledger::{Error, Job, JobId, Ledger, State, Step, StepOptions, Wait};
use serde_json::json;

use crate::failure::{Failure, Kind, Result};
use crate::interrupt::{Interrupt, Interrupts};
use crate::live::Live;
use crate::session::Session;

/// The longest time for which a wait does not look at the clock: a suspended machine wakes up, and
/// the wall clock has moved on.
const MAX_NAP: Duration = Duration::from_secs(60);
/// A wait that ends this long after its timeout was stopped in between, such as by a laptop that
/// was closed. The job may have ended long ago, so RunComfy is asked once more.
const LATE: Duration = Duration::from_secs(1);
/// The time for that last question.
const LAST_CALL: Duration = Duration::from_secs(5);
/// The time for which the first Ctrl-C waits for a submit that is on its way.
const SETTLE: Duration = Duration::from_secs(10);

/// The end that a command wants for a job.
pub(crate) struct Goal {
    /// The time to wait for the end.
    pub timeout: Duration,
    /// The place of the outputs, or `None` to save nothing.
    pub delivery: Option<DownloadOptions>,
}

/// Drives a job to its end.
pub(crate) async fn drive(
    session: &Session,
    ledger: &Ledger,
    id: &JobId,
    goal: Goal,
) -> Result<Job> {
    let is_sent = ledger.job(id).await?.state != State::Intended;
    let doing = if is_sent { "asking for the status" } else { "sending" };
    let live = Arc::new(Live::start(session.output, doing));
    let options = options(&live, goal.delivery);
    let mut interrupts = Interrupts::new()?;
    let start = Instant::now();
    let mut timeout = goal.timeout;
    loop {
        let left = timeout.saturating_sub(start.elapsed());
        let options = options.clone().wait_at_most(left.min(MAX_NAP));
        let step = tokio::select! {
            step = ledger.step(&session.client, id, &options) => step?,
            interrupt = interrupts.next() => {
                interrupted(session, ledger, id, &live, interrupt, &mut interrupts).await?;
                continue;
            }
        };
        match step {
            Step::Finished(job) => return finished(job),
            Step::NeedsPerson(job) => return Err(Error::Unknown(job).into()),
            Step::Later { .. } if timeout == goal.timeout && start.elapsed() > timeout + LATE => {
                timeout = start.elapsed() + LAST_CALL;
            }
            Step::Later { job, .. } if start.elapsed() >= timeout => {
                return Err(Error::NotFinished(job).into());
            }
            Step::Later { reason, after, .. } => {
                if let Wait::Limit(limit) = reason {
                    live.show(&format!("waiting for room in {limit}"));
                }
                tokio::select! {
                    () = tokio::time::sleep(after.min(left)) => {}
                    interrupt = interrupts.next() => {
                        interrupted(session, ledger, id, &live, interrupt, &mut interrupts).await?;
                    }
                }
            }
            // A step of a later version: its row is the truth.
            _ => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

fn options(live: &Arc<Live>, delivery: Option<DownloadOptions>) -> StepOptions {
    let shown = Arc::clone(live);
    let options = StepOptions::new().on_status(move |job, status| shown.status(job, status));
    match delivery {
        Some(delivery) => {
            let shown = Arc::clone(live);
            options.deliver(delivery.on_progress(move |progress| shown.download(progress)))
        }
        None => options,
    }
}

/// Returns a job that has its result, and any other as its failure.
pub(crate) fn finished(job: Box<Job>) -> Result<Job> {
    Err(match job.state {
        State::Failed => Error::Failed(job),
        State::Cancelled => Error::Cancelled(job),
        State::Refused => Error::Refused(job),
        State::GivenUp => Error::GivenUp(job),
        _ => return Ok(*job),
    }
    .into())
}

/// Asks RunComfy to cancel on the first Ctrl-C. Returns a failure if the command ends here.
async fn interrupted(
    session: &Session,
    ledger: &Ledger,
    id: &JobId,
    live: &Live,
    interrupt: Interrupt,
    interrupts: &mut Interrupts,
) -> Result<()> {
    if interrupt != Interrupt::Cancel {
        return Err(detached(ledger, id).await);
    }
    live.show("asking RunComfy to cancel");
    session.output.event("cancelling", json!({"job": id.to_string()}));
    let cancelled = tokio::select! {
        cancelled = tokio::time::timeout(SETTLE, cancel(session, ledger, id)) => cancelled,
        _ = interrupts.next() => return Err(detached(ledger, id).await),
    };
    match cancelled {
        Ok(Ok((job, CancelOutcome::Cancelled))) => {
            let money = match job.request_id {
                None => "it was not sent, and costs nothing",
                Some(_) => "it had not begun to run",
            };
            live.note(&format!("cancelled job {id}: {money}"));
            Err(Error::Cancelled(Box::new(job)).into())
        }
        Ok(Ok((_, _))) => {
            live.note("RunComfy does not cancel a job that runs: it will be charged.");
            live.note("Waiting for its result; Ctrl-C again detaches.");
            Ok(())
        }
        // It ended in the meantime, and the next step shows how.
        Ok(Err(Error::Illegal { .. })) => Ok(()),
        Ok(Err(error)) => {
            live.note(&format!("cannot cancel: {error}; Ctrl-C again detaches"));
            Ok(())
        }
        Err(_) => {
            live.note("RunComfy does not answer; Ctrl-C again detaches");
            Ok(())
        }
    }
}

/// Cancels a job, after the submit that may be on its way has its outcome.
async fn cancel(
    session: &Session,
    ledger: &Ledger,
    id: &JobId,
) -> std::result::Result<(Job, CancelOutcome), Error> {
    loop {
        match ledger.cancel(&session.client, id).await {
            Err(Error::BeingSent(_)) => tokio::time::sleep(Duration::from_millis(100)).await,
            outcome => return outcome,
        }
    }
}

/// Returns the failure of a command that leaves its job running.
async fn detached(ledger: &Ledger, id: &JobId) -> Failure {
    let job = ledger.job(id).await.ok();
    let is_sent = job.as_ref().is_none_or(|job| job.state != State::Intended);
    let (message, fix) = if is_sent {
        (format!("detached; job {id} continues at RunComfy"), format!("`rcomfy wait {id}` resumes"))
    } else {
        (
            format!("interrupted; job {id} was not sent"),
            format!("`rcomfy jobs resume {id}` sends it"),
        )
    };
    let failure = Failure::new(Kind::Interrupted, message).job(id.to_string()).fix(fix);
    match job.and_then(|job| job.request_id) {
        Some(request) => failure.request_id(request.to_string()),
        None => failure,
    }
}
