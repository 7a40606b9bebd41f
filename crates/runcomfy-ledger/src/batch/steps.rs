//! The steps of jobs in batches: each is what comes next for one job, when the queue says so.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use runcomfy::Client;
use runcomfy::client::{
    ApiErrorKind, DownloadError, DownloadErrorReason, JobErrorReason, SubmitError,
};

use super::BatchOptions;
use crate::again::again;
use crate::engine::{self, Next, Work};
use crate::error::Error;
use crate::id::{BatchId, JobId};
use crate::job::{Job, Problem, ProblemKind};
use crate::ledger::Ledger;
use crate::state::State;
use crate::step::{Step, StepOptions};
use crate::store::{self, Change};

/// The shortest time after which a job is due again.
const MIN_DELAY: Duration = Duration::from_millis(50);
/// Time after which a job is due again after an error that may pass.
const DELAY: Duration = Duration::from_secs(2);
/// The longest time between two attempts to save the outputs of a job.
const MAX_DOWNLOAD_DELAY: Duration = Duration::from_secs(5 * 60);

/// The steps of jobs in batches, in this process.
pub(crate) struct Steps {
    ledger: Ledger,
    client: Client,
    options: BatchOptions,
    /// Number of steps that have begun.
    begun: AtomicUsize,
    /// The reason why nothing more is sent.
    halt: Mutex<Option<Error>>,
    counts: Counts,
}

/// The numbers of a [`Worker`](crate::Worker) since it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerStatus {
    /// Number of steps that have begun and not ended: the jobs that it works on right now.
    pub at_work: u64,
    /// Number of steps that have begun.
    pub steps: u64,
    /// Number of submits whose outcome is in the ledger.
    pub submits: u64,
    /// Number of steps that are repeated because the ledger could not be read or written.
    pub repeated: u64,
    /// Number of jobs that it settled, by their state.
    pub settled: BTreeMap<State, u64>,
}

#[derive(Debug, Default)]
struct Counts {
    steps: AtomicU64,
    submits: AtomicU64,
    repeated: AtomicU64,
    settled: Mutex<BTreeMap<State, u64>>,
}

/// One step that has begun.
struct Begun<'a>(&'a AtomicUsize);

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Work for Steps {
    async fn step(&self, id: JobId) -> Next {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let _begun = Begun(&self.begun);
        self.counts.steps.fetch_add(1, Ordering::Relaxed);
        match self.advance(&id).await {
            Ok(next) => next,
            Err(error) => {
                self.counts.repeated.fetch_add(1, Ordering::Relaxed);
                // The database is busy or full: the job is due again, and its row is the truth.
                tracing::warn!(job = %id, %error, "the step is repeated");
                Next::After(DELAY)
            }
        }
    }
}

impl Steps {
    pub(crate) fn new(ledger: &Ledger, client: &Client, options: &BatchOptions) -> Self {
        Self {
            ledger: ledger.clone(),
            client: client.clone(),
            options: options.clone(),
            begun: AtomicUsize::new(0),
            halt: Mutex::default(),
            counts: Counts::default(),
        }
    }

    /// Returns the number of steps that have begun and not ended.
    pub(crate) fn begun(&self) -> usize {
        self.begun.load(Ordering::SeqCst)
    }

    /// Returns the numbers so far.
    pub(crate) fn status(&self) -> WorkerStatus {
        WorkerStatus {
            at_work: self.begun() as u64,
            steps: self.counts.steps.load(Ordering::Relaxed),
            submits: self.counts.submits.load(Ordering::Relaxed),
            repeated: self.counts.repeated.load(Ordering::Relaxed),
            settled: locked(&self.counts.settled).clone(),
        }
    }

    async fn advance(&self, id: &JobId) -> Result<Next, Error> {
        let ledger = &self.ledger;
        let job = match ledger.job(id).await {
            // It was pruned.
            Err(Error::NoSuchJob(_)) => return Ok(Next::Done),
            job => job?,
        };
        if job.state == State::Intended && self.has_halted() {
            return Ok(Next::After(DELAY));
        }
        let mut options = StepOptions::new();
        if let Some(place) = &self.options.delivery {
            options = options.deliver(place(&job));
        }
        let stepped = ledger.step(&self.client, id, &options).await;
        if let Ok(Step::Finished(now) | Step::NeedsPerson(now) | Step::Later { job: now, .. }) =
            &stepped
            && now.attempts > job.attempts
        {
            self.counts.submits.fetch_add(1, Ordering::Relaxed);
        }
        match stepped {
            Ok(Step::Finished(job)) => self.finish(&job).await,
            Ok(Step::NeedsPerson(job)) => Ok(self.report(&job)),
            Ok(Step::Later { after, .. }) => Ok(Next::After(after.max(MIN_DELAY))),
            Err(error) => self.judge(id, error).await,
        }
    }

    /// Pays for a job again that failed, if the batch allows it. Reports any other.
    async fn finish(&self, job: &Job) -> Result<Next, Error> {
        if job.state != State::Failed {
            return Ok(self.report(job));
        }
        let Some(batch) = &job.batch else { return Ok(self.report(job)) };
        if again!(self.retry(batch, &job.id))? { Ok(Next::Done) } else { Ok(self.report(job)) }
    }

