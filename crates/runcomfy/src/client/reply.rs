//! Reading replies: the one place that knows their shapes, and tolerates what is not
//! promised of them.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use serde_json::Value;

use super::error::{ApiError, ApiErrorKind, JobErrorReason, SubmitError};
use super::job::{CancelOutcome, Status, Success, Update};
use super::request_id::RequestId;
use crate::output::Read;

/// More of a body is not read: a reply holds addresses and states, not media.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// More of a body is not kept in an error.
const MOST_KEPT: usize = 64 * 1024;

/// A reply as it came.
pub(super) struct Reply {
    pub http_status: u16,
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// A reply whose connection broke within its body.
pub(super) struct Broken {
    pub error: reqwest::Error,
    /// What came before that.
    pub reply: Reply,
}

/// Why a reply is no answer.
pub(super) enum Problem {
    Api(ApiError),
    Transport(reqwest::Error),
    Unreadable { reason: String, body: String },
}

/// What `/result` said.
pub(super) enum ResultReply<O> {
    Unfinished,
    Succeeded(Success<O>),
    Failed(Value),
    Cancelled,
}

pub(super) async fn read(response: reqwest::Response) -> Result<Reply, Broken> {
    read_up_to(MOST_BYTES, response).await
}

/// Reads a reply to its end, or until its body is longer than `most`.
pub(super) async fn read_up_to(
    most: usize,
    mut response: reqwest::Response,
) -> Result<Reply, Broken> {
    let retry_after = response.headers().get(RETRY_AFTER);
    let seconds = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut reply = Reply {
        http_status: response.status().as_u16(),
        retry_after: seconds.map(Duration::from_secs),
        body: Vec::new(),
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => reply.body.extend_from_slice(&chunk),
            Ok(None) => return Ok(reply),
            Err(error) => return Err(Broken { error, reply }),
        }
        if reply.body.len() > most {
            return Ok(reply);
        }
    }
}

/// The id in the reply to a submit of `model`, or what the reply means: refused, or
/// unknown.
pub(super) fn submitted(
    reply: Result<Reply, Broken>,
    model: &str,
) -> Result<RequestId, SubmitError> {
    let (reply, broken) = match reply {
        Ok(reply) => (reply, None),
        Err(Broken { error, reply }) => (reply, Some(error)),
    };
    let mention = Mention::within(&reply.body);
    let reason = match (&broken, json(&reply), &mention) {
        (Some(_), ..) => "the connection broke within the answer".to_owned(),
        (None, Ok(_), Mention::Usable(id)) => return Ok(id.clone()),
        (None, Ok(_), Mention::Unusable | Mention::None) => {
            "it has no usable `request_id`".to_owned()
        }
        // A body with an id was taken, whatever else it says.
        (None, Err(Problem::Api(error)), Mention::None) if error.is_refusal() => {
            return Err(SubmitError::Rejected(error));
        }
        (None, Err(problem), _) => problem.of_job().to_string(),
    };
    Err(SubmitError::OutcomeUnknown {
        model: model.to_owned(),
        reason,
        body: Some(reply.kept()),
        id: mention.usable(),
        source: broken,
    })
}

/// The state in the reply to a status call.
pub(super) fn update(reply: Result<Reply, reqwest::Error>) -> Result<Update, Problem> {
    let reply = reply.map_err(Problem::Transport)?;
    let body = json(&reply)?;
    Ok(Update {
        status: status(&reply, &body)?,
        queue_position: body.get("queue_position").and_then(Value::as_u64),
    })
}

