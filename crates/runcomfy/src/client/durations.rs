//! Durations of earlier jobs by model, and the poll intervals that follow from them.
//!
//! A job is polled often around the times at which earlier jobs of its model ended, and rarely
//! before. Each job that is seen to end adds two facts: its total time since it was accepted, and
//! its running time since it left the queue.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::types::Status;

/// Maximum number of models that are remembered. The one that was unused for longest is forgotten.
const MAX_MODELS: usize = 256;
/// Maximum number of jobs that are remembered of a model. Older ones are forgotten, because the
/// load of a model changes.
const MAX_JOBS: usize = 16;
/// Number of polls that are spread over the times at which earlier jobs ended.
const POLLS: u32 = 10;
/// Minimum interval around those times.
const MIN_STEP: Duration = Duration::from_millis(500);
/// Minimum interval before them. Later ones are as long as the job is old, so a job that ends
/// unusually early is noticed before it is twice as old.
const MIN_GAP: Duration = Duration::from_secs(2);
/// With fewer earlier jobs, their end is approached in smaller steps.
const MIN_JOBS: usize = 3;

/// A time between two polls, as time since an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: Duration,
    to: Duration,
}

/// The parts of one job's life that polls have seen.
#[derive(Debug)]
pub(super) struct Timeline {
    /// When the job was accepted, or when waiting for it began.
    origin: Instant,
    /// `true` if the origin is when the job was accepted.
    is_whole: bool,
    /// The last poll that found it unfinished. Times count from the origin.
    unfinished: Option<Duration>,
    /// The last poll that found it in the queue.
    queued: Option<Duration>,
    /// When it left the queue.
    started: Option<Span>,
    end: Option<Observation>,
}

/// The duration of a job that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Observation {
    total: Option<Span>,
    run: Option<Span>,
}

/// Durations of the jobs of one client.
#[derive(Debug, Default)]
pub(super) struct Durations(Mutex<HashMap<Arc<str>, History>>);

/// Durations of the latest jobs of one model.
#[derive(Debug)]
struct History {
    totals: Vec<Span>,
    runs: Vec<Span>,
    learned: Instant,
}

/// Times at which a job may end, in order.
struct Forecast {
    spots: Vec<Spot>,
    jobs: usize,
}

/// A time at which some earlier jobs ended.
struct Spot {
    span: Span,
    jobs: usize,
}

impl Timeline {
    /// Starts with a job that was accepted at this time, or at an unknown time.
    pub(super) fn new(accepted: Option<Instant>) -> Self {
        let begin = accepted.map(|_| Duration::ZERO);
        Self {
            origin: accepted.unwrap_or_else(Instant::now),
            is_whole: accepted.is_some(),
            unfinished: begin,
            queued: begin,
            started: None,
            end: None,
        }
    }

    /// Records a status that was asked for and received at these times. Returns the duration of
    /// the job when it is first seen to have ended by itself.
    pub(super) fn observe(
        &mut self,
        status: &Status,
        asked: Instant,
        received: Instant,
    ) -> Option<Observation> {
        let asked = asked.saturating_duration_since(self.origin);
        let received = received.saturating_duration_since(self.origin);
        match status {
            Status::InQueue => self.queued = Some(asked),
            Status::InProgress => {
                let left = self.queued.map(|from| Span { from, to: received });
                self.started = self.started.or(left);
            }
            Status::Completed | Status::Succeeded | Status::Failed => {
                let end = self.unfinished.map(|from| Span { from, to: received });
                let run = self.started.zip(end).map(|(start, end)| end.since(start));
                let total = end.filter(|_| self.is_whole);
                let is_first = self.end.is_none();
                self.end = Some(Observation { total, run });
                return self.end.filter(|_| is_first);
            }
            Status::Cancelled | Status::Other(_) => {}
        }
        self.unfinished = Some(asked);
        None
    }
}

impl Span {
    fn length(self) -> Duration {
        self.to.saturating_sub(self.from)
    }

    /// Returns the time from a start to this end.
    fn since(self, start: Self) -> Self {
        Self { from: self.from.saturating_sub(start.to), to: self.to.saturating_sub(start.from) }
    }

    fn after(self, start: Self) -> Self {
        Self { from: self.from.saturating_add(start.from), to: self.to.saturating_add(start.to) }
    }

    /// Returns the part that is worth polling often. Returns `None` if the polls were too far apart
    /// to tell the duration. If a job ended before it was expected, only the end is kept: when it is
    /// expected next.
    fn precise(self) -> Option<Self> {
        let is_vague = self.length() > self.to / 2 + MIN_STEP;
        let from = self.to.saturating_sub(self.to / 32 + MIN_STEP);
        (!is_vague).then_some(Self { from: from.max(self.from), to: self.to })
    }
}

