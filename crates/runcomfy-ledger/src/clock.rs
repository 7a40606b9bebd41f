//! The wall clock, which every process shares.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A day in milliseconds.
pub(crate) const DAY: i64 = 24 * 60 * 60 * 1000;

/// Returns the time in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    to_millis(SystemTime::now())
}

/// Returns the time in microseconds since 1970.
pub(crate) fn now_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

pub(crate) fn to_millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn to_time(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

/// Returns the day of a time, since 1970 in UTC.
pub(crate) fn day(millis: i64) -> i64 {
    millis.div_euclid(DAY)
}

/// A moment of this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    clock: Instant,
    wall: SystemTime,
}

impl Moment {
    pub(crate) fn now() -> Self {
        Self { clock: Instant::now(), wall: SystemTime::now() }
    }

    /// Returns the time since then, also while the machine slept: then only the wall clock goes on.
    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.elapsed().max(self.wall.elapsed().unwrap_or_default())
    }
}
