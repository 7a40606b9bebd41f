//! How often a job that is waited for is asked for its status, and for how long.

use std::time::Duration;

/// How long [`Job::wait`](super::Job::wait) waits unless told otherwise.
pub(super) const DEFAULT_DEADLINE: Duration = Duration::from_secs(30 * 60);

/// The pauses between two looks at a job: the first, and how they grow.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Polling {
    /// The pause after the first look.
    pub first: Duration,
    /// What each pause is multiplied with to give the next.
    pub factor: f64,
    /// No pause is longer.
    pub most: Duration,
    /// How many looks in a row may fail for a passing reason (no answer, HTTP 408,
    /// 429 or 5xx, a body that cannot be read) before waiting gives up; and as many
    /// readings of the result. A pause that RunComfy asks for (`Retry-After`) is kept.
    pub patience: u32,
}

impl Default for Polling {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            factor: 1.5,
            most: Duration::from_secs(10),
            patience: 5,
        }
    }
}

impl Polling {
    /// The same pause each time.
    pub fn every(pause: Duration) -> Self {
        Self { first: pause, factor: 1.0, most: pause, ..Self::default() }
    }

    /// The same with another first pause.
    #[must_use]
    pub fn with_first(self, first: Duration) -> Self {
        Self { first, ..self }
    }

    /// The same with another growth.
    #[must_use]
    pub fn with_factor(self, factor: f64) -> Self {
        Self { factor, ..self }
    }

    /// The same with another longest pause.
    #[must_use]
    pub fn with_most(self, most: Duration) -> Self {
        Self { most, ..self }
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_patience(self, patience: u32) -> Self {
        Self { patience, ..self }
    }

    /// The pause after this one.
    pub(super) fn next(&self, pause: Duration) -> Duration {
        let grown = Duration::try_from_secs_f64(pause.as_secs_f64() * self.factor);
        grown.unwrap_or(self.most).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit_whatever_the_factor() {
        let polling = Polling::default();
        assert_eq!(polling.next(polling.first), Duration::from_millis(1500));
        assert_eq!(polling.next(Duration::from_secs(9)), polling.most);
        let wild = Polling { factor: f64::NAN, ..polling };
        assert_eq!(wild.next(polling.first), polling.most);
        let steady = Polling::every(Duration::from_millis(5));
        assert_eq!(steady.next(steady.first), steady.first);
    }
}
