//! Decides which failed calls are retried, and after which delay: the table in
//! `docs/guarantees.md`, as code.

use std::time::Duration;

/// The calls, by what may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// Costs money, and there is no idempotency key.
    Submit,
    /// Status, result, catalog, one model, categories, balance, download.
    Read,
    /// Cancelling twice cancels once.
    Cancel,
}

/// The failures that the table tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Refused, no such host, no TLS, or no connection in time: no byte of the request left.
    NotConnected,
    /// An HTTP/2 server said that it did not process the request.
    Unprocessed,
    /// The connection was reset or closed. The HTTP library does not tell whether the request
    /// had left.
    Broken,
    /// No response in time.
    TimedOut,
    /// HTTP 408.
    Http408,
    /// HTTP 429, or an `error_code` 429xxx.
    Http429,
    /// Any other HTTP 4xx, unless its `error_code` is 5xxxxx.
    Http4xx,
    /// HTTP 5xx and beyond, or a 4xx with an `error_code` 5xxxxx.
    Http5xx,
    /// A 2xx with an `error_code` 4xxxxx.
    RefusedInBody,
    /// A 2xx with any other `error_code`.
    FaultInBody,
    /// A 3xx: redirects are not followed.
    Redirect,
    /// A 2xx that is not JSON: empty, HTML, or truncated JSON.
    NotJson,
    /// A 2xx that is larger than its limit.
    TooLarge,
    /// A 2xx whose JSON lacks what the call needs, such as the id.
    Incomplete,
}

impl Failure {
    /// Classifies an error response.
    pub(super) fn of(http_status: u16, code: Option<i64>) -> Self {
        match (http_status, code) {
            (408, _) => Self::Http408,
            (200..=299 | 400..=499, Some(429_000..=429_999)) => Self::Http429,
            (400..=499, Some(500_000..=599_999)) => Self::Http5xx,
            (429, _) => Self::Http429,
            (400..=499, _) => Self::Http4xx,
            (200..=299, Some(400_000..=499_999)) => Self::RefusedInBody,
            (200..=299, _) => Self::FaultInBody,
            (300..=399, _) => Self::Redirect,
            _ => Self::Http5xx,
        }
    }
}

/// The reaction to a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decision {
    /// The call is retried, as often as [`Retry`] allows.
    pub retry: bool,
    /// The error for the caller once it is not retried.
    pub error: ErrorClass,
}

/// The kinds of error that a caller gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorClass {
    /// `SubmitError::NotSent`.
    NotSent,
    /// `SubmitError::Rejected`.
    Rejected,
    /// `SubmitError::OutcomeUnknown`.
    OutcomeUnknown,
    /// `Transport` of the call's error.
    Transport,
    /// `Api` of the call's error.
    Api,
    /// `Unreadable` of the call's error.
    Unreadable,
}

/// The table. A submit is retried only if RunComfy certainly did not accept it.
pub(super) fn classify(call: Call, failure: Failure) -> Decision {
    use Failure::{
        Broken, FaultInBody, Http4xx, Http5xx, Http408, Http429, Incomplete, NotConnected, NotJson,
        Redirect, RefusedInBody, TimedOut, TooLarge, Unprocessed,
    };
    let (retry, error) = match (call, failure) {
        (Call::Submit, NotConnected | Unprocessed) => (true, ErrorClass::NotSent),
        (Call::Submit, Http429) => (true, ErrorClass::Rejected),
        (Call::Submit, Http4xx | RefusedInBody) => (false, ErrorClass::Rejected),
        (
            Call::Submit,
            Broken | TimedOut | Http408 | Http5xx | FaultInBody | Redirect | NotJson | TooLarge
            | Incomplete,
        ) => (false, ErrorClass::OutcomeUnknown),
        (Call::Read | Call::Cancel, NotConnected | Unprocessed | Broken | TimedOut) => {
            (true, ErrorClass::Transport)
        }
        (Call::Read | Call::Cancel, Http408 | Http429 | Http5xx | FaultInBody) => {
            (true, ErrorClass::Api)
        }
        (Call::Read | Call::Cancel, Http4xx | RefusedInBody) => (false, ErrorClass::Api),
        (Call::Read | Call::Cancel, NotJson | Incomplete) => (true, ErrorClass::Unreadable),
        (Call::Read | Call::Cancel, Redirect | TooLarge) => (false, ErrorClass::Unreadable),
    };
    Decision { retry, error }
}

