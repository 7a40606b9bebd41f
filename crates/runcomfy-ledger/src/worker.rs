//! A worker: the steps of the jobs of every batch, until it is told to stop.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use runcomfy::Client;
use runcomfy::client::{ApiErrorKind, JobErrorReason, SubmitError};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::batch::{BatchOptions, Filling, Others, Steps, TAKE_OVER_AFTER, WorkerStatus};
use crate::engine::{self, Engine, Open};
use crate::error::Error;
use crate::id::BatchId;
use crate::ledger::Ledger;

/// Time between two looks at the batches.
const TICK: Duration = Duration::from_millis(500);
/// Time between two looks for jobs without a row in the queue: a person settled them, say.
const FILL: Duration = Duration::from_secs(60);
/// Time for which the queue of one batch is filled before the next look.
const PART: Duration = Duration::from_millis(100);
/// Time for which nothing is sent, after the budget is used up or the balance is empty.
const REST: Duration = Duration::from_secs(60);
/// Time after which a ledger that cannot be used ends the worker.
const MAX_SILENCE: Duration = Duration::from_secs(60);

/// Works on every batch of a ledger that is not paused, until it is stopped. Any number of workers
/// may use one ledger at once, on any number of machines, beside [`Batch::run`](crate::Batch::run).
///
/// ```no_run
/// # async fn example(ledger: runcomfy_ledger::Ledger, client: runcomfy::Client)
/// # -> Result<(), runcomfy_ledger::Error> {
/// use runcomfy_ledger::{BatchOptions, Worker};
///
/// let worker = Worker::new(&ledger, &client, &BatchOptions::new().deliver_into("out"));
/// tokio::select! {
///     ended = worker.run() => ended?,
///     _ = tokio::signal::ctrl_c() => {}
/// }
/// // Submits that are on their way have their outcome written down.
/// ledger.close().await;
/// # Ok(())
/// # }
/// ```
pub struct Worker {
    ledger: Ledger,
    steps: Arc<Steps>,
    options: BatchOptions,
    take_over_after: Duration,
    stop: watch::Sender<bool>,
}

/// The state of the loop of a worker.
struct Loop {
    engine: Engine,
    others: Others,
    /// The queues of the batches.
    queues: BTreeMap<BatchId, Queue>,
    /// The time until which nothing is sent.
    rests_until: Option<Instant>,
}

/// The queue of a batch.
struct Queue {
    filling: Filling,
    /// Number of lines of the batch when its filling began.
    lines: i64,
    /// When it was last looked for jobs without a row.
    checked: Instant,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("ledger", &self.ledger.name())
            .field("options", &self.options)
            .field("take_over_after", &self.take_over_after)
            .finish_non_exhaustive()
    }
}

impl Worker {
    /// Creates a worker. Nothing happens before [`Worker::run`].
    pub fn new(ledger: &Ledger, client: &Client, options: &BatchOptions) -> Self {
        Self {
            ledger: ledger.clone(),
            steps: Arc::new(Steps::new(ledger, client, options)),
            options: options.clone(),
            take_over_after: TAKE_OVER_AFTER,
            stop: watch::Sender::new(false),
        }
    }

    /// Sets the time without a sign of life after which the jobs of a worker on another machine go on
    /// here. Each gives six signs of life in this time, so every worker of a ledger needs the same.
    /// Defaults to 3 minutes, and is at least 3 seconds.
    #[must_use]
    pub fn take_over_after(mut self, time: Duration) -> Self {
        self.take_over_after = time.max(Duration::from_secs(3));
        self
    }

    /// Begins no further step, and ends [`Worker::run`]. It may be called at any time.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Returns what it did so far.
    pub fn status(&self) -> WorkerStatus {
        self.steps.status()
    }

    /// Works until [`Worker::stop`]. Then waiting and saving ends at once, and other workers go on
    /// with it; [`Ledger::close`] waits for the submits that are on their way.
    ///
    /// If the budget of the day is used up or the balance is empty, nothing is sent for a minute, and
    /// then it is tried again. Of a cancelled batch, the results of jobs that were sent are brought.
    ///
    /// # Errors
    ///
    /// [`Error::NotSent`] or [`Error::Call`] if the token is refused, and errors of the ledger that
    /// last for a minute.
    pub async fn run(&self) -> Result<(), Error> {
        // Others see it to be alive as long as this is held.
        let run = self.ledger.begin().await?;
        let owner = run.name();
        self.ledger.prepare_queue().await?;
        let mut all = Loop {
            engine: Engine::new(&self.ledger.inner.db, &owner, self.steps.clone())?,
            others: Others::new(&self.ledger, &owner, self.take_over_after),
            queues: BTreeMap::new(),
            rests_until: None,
        };
        let mut stopped = self.stop.subscribe();
        let ended = tokio::select! {
            ended = self.work(&mut all) => ended,
            _ = stopped.wait_for(|is_stopped| *is_stopped) => Ok(()),
        };
        all.engine.stop().await?;
        ended
    }