/// What the reply to a result call says.
pub(super) fn result<O: Read + Default>(
    reply: Result<Reply, reqwest::Error>,
    id: &RequestId,
) -> Result<ResultReply<O>, Problem> {
    let reply = reply.map_err(Problem::Transport)?;
    let mut body = match (json(&reply), reply.end_of(id)) {
        (Ok(body), _) => body,
        // What became of the job comes before what is said of the call: a failed job may
        // carry its reason as a code.
        (Err(Problem::Api(_)), Some(body)) => body,
        // Seen where the current state is promised.
        (Err(Problem::Api(error)), None) if error.kind == ApiErrorKind::NotReady => {
            return Ok(ResultReply::Unfinished);
        }
        (Err(problem), _) => return Err(problem),
    };
    let output = body.get_mut("output").map(Value::take).filter(|output| !output.is_null());
    let error = body.get_mut("error").map(Value::take).filter(|error| !error.is_null());
    match (status(&reply, &body)?, output, error) {
        (Status::Cancelled, ..) => Ok(ResultReply::Cancelled),
        (Status::Failed, _, error) => Ok(ResultReply::Failed(error.unwrap_or(body))),
        // `completed` means finished, not succeeded.
        (Status::Succeeded | Status::Completed, None, Some(error)) => {
            Ok(ResultReply::Failed(error))
        }
        (Status::Succeeded | Status::Completed, Some(raw), _) => {
            let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
            Ok(ResultReply::Succeeded(Success {
                id: id.clone(),
                output: O::read(&raw).unwrap_or_default(),
                raw,
                cost: body.get("cost").and_then(Value::as_f64),
                created_at: text("created_at"),
                finished_at: text("finished_at"),
            }))
        }
        (Status::Succeeded | Status::Completed, None, None) => {
            Err(reply.unreadable("it is finished and has neither `output` nor `error`"))
        }
        (Status::InQueue | Status::InProgress | Status::Other(_), ..) => {
            Ok(ResultReply::Unfinished)
        }
    }
}

/// The outcome in the reply to a cancel call; `status` there can say something else.
pub(super) fn cancelled(reply: Result<Reply, reqwest::Error>) -> Result<CancelOutcome, Problem> {
    let reply = reply.map_err(Problem::Transport)?;
    let body = json(&reply)?;
    match body.get("outcome").and_then(Value::as_str) {
        Some(word) => Ok(CancelOutcome::from_word(word)),
        None => Err(reply.unreadable("it has no `outcome`")),
    }
}

/// The body of a reply that is no error. A 2xx may carry an error: it is looked for
/// before anything else.
fn json(reply: &Reply) -> Result<Value, Problem> {
    answer(reply, serde_json::from_slice(&reply.body))
}

/// The same for a body that was parsed in another way, or in part.
pub(super) fn answer(
    reply: &Reply,
    parsed: Result<Value, serde_json::Error>,
) -> Result<Value, Problem> {
    let code = parsed.as_ref().ok().and_then(error_code);
    if code.is_some() || reply.http_status >= 400 {
        return Err(Problem::Api(ApiError {
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
        _ if reply.http_status >= 300 => {
            Err(reply.unreadable("it is a redirect, which is not followed"))
        }
        Ok(body) if body.is_object() => Ok(body),
        Ok(_) => Err(reply.unreadable("it is no JSON object")),
        Err(error) => Err(reply.unreadable(&format!("it is not JSON: {error}"))),
    }
}

fn status(reply: &Reply, body: &Value) -> Result<Status, Problem> {
    let word = body.get("status").and_then(Value::as_str);
    word.map(Status::from_word).ok_or_else(|| reply.unreadable("it has no `status`"))
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
    pub(super) fn unreadable(&self, reason: &str) -> Problem {
        Problem::Unreadable { reason: reason.to_owned(), body: self.kept() }
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

impl Problem {
    /// What this means for a call about a job.
    pub(super) fn of_job(self) -> JobErrorReason {
        match self {
            Self::Api(error) => JobErrorReason::Api(error),
            Self::Transport(error) => JobErrorReason::Transport(error),
            Self::Unreadable { reason, body } => JobErrorReason::Unreadable { reason, body },
        }
    }
}

impl ApiError {
    /// Whether this answer to a submit says that nothing was taken. A fault of the server
    /// does not say that, and a gateway may time out after handing the request on.
    fn is_refusal(&self) -> bool {
        match (self.http_status, self.code) {
            (408, _) => false,
            (400..=499, None) | (200..=299 | 400..=499, Some(400_000..=499_999)) => true,
            (400..=499, Some(code)) => !(500_000..=599_999).contains(&code),
            _ => false,
        }
    }
}

/// What a body says of a request's id.
enum Mention {
    None,
    /// It has one that is not of the right form.
    Unusable,
    Usable(RequestId),
}

impl Mention {
    /// Looks into a whole body, or into the beginning of one that was cut.
    fn within(body: &[u8]) -> Self {
        let value = match serde_json::from_slice::<Value>(body) {
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
