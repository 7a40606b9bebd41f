//! Bounds a client's requests and jobs: concurrency limits and a rate limit, shared by all its
//! clones.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// Default maximum number of concurrent requests, and so of open connections.
pub(super) const DEFAULT_MAX_CONCURRENT_REQUESTS: usize = 100;

/// Requests that are due within so short a time start together. One timer then serves them all, and
/// the program wakes once for them.
const BATCH: Duration = Duration::from_millis(20);

/// Order of requests that wait for the rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    /// A poll of a job that is waited for: there can be thousands of these.
    Poll,
    /// Any other request.
    Normal,
}

/// The limits of one client.
pub(super) struct Throttle {
    requests: Semaphore,
    pace: Option<Pace>,
    /// Held by the one poll that waits for the rate limit. Any other request therefore waits
    /// behind one poll, and not behind all of them.
    poll: Mutex<()>,
    jobs: Option<Arc<Semaphore>>,
}

impl Throttle {
    /// Creates the limits. Returns the name of the first one that is zero as the error.
    pub(super) fn new(
        max_concurrent_requests: usize,
        max_requests_per_second: Option<f64>,
        max_jobs_in_flight: Option<usize>,
    ) -> Result<Self, &'static str> {
        let jobs = max_jobs_in_flight.map(|count| semaphore(count, "max_jobs_in_flight"));
        Ok(Self {
            requests: semaphore(max_concurrent_requests, "max_concurrent_requests")?,
            pace: max_requests_per_second.map(Pace::new).transpose()?,
            poll: Mutex::new(()),
            jobs: jobs.transpose()?.map(Arc::new),
        })
    }

    /// Waits until a request may be sent. The request counts until the permit is dropped. Dropping
    /// the future gives its turn to the next.
    pub(super) async fn acquire(&self, priority: Priority) -> Option<SemaphorePermit<'_>> {
        let _poll = match priority {
            Priority::Poll => Some(self.poll.lock().await),
            Priority::Normal => None,
        };
        // The semaphore is never closed.
        let permit = self.requests.acquire().await.ok();
        if let Some(pace) = &self.pace {
            pace.wait().await;
        }
        permit
    }

    #[cfg(test)]
    pub(super) fn free_requests(&self) -> usize {
        self.requests.available_permits()
    }

    /// Waits until one more job may be in flight.
    pub(super) async fn acquire_job(&self) -> Option<OwnedSemaphorePermit> {
        self.jobs.clone()?.acquire_owned().await.ok()
    }
}

