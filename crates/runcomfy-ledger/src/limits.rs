//! Limits that hold for every process that uses the ledger.

use std::fmt;

use crate::usd::Usd;

/// The limits of a ledger. Without one, nothing is limited.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum number of jobs that are being sent or are accepted and not finished. At least 1.
    pub jobs_in_flight: Option<u32>,
    /// Maximum number of submits per second, evenly spaced, at least 0.001. Thousandths count: 0.5 is
    /// one submit in two seconds.
    pub submits_per_second: Option<f64>,
    /// Maximum of what is spent on a day of UTC. A job whose cost is not known yet counts with its
    /// price, or else its ceiling.
    pub budget_per_day: Option<Usd>,
    /// Maximum of the price, or else the ceiling, of one job.
    pub max_cost_per_job: Option<Usd>,
}

/// The name of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitName {
    /// [`Limits::jobs_in_flight`].
    JobsInFlight,
    /// [`Limits::submits_per_second`].
    SubmitsPerSecond,
    /// [`Limits::budget_per_day`].
    BudgetPerDay,
    /// [`Limits::max_cost_per_job`].
    MaxCostPerJob,
    /// The delay that RunComfy asked for with an HTTP 429. It is nobody's setting.
    RetryAfter,
}

impl LimitName {
    /// Every limit that can be set.
    pub const ALL: [Self; 4] =
        [Self::JobsInFlight, Self::SubmitsPerSecond, Self::BudgetPerDay, Self::MaxCostPerJob];

    /// Returns the name, such as `jobs_in_flight`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JobsInFlight => "jobs_in_flight",
            Self::SubmitsPerSecond => "submits_per_second",
            Self::BudgetPerDay => "budget_per_day",
            Self::MaxCostPerJob => "max_cost_per_job",
            Self::RetryAfter => "retry_after",
        }
    }

    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == word)
    }
}

impl fmt::Display for LimitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Limits {
    /// Sets [`jobs_in_flight`](Self::jobs_in_flight).
    #[must_use]
    pub fn with_jobs_in_flight(self, max: u32) -> Self {
        Self { jobs_in_flight: Some(max), ..self }
    }

    /// Sets [`submits_per_second`](Self::submits_per_second).
    #[must_use]
    pub fn with_submits_per_second(self, rate: f64) -> Self {
        Self { submits_per_second: Some(rate), ..self }
    }

    /// Sets [`budget_per_day`](Self::budget_per_day).
    #[must_use]
    pub fn with_budget_per_day(self, budget: Usd) -> Self {
        Self { budget_per_day: Some(budget), ..self }
    }

    /// Sets [`max_cost_per_job`](Self::max_cost_per_job).
    #[must_use]
    pub fn with_max_cost_per_job(self, max: Usd) -> Self {
        Self { max_cost_per_job: Some(max), ..self }
    }

    /// Returns the setting of a limit, for the table `limit`.
    pub(crate) fn setting(&self, name: LimitName) -> Option<i64> {
        match name {
            LimitName::JobsInFlight => self.jobs_in_flight.map(i64::from),
            LimitName::SubmitsPerSecond => {
                self.submits_per_second.map(|rate| (rate * 1000.0).round() as i64)
            }
            LimitName::BudgetPerDay => self.budget_per_day.map(Usd::micros),
            LimitName::MaxCostPerJob => self.max_cost_per_job.map(Usd::micros),
            LimitName::RetryAfter => None,
        }
    }

    /// Returns the time between two submits, given the units of time in 1,000 seconds.
    pub(crate) fn submit_interval(&self, thousand_seconds: i64) -> Option<i64> {
        Some(thousand_seconds / self.setting(LimitName::SubmitsPerSecond)?)
    }
}
