//! Waits for a job: polls its status until it is finished, then reads its result.

use std::fmt;
use std::future::pending;
use std::panic::resume_unwind;
use std::time::Duration;

use futures_util::stream::{Stream, unfold};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::Instrument;

use super::durations::Timeline;
use super::error::{JobError, JobErrorReason, TransportError};
use super::job::{Endpoint, Job};
use super::polling::Polling;
use super::reply::{self, ApiFailure, Reply};
use super::request::require_runtime;
use super::retry::Backoff;
use super::throttle::Priority;
use super::types::{CompletedJob, JobStatus, ResultReply, Status};
use crate::input::Operation;

/// Late results of a job whose status is `failed`, before the status alone ends the wait.
const MAX_LATE_RESULTS: u32 = 5;

/// The statuses of a job until it is finished, with the client's intervals between the polls.
/// Created by [`Job::updates`].
///
/// Dropping the future of [`StatusStream::next`], as `select!` does, loses nothing: the next call
/// continues with the same interval or the same request.
#[must_use = "a job is polled only when the next status is asked for"]
pub struct StatusStream<'a, M> {
    job: &'a Job<M>,
    reader: Reader,
    /// The interval before the poll after the next; `None` for the initial one.
    interval: Option<Duration>,
    /// The job's life as far as polls saw it.
    timeline: Timeline,
    /// When the last request was sent.
    asked: Instant,
    /// When the next poll is due; `None` if it is due at once.
    wake: Option<Wake>,
    /// The request that was sent, and has no reply yet.
    sent: Option<Sent>,
    /// The longest time to wait.
    timeout: Duration,
    deadline: Option<Instant>,
    last: Status,
    /// Consecutive failures of polling the status.
    status_backoff: Backoff,
    /// Consecutive failures of reading the result. They count apart: each follows a poll that
    /// succeeded.
    result_backoff: Backoff,
    is_finished: bool,
}

/// The reader of the statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// A wait, which needs the end only.
    Wait,
    /// A program, which may show every status.
    Program,
}

/// A request in a separate task. It ends, and releases its permit, even if nobody asks for its reply
/// for a while.
struct Sent(JoinHandle<Result<Reply, ApiFailure>>);