impl Durations {
    /// Records the duration of a job.
    pub(super) fn learn(&self, model: &Arc<str>, observed: Observation) {
        // The value is whole even if a thread panicked while it held the lock.
        let mut models = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if models.len() >= MAX_MODELS && !models.contains_key(model) {
            let oldest = models.iter().min_by_key(|(_, history)| history.learned);
            if let Some(oldest) = oldest.map(|(model, _)| model.clone()) {
                models.remove(&oldest);
            }
        }
        let history = models.entry(model.clone()).or_insert_with(|| History {
            totals: Vec::new(),
            runs: Vec::new(),
            learned: Instant::now(),
        });
        history.learned = Instant::now();
        add(&mut history.totals, observed.total);
        add(&mut history.runs, observed.run);
    }

    /// Returns the time until the next poll of a job, or `None` if earlier jobs of its model say
    /// nothing about it. Around the expected end it is at most `max_step`.
    pub(super) fn gap(
        &self,
        model: &str,
        timeline: &Timeline,
        max_step: impl Fn(Duration) -> Duration,
    ) -> Option<Duration> {
        let models = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let history = models.get(model)?;
        let age = timeline.origin.elapsed();
        let forecasts = [history.by_total(timeline, age), history.by_run(timeline)];
        let open = forecasts.into_iter().flatten().filter(|found| !found.ahead(age).is_zero());
        // The more precise of the two.
        open.min_by_key(|found| found.ahead(age))?.gap(age, max_step(age))
    }
}

/// Adds a duration. It replaces vaguer ones that say the same.
fn add(spans: &mut Vec<Span>, new: Option<Span>) {
    let Some(new) = new.and_then(Span::precise) else { return };
    spans.retain(|old| {
        let holds = old.from <= new.from && new.to <= old.to;
        !holds || old.length() <= new.length()
    });
    if spans.len() >= MAX_JOBS {
        spans.remove(0);
    }
    spans.push(new);
}

impl History {
    /// Returns when the job may end by the total time of earlier ones. While it is in the queue,
    /// it cannot end sooner than the shortest running time from now.
    fn by_total(&self, timeline: &Timeline, age: Duration) -> Option<Forecast> {
        if !timeline.is_whole {
            return None;
        }
        let shortest = self.runs.iter().map(|run| run.from).min().unwrap_or_default();
        let soonest = match timeline.started {
            None if timeline.queued.is_some() => age.saturating_add(shortest),
            None | Some(_) => Duration::ZERO,
        };
        let possible = self.totals.iter().filter(|total| total.to > soonest);
        let spans = possible.map(|total| Span { from: total.from.max(soonest), ..*total });
        Some(Forecast::new(spans.collect(), self.totals.len()))
    }

    /// Returns when the job may end by the running time of earlier ones.
    fn by_run(&self, timeline: &Timeline) -> Option<Forecast> {
        let start = timeline.started?;
        Some(Forecast::new(self.runs.iter().map(|run| run.after(start)).collect(), self.runs.len()))
    }
}

impl Forecast {
    /// Merges spans that are close to each other.
    fn new(mut spans: Vec<Span>, jobs: usize) -> Self {
        spans.sort_by_key(|span| span.from);
        let mut spots: Vec<Spot> = Vec::new();
        for span in spans {
            let room = MIN_STEP.max(span.from / 10);
            match spots.last_mut() {
                Some(last) if span.from.saturating_sub(last.span.to) <= room => {
                    last.span.to = last.span.to.max(span.to);
                    last.jobs += 1;
                }
                Some(_) | None => spots.push(Spot { span, jobs: 1 }),
            }
        }
        Self { spots, jobs }
    }

    /// Returns the spots that a job of this age has not passed.
    fn open(&self, age: Duration) -> impl Iterator<Item = &Spot> {
        self.spots.iter().filter(move |spot| spot.span.to > age)
    }

    /// Returns the length of the spots from this age on.
    fn ahead(&self, age: Duration) -> Duration {
        self.open(age).map(|spot| spot.span.to - spot.span.from.max(age)).sum()
    }

    fn gap(&self, age: Duration, max_step: Duration) -> Option<Duration> {
        let all: Duration = self.spots.iter().map(|spot| spot.span.length()).sum();
        let step = (all / POLLS).max(MIN_STEP).min(max_step);
        let left = self.open(age).next()?.span.from.saturating_sub(age);
        if left <= step {
            return Some(step);
        }
        let open: usize = self.open(age).map(|spot| spot.jobs).sum();
        if open * 2 <= self.jobs {
            // Most jobs took less time than this one already has: few facts are left.
            return None;
        }
        let approach = if self.jobs < MIN_JOBS { left * 3 / 4 } else { left };
        Some(approach.max(step).min(age.max(MIN_GAP)))
    }
}

#[cfg(test)]
mod tests;
