//! Reads replies. Only this file knows their shapes, and it tolerates shapes that RunComfy does not
//! document.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde_json::{Map, Value};

use super::error::{ApiError, ApiErrorKind, CallError, JobErrorReason, SubmitError};
use super::request_id::RequestId;
use super::retry::{Call, ErrorClass, Failure, classify};
use super::types::{CancelOutcome, CompletedJob, JobStatus, ResultReply, Status};
use crate::codegen_support::from_output::FromOutput;

/// Maximum size of a body: a reply holds URLs and statuses, not media.
pub(super) const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Maximum size of a body in an error.
const MAX_KEPT: usize = 64 * 1024;

/// A response that was read.
pub(super) struct Reply {
    pub http_status: u16,
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// Why a response broke off before its end.
pub(super) struct Truncation {
    /// The reason, as text.
    pub reason: String,
    /// The HTTP library's error, if there is one.
    pub source: Option<reqwest::Error>,
}

/// Why a call gave nothing to read.
pub(super) enum ApiFailure {
    Api(ApiError),
    Transport(reqwest::Error),
    Unreadable { failure: Failure, reason: String, body: String },
}

impl Reply {
    /// Creates a reply with the status and headers only; the body is read later.
    pub(super) fn of(response: &reqwest::Response) -> Self {
        Self {
            http_status: response.status().as_u16(),
            retry_after: retry_after(response.headers(), SystemTime::now()),
            body: Vec::new(),
        }
    }
}

/// Reads the delay that the server asks for: in seconds, or until a date. A date is compared with the
/// server's own clock if the response has one.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let asked = header_text(headers, RETRY_AFTER)?;
    if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than fit in an integer mean forever.
        return Some(Duration::from_secs(asked.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(asked).ok()?;
    let now = header_text(headers, DATE)
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or(now);
    Some(until.duration_since(now).unwrap_or_default())
}

fn header_text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Reads the reply to a submit of `model`. Returns its id, or an error that says if RunComfy may have
/// accepted it.
pub(super) fn submitted(
    reply: &Reply,
    truncation: Option<Truncation>,
    model: &str,
) -> Result<RequestId, SubmitError> {
    let parsed = serde_json::from_slice::<Value>(&reply.body);
    let mention = JobMention::within(&parsed, &reply.body);
    let reason = match (&truncation, answer(reply, parsed), &mention) {
        (Some(truncation), ..) => truncation.reason.clone(),
        (None, Ok(_), JobMention::Usable(id)) => return Ok(id.clone()),
        (None, Ok(_), JobMention::Unusable | JobMention::None) => {
            "it has no usable `request_id`".to_owned()
        }
        (None, Err(failure), mention) => {
            let class = classify(Call::Submit, failure.failure()).error;
            match (class, failure, mention) {
                (ErrorClass::Rejected, ApiFailure::Api(error), JobMention::None) => {
                    return Err(SubmitError::Rejected(error));
                }
                // A reply with an id was accepted, even if it has an error too.
                (_, failure, _) => JobErrorReason::from(failure).to_string(),
            }
        }
    };
    Err(SubmitError::OutcomeUnknown {
        model: model.to_owned(),
        reason,
        body: Some(reply.kept()),
        id: mention.usable(),
        source: truncation.and_then(|truncation| truncation.source),
    })
}

/// Reads the reply to a status call.
pub(super) fn status(reply: &Reply) -> Result<JobStatus, ApiFailure> {
    let body = json(reply)?;
    Ok(JobStatus {
        status: status_of(reply, &body)?,
        queue_position: body.get("queue_position").and_then(Value::as_u64),
    })
}

/// Reads the reply to a result call.
pub(super) fn result<O: FromOutput + Default>(
    reply: &Reply,
    id: &RequestId,
) -> Result<ResultReply<O>, ApiFailure> {
    let Some(mut body) = body_of_result(reply, id)? else { return Ok(ResultReply::Unfinished) };
    let output = body.get_mut("output").map(Value::take).filter(|output| !output.is_null());
    let error = body.get_mut("error").map(Value::take).filter(|error| !error.is_null());
    match (status_of(reply, &body)?, output, error) {
        (Status::Cancelled, ..) => Ok(ResultReply::Cancelled),
        (Status::Failed, _, error) => Ok(ResultReply::Failed(error.unwrap_or(body))),
        // `completed` means finished, not succeeded.
        (Status::Succeeded | Status::Completed, None, Some(error)) => {
            Ok(ResultReply::Failed(error))
        }
        (Status::Succeeded | Status::Completed, Some(raw), _) => {
            let mut rest = match body {
                Value::Object(rest) => rest,
                _ => Map::new(),
            };
            for read in ["request_id", "status", "output"] {
                rest.remove(read);
            }
            Ok(ResultReply::Succeeded(CompletedJob {
                id: id.clone(),
                output: O::from_output(&raw).unwrap_or_default(),
                raw,
                cost: take(&mut rest, "cost", cost_of),
                created_at: take(&mut rest, "created_at", String::from_output),
                finished_at: take(&mut rest, "finished_at", String::from_output),
                others: rest,
            }))
        }
        (Status::Succeeded | Status::Completed, None, None) => {
            Err(reply.incomplete("it is finished and has neither `output` nor `error`"))
        }
        (Status::InQueue | Status::InProgress | Status::Other(_), ..) => {
            Ok(ResultReply::Unfinished)
        }
    }
}

/// Returns the body of the reply to a result call, or `None` if the job is not finished.
fn body_of_result(reply: &Reply, id: &RequestId) -> Result<Option<Value>, ApiFailure> {
    let error = match json(reply) {
        Ok(body) => return Ok(Some(body)),
        Err(ApiFailure::Api(error)) => error,
        Err(problem) => return Err(problem),
    };
    // The end of the job comes before the error of the call: a failed job may have its reason as an
    // error code.
    match reply.ended(id) {
        Some(body) => Ok(Some(body)),
        // Sent although the documentation promises the current status.
        None if error.kind == ApiErrorKind::NotReady => Ok(None),
        None => Err(ApiFailure::Api(error)),
    }
}

/// Removes a member and returns it as a `T`. One that does not fit stays.
fn take<T>(
    members: &mut Map<String, Value>,
    name: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Option<T> {
    let value = members.get(name)?;
    let read = read(value);
    if read.is_some() || value.is_null() {
        members.remove(name);
    }
    read
}

/// Reads a cost in US dollars, which is not negative.
fn cost_of(value: &Value) -> Option<f64> {
    value.as_f64().filter(|cost| *cost >= 0.0)
}

/// Reads the cost in the reply to a result call, also of a job that failed. Returns `None` if it has
/// none yet.
pub(super) fn cost(reply: &Reply, id: &RequestId) -> Result<Option<f64>, ApiFailure> {
    Ok(body_of_result(reply, id)?.and_then(|body| body.get("cost").and_then(cost_of)))
}

/// Reads the outcome in the reply to a cancel call. Its `status` can disagree.
pub(super) fn cancelled(reply: &Reply) -> Result<CancelOutcome, ApiFailure> {
    let body = json(reply)?;
    match body.get("outcome").and_then(Value::as_str) {
        Some(word) => Ok(CancelOutcome::from_word(word)),
        None => Err(reply.incomplete("it has no `outcome`")),
    }
}

/// Returns the body of a reply that is not an error. A 2xx may hold an error, which is looked for
/// first.
pub(super) fn json(reply: &Reply) -> Result<Value, ApiFailure> {
    answer(reply, serde_json::from_slice(&reply.body))
}

/// Same as [`json`], for a body that was parsed in another way or in part.
pub(super) fn answer(
    reply: &Reply,
    parsed: Result<Value, serde_json::Error>,
) -> Result<Value, ApiFailure> {
    if (300..=399).contains(&reply.http_status) {
        return Err(
            reply.unreadable(Failure::Redirect, "it is a redirect, and redirects are not followed")
        );
    }
    let code = parsed.as_ref().ok().and_then(error_code);
    if code.is_some() || reply.http_status >= 400 {
        return Err(ApiFailure::Api(ApiError {
            http_status: reply.http_status,
            code,
            kind: ApiErrorKind::of(reply.http_status, code),
            message: match &parsed {
                Ok(body) => message(body).unwrap_or_else(|| "no reason was given".to_owned()),
                Err(_) => format!("the response is not JSON: {}", reply.beginning()),
            },
            retry_after: reply.retry_after,
            body: reply.kept(),
        }));
    }
    match parsed {
        Ok(body) if body.is_object() => Ok(body),
        Ok(_) => Err(reply.incomplete("it must be a JSON object")),
        Err(error) => Err(reply.unreadable(Failure::NotJson, &format!("it is not JSON: {error}"))),
    }
}

fn status_of(reply: &Reply, body: &Value) -> Result<Status, ApiFailure> {
    let word = body.get("status").and_then(Value::as_str);
    word.map(Status::from_word).ok_or_else(|| reply.incomplete("it has no `status`"))
}

fn error_code(body: &Value) -> Option<i64> {
    let code = body.get("error_code")?;
    let code = code.as_i64().or_else(|| code.as_str()?.parse().ok());
    code.filter(|code| *code != 0)
}

/// Returns RunComfy's message of an error, which may be in one of several members.
fn message(body: &Value) -> Option<String> {
    let places = ["error_message", "message", "error", "detail"];
    places.iter().find_map(|place| text_of(body.get(place)?))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let parts: Vec<String> = parts.iter().filter_map(text_of).collect();
            (!parts.is_empty()).then(|| parts.join("; "))
        }
        // FastAPI's form: `loc` and `msg`.
        Value::Object(part) => {
            let what = part.get("msg").or_else(|| part.get("message")).and_then(Value::as_str);
            let steps = part.get("loc").and_then(Value::as_array).into_iter().flatten();
            let place: Vec<String> = steps
                .filter(|step| step.as_str() != Some("body"))
                .map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned))
                .collect();
            Some(match (what, place.is_empty()) {
                (Some(what), true) => what.to_owned(),
                (Some(what), false) => format!("{}: {what}", place.join(".")),
                (None, _) => value.to_string(),
            })
        }
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
    }
}

