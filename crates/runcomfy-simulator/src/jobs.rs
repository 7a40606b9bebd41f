//! The jobs and their states over time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Clock;
use crate::faults::{Failure, FaultPlan, JobScenario, seconds};
use crate::ledger::{Accepted, State};
use crate::models::Model;

/// Queue position of a new job.
const QUEUE_LENGTH: f64 = 3.0;
/// Longest input that the ledger keeps, since data URIs would fill the memory.
const MAX_KEPT_INPUT_BYTES: usize = 64 * 1024;

/// Time that a job spends in the queue and running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// Time in the queue. With zero, a job is never seen queued.
    #[serde(with = "seconds")]
    pub queue: Duration,
    /// Running time.
    #[serde(with = "seconds")]
    pub run: Duration,
}

impl Default for Pace {
    /// Two seconds each, slow enough to watch.
    fn default() -> Self {
        Self { queue: Duration::from_secs(2), run: Duration::from_secs(2) }
    }
}

/// All jobs of one simulator. They are kept until it stops.
pub(crate) struct Jobs {
    clock: Clock,
    /// Initial balance in US dollars.
    funds: f64,
    table: Mutex<JobTable>,
}

/// Paces of new jobs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Paces {
    /// Pace of jobs without one of their own.
    pub(crate) default: Pace,
    pub(crate) by_model: HashMap<String, Pace>,
    /// Paces of the next jobs.
    pub(crate) scripted: VecDeque<Pace>,
}

struct JobTable {
    paces: Paces,
    /// The job with number `n` is at index `n - 1`. Request ids are made from numbers.
    jobs: Vec<Job>,
    spent: f64,
}

struct Job {
    model: Arc<Model>,
    /// Times are relative to the start of the clock.
    accepted_at: Duration,
    cancelled_at: Option<Duration>,
    scenario: JobScenario,
    pace: Pace,
    cost_usd: f64,
    input: Option<Box<[u8]>>,
    input_bytes: u64,
    /// Number of calls about the job.
    calls: u64,
    reply_fully_sent: bool,
    /// Number of status and result calls that still answer 404.
    unknown_polls: u32,
    /// Time of the first status or result call after the end.
    end_seen_at: Option<Duration>,
}

/// Id and number of a job that was just accepted.
pub(crate) struct AcceptedJob {
    pub(crate) id: String,
    pub(crate) number: u64,
}

/// Error: the job costs more than the balance.
pub(crate) struct NoFunds;

/// State of one job at one moment.
pub(crate) struct JobSnapshot {
    pub(crate) model: Arc<Model>,
    pub(crate) cost_usd: f64,
    pub(crate) created_at: SystemTime,
    pub(crate) phase: Phase,
    pub(crate) scenario: JobScenario,
    /// `true` if the reply may contain `cost`.
    pub(crate) cost_is_known: bool,
}

/// Phase of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Queued { position: u32 },
    Running,
    Finished { at: SystemTime },
    Failed { at: SystemTime, failure: Failure },
    Cancelled { at: SystemTime },
}

/// Outcome of a cancel request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CancelOutcome {
    Cancelled,
    NotCancellable,
}

impl JobSnapshot {
    /// Returns `true` if the job's result has an output.
    pub(crate) fn has_output(&self) -> bool {
        match self.phase {
            Phase::Finished { .. } => true,
            Phase::Failed { .. } => matches!(self.scenario, JobScenario::FailsWithOutput(_)),
            Phase::Queued { .. } | Phase::Running | Phase::Cancelled { .. } => false,
        }
    }
}

impl Jobs {
    pub(crate) fn new(paces: Paces, clock: Clock, funds: f64) -> Self {
        let table = JobTable { paces, jobs: Vec::new(), spent: 0.0 };
        Self { clock, funds, table: Mutex::new(table) }
    }

    /// Changes the paces of new jobs.
    pub(crate) fn change_paces(&self, change: impl FnOnce(&mut Paces)) {
        change(&mut self.lock().paces);
    }

