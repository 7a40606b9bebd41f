//! Submit, status, result, cancel.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use humantime::format_rfc3339_millis;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::reply::{Code, no_such_model, problem, refused};
use super::{App, files};
use crate::jobs::{Glance, Outcome, Phase};
use crate::judge::Refusal;
use crate::measure;

type RequestId = Result<Path<String>, PathRejection>;

pub(super) async fn submit(
    State(app): State<Arc<App>>,
    uri: Uri,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(model) = model_id(uri.path()).and_then(|id| app.models.get(&id)) else {
        return no_such_model();
    };
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return problem(rejection.status(), &rejection.body_text()),
    };
    let input: Value = match serde_json::from_slice(&body) {
        Ok(input) => input,
        Err(error) => return refuse_body("json_invalid", format!("the body is not JSON: {error}")),
    };
    if !input.is_object() {
        return refuse_body("type", "the body must be a JSON object".to_owned());
    }
    let mut refusals = model.judge.judge(&input);
    refusals.extend(measure::refusals(&app, &model, &input).await);
    if !refusals.is_empty() {
        return refused(refusals);
    }
    let id = app.jobs.submit(model);
    let mut reply = json!({
        "request_id": id,
        "cancel_url": format!("{}/v1/requests/{id}/cancel", app.origin),
    });
    add_urls(&mut reply, &app, &id);
    Json(reply).into_response()
}

pub(super) async fn status(
    State(app): State<Arc<App>>,
    id: RequestId,
) -> Result<Json<Value>, Code> {
    let id = well_formed(id)?;
    let glance = app.jobs.look(&id).ok_or(Code::NoSuchRequest)?;
    Ok(Json(state(&app, &id, glance.phase)))
}

pub(super) async fn result(
    State(app): State<Arc<App>>,
    id: RequestId,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, Code> {
    let id = well_formed(id)?;
    let Glance { model, created_at, phase } = app.jobs.look(&id).ok_or(Code::NoSuchRequest)?;
    let (at, cost) = match phase {
        Phase::Queued { .. } | Phase::Running => return Ok(Json(state(&app, &id, phase))),
        Phase::Finished { at } => (at, model.price_usd),
        Phase::Cancelled { at } => (at, 0.0),
    };
    let mut reply = json!({
        "request_id": id,
        "status": "cancelled",
        "created_at": format_rfc3339_millis(created_at).to_string(),
        "finished_at": format_rfc3339_millis(at).to_string(),
    });
    if matches!(phase, Phase::Finished { .. }) {
        reply["status"] = json!("succeeded");
        reply["output"] = model.output.value(&|kind| files::output_url(&app, &id, kind));
    }
    if query.get("include_cost").is_some_and(|value| value == "true") {
        reply["cost"] = json!(cost);
    }
    Ok(Json(reply))
}

pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    id: RequestId,
) -> Result<(StatusCode, Json<Value>), Code> {
    let id = well_formed(id)?;
    let (glance, outcome) = app.jobs.cancel(&id).ok_or(Code::NoSuchRequest)?;
    let outcome = match outcome {
        Outcome::Cancelled => "cancelled",
        Outcome::NotCancellable => "not_cancellable",
    };
    let reply = json!({
        "request_id": id,
        "status": status_word(glance.phase),
        "outcome": outcome,
    });
    Ok((StatusCode::ACCEPTED, Json(reply)))
}

/// The model id in a path: slashes stay raw in it, each segment is percent-encoded.
pub(super) fn model_id(path: &str) -> Option<String> {
    let segments: Option<Vec<_>> = path
        .strip_prefix("/v1/models/")?
        .split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8().ok())
        .map(|segment| segment.filter(|segment| !segment.contains('/')))
        .collect();
    Some(segments?.join("/"))
}

fn refuse_body(keyword: &str, message: String) -> Response {
    refused(vec![Refusal { path: Vec::new(), keyword: keyword.to_owned(), message }])
}

fn well_formed(id: RequestId) -> Result<String, Code> {
    let Path(id) = id.map_err(|_| Code::MalformedId)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if (1..=128).contains(&id.len()) && id.bytes().all(allowed) {
        Ok(id)
    } else {
        Err(Code::MalformedId)
    }
}

fn state(app: &App, id: &str, phase: Phase) -> Value {
    let mut reply = json!({"request_id": id, "status": status_word(phase)});
    if let Phase::Queued { position } = phase {
        reply["queue_position"] = json!(position);
    }
    add_urls(&mut reply, app, id);
    reply
}

fn add_urls(reply: &mut Value, app: &App, id: &str) {
    reply["status_url"] = json!(format!("{}/v1/requests/{id}/status", app.origin));
    reply["result_url"] = json!(format!("{}/v1/requests/{id}/result", app.origin));
}

/// The word for a phase on `/status`, which does not tell success from failure.
fn status_word(phase: Phase) -> &'static str {
    match phase {
        Phase::Queued { .. } => "in_queue",
        Phase::Running => "in_progress",
        Phase::Finished { .. } => "completed",
        Phase::Cancelled { .. } => "cancelled",
    }
}
