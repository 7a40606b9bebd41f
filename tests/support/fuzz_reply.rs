//! Fuzz target: any bytes as the reply to each call.

use std::fmt::Display;

use runcomfy::RequestId;
use runcomfy::client::{CallError, JobErrorReason, Readings, SubmitError};
use serde_json::Value;

/// The HTTP statuses that the first byte chooses from.
const STATUSES: [u16; 16] =
    [200, 200, 200, 200, 202, 204, 301, 307, 400, 401, 404, 408, 422, 429, 500, 503];
/// Maximum size of a body in an error. Each invalid byte may become three bytes.
const MAX_KEPT: usize = 3 * 64 * 1024 + 1024;

/// Reads bytes as the reply to each call, and panics if a promise of the client does not hold. The
/// first byte chooses the status, the second where the connection broke, the rest is the body.
/// Returns `true` if any call can read the reply.
pub fn fuzz_reply(data: &[u8]) -> bool {
    let [status, cut, body @ ..] = data else { return false };
    let http_status = STATUSES[usize::from(*status) % STATUSES.len()];
    let truncation = (cut % 4 == 3).then_some("it broke");
    let retry_after = body.get(..body.len().min(40)).unwrap_or_default();
    let Ok(id) = "r-1".parse::<RequestId>() else { return false };
    let readings = Readings::of(http_status, retry_after, body, truncation, &id);
    let again = Readings::of(http_status, retry_after, body, truncation, &id);
    assert_eq!(text(&readings.submitted), text(&again.submitted), "two readings differ");

    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    check_submitted(&readings.submitted, http_status, truncation, parsed.as_ref());
    check_result(&readings, parsed.as_ref(), http_status);
    for error in [
        readings.status.as_ref().err(),
        readings.cost.as_ref().err(),
        readings.cancelled.as_ref().err(),
        readings.page.as_ref().err(),
        readings.json.as_ref().err(),
    ] {
        check_error(error);
    }
    readings.submitted.is_ok()
        || readings.status.is_ok()
        || matches!(readings.result, Ok(_) | Err(JobErrorReason::Failed(_)))
        || matches!(readings.result, Err(JobErrorReason::Cancelled))
        || readings.cost.is_ok()
        || readings.cancelled.is_ok()
        || readings.page.is_ok()
        || readings.json.is_ok()
}

fn text(submitted: &Result<RequestId, SubmitError>) -> String {
    match submitted {
        Ok(id) => id.to_string(),
        Err(error) => error.to_string(),
    }
}

fn check_submitted(
    submitted: &Result<RequestId, SubmitError>,
    http_status: u16,
    truncation: Option<&str>,
    parsed: Option<&Value>,
) {
    let named = parsed.and_then(|body| body.get("request_id"));
    match submitted {
        Ok(id) => {
            assert!(truncation.is_none() && http_status < 300, "HTTP {http_status} was accepted");
            // A reply that only the lenient reader can read is not parsed here.
            if parsed.is_some() {
                assert_eq!(named.and_then(Value::as_str), Some(id.as_str()), "it is another id");
            }
        }
        Err(SubmitError::Rejected(_)) => {
            assert!(named.is_none_or(Value::is_null), "a request with an id was called refused");
            let is_unknown = http_status >= 500 || http_status == 408 || truncation.is_some();
            assert!(!is_unknown, "HTTP {http_status} refuses");
        }
        Err(_) => {}
    }
    assert!(text(submitted).len() <= MAX_KEPT, "an error is too long");
}

fn check_result(readings: &Readings, parsed: Option<&Value>, http_status: u16) {
    if let Some(body) = parsed
        && http_status < 300
        && matches!(body["status"].as_str(), Some("succeeded" | "completed"))
        && !body["output"].is_null()
    {
        assert!(matches!(readings.result, Ok(Some(_))), "an output is lost: {:?}", readings.result);
    }
    let completed = match &readings.result {
        Ok(Some(completed)) => completed,
        // An error of a result keeps the whole body.
        Ok(None) | Err(_) => return,
    };
    let Some(body) = parsed else { return };
    assert_eq!(Some(&completed.raw), body.get("output"), "the raw output is another");
    assert!(completed.cost.is_none_or(|cost| cost >= 0.0), "{:?}", completed.cost);
    for (name, was_read) in [
        ("cost", completed.cost.is_some()),
        ("created_at", completed.created_at.is_some()),
        ("finished_at", completed.finished_at.is_some()),
    ] {
        let came = body.get(name).is_some_and(|value| !value.is_null());
        assert!(!came || was_read || completed.others.contains_key(name), "`{name}` is lost");
    }
}

fn check_error(error: Option<&CallError>) {
    match error {
        Some(CallError::Api(error)) => check_length(&error.body, error),
        Some(CallError::Unreadable { body, reason }) => check_length(body, reason),
        Some(error) => unreachable!("a reply that came gave {error}"),
        None => {}
    }
}

fn check_length(body: &str, error: impl Display) {
    assert!(body.len() <= MAX_KEPT, "an error is too long: {error}");
}
