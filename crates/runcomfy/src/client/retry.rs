//! What is done about a call that went wrong: the table in `docs/guarantees.md`, as code.

use std::time::Duration;

/// The calls, as far as they differ in what may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// Costs money, and there is no idempotency key.
    Submit,
    /// Status, result, catalog, one model, categories, balance, download.
    Read,
    /// Cancelling twice cancels once.
    Cancel,
}

/// What a call can meet with instead of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// Refused, no such host, no TLS, or no connection in time: no byte of the request left.
    NotConnected,
    /// The connection was reset or closed. The HTTP library does not say whether the request
    /// had left.
    Broken,
    /// No answer in time.
    TimedOut,
    /// HTTP 408.
    Http408,
    /// HTTP 429, or an `error_code` 429xxx.
    Http429,
    /// Any other HTTP 4xx, unless its `error_code` is a fault.
    Http4xx,
    /// HTTP 5xx and beyond, or a 4xx with an `error_code` 5xxxxx.
    Http5xx,
    /// A 2xx with an `error_code` 4xxxxx.
    RefusedInBody,
    /// A 2xx with any other `error_code`.
    FaultInBody,
    /// A 3xx: no redirect is followed.
    Redirect,
    /// A 2xx that is no JSON: empty, HTML, or JSON that was cut.
    NotJson,
    /// A 2xx with JSON that lacks what the call needs, such as the id.
    Incomplete,
}

impl Failure {
    /// What an answer is that is an error.
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

/// What becomes of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decision {
    /// Whether the call is made again, as often as [`Retry`] allows.
    pub again: bool,
    /// What the caller gets once it is not.
    pub gets: ErrorClass,
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

/// The table: a submit is made again only where it was certainly not taken.
pub(super) fn classify(call: Call, failure: Failure) -> Decision {
    use Failure::{
        Broken, FaultInBody, Http4xx, Http5xx, Http408, Http429, Incomplete, NotConnected, NotJson,
        Redirect, RefusedInBody, TimedOut,
    };
    let (again, gets) = match (call, failure) {
        (Call::Submit, NotConnected) => (true, ErrorClass::NotSent),
        (Call::Submit, Http429) => (true, ErrorClass::Rejected),
        (Call::Submit, Http4xx | RefusedInBody) => (false, ErrorClass::Rejected),
        (
            Call::Submit,
            Broken | TimedOut | Http408 | Http5xx | FaultInBody | Redirect | NotJson | Incomplete,
        ) => (false, ErrorClass::OutcomeUnknown),
        (Call::Read | Call::Cancel, NotConnected | Broken | TimedOut) => {
            (true, ErrorClass::Transport)
        }
        (Call::Read | Call::Cancel, Http408 | Http429 | Http5xx | FaultInBody) => {
            (true, ErrorClass::Api)
        }
        (Call::Read | Call::Cancel, Http4xx | RefusedInBody) => (false, ErrorClass::Api),
        (Call::Read | Call::Cancel, NotJson | Incomplete) => (true, ErrorClass::Unreadable),
        (Call::Read | Call::Cancel, Redirect) => (false, ErrorClass::Unreadable),
    };
    Decision { again, gets }
}

/// How often, and how long, a call that went wrong is made again, where that is safe.
///
/// Waiting for a job has its own patience instead: see [`Polling`](super::Polling).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// How many times a call is made again.
    pub max_retries: u32,
    /// The pause before the first time. Each further pause is twice as long, and each is
    /// shortened by up to a half at random, so that many clients do not call together.
    pub initial_delay: Duration,
    /// No pause is longer.
    pub max_delay: Duration,
    /// The longest pause that is kept when RunComfy asks for one (`Retry-After`). Where it
    /// asks for more, the caller gets the error at once, and how long was asked in it.
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
    /// No call is made again.
    pub fn never() -> Self {
        Self { max_retries: 0, ..Self::default() }
    }

