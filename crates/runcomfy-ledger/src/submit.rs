//! Sends a job: the one thing that costs money.

use std::time::Duration;

use runcomfy::client::{ApiErrorKind, SubmitError};
use runcomfy::{Client, RequestId};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::accounts;
use crate::again::again;
use crate::error::Error;
use crate::id::JobId;
use crate::intent::request_body;
use crate::job::{Job, Problem, ProblemKind};
use crate::ledger::{Ledger, blocking};
use crate::limits::LimitName;
use crate::owner::Run;
use crate::state::State;
use crate::store::{self, Change, Turn};

/// Delay before the second attempt to write down an outcome. Each is longer than the one before.
const WRITE_DELAY: Duration = Duration::from_millis(200);
/// The longest of these delays.
const MAX_WRITE_DELAY: Duration = Duration::from_secs(5);
/// Longest time between the commit of a row that is `sending` and its request. Others wait longer
/// than this before they take the row.
const MAX_PAUSE: Duration = Duration::from_secs(20);

/// Delay after an HTTP 429 that asks for none.
const DEFAULT_DELAY: Duration = Duration::from_secs(2);
/// The longest delay that a server may ask for.
const MAX_DELAY: Duration = Duration::from_secs(15 * 60);

/// The outcome of trying to send a job.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The outcome is in the ledger.
    Settled(Box<Job>),
    /// A limit has no room, and nothing was sent.
    Wait(LimitName, Duration),
    /// Its batch is paused or cancelled, and nothing was sent.
    Paused,
}

impl Ledger {
    /// Sends an intended job in a task of its own, which writes down the outcome even if this
    /// future is dropped.
    pub(crate) async fn send(&self, client: &Client, job: Job) -> Result<Sent, Error> {
        let (ledger, client, id) = (self.clone(), client.clone(), job.id.clone());
        match tokio::spawn(async move { ledger.send_here(&client, job).await }).await {
            Ok(sent) => sent,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(Error::Interrupted(id)),
        }
    }

    async fn send_here(&self, client: &Client, job: Job) -> Result<Sent, Error> {
        let db = &self.inner.db;
        let (input, files) = (job.input, job.files);
        let body = blocking(move || Ok(request_body(input, &files))).await?;
        let body = match body {
            Ok(body) => body,
            Err(error) => {
                let problem = Problem::new(ProblemKind::File, error.to_string());
                let change = Change::to(State::Refused).because(&problem);
                return Ok(Sent::Settled(Box::new(store::change(db, &job.id, change).await?)));
            }
        };
        let run = self.begin().await?;
        let name = run.name();
        // Committed and synced before anything leaves this machine.
        let begun = match store::begin_sending(db, &job.id, &name).await {
            Ok(Turn::Sending(begun)) => begun,
            Ok(Turn::Wait(limit, after)) => return Ok(Sent::Wait(limit, after)),
            Ok(Turn::Paused) => return Ok(Sent::Paused),
            Err(error @ Error::Database { .. }) => {
                // It may have been committed, although the answer got lost.
                let _ = self.take_back(&job.id, &name).await;
                return Err(error);
            }
            Err(error) => return Err(error),
        };
        // This process was stopped in between, and others may take it for dead.
        if begun.elapsed() > MAX_PAUSE {
            let job = self.take_back(&job.id, &name).await?;
            return Ok(Sent::Settled(Box::new(job)));
        }
        // A delay that RunComfy asks for is kept by every worker, and not by this call alone.
        let raw = client.raw().max_retry_after(Duration::ZERO);
        let outcome = raw.submit(&job.model, &body).await;
        let delay = match &outcome {
            Err(SubmitError::Rejected(error)) if error.kind == ApiErrorKind::RateLimit => {
                Some(error.retry_after.unwrap_or(DEFAULT_DELAY).min(MAX_DELAY))
            }
            _ => None,
        };
        // Before the job can be sent again, and the outcome is written whatever happens here.
        if let Some(delay) = delay
            && let Err(error) = self.delay_submits(delay).await
        {
            tracing::warn!(%error, "the delay that RunComfy asked for is not in the ledger");
        }
        match (self.write_outcome(&job.id, &run, outcome).await, delay) {
            (Err(Error::NotSent { .. }), Some(delay)) => {
                Ok(Sent::Wait(LimitName::RetryAfter, delay))
            }
            (written, _) => Ok(Sent::Settled(Box::new(written?))),
        }
    }

    /// Lets no process that uses this ledger submit for this time.
    async fn delay_submits(&self, time: Duration) -> Result<(), Error> {
        again!(self.delay_submits_once(time))
    }

    async fn delay_submits_once(&self, time: Duration) -> Result<(), Error> {
        let db = &self.inner.db;
        let mut tx = db.begin().await?;
        accounts::delay_submits(&mut tx, time).await.map_err(|error| db.error(error))?;
        db.commit(tx).await
    }

