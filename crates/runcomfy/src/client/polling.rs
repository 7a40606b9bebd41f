//! Intervals and timeout of polling a job that is waited for.

use std::time::Duration;

use super::retry::{Backoff, Call, Retry, with_jitter};

/// Default timeout of [`Job::wait`](super::Job::wait).
pub(super) const DEFAULT_WAIT_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// The intervals between two polls of a job, and how many polls may fail.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Polling {
    /// Interval after the first poll.
    pub initial_interval: Duration,
    /// Factor by which each interval is longer than the one before.
    pub multiplier: f64,
    /// Maximum interval.
    pub max_interval: Duration,
    /// Fraction by which each interval is shortened at random, from 0 to 1. It spreads the polls
    /// of jobs that were submitted together.
    pub jitter: f64,
    /// Maximum number of consecutive polls that may fail for a temporary reason (no response,
    /// HTTP 408, 429 or 5xx, an unreadable body) before waiting gives up; and the same for
    /// reading the result. A delay that RunComfy asks for (`Retry-After`) is kept.
    pub max_consecutive_failures: u32,
    /// `true` to poll around the time at which earlier jobs of the same model ended, as this
    /// client and its clones saw them: often around it, and rarely before. The other intervals
    /// then apply to models that are not known yet, and after that time.
    ///
    /// [`Job::wait`](super::Job::wait) may then poll less often than `max_interval`. A job that
    /// ends far too early is noticed before it is twice as old. [`Job::updates`](super::Job::updates)
    /// never polls less often.
    #[cfg_attr(feature = "serde", serde(default))]
    pub is_adaptive: bool,
}

impl Default for Polling {
    /// Intervals from 0.5 s, each 1.09 times as long as the one before, up to 5 s: a job is
    /// noticed within about a tenth of its time. Adaptive.
    fn default() -> Self {
        Self {
            initial_interval: Duration::from_millis(500),
            multiplier: 1.09,
            max_interval: Duration::from_secs(5),
            jitter: 0.2,
            max_consecutive_failures: 5,
            is_adaptive: true,
        }
    }
}

impl Polling {
    /// Returns settings with the same interval each time.
    pub fn every(interval: Duration) -> Self {
        Self {
            initial_interval: interval,
            multiplier: 1.0,
            max_interval: interval,
            jitter: 0.0,
            is_adaptive: false,
            ..Self::default()
        }
    }

    /// Sets [`initial_interval`](Self::initial_interval), and turns
    /// [`is_adaptive`](Self::is_adaptive) off.
    #[must_use]
    pub fn with_initial_interval(self, initial_interval: Duration) -> Self {
        Self { initial_interval, is_adaptive: false, ..self }
    }

    /// Sets [`multiplier`](Self::multiplier), and turns [`is_adaptive`](Self::is_adaptive) off.
    #[must_use]
    pub fn with_multiplier(self, multiplier: f64) -> Self {
        Self { multiplier, is_adaptive: false, ..self }
    }

    /// Sets [`max_interval`](Self::max_interval), and turns [`is_adaptive`](Self::is_adaptive) off.
    #[must_use]
    pub fn with_max_interval(self, max_interval: Duration) -> Self {
        Self { max_interval, is_adaptive: false, ..self }
    }

    /// Sets [`jitter`](Self::jitter).
    #[must_use]
    pub fn with_jitter(self, jitter: f64) -> Self {
        Self { jitter, ..self }
    }

    /// Sets [`max_consecutive_failures`](Self::max_consecutive_failures).
    #[must_use]
    pub fn with_max_consecutive_failures(self, max_consecutive_failures: u32) -> Self {
        Self { max_consecutive_failures, ..self }
    }

    /// Polls around the time at which earlier jobs of the same model ended: turns
    /// [`is_adaptive`](Self::is_adaptive) on.
    #[must_use]
    pub fn adaptive(self) -> Self {
        Self { is_adaptive: true, ..self }
    }

    /// Returns an interval with jitter.
    pub(super) fn jittered(&self, interval: Duration) -> Duration {
        with_jitter(interval, self.jitter)
    }

    /// Returns the interval after this one.
    pub(super) fn next(&self, interval: Duration) -> Duration {
        let longer = Duration::try_from_secs_f64(interval.as_secs_f64() * self.multiplier);
        longer.unwrap_or(self.max_interval).min(self.max_interval)
    }

    /// Returns the interval at this age of a job.
    pub(super) fn interval_at(&self, age: Duration) -> Duration {
        let growth = age.as_secs_f64() * (self.multiplier - 1.0);
        let interval = Duration::try_from_secs_f64(self.initial_interval.as_secs_f64() + growth);
        interval.unwrap_or(self.max_interval).min(self.max_interval)
    }

    /// Returns the counter of failed polls. Its delay is zero unless RunComfy sends `Retry-After`;
    /// otherwise the polling interval applies.
    pub(super) fn backoff(&self) -> Backoff {
        let retry = Retry {
            max_retries: self.max_consecutive_failures,
            initial_delay: Duration::ZERO,
            max_delay: Duration::ZERO,
            max_retry_after: Duration::MAX,
        };
        Backoff::new(Call::Read, retry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_grow_to_their_maximum_with_any_multiplier() {
        let polling = Polling::default();
        assert_eq!(polling.next(polling.initial_interval), Duration::from_millis(545));
        assert_eq!(polling.next(Duration::from_millis(4800)), polling.max_interval);
        let wild = Polling { multiplier: f64::NAN, ..polling };
        assert_eq!(wild.next(polling.initial_interval), polling.max_interval);
        let steady = Polling::every(Duration::from_millis(5));
        assert_eq!(steady.next(steady.initial_interval), steady.initial_interval);
    }

    /// Returns the shortest of many intervals of 10 s.
    fn shortest(jitter: f64) -> Option<Duration> {
        let pause = Duration::from_secs(10);
        let polling = Polling::default().with_jitter(jitter);
        let all: Vec<Duration> = (0..500).map(|_| polling.jittered(pause)).collect();
        assert!(all.iter().all(|found| *found <= pause), "{jitter}");
        all.into_iter().min()
    }

    #[test]
    fn an_interval_is_shortened_by_its_jitter_at_most() {
        let pause = Duration::from_secs(10);
        assert!((Some(pause.mul_f64(0.8))..Some(pause.mul_f64(0.85))).contains(&shortest(0.2)));
        assert_eq!(shortest(0.0), Some(pause));
        assert_eq!(shortest(-1.0), Some(pause));
        assert!(shortest(7.0) < Some(pause.mul_f64(0.1)));
        assert_eq!(Polling::default().with_jitter(f64::NAN).jittered(pause), pause);
        let steady = Polling::every(Duration::MAX);
        assert_eq!(steady.jittered(steady.initial_interval), steady.initial_interval);
    }
}