    /// Accepts a job. Request ids are `sim-000001`, `sim-000002` and so on.
    pub(crate) fn submit(
        &self,
        model: Arc<Model>,
        input: &Value,
        body: &[u8],
        plan: &FaultPlan,
    ) -> Result<AcceptedJob, NoFunds> {
        let cost_usd = model.price.cost(&model.schema, input);
        let input = (body.len() <= MAX_KEPT_INPUT_BYTES).then(|| body.into());
        let mut table = self.lock();
        if cost_usd > self.funds - table.spent {
            return Err(NoFunds);
        }
        table.spent += cost_usd;
        let scenario = plan.scenario(table.jobs.len() as u64 + 1);
        let unknown_polls = match scenario {
            JobScenario::UnknownAtFirst(polls) => polls,
            _ => 0,
        };
        let pace = table.paces.next(model.entry.id());
        let number = table.jobs.len() as u64 + 1;
        table.jobs.push(Job {
            model,
            accepted_at: self.clock.now(),
            cancelled_at: None,
            scenario,
            pace,
            cost_usd,
            input,
            input_bytes: body.len() as u64,
            calls: 0,
            reply_fully_sent: false,
            unknown_polls,
            end_seen_at: None,
        });
        Ok(AcceptedJob { id: request_id(number), number })
    }

    /// Returns the state of a job, or `None` if there is no such job or its record has expired.
    pub(crate) fn snapshot(&self, id: &str) -> Option<JobSnapshot> {
        let mut table = self.lock();
        let now = self.clock.now();
        let job = table.job(number(id)?)?;
        (!job.is_expired(now)).then(|| self.snapshot_of(job, now))
    }

    /// Returns the state of a job like [`Jobs::snapshot`], for a status or result call. Records
    /// that its end was seen.
    pub(crate) fn poll(&self, id: &str) -> Option<JobSnapshot> {
        let mut table = self.lock();
        let now = self.clock.now();
        let job = table.job(number(id)?)?;
        if job.is_expired(now) || job.is_still_unknown() {
            return None;
        }
        if job.ended_at(now).is_some() {
            job.end_seen_at.get_or_insert(now);
        }
        Some(self.snapshot_of(job, now))
    }

    /// Cancels a job if it is queued. Returns its state afterwards.
    pub(crate) fn cancel(&self, id: &str) -> Option<(JobSnapshot, CancelOutcome)> {
        let mut table = self.lock();
        let now = self.clock.now();
        let job = table.job(number(id)?)?;
        if job.is_expired(now) {
            return None;
        }
        let outcome = match self.snapshot_of(job, now).phase {
            Phase::Queued { .. } => {
                job.cancelled_at = Some(now);
                CancelOutcome::Cancelled
            }
            Phase::Running
            | Phase::Finished { .. }
            | Phase::Failed { .. }
            | Phase::Cancelled { .. } => CancelOutcome::NotCancellable,
        };
        let (snapshot, price) = (self.snapshot_of(job, now), job.cost_usd);
        if outcome == CancelOutcome::Cancelled {
            table.spent -= price;
        }
        Some((snapshot, outcome))
    }

    /// Counts a call about a job. Returns the job's number and the number of the call. Calls about
    /// unknown jobs are not counted.
    pub(crate) fn count_call(&self, id: &str) -> Option<(u64, u64)> {
        let number = number(id)?;
        let mut table = self.lock();
        let job = table.job(number)?;
        job.calls += 1;
        Some((number, job.calls))
    }

    /// Records that the reply with a job's id was sent completely.
    pub(crate) fn mark_reply_sent(&self, number: u64) {
        if let Some(job) = self.lock().job(number) {
            job.reply_fully_sent = true;
        }
    }

    /// Returns the balance in US dollars.
    pub(crate) fn balance(&self) -> f64 {
        self.funds - self.lock().spent
    }

