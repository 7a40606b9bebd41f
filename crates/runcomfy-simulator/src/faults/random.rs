//! Faults by chance: every kind that a call or a job can have, at a rate and from a seed.

use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Call, Failure, Fault, JobScenario, Processed, RetryAfter, seconds};
use crate::seed::Draw;

/// How often calls and jobs go wrong by chance. The same seed gives the same faults: the n-th call
/// of a kind, or the n-th about one job, always has the same one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Random {
    /// What the faults follow from.
    pub seed: u64,
    /// How many of all calls go wrong, from 0 to 1.
    #[serde(deserialize_with = "rate")]
    pub calls: f64,
    /// How many of all jobs end otherwise than plainly succeeding, from 0 to 1.
    #[serde(deserialize_with = "rate")]
    pub jobs: f64,
    /// The longest pause that a fault makes; also how late a cost is, at most.
    #[serde(with = "seconds")]
    pub max_pause: Duration,
}

impl Default for Random {
    /// Nothing goes wrong; pauses would be a tenth of a second.
    fn default() -> Self {
        Self { seed: 0, calls: 0.0, jobs: 0.0, max_pause: Duration::from_millis(100) }
    }
}

impl Random {
    /// This many of all calls go wrong, from 0 to 1, each in one of the ways that its kind can.
    pub fn calls(rate: f64) -> Self {
        Self { calls: rate, ..Self::default() }
    }

    /// This many of all jobs have another scenario than to succeed, from 0 to 1.
    pub fn with_jobs(mut self, rate: f64) -> Self {
        self.jobs = rate;
        self
    }

    /// What the faults follow from.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The longest pause that a fault makes.
    pub fn with_max_pause(mut self, pause: Duration) -> Self {
        self.max_pause = pause;
        self
    }

    /// What goes wrong with the `nth` call of a kind, or the `nth` about job `job`.
    pub(super) fn fault(&self, call: Call, job: u64, nth: u64) -> Option<Fault> {
        let mut draw = Draw::new(self.seed, [call as u64, job, nth]);
        if !draw.happens(self.calls) {
            return None;
        }
        let mut faults = faults_of(call, self.pause(&mut draw), draw.below(BODY_BYTES) as u64);
        Some(faults.swap_remove(draw.below(faults.len())))
    }

    /// What becomes of job `job`.
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

/// A number from 0 to 1.
fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let rate = f64::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&rate) {
        Ok(rate)
    } else {
        Err(D::Error::custom("a rate is a number from 0 to 1"))
    }
}

/// Where bodies are cut: the replies about a job are about as long.
const BODY_BYTES: usize = 240;

/// Every way in which a call of this kind goes wrong by chance. Each leaves the caller able to go
/// on: no permanent refusal is among them, and a 4xx is never answered to what was carried out.
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

/// A fault of a call that was not processed, and of one that was.
fn both(fault: fn(Processed) -> Fault) -> [Fault; 2] {
    [fault(Processed::No), fault(Processed::Yes)]
}

/// Every scenario of a job but to succeed plainly.
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
