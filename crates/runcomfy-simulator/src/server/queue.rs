//! Submit, status, result, cancel.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use humantime::format_rfc3339_millis;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault_layer::Announces;
use super::files;
use super::quirks::{self, Words};
use super::reply::{Code, model_id, no_such_model, problem, refused};
use crate::app::App;
use crate::faults::Fate;
use crate::jobs::{Glance, Outcome, Phase, Ticket};
use crate::measure;
use crate::validator::Refusal;

/// What the query of a result call asks for.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    include_cost: bool,
}

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
    let Ok(Ticket { id, number }) = app.jobs.submit(model, &body, &app.plan) else {
        return Code::NoFunds.into_response();
    };
    let mut reply = json!({
        "request_id": id,
        "cancel_url": format!("{}/v1/requests/{id}/cancel", app.origin),
    });
    add_urls(&mut reply, &app, &id);
    (Extension(Announces(number)), Json(reply)).into_response()
}

pub(super) async fn status(
    State(app): State<Arc<App>>,
    id: RequestId,
) -> Result<Json<Value>, Code> {
    let id = well_formed(id)?;
    let glance = app.jobs.look(&id).ok_or(Code::NoSuchRequest)?;
    Ok(Json(state(&app, &id, &glance, Words::Status)))
}

pub(super) async fn result(
    State(app): State<Arc<App>>,
    id: RequestId,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Value>, Response> {
    let id = well_formed(id).map_err(Code::into_response)?;
    let Ok(Query(Asked { include_cost })) = asked else {
        let words = "`include_cost` is `true` or `false`, and stands once";
        return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, words));
    };
    let glance = app.jobs.look(&id).ok_or_else(|| Code::NoSuchRequest.into_response())?;
    let (at, cost) = match glance.phase {
        Phase::Queued { .. } | Phase::Running => {
            return Ok(Json(state(&app, &id, &glance, Words::Result)));
        }
        Phase::Finished { at } | Phase::Failed { at, .. } => (at, glance.model.price_usd),
        Phase::Cancelled { at } => (at, 0.0),
    };
    let mut reply = json!({
        "request_id": id,
        "status": Words::Result.of(glance.phase, glance.fate),
        "created_at": format_rfc3339_millis(glance.created_at).to_string(),
        "finished_at": format_rfc3339_millis(at).to_string(),
    });
    match glance.phase {
        Phase::Finished { .. } => {
            reply["output"] = glance.model.output.value(&|kind| files::output_url(&app, &id, kind));
        }
        Phase::Failed { failure, .. } => {
            if let Some(error) = quirks::error(failure) {
                reply["error"] = error;
            }
        }
        Phase::Queued { .. } | Phase::Running | Phase::Cancelled { .. } => {}
    }
    if include_cost && glance.cost_is_known {
        reply["cost"] = json!(cost);
    }
    if glance.fate == Fate::UnknownFields {
        quirks::add_unknown_fields(&mut reply);
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
        "status": Words::Status.of(glance.phase, glance.fate),
        "outcome": outcome,
    });
    Ok((StatusCode::ACCEPTED, Json(reply)))
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

fn state(app: &App, id: &str, glance: &Glance, words: Words) -> Value {
    let mut reply = json!({"request_id": id, "status": words.of(glance.phase, glance.fate)});
    if let Phase::Queued { position } = glance.phase {
        reply["queue_position"] = json!(position);
    }
    add_urls(&mut reply, app, id);
    if glance.fate == Fate::UnknownFields {
        quirks::add_unknown_fields(&mut reply);
    }
    reply
}

fn add_urls(reply: &mut Value, app: &App, id: &str) {
    reply["status_url"] = json!(format!("{}/v1/requests/{id}/status", app.origin));
    reply["result_url"] = json!(format!("{}/v1/requests/{id}/result", app.origin));
}
