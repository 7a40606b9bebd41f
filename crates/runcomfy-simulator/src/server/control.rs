//! Control of the simulator by another process, under `/_simulator`. RunComfy has none of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;

use super::reply::{error_with_detail, no_such_model};
use crate::app::{App, Traffic};
use crate::faults::{Call, Fault, JobScenario, Random, seconds};
use crate::jobs::Pace;
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
        .route("/pace", put(pace))
        .route("/paces", post(script_paces))
        .layer(from_fn(require_loopback_host))
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

/// Pace of new jobs, or of those of one model.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPace {
    model: Option<String>,
    #[serde(deserialize_with = "seconds::deserialize")]
    queue: Duration,
    #[serde(deserialize_with = "seconds::deserialize")]
    run: Duration,
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

async fn pace(State(app): State<Arc<App>>, Json(new): Json<NewPace>) -> Response {
    let NewPace { model, queue, run } = new;
    let pace = Pace { queue, run };
    match model {
        Some(model) if app.models.get(&model).is_none() => return no_such_model(),
        Some(model) => app.jobs.change_paces(|paces| _ = paces.by_model.insert(model, pace)),
        None => app.jobs.change_paces(|paces| paces.default = pace),
    }
    StatusCode::NO_CONTENT.into_response()
}

async fn script_paces(State(app): State<Arc<App>>, Json(next): Json<Vec<Pace>>) -> StatusCode {
    app.jobs.change_paces(|paces| paces.scripted.extend(next));
    StatusCode::NO_CONTENT
}

async fn clear(State(app): State<Arc<App>>) -> StatusCode {
    app.plan.clear();
    StatusCode::NO_CONTENT
}

/// Rejects requests with another `Host` than the loopback. A web page could otherwise control the
/// simulator by DNS rebinding: the page's host name resolves to this machine.
async fn require_loopback_host(request: Request, next: Next) -> Response {
    if has_loopback_host(request.headers()) {
        return next.run(request).await;
    }
    let message = "`/_simulator` needs a `Host` of the loopback, such as 127.0.0.1 or localhost";
    error_with_detail(StatusCode::MISDIRECTED_REQUEST, message)
}

fn has_loopback_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(authority) = Authority::try_from(host.as_bytes()) else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