    /// Pays for a failed job again. Returns `false` if its batch does not allow it.
    async fn retry(&self, batch: &BatchId, id: &JobId) -> Result<bool, Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        let Some(new) = store::retry(db, &mut tx, id).await? else { return Ok(false) };
        engine::enqueue(db, &mut tx, batch, &[new.id]).await?;
        db.commit(tx).await?;
        Ok(true)
    }

    /// Says what an error of a step means for its job and the batch.
    async fn judge(&self, id: &JobId, error: Error) -> Result<Next, Error> {
        let kind = match &error {
            Error::Twin(_) => ProblemKind::Twin,
            Error::Expired(_) => ProblemKind::Expired,
            Error::AboveCeiling { .. } | Error::AboveMaxCost { .. } | Error::UnknownPrice(_) => {
                ProblemKind::Money
            }
            Error::OverBudget { .. } => return Ok(self.halt(error)),
            Error::NotSent { source, .. } if stops(source) => return Ok(self.halt(error)),
            Error::Call { source, .. } => match &source.reason {
                JobErrorReason::Api(api) if api.kind == ApiErrorKind::Token => {
                    return Ok(self.halt(error));
                }
                // RunComfy no longer knows it. The job keeps its id, and the next run asks again.
                JobErrorReason::Api(api)
                    if matches!(api.kind, ApiErrorKind::NotFound | ApiErrorKind::Forbidden) =>
                {
                    return self.leave(id, &error).await;
                }
                _ => return Ok(Next::After(DELAY)),
            },
            Error::Download { source, .. } if is_final(source) => {
                return self.leave(id, &error).await;
            }
            Error::Download { .. } => return self.later(id).await,
            Error::NotSent { .. } => return Ok(Next::After(DELAY)),
            _ => return Err(error),
        };
        let problem = Problem::new(kind, error.to_string());
        let db = &self.ledger.inner.db;
        let change = Change::to(State::Refused).because(&problem);
        match store::change(db, id, change).await {
            Ok(job) => Ok(self.report(&job)),
            // Another process changed it.
            Err(Error::Illegal { .. } | Error::BeingSent(_)) => Ok(Next::After(DELAY)),
            Err(error) => Err(error),
        }
    }

    /// Leaves a job as it is: only a later run can bring it further.
    async fn leave(&self, id: &JobId, error: &Error) -> Result<Next, Error> {
        tracing::warn!(job = %id, %error, "left as it is");
        Ok(self.report(&self.ledger.job(id).await?))
    }

    /// Saves the outputs later: the longer the job has been finished, the longer the delay.
    async fn later(&self, id: &JobId) -> Result<Next, Error> {
        let ended = self.ledger.job(id).await?.ended_at;
        let age = ended.and_then(|time| SystemTime::now().duration_since(time).ok());
        Ok(Next::After(age.unwrap_or_default().clamp(DELAY / 4, MAX_DOWNLOAD_DELAY)))
    }

    fn report(&self, job: &Job) -> Next {
        if job.state.is_finished() || job.state == State::Unknown {
            *locked(&self.counts.settled).entry(job.state).or_default() += 1;
        }
        if let Some(call) = &self.options.on_job {
            call(job);
        }
        Next::Done
    }

    /// Sends nothing more.
    fn halt(&self, error: Error) -> Next {
        let mut halt = locked(&self.halt);
        if halt.is_none() {
            tracing::warn!(%error, "nothing is sent");
        }
        halt.get_or_insert(error);
        drop(halt);
        Next::After(DELAY)
    }

    /// Returns `true` if nothing more is sent.
    pub(crate) fn has_halted(&self) -> bool {
        locked(&self.halt).is_some()
    }

    /// Returns the reason why nothing more is sent, if it is such a one.
    pub(crate) fn take_halt_if(&self, is_it: impl Fn(&Error) -> bool) -> Option<Error> {
        locked(&self.halt).take_if(|error| is_it(error))
    }

    /// Returns the reason why nothing more is sent, and allows it again.
    pub(crate) fn take_halt(&self) -> Option<Error> {
        locked(&self.halt).take()
    }
}

/// Locks a mutex. Its value is whole even if a thread panicked while it held the lock.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns `true` if no other job would be accepted either.
fn stops(error: &SubmitError) -> bool {
    matches!(error, SubmitError::Rejected(api)
        if matches!(api.kind, ApiErrorKind::Token | ApiErrorKind::Balance))
}

/// Returns `true` if a file cannot be saved however often it is tried.
fn is_final(error: &DownloadError) -> bool {
    error.failed.iter().any(|failed| match &failed.reason {
        DownloadErrorReason::Status { http_status, .. } => {
            matches!(http_status, 400..=499) && !matches!(http_status, 408 | 429)
        }
        DownloadErrorReason::SeveralFiles(_)
        | DownloadErrorReason::Scheme(_)
        | DownloadErrorReason::Data(_)
        | DownloadErrorReason::Encoded(_)
        | DownloadErrorReason::Exists(_)
        | DownloadErrorReason::TooLarge(_) => true,
        _ => false,
    })
}