fn semaphore(count: usize, name: &'static str) -> Result<Semaphore, &'static str> {
    if count == 0 {
        return Err(name);
    }
    Ok(Semaphore::new(count.min(Semaphore::MAX_PERMITS)))
}

/// A steady rate, in steps of [`BATCH`]. The requests wait in the order of asking. A request takes
/// its moment only when that has come, so one that is given up takes none.
struct Pace {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    fn new(per_second: f64) -> Result<Self, &'static str> {
        // Refuses zero, a negative number, NaN, and what is too small for the clock.
        match Duration::try_from_secs_f64(1.0 / per_second) {
            Ok(interval) if per_second > 0.0 => Ok(Self { interval, next: Mutex::new(None) }),
            Ok(_) | Err(_) => Err("max_requests_per_second"),
        }
    }

    async fn wait(&self) {
        let mut next = self.next.lock().await;
        let due = next.unwrap_or_else(Instant::now);
        if due > Instant::now() {
            // The last of the requests that start together is due then.
            sleep_until(due + BATCH.saturating_sub(self.interval)).await;
        }
        let late = due.elapsed();
        // A timer that is late by little does not slow the rate down.
        let from = if late < self.interval.max(BATCH * 2) { due } else { due + late };
        *next = from.checked_add(self.interval);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_keep_the_rate_and_precede_polls() {
        let throttle = Arc::new(Throttle::new(100, Some(10.0), None).expect("they are limits"));
        let start = Instant::now();
        let looks: Vec<_> = (0..50)
            .map(|_| {
                let throttle = throttle.clone();
                tokio::spawn(async move { throttle.acquire(Priority::Poll).await.is_some() })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(throttle.acquire(Priority::Normal).await.is_some());
        // Behind the look that was let through and the one that waits, not behind 50.
        assert_eq!(start.elapsed().as_millis() / 100, 2);
        for look in looks {
            assert!(look.await.expect("it ends"));
        }
        assert!((50..=52).contains(&(start.elapsed().as_millis() / 100)), "{:?}", start.elapsed());
    }

    /// Field case M1.
    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_given_up_takes_no_moment() {
        let throttle = Throttle::new(100, Some(10.0), None).expect("the limits are positive");
        assert!(throttle.acquire(Priority::Normal).await.is_some());
        for priority in [Priority::Normal, Priority::Poll].repeat(300) {
            let dropped = tokio::time::timeout(Duration::ZERO, throttle.acquire(priority)).await;
            assert!(dropped.is_err(), "it did not wait");
        }
        let start = Instant::now();
        assert!(throttle.acquire(Priority::Normal).await.is_some());
        assert!(start.elapsed() <= Duration::from_millis(101), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_is_steady() {
        let throttle = Throttle::new(100, Some(10.0), None).expect("the limits are positive");
        let start = Instant::now();
        for _ in 0..101 {
            assert!(throttle.acquire(Priority::Normal).await.is_some());
        }
        let tenths = start.elapsed().as_millis() / 100;
        assert!((100..=101).contains(&tenths), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_high_rate_wakes_once_for_several_requests() {
        let throttle = Throttle::new(100, Some(400.0), None).expect("the limits are positive");
        let start = Instant::now();
        let mut starts = Vec::new();
        for _ in 0..801 {
            assert!(throttle.acquire(Priority::Poll).await.is_some());
            starts.push(start.elapsed());
        }
        let end = start.elapsed();
        assert!((1980..=2020).contains(&end.as_millis()), "{end:?}");
        for (before, after) in starts.iter().zip(starts.iter().skip(9)) {
            assert!(*after - *before >= Duration::from_millis(15), "too many at once: {after:?}");
        }
        starts.dedup();
        assert!(starts.len() <= 801 / 8 + 2, "woken {} times", starts.len());
    }

    #[tokio::test]
    async fn concurrent_requests_stay_within_the_limit() {
        let throttle = Throttle::new(2, None, Some(1)).expect("they are limits");
        let first = throttle.acquire(Priority::Normal).await;
        let _second = throttle.acquire(Priority::Poll).await;
        let third = throttle.acquire(Priority::Normal);
        let waited = tokio::time::timeout(Duration::from_millis(20), third).await;
        assert!(waited.is_err(), "a third call was let through");
        drop(first);
        assert!(throttle.acquire(Priority::Normal).await.is_some());

        let place = throttle.acquire_job().await;
        assert!(place.is_some());
        let other = tokio::time::timeout(Duration::from_millis(20), throttle.acquire_job()).await;
        assert!(other.is_err(), "a second job was let through");
        drop(place);
        assert!(throttle.acquire_job().await.is_some());
    }

    #[test]
    fn a_zero_limit_is_refused_by_name() {
        for per_second in [0.0, -1.0, -0.0, f64::NAN, 1e-300] {
            let error = Throttle::new(1, Some(per_second), None).err();
            assert_eq!(error, Some("max_requests_per_second"), "{per_second}");
        }
        assert_eq!(Throttle::new(0, None, None).err(), Some("max_concurrent_requests"));
        assert_eq!(Throttle::new(1, None, Some(0)).err(), Some("max_jobs_in_flight"));
        assert!(Throttle::new(usize::MAX, Some(f64::MAX), Some(usize::MAX)).is_ok());
    }
}