impl Drop for Sent {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// When a poll is due.
#[derive(Debug, Clone, Copy)]
enum Wake {
    At(Instant),
    /// Later than the clock can represent.
    Never,
}

impl<M: Operation> Job<M> {
    /// Waits until the job is finished, at most as long as the client's
    /// [`wait_timeout`](super::ClientBuilder::wait_timeout), which defaults to 30 minutes.
    ///
    /// # Errors
    ///
    /// The errors of [`Job::result`], and if the timeout passes. The error has the id, and the
    /// job can be waited for again.
    ///
    /// ```
    /// use runcomfy::client::JobErrorReason;
    ///
    /// # runcomfy_doctest::run(async |client, input| {
    /// let job = client.submit(&input).await?;
    /// match job.wait().await {
    ///     Ok(completed) => println!("{:?}", completed.output.video),
    ///     Err(error) if matches!(error.reason, JobErrorReason::Deadline { .. }) => {
    ///         println!("{} goes on; wait again later", error.id);
    ///     }
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(()) });
    /// ```
    pub async fn wait(&self) -> Result<CompletedJob<M::Output>, JobError> {
        self.wait_for(self.client.inner.wait_timeout).await
    }

    /// Waits until the job is finished, at most this long.
    ///
    /// # Errors
    ///
    /// The errors of [`Job::wait`].
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # runcomfy_doctest::run_beside(async |simulator, input| {
    /// # let client =
    /// #     runcomfy::Client::builder().api_base(simulator.api_base()).token("any").build()?;
    /// # simulator.set_pace(runcomfy_doctest::ENDLESS);
    /// let job = client.submit(&input).await?;
    /// let error = job.wait_for(Duration::from_millis(100)).await.unwrap_err();
    /// assert!(error.to_string().starts_with("request sim-000001: no result after 100 ms"));
    ///
    /// // The job goes on, and another wait gets its result.
    /// simulator.advance(Duration::from_secs(3600));
    /// assert!(job.wait_for(Duration::from_secs(60)).await.is_ok());
    /// # Ok(()) });
    /// ```
    pub async fn wait_for(&self, timeout: Duration) -> Result<CompletedJob<M::Output>, JobError> {
        self.wait_as(Reader::Wait, timeout, |_| {}).await
    }

    /// Waits until the job is finished, at most this long, and passes on each status that it sees.
    ///
    /// # Errors
    ///
    /// The errors of [`Job::wait`].
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # runcomfy_doctest::run(async |client, input| {
    /// let job = client.submit(&input).await?;
    /// let mut seen = Vec::new();
    /// let limit = Duration::from_secs(60);
    /// job.wait_with(limit, |update| seen.push(update.status.to_string())).await?;
    /// assert_eq!(seen.last().map(String::as_str), Some("completed"));
    /// # Ok(()) });
    /// ```
    pub async fn wait_with(
        &self,
        timeout: Duration,
        on_status: impl FnMut(&JobStatus) + Send,
    ) -> Result<CompletedJob<M::Output>, JobError> {
        self.wait_as(Reader::Program, timeout, on_status).await
    }

    async fn wait_as(
        &self,
        reader: Reader,
        timeout: Duration,
        mut on_status: impl FnMut(&JobStatus) + Send,
    ) -> Result<CompletedJob<M::Output>, JobError> {
        let span = tracing::debug_span!("wait", request_id = %self.id(), model = M::ID);
        let mut statuses = StatusStream::new(self, timeout, reader);
        statuses.completed(&mut on_status).instrument(span).await
    }

    /// Returns the statuses that [`Job::wait`] polls, for a program that shows them.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// # let job = client.submit(&input).await?;
    /// let mut updates = job.updates();
    /// while let Some(update) = updates.next().await? {
    ///     println!("{}", update.status);
    /// }
    /// let completed = job.result().await?;
    /// # Ok(()) });
    /// ```
    pub fn updates(&self) -> StatusStream<'_, M> {
        StatusStream::new(self, self.client.inner.wait_timeout, Reader::Program)
    }
}

impl<'a, M: Operation> StatusStream<'a, M> {
    fn new(job: &'a Job<M>, timeout: Duration, reader: Reader) -> Self {
        let start = Instant::now();
        let polling = job.client.inner.polling;
        Self {
            job,
            reader,
            interval: None,
            timeline: Timeline::new(job.accepted_at()),
            asked: start,
            wake: None,
            sent: None,
            timeout,
            // An unrepresentable deadline means no deadline.
            deadline: start.checked_add(timeout),
            last: Status::Other("unknown".to_owned()),
            status_backoff: polling.backoff(),
            result_backoff: polling.backoff(),
            is_finished: false,
        }
    }

    /// Waits for the next status. Returns `None` after the one that says that the job is
    /// finished. Read the result then with [`Job::result`].
    ///
    /// # Errors
    ///
    /// If the timeout passes, or polling fails for good.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let job = client.submit(&input).await?;
    /// let mut updates = job.updates();
    /// while let Some(update) = updates.next().await? {
    ///     println!("{}, {:?} jobs before it", update.status, update.queue_position);
    /// }
    /// assert!(updates.next().await?.is_none());
    /// # Ok(()) });
    /// ```
    pub async fn next(&mut self) -> Result<Option<JobStatus>, JobError> {
        while !self.is_finished {
            if let Some(status) = self.poll_once(Endpoint::Status, reply::status).await? {
                self.job.observe(&status.status);
                self.learn(&status.status);
                self.last = status.status.clone();
                self.is_finished = status.status.is_finished();
                self.schedule();
                return Ok(Some(status));
            }
        }
        Ok(None)
    }