/// Settings for retrying a failed call where that is safe.
///
/// Waiting for a job has its own settings instead: see [`Polling`](super::Polling).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Retry {
    /// Maximum number of retries of one call.
    pub max_retries: u32,
    /// Delay before the first retry. Each further delay is twice as long. Each is shortened by
    /// up to a half at random, to spread the retries of many clients.
    pub initial_delay: Duration,
    /// Maximum delay.
    pub max_delay: Duration,
    /// Maximum delay that the server may ask for (`Retry-After`). If it asks for more, the
    /// caller gets the error at once, which holds the delay that was asked for.
    pub max_retry_after: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_retries: 3,
            initial_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(8),
            max_retry_after: Duration::from_secs(60),
        }
    }
}

impl Retry {
    /// Returns settings that retry nothing.
    pub fn never() -> Self {
        Self { max_retries: 0, ..Self::default() }
    }

    /// Sets [`max_retries`](Self::max_retries).
    #[must_use]
    pub fn with_max_retries(self, max_retries: u32) -> Self {
        Self { max_retries, ..self }
    }

    /// Sets [`initial_delay`](Self::initial_delay).
    #[must_use]
    pub fn with_initial_delay(self, initial_delay: Duration) -> Self {
        Self { initial_delay, ..self }
    }

    /// Sets [`max_delay`](Self::max_delay).
    #[must_use]
    pub fn with_max_delay(self, max_delay: Duration) -> Self {
        Self { max_delay, ..self }
    }

    /// Sets [`max_retry_after`](Self::max_retry_after).
    #[must_use]
    pub fn with_max_retry_after(self, max_retry_after: Duration) -> Self {
        Self { max_retry_after, ..self }
    }
}

/// The retries of one call: counts failures, and gives the delay before each retry.
#[derive(Debug)]
pub(super) struct Backoff {
    call: Call,
    retry: Retry,
    failures: u32,
}

impl Backoff {
    pub(super) fn new(call: Call, retry: Retry) -> Self {
        Self { call, retry, failures: 0 }
    }

    /// Returns the number of failures since the last success.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Records a success.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Records a failure. Returns the delay before the next attempt, or `None` to give up.
    pub(super) fn next(
        &mut self,
        failure: Failure,
        retry_after: Option<Duration>,
    ) -> Option<Duration> {
        let is_too_late = retry_after.is_some_and(|asked| asked > self.retry.max_retry_after);
        if !classify(self.call, failure).retry
            || self.failures >= self.retry.max_retries
            || is_too_late
        {
            return None;
        }
        let factor = 2_u32.checked_pow(self.failures);
        let delay = factor.and_then(|factor| self.retry.initial_delay.checked_mul(factor));
        let delay = delay.unwrap_or(self.retry.max_delay).min(self.retry.max_delay);
        self.failures += 1;
        Some(with_jitter(delay, 0.5).max(retry_after.unwrap_or_default()))
    }
}

