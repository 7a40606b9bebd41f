//! Pausing, cancelling and requeueing a batch: from any process, while others run it.

use std::time::Duration;

use futures_util::StreamExt;
use runcomfy::Client;
use runcomfy::client::CancelOutcome;
use tokio::time::{Instant, sleep};

use super::{Batch, Filling};
use crate::again::again;
use crate::database::{Tx, query};
use crate::engine;
use crate::error::Error;
use crate::id::JobId;
use crate::job::{Problem, ProblemKind};
use crate::state::State;
use crate::store::{self, place};

/// Number of jobs that RunComfy is asked to cancel at once.
const AT_ONCE: usize = 16;

/// The time for which a job that is being sent is waited for.
const MAX_SUBMIT: Duration = Duration::from_secs(130);
/// Time between two looks at it.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The end that is wanted for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Its result.
    Results,
    /// Its result, and its outputs saved.
    Files,
}

/// The outcome of cancelling a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cancelled {
    /// Number of jobs that were not sent, and cost nothing.
    pub unsent: u64,
    /// Number of jobs that RunComfy cancelled.
    pub cancelled: u64,
    /// Number of jobs that run on and will be charged: [`Batch::run`] brings their results.
    pub running: u64,
}

impl Batch {
    /// Sends nothing more, in every process, until [`Batch::resume`]. Jobs that were sent run to
    /// their end.
    ///
    /// # Errors
    ///
    /// [`Error::Moved`], and if the ledger cannot be written.
    pub async fn pause(&self) -> Result<(), Error> {
        again!(self.set_phase("paused"))
    }

    /// Sends jobs again, after [`Batch::pause`] or [`Batch::cancel`].
    ///
    /// # Errors
    ///
    /// [`Error::Moved`], and if the ledger cannot be written.
    pub async fn resume(&self) -> Result<(), Error> {
        again!(self.set_phase("ready"))
    }

    async fn set_phase(&self, phase: &str) -> Result<(), Error> {
        let tx = self.begin_phase(phase).await?;
        self.ledger.inner.db.commit(tx).await
    }

    /// Sends nothing more, and cancels every job that was not sent. Returns their number.
    async fn cancel_unsent(&self, problem: &Problem) -> Result<u64, Error> {
        let db = &self.ledger.inner.db;
        let mut tx = self.begin_phase("cancelled").await?;
        let unsent = store::cancel_unsent(db, &mut tx, &self.id, problem).await?;
        db.commit(tx).await?;
        Ok(unsent)
    }

    async fn begin_phase(&self, phase: &str) -> Result<Tx, Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        place::check(db, &mut tx, &self.id).await?;
        let update = query("UPDATE batch SET state = $2 WHERE id = $1").bind(self.id.as_str());
        update.bind(phase).execute(&mut tx).await.map_err(|error| db.error(error))?;
        Ok(tx)
    }

    /// Cancels every job that was not sent, and asks RunComfy to cancel the others. RunComfy does
    /// not cancel a job that runs.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be written. A job that RunComfy does not answer about counts as
    /// running.
    pub async fn cancel(&self, client: &Client) -> Result<Cancelled, Error> {
        let problem = Problem::new(ProblemKind::Cancelled, "its batch was cancelled");
        let unsent = again!(self.cancel_unsent(&problem))?;
        let sent = self.ids("state IN ('sending', 'accepted')").await?;
        let all = sent.len() as u64;
        let cancelled = futures_util::stream::iter(sent)
            .map(|id| async move { u64::from(self.cancel_sent(client, &id).await) })
            .buffer_unordered(AT_ONCE)
            .fold(0, |sum, one| async move { sum + one })
            .await;
        Ok(Cancelled { unsent, cancelled, running: all - cancelled })
    }

    /// Asks RunComfy to cancel a job, after the submit that may be on its way has its outcome.
    /// Returns `true` if it did.
    async fn cancel_sent(&self, client: &Client, id: &JobId) -> bool {
        let start = Instant::now();
        loop {
            match self.ledger.cancel(client, id).await {
                Err(Error::BeingSent(_)) if start.elapsed() < MAX_SUBMIT => {
                    sleep(LOOK_AGAIN).await;
                }
                outcome => return matches!(outcome, Ok((_, CancelOutcome::Cancelled))),
            }
        }
    }

    /// Pays again for the lines in these states: failed, refused or cancelled. Each gets a new job,
    /// which [`Batch::run`] sends. Without states, only the rows of the queue are made again.
    /// Returns the number of new jobs.
    ///
    /// # Errors
    ///
    /// [`Error::NotRequeued`] for any other state, or if the ledger cannot be written.
    pub async fn requeue(&self, states: &[State]) -> Result<u64, Error> {
        let mut new = 0;
        for state in states {
            if !matches!(state, State::Failed | State::Refused | State::Cancelled) {
                return Err(Error::NotRequeued(*state));
            }
        }
        for state in states {
            for id in self.ids(&format!("state = '{state}'")).await? {
                new += u64::from(again!(self.repeat(&id, *state))?);
            }
        }
        again!(self.set_phase("ready"))?;
        self.wake_queue().await?;
        // A run that saves files gives rows to the results that are not saved.
        Filling::new(self, Wanted::Results).end().await?;
        Ok(new)
    }

    /// Pays for a job again. Returns `false` if it is no longer in this state.
    async fn repeat(&self, id: &JobId, state: State) -> Result<bool, Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        let new = store::repeat_from(db, &mut tx, id, state).await?;
        db.commit(tx).await?;
        Ok(new.is_some())
    }

    /// Makes every job with a row in the queue due at once.
    pub(super) async fn wake_queue(&self) -> Result<(), Error> {
        self.ledger.prepare_queue().await?;
        again!(self.wake())
    }

    async fn wake(&self) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        let mut tx = db.begin().await?;
        engine::wake(&mut tx, Some(&self.id)).await.map_err(|error| db.error(error))?;
        db.commit(tx).await
    }

    /// Returns `true` if more jobs have something left to do than have a row in the queue.
    pub(crate) async fn lacks_rows(&self) -> Result<bool, Error> {
        let db = &self.ledger.inner.db;
        let map = |error| db.error(error);
        let select = "SELECT COUNT(*) AS jobs FROM job WHERE batch = $1 AND superseded = 0
            AND state IN ('intended', 'sending', 'accepted')
            AND (line IS NULL OR line <= (SELECT lines FROM batch WHERE id = $1))";
        let jobs = query(select).bind(self.id.as_str()).fetch_one(db.readers()).await;
        let jobs = jobs.and_then(|row| row.int("jobs")).map_err(map)?;
        Ok(jobs > engine::rows(db, &self.id).await.map_err(map)?)
    }
}