    /// Makes a job `intended` again of which nothing was sent.
    async fn take_back(&self, id: &JobId, run: &str) -> Result<Job, Error> {
        let problem = Problem::new(ProblemKind::NotSent, "nothing was sent in time");
        self.write(id, || Change::to(State::Intended).because(&problem).by(run)).await
    }

    /// Writes down the outcome of a submit.
    async fn write_outcome(
        &self,
        id: &JobId,
        run: &Run,
        outcome: Result<runcomfy::Job<runcomfy::client::Raw>, SubmitError>,
    ) -> Result<Job, Error> {
        let error = match outcome {
            Ok(accepted) => return self.write_accepted(id, run, accepted.id()).await,
            Err(SubmitError::OutcomeUnknown { id: Some(found), .. }) => {
                return self.write_accepted(id, run, &found).await;
            }
            Err(error) => error,
        };
        let (state, problem) = judged(&error);
        let name = run.name();
        let written = match self.write(id, || Change::to(state).because(&problem).by(&name)).await {
            // It was committed, although the answer got lost.
            Err(Error::Illegal { state: found, .. }) if found == state => self.job(id).await,
            written => written,
        };
        let job = written.map_err(|source| Error::NotWritten {
            id: id.clone(),
            request_id: None,
            source: Box::new(source),
        })?;
        match job.state {
            State::Intended => Err(Error::NotSent { id: id.clone(), source: Box::new(error) }),
            _ => Ok(job),
        }
    }

    /// Writes down a request id. It goes to the file of this owner if the database fails.
    async fn write_accepted(
        &self,
        id: &JobId,
        run: &Run,
        request_id: &RequestId,
    ) -> Result<Job, Error> {
        let name = run.name();
        let source = match self.write(id, || Change::accepted(request_id).by(&name)).await {
            Ok(job) => return Ok(job),
            Err(Error::RequestIdTaken { request_id, job }) => {
                let problem = Problem::repeated(&request_id, &job);
                return self
                    .write(id, || Change::to(State::Unknown).because(&problem).by(&name))
                    .await;
            }
            Err(source) => source,
        };
        // Somebody may have settled it with this id meanwhile.
        if let Ok(job) = self.job(id).await
            && job.request_id.as_ref() == Some(request_id)
        {
            return Ok(job);
        }
        tracing::error!(job = %id, request_id = %request_id, error = %source, "not in the ledger");
        if let Err(error) = run.write(request_id) {
            tracing::error!(job = %id, request_id = %request_id, %error, "written nowhere");
        }
        let (id, request_id) = (id.clone(), Some(request_id.clone()));
        Err(Error::NotWritten { id, request_id, source: Box::new(source) })
    }

    /// Writes a change, and tries again if the disk is full or the database is held.
    async fn write<'a>(&self, id: &JobId, change: impl Fn() -> Change<'a>) -> Result<Job, Error> {
        let db = &self.inner.db;
        let (start, mut delay) = (Instant::now(), WRITE_DELAY);
        loop {
            match store::change(db, id, change()).await {
                Err(error) if error.may_pass() && start.elapsed() + delay < db.patience() => {
                    sleep(delay).await;
                    delay = (delay * 2).min(MAX_WRITE_DELAY);
                }
                written => return written,
            }
        }
    }
}

/// Returns the state after a submit that gave no request id, and the problem to keep.
fn judged(error: &SubmitError) -> (State, Problem) {
    let (state, kind, detail) = match error {
        SubmitError::OutcomeUnknown { body, .. } => {
            let detail = body.as_deref().map_or(Value::Null, Value::from);
            (State::Unknown, ProblemKind::OutcomeUnknown, detail)
        }
        SubmitError::Rejected(error) => {
            let detail = serde_json::to_value(error).unwrap_or_default();
            match error.kind {
                // A person can put these right, and then the same job is accepted.
                ApiErrorKind::Token | ApiErrorKind::Balance | ApiErrorKind::RateLimit => {
                    (State::Intended, ProblemKind::NotSent, detail)
                }
                _ => (State::Refused, ProblemKind::Rejected, detail),
            }
        }
        SubmitError::NotSent(_) | SubmitError::File { .. } => {
            (State::Intended, ProblemKind::NotSent, Value::Null)
        }
        // An error that this version does not know was certainly not accepted only if it says so.
        SubmitError::ModelId(_) | SubmitError::Unwritable(_) | SubmitError::Refused(_) => {
            (State::Refused, ProblemKind::Rejected, Value::Null)
        }
        _ => (State::Unknown, ProblemKind::OutcomeUnknown, Value::Null),
    };
    (state, Problem::new(kind, said(error)).with_detail(detail))
}

/// Returns an error with its causes, on one line.
pub(crate) fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
