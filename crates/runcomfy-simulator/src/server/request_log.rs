//! One line per request on stderr.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::middleware::Next;
use axum::response::Response;

use super::fault_layer::{InjectedFault, NewJob};
use crate::app::{App, RequestLog};
use crate::escape::escape_control;

/// Writes method, path, status, milliseconds, job and fault of a request.
pub(super) async fn log(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if app.request_log == RequestLog::Off {
        return next.run(request).await;
    }
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let start = Instant::now();
    let reply = next.run(request).await;
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let (status, time) = (reply.status().as_u16(), start.elapsed().as_millis());
    let mut line = format!("{method} {path} {status} {time} ms");
    let new_job = reply.extensions().get::<NewJob>().map(|job| job.id.as_str());
    if let Some(job) = new_job.or_else(|| job_in(&uri)) {
        line.extend([" ", job]);
    }
    if let Some(InjectedFault(fault)) = reply.extensions().get() {
        line.push_str(&format!(" (fault: {fault:?})"));
    }
    // The simulator runs on if stderr is closed.
    let _ = writeln!(std::io::stderr(), "{}", escape_control(&line));
    reply
}

/// Returns the id of the job that a path names.
fn job_in(uri: &Uri) -> Option<&str> {
    let path = uri.path();
    match path.strip_prefix("/v1/requests/") {
        Some(rest) => rest.split('/').next(),
        None => path.strip_prefix("/outputs/")?.split('.').next(),
    }
}