/// Shortens a delay at random, by up to `fraction` of it.
pub(super) fn with_jitter(delay: Duration, fraction: f64) -> Duration {
    let kept = 1.0 - fraction.clamp(0.0, 1.0) * fastrand::f64();
    Duration::try_from_secs_f64(delay.as_secs_f64() * kept).unwrap_or(delay)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each failure as `docs/guarantees.md` calls it.
    const FAILURES: [(Failure, &str); 14] = [
        (Failure::NotConnected, "never connected: refused, DNS, TLS, or not within 10 s"),
        (
            Failure::Unprocessed,
            "HTTP/2: the server says that it did not process the request (`REFUSED_STREAM`, or `GOAWAY` in good order)",
        ),
        (
            Failure::Broken,
            "reset or closed, before or after the request left, or within the answer",
        ),
        (Failure::TimedOut, "no answer in time"),
        (Failure::Http408, "HTTP 408"),
        (Failure::Http429, "HTTP 429, or `error_code` 429xxx"),
        (Failure::Http4xx, "any other HTTP 4xx"),
        (Failure::Http5xx, "HTTP 5xx, or a 4xx with `error_code` 5xxxxx"),
        (Failure::RefusedInBody, "a 2xx with `error_code` 4xxxxx"),
        (Failure::FaultInBody, "a 2xx with any other `error_code`"),
        (Failure::Redirect, "a redirect"),
        (Failure::NotJson, "a 2xx that is HTML, empty or truncated JSON"),
        (
            Failure::TooLarge,
            "a 2xx larger than its limit: 16 MiB, a result 256 MiB, a page of the catalog 64 MiB",
        ),
        (Failure::Incomplete, "a 2xx without the id, or what else the call needs"),
    ];

    fn cell(decision: Decision) -> String {
        let retry = if decision.retry { "again; " } else { "" };
        format!("{retry}`{:?}`", decision.error)
    }

    #[test]
    fn the_retry_table_in_the_docs_matches_the_code() {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guarantees.md");
        let docs = std::fs::read_to_string(docs).expect("the docs are there");
        let (_, table) = docs.split_once("| what happens | submit |").expect("there is a table");
        let rows: Vec<&str> =
            table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
        assert_eq!(rows.len(), FAILURES.len());
        for ((failure, words), row) in FAILURES.into_iter().zip(rows) {
            let cells: Vec<String> = [Call::Submit, Call::Read, Call::Cancel]
                .map(|call| cell(classify(call, failure)))
                .into();
            assert_eq!(row, format!("| {words} | {} |", cells.join(" | ")));
        }
    }

    #[test]
    fn a_submit_is_retried_only_if_certainly_not_accepted() {
        let failures = FAILURES.map(|(failure, _)| failure).into_iter();
        let found: Vec<Failure> =
            failures.filter(|failure| classify(Call::Submit, *failure).retry).collect();
        assert_eq!(found, [Failure::NotConnected, Failure::Unprocessed, Failure::Http429]);
    }

    /// Returns the delay after so many failures before.
    fn delay(retry: Retry, failures: u32, retry_after: Option<Duration>) -> Option<Duration> {
        Backoff { call: Call::Read, retry, failures }.next(Failure::Http5xx, retry_after)
    }

    #[test]
    fn delays_double_to_their_maximum_and_differ() {
        let retry = Retry::default().with_max_retries(40).with_max_delay(Duration::from_secs(4));
        for (failures, longest) in
            [(0, 500), (1, 1000), (2, 2000), (3, 4000), (4, 4000), (39, 4000)]
        {
            let longest = Duration::from_millis(longest);
            let delays: Vec<Duration> =
                (0..200).filter_map(|_| delay(retry, failures, None)).collect();
            assert_eq!(delays.len(), 200);
            assert!(delays.iter().all(|delay| (longest / 2..=longest).contains(delay)));
            assert!(delays.iter().any(|delay| *delay != delays[0]), "there is no jitter");
        }
        assert_eq!(delay(retry, 40, None), None);
        assert_eq!(delay(Retry::never(), 0, None), None);
    }

    #[test]
    fn a_requested_delay_is_kept_or_the_call_fails() {
        let retry = Retry::default();
        let minute = Duration::from_secs(60);
        assert_eq!(delay(retry, 0, Some(minute)), Some(minute));
        assert_eq!(delay(retry, 0, Some(minute * 2)), None);
        assert!(delay(retry, 0, Some(Duration::ZERO)) >= Some(retry.initial_delay / 2));
    }

    #[test]
    fn a_backoff_counts_failures_until_a_success() {
        let mut backoff = Backoff::new(Call::Read, Retry::default().with_max_retries(2));
        assert!(backoff.next(Failure::Broken, None).is_some());
        assert!(backoff.next(Failure::Broken, None).is_some());
        assert_eq!((backoff.next(Failure::Broken, None), backoff.failures()), (None, 2));
        backoff.reset();
        assert!(backoff.next(Failure::Broken, None).is_some());
        assert_eq!(backoff.next(Failure::Http4xx, None), None, "it is not retried");
    }
}