    /// The same with another number of times.
    #[must_use]
    pub fn with_max_retries(self, max_retries: u32) -> Self {
        Self { max_retries, ..self }
    }

    /// The same with another first pause.
    #[must_use]
    pub fn with_initial_delay(self, initial_delay: Duration) -> Self {
        Self { initial_delay, ..self }
    }

    /// The same with another longest pause.
    #[must_use]
    pub fn with_max_delay(self, max_delay: Duration) -> Self {
        Self { max_delay, ..self }
    }

    /// The same with another longest pause that RunComfy may ask for.
    #[must_use]
    pub fn with_max_retry_after(self, max_retry_after: Duration) -> Self {
        Self { max_retry_after, ..self }
    }

    /// The pause after the failure with this number, from 0 on; `None` where it was the last.
    pub(super) fn pause(&self, failures: u32, asked: Option<Duration>) -> Option<Duration> {
        if failures >= self.max_retries || asked.is_some_and(|asked| asked > self.max_retry_after) {
            return None;
        }
        let doubled =
            2_u32.checked_pow(failures).and_then(|power| self.initial_delay.checked_mul(power));
        let pause = shortened(doubled.unwrap_or(self.max_delay).min(self.max_delay), 0.5);
        Some(asked.map_or(pause, |asked| asked.max(pause)))
    }
}

/// A pause, shortened by up to this part of it at random.
pub(super) fn shortened(pause: Duration, part: f64) -> Duration {
    let kept = 1.0 - part.clamp(0.0, 1.0) * fastrand::f64();
    Duration::try_from_secs_f64(pause.as_secs_f64() * kept).unwrap_or(pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each failure as `docs/guarantees.md` calls it.
    const FAILURES: [(Failure, &str); 12] = [
        (Failure::NotConnected, "never connected: refused, DNS, TLS, or not within 10 s"),
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
        (Failure::Incomplete, "a 2xx without the id, or what else the call needs"),
    ];

    fn cell(decision: Decision) -> String {
        let again = if decision.again { "again; " } else { "" };
        format!("{again}`{:?}`", decision.gets)
    }

    #[test]
    fn the_table_in_the_docs_is_the_one_in_the_code() {
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
    fn a_submit_is_made_again_only_where_it_was_certainly_not_taken() {
        let again = |(failure, _): &(Failure, &str)| classify(Call::Submit, *failure).again;
        let found: Vec<Failure> =
            FAILURES.iter().filter(|row| again(row)).map(|(failure, _)| *failure).collect();
        assert_eq!(found, [Failure::NotConnected, Failure::Http429]);
    }

    #[test]
    fn pauses_double_to_their_limit_and_never_come_together() {
        let retry = Retry::default().with_max_retries(40).with_max_delay(Duration::from_secs(4));
        for (failures, longest) in
            [(0, 500), (1, 1000), (2, 2000), (3, 4000), (4, 4000), (39, 4000)]
        {
            let longest = Duration::from_millis(longest);
            let pauses: Vec<Duration> =
                (0..200).filter_map(|_| retry.pause(failures, None)).collect();
            assert_eq!(pauses.len(), 200);
            assert!(pauses.iter().all(|pause| (longest / 2..=longest).contains(pause)));
            assert!(pauses.iter().any(|pause| *pause != pauses[0]), "there is no jitter");
        }
        assert_eq!(retry.pause(40, None), None);
        assert_eq!(Retry::never().pause(0, None), None);
    }

    #[test]
    fn a_pause_that_is_asked_for_is_kept_or_the_call_given_up() {
        let retry = Retry::default();
        let minute = Duration::from_secs(60);
        assert_eq!(retry.pause(0, Some(minute)), Some(minute));
        assert_eq!(retry.pause(0, Some(minute * 2)), None);
        assert!(retry.pause(0, Some(Duration::ZERO)) >= Some(retry.initial_delay / 2));
    }
}