impl Reply {
    /// Returns the failure of JSON that lacks what the call needs.
    pub(super) fn incomplete(&self, reason: &str) -> ApiFailure {
        self.unreadable(Failure::Incomplete, reason)
    }

    fn unreadable(&self, failure: Failure, reason: &str) -> ApiFailure {
        ApiFailure::Unreadable { failure, reason: reason.to_owned(), body: self.kept() }
    }

    fn kept(&self) -> String {
        String::from_utf8_lossy(&self.body[..self.body.len().min(MAX_KEPT)]).into_owned()
    }

    /// Returns the body if it says that the job failed or was cancelled. A gateway's own error could
    /// have such a status too, so an HTTP error must come with the job's id.
    fn ended(&self, id: &RequestId) -> Option<Value> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        let named = body.get("request_id").and_then(Value::as_str) == Some(id.as_str());
        let word = body.get("status").and_then(Value::as_str).map(Status::from_word);
        let ended = matches!(word, Some(Status::Failed | Status::Cancelled));
        (ended && (named || (200..300).contains(&self.http_status))).then_some(body)
    }

    /// Returns the beginning of a body that is not JSON, on one line.
    fn beginning(&self) -> String {
        let text = self.kept();
        let line: Vec<&str> = text.split_whitespace().collect();
        match line.join(" ") {
            line if line.is_empty() => "it is empty".to_owned(),
            line => line.chars().take(120).collect(),
        }
    }
}

