//! Reads replies about jobs. Only this file knows their shapes, and it tolerates shapes that
//! RunComfy does not document.

mod error_text;

use std::error::Error;
use std::fmt::Display;
use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde_json::{Map, Value};
use url::Url;

use super::error::{
    ApiError, ApiErrorKind, CallError, JobErrorReason, SubmitError, TransportError,
};
use super::http::content_encoding;
use super::lenient_json::{self, NotJson};
use super::request_id::RequestId;
use super::retry::{Call, ErrorClass, Failure, classify};
use super::types::{CancelOutcome, CompletedJob, JobStatus, ResultReply, Status};
use crate::codegen_support::from_output::FromOutput;

/// Limits on the bytes of a body: the bytes that are read, and the bytes that an error keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BodyLimits {
    pub max_bytes: usize,
    pub max_kept: usize,
}

impl BodyLimits {
    /// For replies that hold URLs and statuses.
    pub(super) const USUAL: Self = Self { max_bytes: 16 * MIB, max_kept: 64 * 1024 };
    /// For a result, which may hold media and was paid for: an error keeps all of it.
    pub(super) const RESULT: Self = Self { max_bytes: 256 * MIB, max_kept: usize::MAX };
}

pub(super) const MIB: usize = 1024 * 1024;

/// A response that was read.
pub(super) struct Reply {
    pub http_status: u16,
    pub retry_after: Option<Duration>,
    /// The compression of the body, although the request asks for none.
    pub encoding: Option<String>,
    pub body: Vec<u8>,
    pub limits: BodyLimits,
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
    Transport(TransportError),
    Unreadable { failure: Failure, reason: String, body: String },
}

impl Reply {
    /// Creates a reply to a request to `url` with the status and headers only; the body is read
    /// later. A response from elsewhere is a redirect that a client followed which was handed in.
    pub(super) fn of(response: &reqwest::Response, url: &Url, limits: BodyLimits) -> Self {
        let is_redirected = response.url() != url;
        Self {
            http_status: if is_redirected { 302 } else { response.status().as_u16() },
            retry_after: asked_delay(response.headers()),
            encoding: content_encoding(response.headers()),
            body: Vec::new(),
            limits,
        }
    }

    /// Returns `true` once the body is longer than its limit. No more of it is read then.
    pub(super) fn is_too_large(&self) -> bool {
        self.body.len() > self.limits.max_bytes
    }

    /// Returns `true` if this is a result, and what has been received of it is a whole JSON object.
    pub(super) fn is_whole_result(&self) -> bool {
        self.limits == BodyLimits::RESULT
            && lenient_json::parse(&self.body).is_ok_and(|body| body.is_object())
    }
}

