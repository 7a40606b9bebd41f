//! Reading replies: the one place that knows their shapes, and tolerates what is not
//! promised of them.

use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use serde_json::{Map, Value};

use super::error::{ApiError, ApiErrorKind, CallError, JobErrorReason, SubmitError};
use super::request_id::RequestId;
use super::retry::{Call, ErrorClass, Failure, classify};
use super::types::{CancelOutcome, CompletedJob, JobStatus, ResultReply, Status};
use crate::codegen_support::from_output::FromOutput;

/// More of a body is not read: a reply holds addresses and states, not media.
pub(super) const MOST_BYTES: usize = 16 * 1024 * 1024;
/// More of a body is not kept in an error.
const MOST_KEPT: usize = 64 * 1024;

/// A reply as it came.
pub(super) struct Reply {
    pub http_status: u16,
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// What ended a reply before its end.
pub(super) struct Truncation {
    /// In words.
    pub reason: String,
    /// The HTTP library's error, where there is one.
    pub source: Option<reqwest::Error>,
}

/// Why a reply is no answer.
pub(super) enum ApiFailure {
    Api(ApiError),
    Transport(reqwest::Error),
    Unreadable { failure: Failure, reason: String, body: String },
}

impl Reply {
    /// A reply of which nothing was read but its head.
    pub(super) fn of(response: &reqwest::Response) -> Self {
        Self {
            http_status: response.status().as_u16(),
            retry_after: retry_after(response.headers(), SystemTime::now()),
            body: Vec::new(),
        }
    }
}

/// How long the server asks to wait: in seconds, or until a date. A date is read against
/// the server's own clock, where it tells it.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(RETRY_AFTER)?;
    if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than a number holds are forever.
        return Some(Duration::from_secs(asked.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(asked).ok()?;
    let now = text(DATE).and_then(|date| httpdate::parse_http_date(date).ok()).unwrap_or(now);
    Some(until.duration_since(now).unwrap_or_default())
}

/// The id in the reply to a submit of `model`, or what the reply means: refused, or
/// unknown.
pub(super) fn submitted(
    reply: &Reply,
    cut: Option<Truncation>,
    model: &str,
) -> Result<RequestId, SubmitError> {
    let parsed = serde_json::from_slice::<Value>(&reply.body);
    let mention = JobMention::within(&parsed, &reply.body);
    let reason = match (&cut, answer(reply, parsed), &mention) {
        (Some(cut), ..) => cut.reason.clone(),
        (None, Ok(_), JobMention::Usable(id)) => return Ok(id.clone()),
        (None, Ok(_), JobMention::Unusable | JobMention::None) => {
            "it has no usable `request_id`".to_owned()
        }
        (None, Err(problem), mention) => {
            let verdict = classify(Call::Submit, problem.failure()).gets;
            match (verdict, problem, mention) {
                (ErrorClass::Rejected, ApiFailure::Api(error), JobMention::None) => {
                    return Err(SubmitError::Rejected(error));
                }
                // A body with an id was taken, whatever else it says.
                (_, problem, _) => problem.of_job().to_string(),
            }
        }
    };
    Err(SubmitError::OutcomeUnknown {
        model: model.to_owned(),
        reason,
        body: Some(reply.kept()),
        id: mention.usable(),
        source: cut.and_then(|cut| cut.source),
    })
}

/// The state in the reply to a status call.
pub(super) fn update(reply: &Reply) -> Result<JobStatus, ApiFailure> {
    let body = json(reply)?;
    Ok(JobStatus {
        status: status(reply, &body)?,
        queue_position: body.get("queue_position").and_then(Value::as_u64),
    })
}

/// What the reply to a result call says.
pub(super) fn result<O: FromOutput + Default>(
    reply: &Reply,
    id: &RequestId,
) -> Result<ResultReply<O>, ApiFailure> {
    let Some(mut body) = body_of_result(reply, id)? else { return Ok(ResultReply::Unfinished) };
    let output = body.get_mut("output").map(Value::take).filter(|output| !output.is_null());
    let error = body.get_mut("error").map(Value::take).filter(|error| !error.is_null());
    match (status(reply, &body)?, output, error) {
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
                cost: taken(&mut rest, "cost", cost_of),
                created_at: taken(&mut rest, "created_at", String::from_output),
                finished_at: taken(&mut rest, "finished_at", String::from_output),
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

/// The body of the reply to a result call; `None` where the job is not finished.
fn body_of_result(reply: &Reply, id: &RequestId) -> Result<Option<Value>, ApiFailure> {
    let error = match json(reply) {
        Ok(body) => return Ok(Some(body)),
        Err(ApiFailure::Api(error)) => error,
        Err(problem) => return Err(problem),
    };
    // What became of the job comes before what is said of the call: a failed job may carry
    // its reason as a code.
    match reply.end_of(id) {
        Some(body) => Ok(Some(body)),
        // Seen where the current state is promised.
        None if error.kind == ApiErrorKind::NotReady => Ok(None),
        None => Err(ApiFailure::Api(error)),
    }
}

/// What a member is read as; one that does not fit stays where it is.
fn taken<T>(
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

/// A cost in US dollars: a number that is not negative.
fn cost_of(value: &Value) -> Option<f64> {
    value.as_f64().filter(|cost| *cost >= 0.0)
}

/// The cost in the reply to a result call, whatever became of the job; `None` where it does
/// not say it yet.
pub(super) fn cost(reply: &Reply, id: &RequestId) -> Result<Option<f64>, ApiFailure> {
    Ok(body_of_result(reply, id)?.and_then(|body| body.get("cost").and_then(cost_of)))
}

/// The outcome in the reply to a cancel call; `status` there can say something else.
pub(super) fn cancelled(reply: &Reply) -> Result<CancelOutcome, ApiFailure> {
    let body = json(reply)?;
    match body.get("outcome").and_then(Value::as_str) {
        Some(word) => Ok(CancelOutcome::from_word(word)),
        None => Err(reply.incomplete("it has no `outcome`")),
    }
}

/// The body of a reply that is no error. A 2xx may carry an error: it is looked for
/// before anything else.
pub(super) fn json(reply: &Reply) -> Result<Value, ApiFailure> {
    answer(reply, serde_json::from_slice(&reply.body))
}

/// The same for a body that was parsed in another way, or in part.
pub(super) fn answer(
    reply: &Reply,
    parsed: Result<Value, serde_json::Error>,
) -> Result<Value, ApiFailure> {
    if (300..=399).contains(&reply.http_status) {
        return Err(reply.unreadable(Failure::Redirect, "it is a redirect, which is not followed"));
    }
    let code = parsed.as_ref().ok().and_then(error_code);
    if code.is_some() || reply.http_status >= 400 {
        return Err(ApiFailure::Api(ApiError {
            http_status: reply.http_status,
            code,
            kind: ApiErrorKind::of(reply.http_status, code),
            message: match &parsed {
                Ok(body) => message(body).unwrap_or_else(|| "no reason was given".to_owned()),
                Err(_) => format!("the answer is not JSON: {}", reply.beginning()),
            },
            retry_after: reply.retry_after,
            body: reply.kept(),
        }));
    }
    match parsed {
        Ok(body) if body.is_object() => Ok(body),
        Ok(_) => Err(reply.incomplete("it is no JSON object")),
        Err(error) => Err(reply.unreadable(Failure::NotJson, &format!("it is not JSON: {error}"))),
    }
}

fn status(reply: &Reply, body: &Value) -> Result<Status, ApiFailure> {
    let word = body.get("status").and_then(Value::as_str);
    word.map(Status::from_word).ok_or_else(|| reply.incomplete("it has no `status`"))
}

fn error_code(body: &Value) -> Option<i64> {
    let code = body.get("error_code")?;
    let code = code.as_i64().or_else(|| code.as_str()?.parse().ok());
    code.filter(|code| *code != 0)
}

/// RunComfy's words for an error, from whichever place it put them in.
fn message(body: &Value) -> Option<String> {
    let places = ["error_message", "message", "error", "detail"];
    places.iter().find_map(|place| words(body.get(place)?))
}

fn words(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let parts: Vec<String> = parts.iter().filter_map(words).collect();
            (!parts.is_empty()).then(|| parts.join("; "))
        }
        // FastAPI's form: where, and what.
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
    /// JSON that lacks what the call needs.
    pub(super) fn incomplete(&self, reason: &str) -> ApiFailure {
        self.unreadable(Failure::Incomplete, reason)
    }

    fn unreadable(&self, failure: Failure, reason: &str) -> ApiFailure {
        ApiFailure::Unreadable { failure, reason: reason.to_owned(), body: self.kept() }
    }

    fn kept(&self) -> String {
        String::from_utf8_lossy(&self.body[..self.body.len().min(MOST_KEPT)]).into_owned()
    }

    /// The body, where it says that the job failed or was cancelled. A gateway's own
    /// error could have such a word too, so an error status must come with the job's id.
    fn end_of(&self, id: &RequestId) -> Option<Value> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        let named = body.get("request_id").and_then(Value::as_str) == Some(id.as_str());
        let word = body.get("status").and_then(Value::as_str).map(Status::from_word);
        let ended = matches!(word, Some(Status::Failed | Status::Cancelled));
        (ended && (named || (200..300).contains(&self.http_status))).then_some(body)
    }

    /// The beginning of a body that is not JSON, on one line.
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
    /// What this means for a call about a job.
    pub(super) fn of_job(self) -> JobErrorReason {
        match self {
            Self::Api(error) => JobErrorReason::Api(error),
            Self::Transport(error) => JobErrorReason::Transport(error),
            Self::Unreadable { reason, body, .. } => JobErrorReason::Unreadable { reason, body },
        }
    }

    /// What this means for any other call that only reads.
    pub(super) fn of_call(self) -> CallError {
        match self {
            Self::Api(error) => CallError::Api(error),
            Self::Transport(error) => CallError::Transport(error),
            Self::Unreadable { reason, body, .. } => CallError::Unreadable { reason, body },
        }
    }

    /// What this is in the table of what is done about failures.
    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::Api(error) => error.failure(),
            Self::Transport(error) => transport_failure(error),
            Self::Unreadable { failure, .. } => *failure,
        }
    }

    /// How long RunComfy asked to wait before the next call.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api(error) => error.retry_after,
            Self::Transport(_) | Self::Unreadable { .. } => None,
        }
    }
}

/// What the HTTP library can tell apart; all that it cannot is [`Failure::Broken`].
pub(super) fn transport_failure(error: &reqwest::Error) -> Failure {
    if error.is_connect() || error.is_builder() {
        Failure::NotConnected
    } else if error.is_timeout() {
        Failure::TimedOut
    } else {
        Failure::Broken
    }
}

/// What a body says of a request's id.
enum JobMention {
    None,
    /// It has one that is not of the right form.
    Unusable,
    Usable(RequestId),
}

impl JobMention {
    /// Looks into a whole body, or into the beginning of one that was cut.
    fn within(parsed: &Result<Value, serde_json::Error>, body: &[u8]) -> Self {
        let value = match parsed {
            Ok(body) => body.get("request_id").cloned(),
            Err(_) => cut_member(&String::from_utf8_lossy(body), "request_id"),
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

/// The first value under a name in JSON text that ends too early; `false` stands for one
/// that was itself cut.
fn cut_member(text: &str, name: &str) -> Option<Value> {
    let (_, rest) = text.split_once(&format!("\"{name}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?;
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    values.next().map(|value| value.unwrap_or(Value::Bool(false)))
}

#[cfg(test)]
mod tests;