impl ApiFailure {
    /// Classifies this for the table of retries.
    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::Api(error) => error.failure(),
            Self::Transport(error) => transport_failure(error),
            Self::Unreadable { failure, .. } => *failure,
        }
    }

    /// Returns the delay that RunComfy asked for.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api(error) => error.retry_after,
            Self::Transport(_) | Self::Unreadable { .. } => None,
        }
    }
}

impl From<ApiFailure> for JobErrorReason {
    fn from(failure: ApiFailure) -> Self {
        match failure {
            ApiFailure::Api(error) => Self::Api(error),
            ApiFailure::Transport(error) => Self::Transport(error),
            ApiFailure::Unreadable { reason, body, .. } => Self::Unreadable { reason, body },
        }
    }
}

impl From<ApiFailure> for CallError {
    fn from(failure: ApiFailure) -> Self {
        match failure {
            ApiFailure::Api(error) => Self::Api(error),
            ApiFailure::Transport(error) => Self::Transport(error),
            ApiFailure::Unreadable { reason, body, .. } => Self::Unreadable { reason, body },
        }
    }
}

/// Classifies an error of the HTTP library. What it cannot tell apart is [`Failure::Broken`].
pub(super) fn transport_failure(error: &reqwest::Error) -> Failure {
    if error.is_connect() || error.is_builder() {
        Failure::NotConnected
    } else if error.is_timeout() {
        Failure::TimedOut
    } else {
        Failure::Broken
    }
}

/// The request id in a body.
enum JobMention {
    None,
    /// There is one that is malformed.
    Unusable,
    Usable(RequestId),
}

impl JobMention {
    /// Finds the id in a whole body, or in the beginning of a truncated one.
    fn within(parsed: &Result<Value, serde_json::Error>, body: &[u8]) -> Self {
        let value = match parsed {
            Ok(body) => body.get("request_id").cloned(),
            Err(_) => truncated_member(&String::from_utf8_lossy(body), "request_id"),
        };
        match value {
            None | Some(Value::Null) => Self::None,
            Some(value) => match value.as_str().and_then(|id| id.parse().ok()) {
                Some(id) => Self::Usable(id),
                None => Self::Unusable,
            },
        }
    }

    fn usable(self) -> Option<RequestId> {
        match self {
            Self::None | Self::Unusable => None,
            Self::Usable(id) => Some(id),
        }
    }
}

/// Returns the first value with a name in truncated JSON, or `false` if the value itself is
/// truncated.
fn truncated_member(text: &str, name: &str) -> Option<Value> {
    let (_, rest) = text.split_once(&format!("\"{name}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?;
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    values.next().map(|value| value.unwrap_or(Value::Bool(false)))
}

#[cfg(test)]
mod tests;
