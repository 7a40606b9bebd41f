//! Submit, status, result, cancel.

use std::io::Read;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use humantime::format_rfc3339_millis;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fault_layer::NewJob;
use super::files;
use super::quirks::{self, Effect, Vocabulary};
use super::reply::{ApiError, error_with_detail, model_id, no_such_model, refused};
use crate::app::App;
use crate::faults::JobScenario;
use crate::jobs::{AcceptedJob, CancelOutcome, JobSnapshot, Phase};
use crate::measure;
use crate::media::{Kind, TestMedia};
use crate::validator::Refusal;

/// Query parameters of a result call.
#[derive(Deserialize)]
pub(super) struct ResultQuery {
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
        Err(rejection) => return error_with_detail(rejection.status(), &rejection.body_text()),
    };
    let input: Value = match serde_json::from_slice(&body) {
        Ok(input) => input,
        Err(error) => return refuse_body("json_invalid", format!("the body is not JSON: {error}")),
    };
    if !input.is_object() {
        return refuse_body("type", "the body must be a JSON object".to_owned());
    }
    let mut refusals = model.validator.validate(&input);
    refusals.extend(measure::refusals(&app, &model.schema, &input).await);
    if !refusals.is_empty() {
        return refused(refusals);
    }
    let Ok(AcceptedJob { id, number }) = app.jobs.submit(model, &input, &body, &app.plan) else {
        return ApiError::NO_FUNDS.into_response();
    };
    let mut reply = json!({
        "request_id": id,
        "cancel_url": format!("{}/v1/requests/{id}/cancel", app.origin),
    });
    add_urls(&mut reply, &app, &id);
    (Extension(NewJob { id, number }), Json(reply)).into_response()
}

pub(super) async fn status(
    State(app): State<Arc<App>>,
    id: RequestId,
) -> Result<Json<Value>, ApiError> {
    let id = checked_id(id)?;
    let snapshot = app.jobs.poll(&id).ok_or(ApiError::NO_SUCH_REQUEST)?;
    Ok(Json(state(&app, &id, &snapshot, Vocabulary::Status)))
}

pub(super) async fn result(
    State(app): State<Arc<App>>,
    id: RequestId,
    query: Result<Query<ResultQuery>, QueryRejection>,
) -> Result<Response, Response> {
    let id = checked_id(id).map_err(ApiError::into_response)?;
    let Ok(Query(ResultQuery { include_cost })) = query else {
        let words = "`include_cost` must be `true` or `false`, and given once";
        return Err(error_with_detail(StatusCode::UNPROCESSABLE_ENTITY, words));
    };
    let snapshot = app.jobs.poll(&id).ok_or_else(|| ApiError::NO_SUCH_REQUEST.into_response())?;
    let (at, cost) = match snapshot.phase {
        Phase::Queued { .. } | Phase::Running => {
            return Ok(Json(state(&app, &id, &snapshot, Vocabulary::Result)).into_response());
        }
        Phase::Finished { at } | Phase::Failed { at, .. } => (at, snapshot.cost_usd),
        Phase::Cancelled { at } => (at, 0.0),
    };
    let mut reply = json!({
        "request_id": id,
        "status": Vocabulary::Result.word(snapshot.phase, snapshot.scenario),
        "created_at": format_rfc3339_millis(snapshot.created_at).to_string(),
        "finished_at": format_rfc3339_millis(at).to_string(),
    });
    if snapshot.has_output() {
        reply["output"] = output(&app, &id, &snapshot);
    }
    if let Phase::Failed { failure, .. } = snapshot.phase {
        for (name, value) in quirks::error(failure) {
            reply[name] = value;
        }
    }
    if include_cost && snapshot.cost_is_known {
        reply["cost"] = json!(cost);
    }
    if snapshot.scenario == JobScenario::UnknownFields {
        quirks::add_unknown_fields(&mut reply);
    }
    let body = if matches!(snapshot.phase, Phase::Finished { .. }) {
        quirks::result_bytes(reply, snapshot.scenario)
    } else {
        reply.to_string().into_bytes()
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

pub(super) async fn cancel(
    State(app): State<Arc<App>>,
    id: RequestId,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let id = checked_id(id)?;
    let (snapshot, outcome) = app.jobs.cancel(&id).ok_or(ApiError::NO_SUCH_REQUEST)?;
    let outcome = match outcome {
        CancelOutcome::Cancelled => "cancelled",
        CancelOutcome::NotCancellable => "not_cancellable",
    };
    let mut reply = Map::new();
    reply.insert("request_id".to_owned(), json!(id));
    let status = Vocabulary::Status.word(snapshot.phase, snapshot.scenario);
    reply.insert("status".to_owned(), json!(status));
    reply.insert("outcome".to_owned(), json!(outcome));
    let mut status = StatusCode::ACCEPTED;
    if let Some(Effect::Cancel(other, change)) = Effect::for_scenario(snapshot.scenario) {
        status = other;
        change(&mut reply);
    }
    Ok((status, Json(Value::Object(reply))))
}

/// Returns the output of a job, with the quirk of its scenario.
fn output(app: &App, id: &str, snapshot: &JobSnapshot) -> Value {
    let plain = &snapshot.model.output;
    let effect = Effect::for_scenario(snapshot.scenario);
    if let Some(Effect::Output(convert)) = effect {
        return json!(inline(app, id, plain.kind(), convert));
    }
    if let Some(Effect::Media(convert)) = effect {
        return plain.value(&|kind| inline(app, id, kind, convert));
    }
    plain.value(&|kind| files::output_url(app, id, kind))
}

/// Converts a job's file of a kind.
fn inline(app: &App, id: &str, kind: Kind, convert: fn(&str, &str, Vec<u8>) -> String) -> String {
    let url = files::output_url(app, id, kind);
    let file = TestMedia::parse(kind.output(), &[]).and_then(|media| {
        let mut bytes = Vec::new();
        let made = app.store.get(media.clone())?;
        made.content.reader().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        Ok((media.content_type(), bytes))
    });
    // The outputs are small files that can always be made.
    file.map_or(url.clone(), |(content_type, bytes)| convert(&url, content_type, bytes))
}

fn refuse_body(keyword: &str, message: String) -> Response {
    refused(vec![Refusal { path: Vec::new(), keyword: keyword.to_owned(), message }])
}

fn checked_id(id: RequestId) -> Result<String, ApiError> {
    let Path(id) = id.map_err(|_| ApiError::MALFORMED_ID)?;
    let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if is_plain && (1..=128).contains(&id.len()) { Ok(id) } else { Err(ApiError::MALFORMED_ID) }
}

fn state(app: &App, id: &str, snapshot: &JobSnapshot, vocabulary: Vocabulary) -> Value {
    let mut reply =
        json!({"request_id": id, "status": vocabulary.word(snapshot.phase, snapshot.scenario)});
    if let Phase::Queued { position } = snapshot.phase {
        reply["queue_position"] = json!(position);
    }
    add_urls(&mut reply, app, id);
    if snapshot.scenario == JobScenario::UnknownFields {
        quirks::add_unknown_fields(&mut reply);
    }
    reply
}

fn add_urls(reply: &mut Value, app: &App, id: &str) {
    reply["status_url"] = json!(format!("{}/v1/requests/{id}/status", app.origin));
    reply["result_url"] = json!(format!("{}/v1/requests/{id}/result", app.origin));
}
