//! Facts about files at URLs, which are used again for a short time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;
use url::Url;

use super::before;
use super::media_report::MediaReport;

/// Maximum number of URLs.
const MAX_URLS: usize = 1024;

/// Reports on files at URLs. Measurements of one URL wait for each other.
pub(super) struct FactsCache {
    max_age: Duration,
    entries: Mutex<HashMap<Url, Entry>>,
}

/// One URL. It is locked while its file is measured.
type Entry = Arc<AsyncMutex<Option<Facts>>>;

struct Facts {
    report: MediaReport,
    measured_at: Instant,
    reuse: Reuse,
}

/// Further use of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reuse {
    /// None: the measurement ended for a reason of its own.
    Never,
    /// By those who waited for it.
    Waiting,
    /// Also by those who come within this time.
    Within(Duration),
}

/// The time of a report that is to be used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    Before,
    Meanwhile,
}

impl FactsCache {
    /// Creates a cache of facts of at most this age.
    pub(super) fn new(max_age: Duration) -> Self {
        Self { max_age, entries: Mutex::default() }
    }

    /// Returns a report that `suits`, or else the one that `measure` makes. Returns `None` if
    /// another measurement did not end before the deadline.
    pub(super) async fn report(
        &self,
        url: &Url,
        deadline: Option<Instant>,
        suits: impl Fn(&MediaReport, Made) -> bool,
        measure: impl Future<Output = (MediaReport, Reuse)>,
    ) -> Option<MediaReport> {
        if self.max_age.is_zero() {
            return Some(measure.await.0);
        }
        let came_at = Instant::now();
        let entry = self.entry(url, came_at);
        let mut facts = before(deadline, entry.lock()).await?;
        if let Some(facts) = &*facts
            && let Some(made) = facts.made(came_at)
            && suits(&facts.report, made)
        {
            let mut report = facts.report.clone();
            (report.requests, report.bytes) = (0, 0);
            return Some(report);
        }
        let (report, reuse) = measure.await;
        let reuse = match reuse {
            Reuse::Within(age) => Reuse::Within(age.min(self.max_age)),
            Reuse::Never | Reuse::Waiting => reuse,
        };
        let measured_at = Instant::now();
        *facts = match reuse {
            Reuse::Never => None,
            Reuse::Waiting | Reuse::Within(_) => {
                Some(Facts { report: report.clone(), measured_at, reuse })
            }
        };
        Some(report)
    }

    /// Returns the entry of a URL. If there are too many, forgets the oldest that is not being
    /// measured.
    fn entry(&self, url: &Url, now: Instant) -> Entry {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(url) {
            return entry.clone();
        }
        if entries.len() >= MAX_URLS {
            entries.retain(|_, entry| !is_useless(entry, now));
        }
        if entries.len() >= MAX_URLS {
            let oldest = entries.iter().filter_map(|(url, entry)| {
                Some((entry.try_lock().ok()?.as_ref()?.measured_at, url))
            });
            if let Some(url) = oldest.min().map(|(_, url)| url.clone()) {
                entries.remove(&url);
            }
        }
        let entry = Entry::default();
        // All of them are being measured: this one is not shared.
        if entries.len() < MAX_URLS {
            entries.insert(url.clone(), entry.clone());
        }
        entry
    }
}

/// Returns `true` for an entry that is not being measured, and that nobody can use again.
fn is_useless(entry: &Entry, now: Instant) -> bool {
    match entry.try_lock() {
        Ok(facts) => !facts.as_ref().is_some_and(|facts| facts.is_fresh(now)),
        Err(_) => false,
    }
}

impl Facts {
    fn is_fresh(&self, now: Instant) -> bool {
        match self.reuse {
            Reuse::Within(age) => now.saturating_duration_since(self.measured_at) < age,
            Reuse::Never | Reuse::Waiting => false,
        }
    }

