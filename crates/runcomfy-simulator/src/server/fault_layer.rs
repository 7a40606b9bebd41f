//! Middleware that carries out the faults of calls.

use std::convert::identity;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Map, Value};
use tokio::time::sleep;

use super::MAX_BODY_BYTES;
use super::body;
use super::connection::Connection;
use super::reply::{error_with_code, error_with_detail};
use crate::app::App;
use crate::faults::{Call, Fault, Processed, RetryAfter};

/// The accepted job, attached to the reply of a submit.
#[derive(Clone)]
pub(super) struct NewJob {
    pub(super) id: String,
    pub(super) number: u64,
}

/// Fault that a reply has, attached to the reply.
#[derive(Clone)]
pub(super) struct InjectedFault(pub(super) Fault);

/// Middleware state for one kind of call.
#[derive(Clone)]
pub(super) struct FaultLayer {
    pub(super) app: Arc<App>,
    pub(super) call: Call,
}

pub(super) async fn apply(
    State(layer): State<FaultLayer>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
    next: Next,
) -> Response {
    let Some(fault) = layer.draw_fault(&request) else {
        return layer.send_whole(next.run(request).await, identity);
    };
    let mut reply = layer.inject(fault.clone(), &connection, request, next).await;
    reply.extensions_mut().insert(InjectedFault(fault));
    reply
}

/// The end of the year 9999, since the Unix epoch. An HTTP date has four digits for the year.
const LAST_HTTP_DATE: Duration = Duration::from_secs(253_402_300_799);

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Gateway</title></head>\n\
    <body><h1>This page is a fault of the simulator</h1></body></html>\n";

impl FaultLayer {
    /// Counts a call and returns its fault.
    fn draw_fault(&self, request: &Request) -> Option<Fault> {
        let nth = self.app.calls.count(self.call);
        let path = request.uri().path();
        let id = path.strip_prefix("/v1/requests/").and_then(|rest| rest.split('/').next());
        let (job, nth) = id.and_then(|id| self.app.jobs.count_call(id)).unwrap_or((0, nth));
        self.app.plan.fault(self.call, job, nth)
    }

    /// Carries out a fault.
    async fn inject(
        &self,
        fault: Fault,
        connection: &Connection,
        request: Request,
        next: Next,
    ) -> Response {
        match fault {
            Fault::Latency(pause) => {
                sleep(pause).await;
                self.send_whole(next.run(request).await, identity)
            }
            Fault::LateReply(pause) => {
                let reply = next.run(request).await;
                sleep(pause).await;
                self.send_whole(reply, identity)
            }
            Fault::StaleConnection => {
                let reply = next.run(request).await;
                connection.go_stale();
                self.send_whole(reply, identity)
            }
            Fault::SlowBody(pause) => {
                self.send_whole(next.run(request).await, |body| body::slow(body, pause))
            }
            Fault::CutBody { after } => {
                with_length(next.run(request).await).map(|body| body::cut(body, after))
            }
            Fault::Truncated { after } => truncate(next.run(request).await, after).await,
            Fault::NoRequestId => remove_request_id(next.run(request).await).await,
            Fault::Status(word) => replace_status(next.run(request).await, word).await,
            Fault::ByteOrderMark => {
                with_bytes(next.run(request).await, |bytes| [b"\xef\xbb\xbf", &bytes[..]].concat())
                    .await
            }
            Fault::Gzip => gzip(next.run(request).await).await,
            Fault::RateLimit(retry_after) => {
                process(Processed::No, request, next).await;
                rate_limit(retry_after)
            }
            Fault::Error { status, code, processed } => {
                let job = process(processed, request, next).await;
                with_job(injected_error(error_status(status), code), job)
            }
            Fault::Html { status, processed } => {
                let job = process(processed, request, next).await;
                with_job((error_status(status), Html(PAGE)).into_response(), job)
            }
            Fault::Reset { processed } => {
                let job = process(processed, request, next).await;
                connection.reset();
                with_job(StatusCode::OK.into_response(), job)
            }
            Fault::Close { processed } => {
                let job = process(processed, request, next).await;
                connection.close();
                with_job(StatusCode::OK.into_response(), job)
            }
        }
    }

    /// Sends a reply completely, by way of `send`. The ledger records when the reply with a new
    /// job's id was sent.
    fn send_whole(&self, reply: Response, send: impl FnOnce(Body) -> Body) -> Response {
        let reply = with_length(reply);
        let length = body::length(reply.body()).unwrap_or(u64::MAX);
        let Some(NewJob { number, .. }) = reply.extensions().get().cloned() else {
            return reply.map(send);
        };
        let app = self.app.clone();
        reply.map(|body| body::noted(send(body), length, move || app.jobs.mark_reply_sent(number)))
    }
}

