//! What holds a client's calls back: its limits, which all of its clones share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// How many calls a client makes at once unless told otherwise: as many connections are
/// open at most.
pub(super) const DEFAULT_MAX_CONCURRENT_REQUESTS: usize = 100;

/// Who is before whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    /// A look at a job that is waited for: there can be thousands of these.
    Look,
    /// Anything else.
    Call,
}

/// The limits of one client.
pub(super) struct Throttle {
    calls: Semaphore,
    pace: Option<Pace>,
    /// One look at a time waits for the pace, so that whatever else is called waits behind
    /// one look, and not behind all of them.
    looks: Mutex<()>,
    in_flight: Option<Arc<Semaphore>>,
}

impl Throttle {
    /// The limits, or which of them is none.
    pub(super) fn new(
        max_concurrent_requests: usize,
        max_requests_per_second: Option<f64>,
        in_flight: Option<usize>,
    ) -> Result<Self, &'static str> {
        let semaphore = |count: usize, name| match count {
            0 => Err(name),
            count => Ok(Semaphore::new(count.min(Semaphore::MAX_PERMITS))),
        };
        let in_flight =
            in_flight.map(|count| semaphore(count, "max_jobs_in_flight")).transpose()?;
        Ok(Self {
            calls: semaphore(max_concurrent_requests, "max_concurrent_requests")?,
            pace: max_requests_per_second.map(Pace::new).transpose()?,
            looks: Mutex::new(()),
            in_flight: in_flight.map(Arc::new),
        })
    }

    /// Waits until a call may be made. The call lasts as long as what this gives.
    pub(super) async fn turn(&self, lane: Priority) -> Option<SemaphorePermit<'_>> {
        let _look = match lane {
            Priority::Look => Some(self.looks.lock().await),
            Priority::Call => None,
        };
        if let Some(pace) = &self.pace {
            pace.keep().await;
        }
        // Nothing closes the semaphore.
        self.calls.acquire().await.ok()
    }

    /// Waits until one more job may be in flight.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.in_flight.clone()?.acquire_owned().await.ok()
    }
}

/// A steady pace. Each call takes the next free moment, in the order of asking, so that
/// waiting costs one timer however many wait.
struct Pace {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    fn new(per_second: f64) -> Result<Self, &'static str> {
        // Zero, a negative number, NaN, and what is too small for the clock.
        match Duration::try_from_secs_f64(1.0 / per_second) {
            Ok(interval) if per_second > 0.0 => Ok(Self { interval, next: Mutex::new(None) }),
            Ok(_) | Err(_) => Err("max_requests_per_second"),
        }
    }

    async fn keep(&self) {
        let moment = {
            let mut next = self.next.lock().await;
            let now = Instant::now();
            let moment = next.map_or(now, |next| next.max(now));
            *next = moment.checked_add(self.interval);
            moment
        };
        sleep_until(moment).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_keep_their_pace_and_go_before_looks() {
        let limits = Arc::new(Throttle::new(100, Some(10.0), None).expect("they are limits"));
        let start = Instant::now();
        let looks: Vec<_> = (0..50)
            .map(|_| {
                let limits = limits.clone();
                tokio::spawn(async move { limits.turn(Priority::Look).await.is_some() })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(limits.turn(Priority::Call).await.is_some());
        // Behind the look that was let through and the one that waits, not behind 50.
        assert_eq!(start.elapsed().as_millis() / 100, 2);
        for look in looks {
            assert!(look.await.expect("it ends"));
        }
        assert!((50..=52).contains(&(start.elapsed().as_millis() / 100)), "{:?}", start.elapsed());
    }

    #[tokio::test]
    async fn no_more_calls_are_made_at_once_than_allowed() {
        let limits = Throttle::new(2, None, Some(1)).expect("they are limits");
        let first = limits.turn(Priority::Call).await;
        let _second = limits.turn(Priority::Look).await;
        let third = limits.turn(Priority::Call);
        let waited = tokio::time::timeout(Duration::from_millis(20), third).await;
        assert!(waited.is_err(), "a third call was let through");
        drop(first);
        assert!(limits.turn(Priority::Call).await.is_some());

        let place = limits.place().await;
        assert!(place.is_some());
        let other = tokio::time::timeout(Duration::from_millis(20), limits.place()).await;
        assert!(other.is_err(), "a second job was let through");
        drop(place);
        assert!(limits.place().await.is_some());
    }

    #[test]
    fn a_limit_that_is_no_number_of_anything_is_refused_by_name() {
        for per_second in [0.0, -1.0, -0.0, f64::NAN, 1e-300] {
            let error = Throttle::new(1, Some(per_second), None).err();
            assert_eq!(error, Some("max_requests_per_second"), "{per_second}");
        }
        assert_eq!(Throttle::new(0, None, None).err(), Some("max_concurrent_requests"));
        assert_eq!(Throttle::new(1, None, Some(0)).err(), Some("max_jobs_in_flight"));
        assert!(Throttle::new(usize::MAX, Some(f64::MAX), Some(usize::MAX)).is_ok());
    }
}