    /// Returns when this was made, for somebody who came at a time. Returns `None` if it is too
    /// old.
    fn made(&self, came_at: Instant) -> Option<Made> {
        if came_at < self.measured_at {
            return Some(Made::Meanwhile);
        }
        self.is_fresh(came_at).then_some(Made::Before)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use tokio::time::{advance, sleep};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// A cache, and the number of measurements so far.
    struct Counted {
        cache: FactsCache,
        count: AtomicUsize,
    }

    impl Counted {
        fn new() -> Self {
            Self { cache: FactsCache::new(MINUTE), count: AtomicUsize::new(0) }
        }

        /// Returns a report of a measurement that takes a second, and its number of requests.
        async fn report(&self, url: &str, suits: bool, reuse: Reuse) -> u64 {
            let url = Url::parse(url).expect("it is a URL");
            let measure = async {
                self.count.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_secs(1)).await;
                let mut report = MediaReport::default();
                (report.requests, report.bytes) = (3, 9);
                (report, reuse)
            };
            let report = self.cache.report(&url, None, |_, _| suits, measure).await;
            let report = report.expect("there is no deadline");
            assert_eq!(report.bytes, report.requests * 3);
            report.requests
        }

        fn count(&self) -> usize {
            self.count.load(Ordering::Relaxed)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_report_is_used_again_within_its_age() {
        let it = Counted::new();
        let ages = [(1000, MINUTE), (10, Duration::from_secs(10)), (0, Duration::ZERO)];
        for (index, (seconds, age)) in ages.into_iter().enumerate() {
            let url = format!("https://a/{index}");
            let (before, reuse) = (it.count(), Reuse::Within(Duration::from_secs(seconds)));
            assert_eq!(it.report(&url, true, reuse).await, 3, "{age:?}");
            if age > Duration::ZERO {
                advance(age - Duration::from_millis(2)).await;
                assert_eq!(it.report(&url, true, reuse).await, 0, "{age:?}");
                assert_eq!(it.count(), before + 1);
                advance(Duration::from_millis(2)).await;
            }
            assert_eq!(it.report(&url, true, reuse).await, 3, "{age:?}");
            assert_eq!(it.count(), before + 2);
        }
        assert_eq!(it.report("https://a/0", false, Reuse::Waiting).await, 3, "it does not suit");
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_measurements_of_one_url_are_one() {
        for reuse in [Reuse::Waiting, Reuse::Within(MINUTE)] {
            let it = Counted::new();
            let all = (0..50).map(|index| {
                it.report(if index % 2 == 0 { "https://a/" } else { "https://b/" }, true, reuse)
            });
            let requests = join_all(all).await;
            assert_eq!((requests.iter().sum::<u64>(), it.count()), (6, 2), "{reuse:?}");
        }
        // Each for itself: the reason why one ended is not that of another.
        let it = Counted::new();
        let all = (0..5).map(|_| it.report("https://a/", true, Reuse::Never));
        assert_eq!((join_all(all).await, it.count()), (vec![3; 5], 5));
        // A failure is not used by those who come later.
        let it = Counted::new();
        assert_eq!(it.report("https://a/", true, Reuse::Waiting).await, 3);
        assert_eq!(it.report("https://a/", true, Reuse::Waiting).await, 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_measurement_that_is_dropped_holds_up_nobody() {
        let it = Counted::new();
        let dropped = it.report("https://a/", true, Reuse::Within(MINUTE));
        assert!(tokio::time::timeout(Duration::from_millis(1), dropped).await.is_err());
        assert_eq!(it.report("https://a/", true, Reuse::Within(MINUTE)).await, 3);
        assert_eq!(it.count(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_another_measurement_has_a_deadline() {
        let it = Counted::new();
        let url = Url::parse("https://a/").expect("it is a URL");
        let wait = async {
            let deadline = Instant::now().checked_add(Duration::from_millis(900));
            let never = std::future::pending();
            it.cache.report(&url, deadline, |_, _| true, never).await
        };
        let first = it.report("https://a/", true, Reuse::Within(MINUTE));
        let (first, second) = tokio::join!(first, wait);
        assert_eq!((first, second.is_none()), (3, true));
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_urls_is_limited() {
        let it = Counted::new();
        let reuse = Reuse::Within(MINUTE);
        let urls: Vec<String> = (0..=MAX_URLS).map(|index| format!("https://a/{index}")).collect();
        let (first, rest) = urls.split_first().expect("there are some");
        it.report(first, true, reuse).await;
        join_all(rest.iter().map(|url| it.report(url, true, reuse))).await;
        assert_eq!(it.cache.entries.lock().expect("no lock is poisoned").len(), MAX_URLS);
        assert_eq!(it.report(&rest[0], true, reuse).await, 0);
        assert_eq!(it.report(first, true, reuse).await, 3, "the oldest was forgotten");
        advance(MINUTE).await;
        it.report("https://b/", true, reuse).await;
        assert_eq!(it.cache.entries.lock().expect("no lock is poisoned").len(), 1);
        advance(MINUTE).await;
        // None of them can make room, since all are being measured.
        join_all(urls.iter().map(|url| it.report(url, true, reuse))).await;
        assert_eq!(it.cache.entries.lock().expect("no lock is poisoned").len(), MAX_URLS);
    }
}