/// Returns the delay that a response asks for.
pub(super) fn asked_delay(headers: &HeaderMap) -> Option<Duration> {
    retry_after(headers, SystemTime::now())
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
    let parsed = lenient_json::parse(&reply.body);
    let mention = match JobMention::within(&parsed, &reply.body) {
        // A job may have been accepted under an id that is not where it belongs.
        JobMention::None if is_success(reply.http_status) && names_an_id(&reply.body) => {
            JobMention::Unusable
        }
        mention => mention,
    };
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

/// Returns `true` if a body has a member `request_id` at any depth.
fn names_an_id(body: &[u8]) -> bool {
    const NAME: &[u8] = b"\"request_id\"";
    body.windows(NAME.len()).any(|part| part == NAME)
}

/// Reads the reply to a status call. The end of the job comes before an error code, which may be the
/// job's own: the result has more.
pub(super) fn status(reply: &Reply) -> Result<JobStatus, ApiFailure> {
    let parsed = lenient_json::parse(&reply.body);
    let end = parsed.as_ref().ok().and_then(status_of).filter(Status::is_finished);
    let body = match end {
        Some(status) if is_success(reply.http_status) => {
            return Ok(JobStatus { status, queue_position: None });
        }
        _ => answer(reply, parsed)?,
    };
    Ok(JobStatus {
        status: status_of(&body).ok_or_else(|| reply.incomplete("it has no `status`"))?,
        queue_position: body.get("queue_position").and_then(Value::as_u64),
    })
}

/// Reads the reply to a result call.
pub(super) fn result<O: FromOutput + Default>(
    reply: &Reply,
    id: &RequestId,
) -> Result<ResultReply<O>, ApiFailure> {
    let Some(body) = body_of_result(reply, id)? else { return Ok(ResultReply::Unfinished) };
    let has_output = body.get("output").is_some_and(|output| !output.is_null());
    Ok(match (status_of(&body), has_output) {
        (Some(Status::Cancelled), _) => ResultReply::Cancelled { reply: body },
        (Some(Status::Failed), _) => {
            let error = first_of(&body, &JOB_REASONS).unwrap_or_else(|| body.clone());
            ResultReply::Failed { error, reply: body }
        }
        // An output is there only after a success, even if the status is missing.
        (Some(Status::Succeeded | Status::Completed) | None, true) => {
            ResultReply::Succeeded(completed(body, id))
        }
        // `completed` means finished, not succeeded.
        (Some(Status::Succeeded | Status::Completed), false) => {
            match first_of(&body, &JOB_REASONS[..3]) {
                Some(error) => ResultReply::Failed { error, reply: body },
                None => {
                    let reason = "it is finished and has neither `output` nor `error`";
                    return Err(reply.incomplete(reason));
                }
            }
        }
        (None, false) => return Err(reply.incomplete("it has no `status`")),
        (Some(Status::InQueue | Status::InProgress | Status::Other(_)), true) => {
            ResultReply::Unconfirmed(completed(body, id))
        }
        (Some(Status::InQueue | Status::InProgress | Status::Other(_)), false) => {
            ResultReply::Unfinished
        }
    })
}

/// Returns the body of the reply to a result call, or `None` if the job is not finished.
fn body_of_result(reply: &Reply, id: &RequestId) -> Result<Option<Value>, ApiFailure> {
    let parsed = lenient_json::parse(&reply.body);
    // The end of the job comes before the error of the call: a failed job may have its reason as an
    // error code, and an output was paid for.
    if let Ok(body) = &parsed
        && is_end(reply, body, id)
    {
        return Ok(parsed.ok());
    }
    match answer(reply, parsed) {
        Ok(body) => Ok(Some(body)),
        // Sent although the documentation promises the current status.
        Err(ApiFailure::Api(error)) if error.kind == ApiErrorKind::NotReady => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Returns `true` if a body says how the job ended, or has its output. A gateway's own error could
/// look like that too, so an HTTP error must come with the job's id.
fn is_end(reply: &Reply, body: &Value, id: &RequestId) -> bool {
    let is_named = body.get("request_id").and_then(Value::as_str) == Some(id.as_str());
    let is_from_api = is_success(reply.http_status) || (reply.http_status >= 400 && is_named);
    let has_output = body.get("output").is_some_and(|output| !output.is_null());
    is_from_api
        && match status_of(body) {
            Some(Status::Failed | Status::Cancelled) => true,
            Some(Status::InQueue | Status::InProgress) => false,
            Some(Status::Succeeded | Status::Completed | Status::Other(_)) | None => has_output,
        }
}

fn completed<O: FromOutput + Default>(body: Value, id: &RequestId) -> CompletedJob<O> {
    let mut rest = match body {
        Value::Object(rest) => rest,
        _ => Map::new(),
    };
    let raw = rest.remove("output").unwrap_or_default();
    // Another id, or an unknown status, is kept for the caller to see.
    if rest.get("request_id").and_then(Value::as_str) == Some(id.as_str()) {
        rest.remove("request_id");
    }
    let status = rest.get("status").and_then(Value::as_str).map(Status::from_word);
    if matches!(status, Some(Status::Succeeded | Status::Completed)) {
        rest.remove("status");
    }
    CompletedJob {
        id: id.clone(),
        // The reply does not say it.
        model: None,
        output: O::from_output(&raw).unwrap_or_default(),
        raw,
        cost: take(&mut rest, "cost", cost_of),
        created_at: take(&mut rest, "created_at", String::from_output),
        finished_at: take(&mut rest, "finished_at", String::from_output),
        others: rest,
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

/// Reads the reply to a cancel call: its `outcome`, or else its `status`, as RunComfy's own clients
/// do. Some servers send either with an HTTP 409.
pub(super) fn cancelled(reply: &Reply) -> Result<CancelOutcome, ApiFailure> {
    let parsed = lenient_json::parse(&reply.body);
    if matches!(reply.http_status, 200..=299 | 409)
        && let Ok(body) = &parsed
        && let Some(outcome) = outcome_of(body)
    {
        return Ok(outcome);
    }
    answer(reply, parsed)?;
    Err(reply.incomplete("it has no `outcome`"))
}

fn outcome_of(body: &Value) -> Option<CancelOutcome> {
    if let Some(word) = body.get("outcome").and_then(Value::as_str) {
        return Some(CancelOutcome::from_word(word));
    }
    match status_of(body)? {
        Status::Cancelled => Some(CancelOutcome::Cancelled),
        Status::InProgress | Status::Completed | Status::Succeeded | Status::Failed => {
            Some(CancelOutcome::NotCancellable)
        }
        Status::InQueue | Status::Other(_) => None,
    }
}

/// Returns the body of a reply that is not an error. A 2xx may hold an error, which is looked for
/// first.
pub(super) fn json(reply: &Reply) -> Result<Value, ApiFailure> {
    answer(reply, lenient_json::parse(&reply.body))
}

/// Same as [`json`], for a body that was parsed in another way or in part.
pub(super) fn answer<E: Display>(
    reply: &Reply,
    parsed: Result<Value, E>,
) -> Result<Value, ApiFailure> {
    if (300..=399).contains(&reply.http_status) {
        let reason = "it is a redirect, and redirects are not followed";
        return Err(reply.unreadable(Failure::Redirect, reason));
    }
    let code = parsed.as_ref().map_or(ErrorCode::None, |body| error_code(reply, body));
    if code != ErrorCode::None || reply.http_status >= 400 {
        let code = code.number();
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
    if reply.is_too_large() {
        let mebibytes = reply.limits.max_bytes / MIB;
        let reason = format!("it must be at most {mebibytes} MiB");
        return Err(reply.unreadable(Failure::TooLarge, &reason));
    }
    match parsed {
        Ok(body) if body.is_object() => Ok(body),
        Ok(_) => Err(reply.incomplete("it must be a JSON object")),
        Err(error) => {
            let reason = reply.compression().unwrap_or_else(|| error.to_string());
            Err(reply.unreadable(Failure::NotJson, &reason))
        }
    }
}

fn is_success(http_status: u16) -> bool {
    (200..300).contains(&http_status)
}

fn status_of(body: &Value) -> Option<Status> {
    body.get("status").and_then(Value::as_str).map(Status::from_word)
}

/// The error code in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ErrorCode {
    None,
    Number(i64),
    /// Something else than a number, such as `"unauthorized"`.
    Other,
}

impl ErrorCode {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null | Value::Bool(false) => Self::None,
            Value::Number(_) => match value.as_i64().or_else(|| whole(value.as_f64()?)) {
                Some(0) => Self::None,
                Some(code) => Self::Number(code),
                None => Self::Other,
            },
            Value::String(text) if text.trim().is_empty() => Self::None,
            Value::String(text) => match text.trim().parse::<Value>() {
                Ok(number @ Value::Number(_)) => Self::of(&number),
                _ => Self::Other,
            },
            Value::Bool(true) | Value::Array(_) | Value::Object(_) => Self::Other,
        }
    }

    fn number(self) -> Option<i64> {
        match self {
            Self::Number(code) => Some(code),
            Self::None | Self::Other => None,
        }
    }
}

/// Converts a float without a fraction.
fn whole(number: f64) -> Option<i64> {
    let is_exact = number.fract() == 0.0 && number.abs() < 9e15;
    is_exact.then_some(number as i64)
}

/// Finds the error code. Other places than `error_code` count only for RunComfy's six-digit codes,
/// and not beside the status of a job, whose own error they may be.
fn error_code(reply: &Reply, body: &Value) -> ErrorCode {
    let code = body.get("error_code").map_or(ErrorCode::None, ErrorCode::of);
    let is_about_job = is_success(reply.http_status) && status_of(body).is_some();
    if code != ErrorCode::None || is_about_job {
        return code;
    }
    let error = body.get("error");
    let places = [
        body.get("errorCode"),
        body.get("code"),
        error.and_then(|error| error.get("error_code")),
        error.and_then(|error| error.get("code")),
    ];
    let mut codes = places.into_iter().flatten().map(ErrorCode::of);
    codes
        .find(|code| matches!(code, ErrorCode::Number(400_000..=599_999)))
        .unwrap_or(ErrorCode::None)
}

/// The members that may hold the reason why a job failed, best first. Only the first three mean that
/// it failed.
const JOB_REASONS: [&str; 6] =
    ["error", "failure_reason", "error_message", "message", "detail", "reason"];
/// The members that may hold the message of a failed call, best first.
const REASONS: [&str; 6] =
    ["error_message", "failure_reason", "message", "error", "detail", "reason"];

/// Returns `true` for the name of a member that says how a call ended.
pub(super) fn says_outcome(name: &str) -> bool {
    let is_code = matches!(name, "status" | "error_code" | "errorCode" | "code");
    is_code || REASONS.contains(&name)
}

/// Returns the first of these members that says something.
fn first_of(body: &Value, names: &[&str]) -> Option<Value> {
    names.iter().filter_map(|name| body.get(*name)).find(|value| !is_blank(value)).cloned()
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(elements) => elements.iter().all(is_blank),
        Value::Object(members) => members.values().all(is_blank),
    }
}

/// Returns RunComfy's message of an error, which may be in one of several members.
fn message(body: &Value) -> Option<String> {
    REASONS.iter().find_map(|name| text_of(body.get(*name)?))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        value if is_blank(value) => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let parts: Vec<String> = parts.iter().filter_map(text_of).collect();
            Some(parts.join("; "))
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
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
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
}

impl ApiFailure {
    /// Classifies this for the table of retries.
    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::Api(error) => error.failure(),
            Self::Transport(TransportError::Http(error)) => transport_failure(error),
            Self::Transport(TransportError::Stalled(_)) => Failure::TimedOut,
            Self::Transport(TransportError::NoRuntime) => Failure::NotConnected,
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
    } else if is_unprocessed(error) {
        Failure::Unprocessed
    } else if error.is_timeout() {
        Failure::TimedOut
    } else {
        Failure::Broken
    }
}

/// Returns `true` if an HTTP/2 server said that it did not process the request (RFC 9113, 8.7): it
/// refused the stream, or it shut the connection down in good order before this stream. After a
/// shutdown for an error, the last stream that a server names may be wrong.
fn is_unprocessed(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(next) = cause {
        if let Some(error) = next.downcast_ref::<h2::Error>() {
            return error.is_remote()
                && match error.reason() {
                    Some(h2::Reason::REFUSED_STREAM) => error.is_reset(),
                    Some(h2::Reason::NO_ERROR) => error.is_go_away(),
                    Some(_) | None => false,
                };
        }
        cause = next.source();
    }
    false
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
    fn within(parsed: &Result<Value, NotJson>, body: &[u8]) -> Self {
        let value = match parsed {
            Ok(body) => body.get("request_id").cloned(),
            Err(_) => lenient_json::truncated_member(body, "request_id"),
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

#[cfg(test)]
mod tests;
