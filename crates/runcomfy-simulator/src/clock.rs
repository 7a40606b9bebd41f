//! The time by which jobs move: the machine's, or one that only a test moves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// When a clock that a test moves begins: the start of 2026, so that two runs tell the same times.
const MANUAL_START: Duration = Duration::from_secs(1_767_225_600);

/// The time since a simulator started.
pub(crate) struct Clock {
    start: SystemTime,
    /// The same moment on a clock that is never set back; none where only a test moves the time.
    running_since: Option<Instant>,
    /// Nanoseconds by which the clock was moved.
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

    /// The time since the start.
    pub(crate) fn now(&self) -> Duration {
        let run = self.running_since.map_or(Duration::ZERO, |since| since.elapsed());
        run + Duration::from_nanos(self.moved.load(Ordering::SeqCst))
    }

    /// Moves the time forward; it stops at the end of what it can count, 584 years from the start.
    pub(crate) fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        // This cannot fail: the function always gives a value.
        let _ = self.moved.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |moved| {
            Some(moved.saturating_add(by))
        });
    }

    /// A moment after the start, as a date. One that no date can tell is the start.
    pub(crate) fn date(&self, after_start: Duration) -> SystemTime {
        self.start.checked_add(after_start).unwrap_or(self.start)
    }
}