    /// Converts this to a [`Stream`], which ends after the status that says that the job is
    /// finished, or after an error.
    ///
    /// ```
    /// use futures_util::TryStreamExt;
    ///
    /// # runcomfy_doctest::run(async |client, input| {
    /// let job = client.submit(&input).await?;
    /// let statuses: Vec<_> = job.updates().into_stream().try_collect().await?;
    /// assert!(statuses.last().is_some_and(|last| last.status.is_finished()));
    /// # Ok(()) });
    /// ```
    pub fn into_stream(self) -> impl Stream<Item = Result<JobStatus, JobError>> + Send + 'a {
        unfold(Some(self), |updates| async {
            let mut updates = updates?;
            match updates.next().await {
                Ok(status) => status.map(|status| (Ok(status), Some(updates))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    /// Polls until the job is finished, and reads its result.
    async fn completed(
        &mut self,
        on_status: &mut (dyn FnMut(&JobStatus) + Send),
    ) -> Result<CompletedJob<M::Output>, JobError> {
        let job = self.job;
        let mut failed = 0;
        loop {
            while let Some(status) = self.next().await? {
                on_status(&status);
            }
            // The result follows the status at once.
            self.wake = None;
            let result = self
                .poll_once(Endpoint::Result, |reply| reply::result(reply, job.id()))
                .await
                .or_else(|error| self.unless_cancelled(error))?;
            let result = match (result, &self.last) {
                // A cancelled job has no result to wait for.
                (Some(ResultReply::Unfinished), Status::Cancelled) => {
                    ResultReply::Cancelled { reply: Value::Null }
                }
                // The result may be late, but the status alone says how the job ended.
                (Some(ResultReply::Unfinished), Status::Failed) if failed == MAX_LATE_RESULTS => {
                    ResultReply::failed_by_status(Value::Null)
                }
                (Some(ResultReply::Unconfirmed(completed)), end) => {
                    ResultReply::confirmed(completed, end)
                }
                (result, _) => result.unwrap_or(ResultReply::Unfinished),
            };
            if let Some(completed) = job.finish(result)? {
                return Ok(completed);
            }
            // The result is not there yet, so the job is polled again.
            failed += u32::from(self.last == Status::Failed);
            self.schedule();
            self.is_finished = false;
            job.reopen();
        }
    }

    /// Returns the end of a job that was cancelled, whose record may be gone.
    fn unless_cancelled(
        &self,
        error: JobError,
    ) -> Result<Option<ResultReply<M::Output>>, JobError> {
        let is_over = matches!(
            error.reason,
            JobErrorReason::Api(_)
                | JobErrorReason::Transport(_)
                | JobErrorReason::Unreadable { .. }
        );
        if is_over && self.last == Status::Cancelled {
            return Ok(Some(ResultReply::Cancelled { reply: Value::Null }));
        }
        Err(error)
    }

    /// Sends one request when it is due, before the deadline. Returns `None` after a failure that
    /// may be temporary, until there were too many in a row.
    async fn poll_once<T>(
        &mut self,
        endpoint: Endpoint,
        read: impl Fn(&Reply) -> Result<T, ApiFailure>,
    ) -> Result<Option<T>, JobError> {
        let reply = self.reply(endpoint).await?;
        let backoff = match endpoint {
            Endpoint::Result => &mut self.result_backoff,
            Endpoint::Status | Endpoint::Cancel => &mut self.status_backoff,
        };
        let error = match reply.and_then(|reply| read(&reply)) {
            Ok(answer) => {
                backoff.reset();
                return Ok(Some(answer));
            }
            Err(error) => error,
        };
        let failure = error.failure();
        if self.job.is_not_known_yet(&error) {
            tracing::debug!(?endpoint, "not known yet: polling again");
            self.schedule_after_failure(Duration::ZERO);
            return Ok(None);
        }
        let Some(delay) = backoff.next(failure, error.retry_after()) else {
            return self.job.map_err(Err(error));
        };
        let failures = backoff.failures();
        tracing::debug!(?endpoint, ?failure, failures, retry_after = ?delay, "polling again");
        self.schedule_after_failure(delay);
        Ok(None)
    }

    /// Waits until the next request is due, and for its reply. It can be dropped and called again.
    async fn reply(&mut self, endpoint: Endpoint) -> Result<Result<Reply, ApiFailure>, JobError> {
        let job = self.job;
        job.map_err(require_runtime().map_err(ApiFailure::Transport))?;
        let (wake, sent, asked) = (self.wake, &mut self.sent, &mut self.asked);
        let replied = async {
            match wake {
                Some(Wake::At(wake)) => sleep_until(wake).await,
                Some(Wake::Never) => pending().await,
                None => {}
            }
            let sent = sent.get_or_insert_with(|| {
                *asked = Instant::now();
                let (client, request) = (job.client.clone(), job.request(endpoint));
                let sending = async move { client.send(Priority::Poll, request).await };
                Sent(tokio::spawn(sending.in_current_span()))
            });
            (&mut sent.0).await
        };
        let joined = match self.deadline {
            None => replied.await,
            Some(deadline) => {
                timeout_at(deadline, replied).await.map_err(|_| self.deadline_error())?
            }
        };
        self.sent = None;
        match joined {
            Ok(reply) => Ok(reply),
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            // The runtime is shutting down.
            Err(_) => Ok(Err(ApiFailure::Transport(TransportError::NoRuntime))),
        }
    }

    /// Records a status, and the duration of a job that ended.
    fn learn(&mut self, status: &Status) {
        let observed = self.timeline.observe(status, self.asked, Instant::now());
        if let Some((model, observed)) = self.job.model_id().zip(observed) {
            self.job.client.inner.durations.learn(model, observed);
        }
    }

    /// Sets when the next poll is due after one that succeeded.
    fn schedule(&mut self) {
        let polling = self.job.client.inner.polling;
        let Some(gap) = self.learned_gap(&polling) else {
            let interval = self.plain_interval(&polling);
            return self.wake_in(interval);
        };
        // A spread of the first interval is enough to part jobs that were submitted together.
        let spread = gap.min(polling.initial_interval);
        let gap = gap - (spread - polling.jittered(spread));
        let interval = match self.reader {
            Reader::Program => gap.min(self.plain_interval(&polling)),
            Reader::Wait => {
                self.interval = None;
                gap
            }
        };
        self.wake_in(interval);
    }

    /// Sets when the next poll is due after one that failed: after the interval, or the delay if
    /// that is longer.
    fn schedule_after_failure(&mut self, delay: Duration) {
        let polling = self.job.client.inner.polling;
        let interval = self.plain_interval(&polling);
        self.wake_in(interval.max(delay));
    }

    /// Returns the interval that earlier jobs of the model suggest.
    fn learned_gap(&self, polling: &Polling) -> Option<Duration> {
        let model = self.job.model_id().filter(|_| polling.is_adaptive)?;
        let durations = &self.job.client.inner.durations;
        durations.gap(model, &self.timeline, |age| polling.interval_at(age))
    }

    /// Returns the next interval of the settings.
    fn plain_interval(&mut self, polling: &Polling) -> Duration {
        let interval = self.interval.unwrap_or(polling.initial_interval);
        self.interval = Some(polling.next(interval));
        polling.jittered(interval)
    }

    fn wake_in(&mut self, interval: Duration) {
        let wake = Instant::now().checked_add(interval);
        self.wake = Some(wake.map_or(Wake::Never, Wake::At));
    }

    fn deadline_error(&self) -> JobError {
        self.job.error(JobErrorReason::Deadline { after: self.timeout, last: self.last.clone() })
    }
}

impl<M: Operation> fmt::Debug for StatusStream<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusStream")
            .field("job", self.job)
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}
