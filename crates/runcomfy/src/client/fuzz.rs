//! Any bytes as each reply that the server can send. Not for users: a way in for the fuzz
//! bodies of `tests/support/fuzz.rs`, behind the feature `fuzz`.

use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use serde_json::Value;

use super::catalog;
use super::error::SubmitError;
use super::reply::{self, ApiFailure, Reply, Truncation};
use super::request_id::RequestId;
use super::retry::{Call, ErrorClass, classify};
use super::types::ResultReply;
use crate::output::MediaOutput;

/// The HTTP statuses that the first byte chooses among.
const STATUSES: [u16; 16] =
    [200, 200, 200, 200, 202, 204, 301, 307, 400, 401, 404, 408, 422, 429, 500, 503];
/// More of a body is not kept in an error, and a character may be replaced by three bytes.
const MOST_KEPT: usize = 3 * 64 * 1024 + 1024;

/// Reads bytes as each reply, and panics where what the client promises of them does not hold:
/// the first byte chooses the status, the second where the connection broke, the rest is the
/// body. Whether something came of them.
pub fn fuzz_reply(data: &[u8]) -> bool {
    let (Some(status), Some(cut)) = (data.first(), data.get(1)) else { return false };
    let http_status = STATUSES[usize::from(*status) % STATUSES.len()];
    let body = data.get(2..).unwrap_or_default().to_vec();
    let reply = || Reply { http_status, retry_after: retry_after(&body), body: body.clone() };
    let id: RequestId = match "r-1".parse() {
        Ok(id) => id,
        Err(_) => return false,
    };
    let parsed: Option<Value> = serde_json::from_slice(&body).ok();
    let was_cut = cut % 4 == 3;

    let submitted = submitted(&reply(), was_cut);
    if let Ok(id) = &submitted {
        let named = parsed.as_ref().and_then(|body| body.get("request_id"));
        assert!(!was_cut && http_status < 300, "HTTP {http_status} was taken");
        assert_eq!(named.and_then(Value::as_str), Some(id.as_str()), "it is another id");
    }
    if let Err(SubmitError::Rejected(_)) = &submitted {
        let named = parsed.as_ref().and_then(|body| body.get("request_id"));
        assert!(named.is_none_or(Value::is_null), "a request with an id was called refused");
        assert!(http_status < 500 && http_status != 408 && !was_cut, "HTTP {http_status} refuses");
    }

    let update = outcome(reply::update(&reply()));
    let result = outcome(reply::result::<MediaOutput>(&reply(), &id));
    if let (Some(ResultReply::Succeeded(success)), Some(body)) = (&result, &parsed) {
        assert_eq!(Some(&success.raw), body.get("output"), "the raw output is another");
        assert!(success.cost.is_none_or(|cost| cost >= 0.0), "{:?}", success.cost);
        let kept = |name: &str, read: bool| {
            let came = body.get(name).is_some_and(|value| !value.is_null());
            assert!(!came || read || success.others.contains_key(name), "`{name}` is lost");
        };
        kept("cost", success.cost.is_some());
        kept("created_at", success.created_at.is_some());
        kept("finished_at", success.finished_at.is_some());
    }
    let cost = outcome(reply::cost(&reply(), &id));
    let cancelled = outcome(reply::cancelled(&reply()));
    let page = outcome(catalog::page(reply()));
    let json = outcome(reply::json(&reply()));
    update.is_some()
        || result.is_some()
        || cost.is_some()
        || cancelled.is_some()
        || page.is_some()
        || json.is_some()
        || submitted.is_ok()
}

fn submitted(reply: &Reply, was_cut: bool) -> Result<RequestId, SubmitError> {
    let cut = || was_cut.then(|| Truncation { reason: "it broke".to_owned(), source: None });
    let read = || reply::submitted(reply, cut(), "a/b");
    let said = |result: &Result<RequestId, SubmitError>| match result {
        Ok(id) => id.to_string(),
        Err(error) => error.to_string(),
    };
    let submitted = read();
    assert_eq!(said(&submitted), said(&read()), "two readings differ");
    assert!(said(&submitted).len() <= MOST_KEPT, "an error is too long");
    submitted
}

/// The answer, where there is one; asserts what holds of any problem.
fn outcome<T>(answer: Result<T, ApiFailure>) -> Option<T> {
    let problem = match answer {
        Ok(answer) => return Some(answer),
        Err(problem) => problem,
    };
    let verdict = classify(Call::Read, problem.failure()).gets;
    let is_as_told = match (&problem, verdict) {
        (ApiFailure::Api(error), ErrorClass::Api) => error.body.len() <= MOST_KEPT,
        (ApiFailure::Unreadable { body, .. }, ErrorClass::Unreadable) => body.len() <= MOST_KEPT,
        _ => false,
    };
    assert!(is_as_told, "{verdict:?} for {}", problem.of_job());
    None
}

fn retry_after(body: &[u8]) -> Option<std::time::Duration> {
    let mut headers = HeaderMap::new();
    let text = body.get(..body.len().min(40)).unwrap_or_default();
    headers.insert(RETRY_AFTER, HeaderValue::from_bytes(text).ok()?);
    reply::retry_after(&headers, std::time::SystemTime::UNIX_EPOCH)
}
