//! Control of the simulator by another process, under `/_simulator`. RunComfy has none of it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use crate::app::{App, Traffic};
use crate::faults::{Call, Fault, JobScenario, Random, seconds};
use crate::ledger::Accepted;
use crate::openapi;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/openapi.json", get(openapi))
        .route("/ledger", get(ledger))
        .route("/traffic", get(traffic))
        .route("/advance", post(advance))
        .route("/faults", post(script).delete(clear))
        .route("/jobs", post(script_jobs))
        .route("/random", put(random))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    #[serde(deserialize_with = "seconds::deserialize")]
    seconds: Duration,
}

/// Faults of the next calls of a kind. `null` is a call without a fault.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    call: Call,
    faults: Vec<Option<Fault>>,
}

async fn openapi(State(app): State<Arc<App>>) -> Json<Value> {
    Json(openapi::document(&app.models, &app.origin))
}

async fn ledger(State(app): State<Arc<App>>) -> Json<Vec<Accepted>> {
    Json(app.jobs.ledger())
}

async fn traffic(State(app): State<Arc<App>>) -> Json<Traffic> {
    Json(app.traffic())
}

async fn advance(State(app): State<Arc<App>>, Json(asked): Json<Advance>) -> StatusCode {
    app.jobs.advance(asked.seconds);
    StatusCode::NO_CONTENT
}

async fn script(State(app): State<Arc<App>>, Json(script): Json<Script>) -> StatusCode {
    app.plan.script(script.call, script.faults);
    StatusCode::NO_CONTENT
}

async fn script_jobs(
    State(app): State<Arc<App>>,
    Json(scenarios): Json<Vec<JobScenario>>,
) -> StatusCode {
    app.plan.script_jobs(scenarios);
    StatusCode::NO_CONTENT
}

async fn random(State(app): State<Arc<App>>, Json(random): Json<Random>) -> StatusCode {
    app.plan.set_random(random);
    StatusCode::NO_CONTENT
}

async fn clear(State(app): State<Arc<App>>) -> StatusCode {
    app.plan.clear();
    StatusCode::NO_CONTENT
}
