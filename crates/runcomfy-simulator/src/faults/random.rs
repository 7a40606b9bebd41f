//! Random faults of every kind, at a rate and from a seed.

use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Call, Failure, Fault, JobScenario, Processed, RetryAfter, seconds};
use crate::seed::Draw;

/// Rates of random faults. The same seed gives the same faults: the n-th call of a kind, or the
/// n-th about one job, always has the same one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Random {
    /// Seed of the faults.
    pub seed: u64,
    /// Share of calls with a fault, from 0 to 1.
    #[serde(deserialize_with = "rate")]
    pub calls: f64,
    /// Share of jobs with a scenario other than [`JobScenario::Succeeds`], from 0 to 1.
    #[serde(deserialize_with = "rate")]
    pub jobs: f64,
    /// Longest pause of a fault, and longest delay of a cost.
    #[serde(with = "seconds")]
    pub max_pause: Duration,
}

impl Default for Random {
    /// No faults, and a longest pause of 0.1 seconds.
    fn default() -> Self {
        Self { seed: 0, calls: 0.0, jobs: 0.0, max_pause: Duration::from_millis(100) }
    }
}

impl Random {
    /// Creates random faults for this share of all calls, from 0 to 1.
    pub fn calls(rate: f64) -> Self {
        Self { calls: rate, ..Self::default() }
    }

    /// Sets the share of jobs with an unusual scenario, from 0 to 1.
    pub fn with_jobs(mut self, rate: f64) -> Self {
        self.jobs = rate;
        self
    }

    /// Sets the seed.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the longest pause of a fault.
    pub fn with_max_pause(mut self, pause: Duration) -> Self {
        self.max_pause = pause;
        self
    }

    /// Returns the fault of the `nth` call of a kind, or of the `nth` call about job `job`.
    pub(super) fn fault(&self, call: Call, job: u64, nth: u64) -> Option<Fault> {
        let mut draw = Draw::new(self.seed, [call as u64, job, nth]);
        if !draw.happens(self.calls) {
            return None;
        }
        let mut faults = faults_of(call, self.pause(&mut draw), draw.below(BODY_BYTES) as u64);
        Some(faults.swap_remove(draw.below(faults.len())))
    }

    /// Returns the scenario of job `job`.
    pub(super) fn scenario(&self, job: u64) -> JobScenario {
        let mut draw = Draw::new(self.seed, [Call::ALL.len() as u64, job, 0]);
        if !draw.happens(self.jobs) {
            return JobScenario::Succeeds;
        }
        let scenarios = scenarios(self.pause(&mut draw));
        scenarios[draw.below(scenarios.len())]
    }

    fn pause(&self, draw: &mut Draw) -> Duration {
        self.max_pause / 8 * (1 + draw.below(8) as u32)
    }
}

/// Deserializes a number from 0 to 1.
fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let rate = f64::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&rate) {
        Ok(rate)
    } else {
        Err(D::Error::custom("a rate must be a number from 0 to 1"))
    }
}

/// Range in which bodies are cut: about the length of a reply about a job.
const BODY_BYTES: usize = 240;

/// Every random fault of a kind of call. Each lets the client continue: none refuses for good, and
/// no 4xx answers a processed call.
fn faults_of(call: Call, pause: Duration, after: u64) -> Vec<Fault> {
    let mut faults = vec![
        Fault::Latency(pause),
        Fault::LateReply(pause),
        Fault::RateLimit(RetryAfter::Missing),
        Fault::RateLimit(RetryAfter::Seconds(1)),
        Fault::RateLimit(RetryAfter::Date(1)),
        Fault::CutBody { after },
        Fault::SlowBody(pause / 8),
        Fault::StaleConnection,
    ];
    faults.extend(both(|processed| Fault::Error { status: 500, code: Some(500_001), processed }));
    faults.extend(both(|processed| Fault::Error { status: 503, code: None, processed }));
    faults.extend(both(|processed| Fault::Html { status: 502, processed }));
    faults.extend(both(|processed| Fault::Reset { processed }));
    faults.extend(both(|processed| Fault::Close { processed }));
    if call != Call::Output {
        faults.extend(both(|processed| Fault::Error {
            status: 200,
            code: Some(500_001),
            processed,
        }));
        faults.extend(both(|processed| Fault::Html { status: 200, processed }));
        faults.push(Fault::Truncated { after });
    }
    match call {
        Call::Submit => faults.push(Fault::NoRequestId),
        Call::Status => faults.push(Fault::Status("hibernating".to_owned())),
        Call::Result => {
            faults.push(Fault::Status("hibernating".to_owned()));
            faults.push(Fault::Error {
                status: 400,
                code: Some(400_005),
                processed: Processed::No,
            });
        }
        Call::Cancel | Call::Catalog | Call::Balance | Call::Output => {}
    }
    faults
}

/// Returns a fault for a call that is not processed, and for one that is.
fn both(fault: fn(Processed) -> Fault) -> [Fault; 2] {
    [fault(Processed::No), fault(Processed::Yes)]
}

/// Every scenario except plain success.
fn scenarios(pause: Duration) -> [JobScenario; 9] {
    [
        JobScenario::Fails(Failure::Text),
        JobScenario::Fails(Failure::Object),
        JobScenario::Fails(Failure::Array),
        JobScenario::Fails(Failure::Missing),
        JobScenario::EndsCancelled,
        JobScenario::OtherStatuses,
        JobScenario::UnknownStatuses,
        JobScenario::UnknownFields,
        JobScenario::LateCost(pause),
    ]
}
