//! The jobs, and where each of them stands by the clock.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::models::Model;

/// How many jobs a new one finds in the queue, counting itself.
const QUEUE_LENGTH: f64 = 3.0;

/// How long a job is queued, and how long it runs after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// From submitting to running. Zero: a job is never seen in the queue.
    pub queue: Duration,
    /// From running to finished.
    pub run: Duration,
}

impl Default for Pace {
    /// Two seconds each, so that one can watch.
    fn default() -> Self {
        Self { queue: Duration::from_secs(2), run: Duration::from_secs(2) }
    }
}

/// All jobs of one simulator, by request id. They are kept until it stops.
pub(crate) struct Jobs {
    pace: Pace,
    by_id: Mutex<HashMap<String, Job>>,
}

struct Job {
    model: Arc<Model>,
    created_at: SystemTime,
    /// The same moment on a clock that is never set back.
    started: Instant,
    cancelled_at: Option<SystemTime>,
}

/// One job at one moment.
pub(crate) struct Glance {
    pub(crate) model: Arc<Model>,
    pub(crate) created_at: SystemTime,
    pub(crate) phase: Phase,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Queued { position: u32 },
    Running,
    Finished { at: SystemTime },
    Cancelled { at: SystemTime },
}

/// What a cancel request led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Cancelled,
    NotCancellable,
}

impl Jobs {
    pub(crate) fn new(pace: Pace) -> Self {
        Self { pace, by_id: Mutex::default() }
    }

    /// Takes in a job and gives its request id: `sim-000001`, `sim-000002` and so on.
    pub(crate) fn submit(&self, model: Arc<Model>) -> String {
        let mut jobs = self.lock();
        let id = format!("sim-{:06}", jobs.len() + 1);
        let job = Job {
            model,
            created_at: SystemTime::now(),
            started: Instant::now(),
            cancelled_at: None,
        };
        jobs.insert(id.clone(), job);
        id
    }

    pub(crate) fn look(&self, id: &str) -> Option<Glance> {
        self.lock().get(id).map(|job| job.glance(self.pace))
    }

    /// Cancels a job if it is still queued, and shows it as it stands after that.
    pub(crate) fn cancel(&self, id: &str) -> Option<(Glance, Outcome)> {
        let mut jobs = self.lock();
        let job = jobs.get_mut(id)?;
        let outcome = match job.glance(self.pace).phase {
            Phase::Queued { .. } => {
                job.cancelled_at = Some(SystemTime::now());
                Outcome::Cancelled
            }
            Phase::Running | Phase::Finished { .. } | Phase::Cancelled { .. } => {
                Outcome::NotCancellable
            }
        };
        Some((job.glance(self.pace), outcome))
    }

    /// A lock that a panicking thread left behind still guards whole jobs: each change is one step.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Job>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    fn glance(&self, pace: Pace) -> Glance {
        let phase = match self.cancelled_at {
            Some(at) => Phase::Cancelled { at },
            None => phase(pace, self.started.elapsed(), self.created_at),
        };
        Glance { model: self.model.clone(), created_at: self.created_at, phase }
    }
}

fn phase(pace: Pace, elapsed: Duration, created_at: SystemTime) -> Phase {
    let total = pace.queue.saturating_add(pace.run);
    if elapsed < pace.queue {
        let left = (pace.queue - elapsed).as_secs_f64() / pace.queue.as_secs_f64();
        Phase::Queued { position: (left * QUEUE_LENGTH).ceil() as u32 }
    } else if elapsed < total {
        Phase::Running
    } else {
        Phase::Finished { at: created_at + total }
    }
}
