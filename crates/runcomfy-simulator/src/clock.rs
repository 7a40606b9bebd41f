//! The clock that moves jobs: the machine's clock, or one that only a test advances.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Start of a manual clock, 2026-01-01: two runs report the same times.
const MANUAL_START: Duration = Duration::from_secs(1_767_225_600);

/// Time since a simulator started.
pub(crate) struct Clock {
    start: SystemTime,
    /// Start on the monotonic clock. `None` if only a test moves the time.
    running_since: Option<Instant>,
    /// Nanoseconds by which the clock was advanced.
    moved: AtomicU64,
}

impl Clock {
    pub(crate) fn real() -> Self {
        let running_since = Some(Instant::now());
        Self { start: SystemTime::now(), running_since, moved: AtomicU64::new(0) }
    }

    pub(crate) fn manual() -> Self {
        let start = SystemTime::UNIX_EPOCH + MANUAL_START;
        Self { start, running_since: None, moved: AtomicU64::new(0) }
    }

    /// Returns the time since the start.
    pub(crate) fn now(&self) -> Duration {
        let run = self.running_since.map_or(Duration::ZERO, |since| since.elapsed());
        run + Duration::from_nanos(self.moved.load(Ordering::SeqCst))
    }

    /// Advances the clock. It saturates 584 years after the start.
    pub(crate) fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        // The closure always returns a value, so this cannot fail.
        let _ = self.moved.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |moved| {
            Some(moved.saturating_add(by))
        });
    }

    /// Converts a time since the start to a date. Returns the start if a date cannot hold it.
    pub(crate) fn date(&self, after_start: Duration) -> SystemTime {
        self.start.checked_add(after_start).unwrap_or(self.start)
    }
}