    /// Works until an error that does not pass.
    async fn work(&self, all: &mut Loop) -> Result<(), Error> {
        let mut failing_since = None;
        loop {
            match self.look(all).await {
                Ok(()) => failing_since = None,
                Err(error) => {
                    let since = *failing_since.get_or_insert_with(Instant::now);
                    if !error.may_pass() || since.elapsed() > MAX_SILENCE {
                        return Err(error);
                    }
                    tracing::warn!(%error, "the ledger cannot be used; trying again");
                }
            }
            if let Some(error) = self.steps.take_halt_if(is_about_the_token) {
                return Err(error);
            }
            sleep(TICK).await;
        }
    }

    /// Looks at the other workers and the batches once.
    async fn look(&self, all: &mut Loop) -> Result<(), Error> {
        let db = &self.ledger.inner.db;
        self.ledger.answers()?;
        all.others.look().await?;
        let at_once = self.options.places(self.ledger.limits().await?.jobs_in_flight);
        let open = engine::open(db, at_once).await.map_err(|error| db.error(error))?;
        for found in &open {
            self.fill(all, found).await?;
        }
        if self.rests(all) {
            return all.engine.work_on(&BTreeMap::new()).await;
        }
        all.engine.work_on(&shares(at_once, &open)).await
    }

    /// Returns `true` if nothing is to be sent right now.
    fn rests(&self, all: &mut Loop) -> bool {
        if !self.steps.has_halted() {
            return false;
        }
        match all.rests_until {
            None => {
                all.rests_until = Some(Instant::now() + REST);
                true
            }
            Some(until) if Instant::now() < until => true,
            Some(_) => {
                all.rests_until = None;
                self.steps.take_halt();
                false
            }
        }
    }

    /// Gives the jobs of a batch that lack a row in the queue one, or a part of them.
    async fn fill(&self, all: &mut Loop, found: &Open) -> Result<(), Error> {
        if found.lines == 0 {
            return Ok(());
        }
        let now = Instant::now();
        let queue = all.queues.get_mut(&found.batch).filter(|queue| queue.lines == found.lines);
        let is_known = queue.is_some();
        if let Some(queue) = queue {
            if !queue.filling.is_done() {
                return queue.filling.go_on(now + PART).await;
            }
            if now.duration_since(queue.checked) < FILL {
                return Ok(());
            }
            queue.checked = now;
        }
        let batch = match self.ledger.batch_of(&found.batch).await {
            // It was discarded.
            Err(Error::NoSuchBatch(_)) => return Ok(()),
            batch => batch?,
        };
        if is_known && !batch.lacks_rows().await? {
            return Ok(());
        }
        let mut filling = Filling::new(&batch, self.options.wanted());
        filling.go_on(now + PART).await?;
        let queue = Queue { filling, lines: found.lines, checked: now };
        all.queues.insert(found.batch.clone(), queue);
        Ok(())
    }
}

/// Divides the places among the batches: each gets the same number, unless it has fewer jobs.
fn shares(places: usize, open: &[Open]) -> BTreeMap<BatchId, usize> {
    let mut open: Vec<&Open> = open.iter().filter(|open| open.jobs > 0).collect();
    open.truncate(places);
    // Those with the fewest jobs leave the rest of their share to the others.
    open.sort_by_key(|open| open.jobs);
    let (mut left, mut batches) = (places, open.len());
    let mut shares = BTreeMap::new();
    for found in open {
        let share = found.jobs.min(left / batches).max(1);
        left -= share;
        batches -= 1;
        shares.insert(found.batch.clone(), share);
    }
    shares
}

/// Returns `true` if RunComfy refused the token: nothing can be sent, and no result be read.
fn is_about_the_token(error: &Error) -> bool {
    let api = match error {
        Error::NotSent { source, .. } => match &**source {
            SubmitError::Rejected(api) => Some(api),
            _ => None,
        },
        Error::Call { source, .. } => match &source.reason {
            JobErrorReason::Api(api) => Some(api),
            _ => None,
        },
        _ => None,
    };
    api.is_some_and(|api| api.kind == ApiErrorKind::Token)
}
