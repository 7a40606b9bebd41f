//! How often a job that is waited for is asked for its status, and for how long.

use std::time::Duration;

use super::retry::shortened;

/// How long [`Job::wait`](super::Job::wait) waits unless told otherwise.
pub(super) const DEFAULT_DEADLINE: Duration = Duration::from_secs(30 * 60);

/// The pauses between two looks at a job: the first, and how they grow.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Polling {
    /// The pause after the first look.
    pub initial_interval: Duration,
    /// What each pause is multiplied with to give the next.
    pub multiplier: f64,
    /// No pause is longer.
    pub max_interval: Duration,
    /// The part of a pause by which each is shortened at random, from 0 to 1, so that jobs
    /// that were submitted together are not asked about together.
    pub jitter: f64,
    /// How many looks in a row may fail for a passing reason (no answer, HTTP 408,
    /// 429 or 5xx, a body that cannot be read) before waiting gives up; and as many
    /// readings of the result. A pause that RunComfy asks for (`Retry-After`) is kept.
    pub max_consecutive_failures: u32,
}

impl Default for Polling {
    fn default() -> Self {
        Self {
            initial_interval: Duration::from_secs(1),
            multiplier: 1.5,
            max_interval: Duration::from_secs(10),
            jitter: 0.2,
            max_consecutive_failures: 5,
        }
    }
}

impl Polling {
    /// The same pause each time.
    pub fn every(pause: Duration) -> Self {
        Self {
            initial_interval: pause,
            multiplier: 1.0,
            max_interval: pause,
            jitter: 0.0,
            ..Self::default()
        }
    }

    /// The same with another first pause.
    #[must_use]
    pub fn with_initial_interval(self, initial_interval: Duration) -> Self {
        Self { initial_interval, ..self }
    }

    /// The same with another growth.
    #[must_use]
    pub fn with_multiplier(self, multiplier: f64) -> Self {
        Self { multiplier, ..self }
    }

    /// The same with another longest pause.
    #[must_use]
    pub fn with_max_interval(self, max_interval: Duration) -> Self {
        Self { max_interval, ..self }
    }

    /// The same with another jitter.
    #[must_use]
    pub fn with_jitter(self, jitter: f64) -> Self {
        Self { jitter, ..self }
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_max_consecutive_failures(self, max_consecutive_failures: u32) -> Self {
        Self { max_consecutive_failures, ..self }
    }

    /// A pause as it is made.
    pub(super) fn jittered(&self, pause: Duration) -> Duration {
        shortened(pause, self.jitter)
    }

    /// The pause after this one.
    pub(super) fn next(&self, pause: Duration) -> Duration {
        let grown = Duration::try_from_secs_f64(pause.as_secs_f64() * self.multiplier);
        grown.unwrap_or(self.max_interval).min(self.max_interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit_whatever_the_factor() {
        let polling = Polling::default();
        assert_eq!(polling.next(polling.initial_interval), Duration::from_millis(1500));
        assert_eq!(polling.next(Duration::from_secs(9)), polling.max_interval);
        let wild = Polling { multiplier: f64::NAN, ..polling };
        assert_eq!(wild.next(polling.initial_interval), polling.max_interval);
        let steady = Polling::every(Duration::from_millis(5));
        assert_eq!(steady.next(steady.initial_interval), steady.initial_interval);
    }

    #[test]
    fn a_pause_is_shortened_by_its_jitter_at_most() {
        let pause = Duration::from_secs(10);
        let shortest = |jitter: f64| {
            let polling = Polling::default().with_jitter(jitter);
            let all: Vec<Duration> = (0..500).map(|_| polling.jittered(pause)).collect();
            assert!(all.iter().all(|found| *found <= pause), "{jitter}");
            all.into_iter().min()
        };
        assert!((Some(pause.mul_f64(0.8))..Some(pause.mul_f64(0.85))).contains(&shortest(0.2)));
        assert_eq!(shortest(0.0), Some(pause));
        assert_eq!(shortest(-1.0), Some(pause));
        assert!(shortest(7.0) < Some(pause.mul_f64(0.1)));
        assert_eq!(Polling::default().with_jitter(f64::NAN).jittered(pause), pause);
        let steady = Polling::every(Duration::MAX);
        assert_eq!(steady.jittered(steady.initial_interval), steady.initial_interval);
    }
}