/// Processes a call and drops the reply, or only reads its body. Returns the accepted job.
async fn process(processed: Processed, request: Request, next: Next) -> Option<NewJob> {
    match processed {
        Processed::Yes => next.run(request).await.extensions().get().cloned(),
        Processed::No => {
            // If the body cannot be read, the client gave up.
            let _ = to_bytes(request.into_body(), MAX_BODY_BYTES).await;
            None
        }
    }
}

fn with_job(mut reply: Response, job: Option<NewJob>) -> Response {
    if let Some(job) = job {
        reply.extensions_mut().insert(job);
    }
    reply
}

/// Sets `Content-Length`, which would be lost with another body.
fn with_length(mut reply: Response) -> Response {
    if let Some(length) = body::length(reply.body()) {
        let headers = reply.headers_mut();
        headers.entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
    }
    reply
}

/// Cuts the body after this many bytes, at least one byte before its end.
async fn truncate(reply: Response, after: u64) -> Response {
    with_bytes(reply, |mut bytes| {
        bytes.truncate(cut_before_end(bytes.len(), after));
        bytes
    })
    .await
}

/// Packs the body as gzip, in stored blocks.
async fn gzip(reply: Response) -> Response {
    const MAX_BLOCK: usize = 65_535;
    let mut reply = with_bytes(reply, |bytes| {
        let mut packed = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
        for block in bytes.chunks(MAX_BLOCK) {
            let length = block.len() as u16;
            packed.push(0);
            packed.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
            packed.extend(block);
        }
        packed.extend(b"\x01\0\0\xff\xff");
        packed.extend(crc32fast::hash(&bytes).to_le_bytes());
        packed.extend((bytes.len() as u32).to_le_bytes());
        packed
    })
    .await;
    let gzip = HeaderValue::from_static("gzip");
    reply.headers_mut().insert(header::CONTENT_ENCODING, gzip);
    reply
}

async fn remove_request_id(reply: Response) -> Response {
    let removed = ["request_id", "status_url", "result_url", "cancel_url"];
    with_object(reply, |reply| reply.retain(|key, _| !removed.contains(&key.as_str()))).await
}

async fn replace_status(reply: Response, word: String) -> Response {
    with_object(reply, |reply| {
        if let Some(status) = reply.get_mut("status") {
            *status = word.into();
        }
    })
    .await
}

fn injected_error(status: StatusCode, code: Option<i64>) -> Response {
    match code {
        Some(code) => error_with_code(status, code, "a fault of the simulator"),
        None => error_with_detail(status, "a fault of the simulator"),
    }
}

fn rate_limit(retry_after: RetryAfter) -> Response {
    let mut reply = error_with_detail(StatusCode::TOO_MANY_REQUESTS, "too many requests");
    let value = match retry_after {
        RetryAfter::Missing => return reply,
        RetryAfter::Seconds(seconds) => HeaderValue::from(seconds),
        RetryAfter::Date(seconds) => match HeaderValue::try_from(http_date_in(seconds)) {
            Ok(date) => date,
            Err(_) => return reply,
        },
    };
    reply.headers_mut().insert(header::RETRY_AFTER, value);
    reply
}

/// Returns the HTTP date this many seconds from now, at most the last one there is.
fn http_date_in(seconds: u64) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let date = now.saturating_add(Duration::from_secs(seconds)).min(LAST_HTTP_DATE);
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + date)
}

/// Returns the fault's status, or 500 if it is not a valid final status.
fn error_status(status: u16) -> StatusCode {
    let status = StatusCode::from_u16(status).ok().filter(|status| !status.is_informational());
    status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Returns the length of a cut text: `after`, but at least one byte less than `length`.
fn cut_before_end(length: usize, after: u64) -> usize {
    usize::try_from(after).unwrap_or(usize::MAX).min(length.saturating_sub(1))
}

/// Replaces the body of a reply.
async fn with_bytes(reply: Response, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Response {
    let (mut parts, body) = reply.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    match to_bytes(body, usize::MAX).await {
        Ok(bytes) => Response::from_parts(parts, Body::from(change(bytes.into()))),
        Err(error) => error_with_detail(
            StatusCode::INTERNAL_SERVER_ERROR,
            &format!("no body to change: {error}"),
        ),
    }
}

/// Changes the JSON object in a reply. Other bodies stay as they are.
async fn with_object(reply: Response, change: impl FnOnce(&mut Map<String, Value>)) -> Response {
    with_bytes(reply, |bytes| match serde_json::from_slice(&bytes) {
        Ok(Value::Object(mut object)) => {
            change(&mut object);
            Value::Object(object).to_string().into_bytes()
        }
        Ok(_) | Err(_) => bytes,
    })
    .await
}