    /// Returns everything that was accepted, in order.
    pub(crate) fn ledger(&self) -> Vec<Accepted> {
        let table = self.lock();
        let now = self.clock.now();
        let jobs = table.jobs.iter().zip(1..);
        jobs.map(|(job, number)| self.accepted(job, number, now)).collect()
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    fn accepted(&self, job: &Job, number: u64, now: Duration) -> Accepted {
        let state = match self.snapshot_of(job, now).phase {
            Phase::Queued { .. } => State::InQueue,
            Phase::Running => State::InProgress,
            Phase::Finished { .. } => State::Succeeded,
            Phase::Failed { .. } => State::Failed,
            Phase::Cancelled { .. } => State::Cancelled,
        };
        Accepted {
            request_id: request_id(number),
            model: job.model.entry.id().to_owned(),
            input: job.input.as_ref().and_then(|bytes| serde_json::from_slice(bytes).ok()),
            input_bytes: job.input_bytes,
            charged_usd: if job.cancelled_at.is_some() { 0.0 } else { job.cost_usd },
            accepted_at: self.clock.date(job.accepted_at),
            state,
            ended_at: job.ended_at(now).map(|at| self.clock.date(at)),
            end_seen_at: job.end_seen_at.map(|at| self.clock.date(at)),
            calls: job.calls,
            reply_fully_sent: job.reply_fully_sent,
        }
    }

    fn snapshot_of(&self, job: &Job, now: Duration) -> JobSnapshot {
        let end = job.end();
        let cost_is_known = match job.scenario {
            JobScenario::LateCost(after) => now >= end.saturating_add(after),
            _ => true,
        };
        JobSnapshot {
            model: job.model.clone(),
            cost_usd: job.cost_usd,
            created_at: self.clock.date(job.accepted_at),
            phase: self.phase(job, now),
            scenario: job.scenario,
            cost_is_known,
        }
    }

    fn phase(&self, job: &Job, now: Duration) -> Phase {
        if let Some(at) = job.cancelled_at {
            return Phase::Cancelled { at: self.clock.date(at) };
        }
        let Pace { queue, .. } = job.pace;
        let elapsed = now.saturating_sub(job.accepted_at);
        let end = job.end();
        if elapsed < queue {
            let left = (queue - elapsed).as_secs_f64() / queue.as_secs_f64();
            return Phase::Queued { position: (left * QUEUE_LENGTH).ceil() as u32 };
        }
        if now < end {
            return Phase::Running;
        }
        let at = self.clock.date(end);
        match job.scenario {
            JobScenario::Fails(failure) | JobScenario::FailsWithOutput(failure) => {
                Phase::Failed { at, failure }
            }
            JobScenario::EndsCancelled => Phase::Cancelled { at },
            JobScenario::Succeeds
            | JobScenario::OtherStatuses
            | JobScenario::UnknownStatuses
            | JobScenario::UnknownFields
            | JobScenario::LateCost(_)
            | JobScenario::Expires(_)
            | JobScenario::UnknownAtFirst(_)
            | JobScenario::Quirk(_) => Phase::Finished { at },
        }
    }

    /// A poisoned lock still guards consistent jobs, since each change is one step.
    fn lock(&self) -> MutexGuard<'_, JobTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Paces {
    /// Returns the pace of the next job, which is of this model.
    fn next(&mut self, model: &str) -> Pace {
        let own = self.scripted.pop_front().or_else(|| self.by_model.get(model).copied());
        own.unwrap_or(self.default)
    }
}

impl JobTable {
    fn job(&mut self, number: u64) -> Option<&mut Job> {
        self.jobs.get_mut(usize::try_from(number.checked_sub(1)?).ok()?)
    }
}

impl Job {
    /// Returns the time at which the job ends if it is not cancelled.
    fn end(&self) -> Duration {
        self.accepted_at.saturating_add(self.pace.queue).saturating_add(self.pace.run)
    }

    /// Returns the time at which the job ended or was cancelled, if it has.
    fn ended_at(&self, now: Duration) -> Option<Duration> {
        self.cancelled_at.or_else(|| Some(self.end()).filter(|end| now >= *end))
    }

    /// Returns `true` if this status or result call comes too early.
    fn is_still_unknown(&mut self) -> bool {
        let is_unknown = self.unknown_polls > 0;
        self.unknown_polls = self.unknown_polls.saturating_sub(1);
        is_unknown
    }

    fn is_expired(&self, now: Duration) -> bool {
        match self.scenario {
            JobScenario::Expires(after) => now >= self.end().saturating_add(after),
            _ => false,
        }
    }
}

fn request_id(number: u64) -> String {
    format!("sim-{number:06}")
}

/// Returns the number in a request id.
fn number(id: &str) -> Option<u64> {
    let number = id.strip_prefix("sim-")?.parse().ok()?;
    (request_id(number) == id).then_some(number)
}
