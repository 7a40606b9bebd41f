//! HTTP routes, the token check and the `server` header.

mod account;
mod body;
mod catalog;
mod connection;
mod control;
mod fault_layer;
mod files;
mod queue;
mod quirks;
mod range;
mod reply;
mod request_log;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::app::App;
use crate::faults::Call;
use connection::{Connection, FaultListener};
use fault_layer::FaultLayer;
use reply::{ApiError, error_with_detail};

/// Largest request body. RunComfy's own clients keep below it.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

const KIB: u64 = 1024;

/// KiB that all request bodies may take at once: four of the largest.
pub(crate) const MAX_BODIES_KIB: usize = 4 * MAX_BODY_BYTES / 1024;

/// Serves until the sender of `stopped` is dropped. Pending requests are still answered.
pub(crate) async fn serve(listener: TcpListener, app: Arc<App>, stopped: oneshot::Receiver<()>) {
    let until_stopped = async {
        // Nothing is ever sent: the channel closes when the simulator is dropped.
        let _ = stopped.await;
    };
    let door = FaultListener { listener, connections: app.connections.clone() };
    let service = router(app).into_make_service_with_connect_info::<Connection>();
    let server = axum::serve(door, service).with_graceful_shutdown(until_stopped);
    if let Err(error) = server.await {
        eprintln!("runcomfy-simulator: the server stopped: {error}");
    }
}

fn router(app: Arc<App>) -> Router {
    let model = with_faults(&app, Call::Catalog, get(catalog::one));
    let model = model.merge(with_faults(&app, Call::Submit, post(queue::submit)));
    Router::new()
        .route("/v1/models", with_faults(&app, Call::Catalog, get(catalog::page)))
        .route("/v1/models/categories", with_faults(&app, Call::Catalog, get(catalog::categories)))
        .route("/v1/models/{*id}", model)
        .route("/v1/requests/{id}/status", with_faults(&app, Call::Status, get(queue::status)))
        .route("/v1/requests/{id}/result", with_faults(&app, Call::Result, get(queue::result)))
        .route("/v1/requests/{id}/cancel", with_faults(&app, Call::Cancel, post(queue::cancel)))
        .route("/prod/v2/balance", with_faults(&app, Call::Balance, get(account::balance)))
        .route("/outputs/{name}", with_faults(&app, Call::Output, get(files::serve)))
        .route("/media/{*name}", get(files::serve))
        .nest("/_simulator", control::routes())
        .fallback(async || error_with_detail(StatusCode::NOT_FOUND, "unknown path"))
        .method_not_allowed_fallback(async || {
            error_with_detail(StatusCode::METHOD_NOT_ALLOWED, "method not allowed for this path")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(app.clone(), wait_for_memory))
        .layer(from_fn_with_state(app.clone(), require_token))
        .layer(map_response(add_server_header))
        .layer(from_fn_with_state(app.clone(), request_log::log))
        .with_state(app)
}

fn with_faults(
    app: &Arc<App>,
    call: Call,
    route: MethodRouter<Arc<App>>,
) -> MethodRouter<Arc<App>> {
    route.route_layer(from_fn_with_state(FaultLayer { app: app.clone(), call }, fault_layer::apply))
}

/// Rejects calls of the API without an accepted bearer token. Other paths need none.
async fn require_token(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_api = path == "/v1" || path.starts_with("/v1/") || path.starts_with("/prod/");
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer")
                && match &app.token {
                    Some(expected) => token.trim() == expected,
                    None => !token.trim().is_empty() && !contains_invalid(token),
                }
        });
    if is_api && token.is_none() {
        return ApiError::BAD_TOKEN.into_response();
    }
    next.run(request).await
}

/// Waits until the memory for a request's body is free, and holds it until there is a response.
async fn wait_for_memory(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let most = MAX_BODY_BYTES as u64;
    let bytes = body::length(request.body()).map_or(most, |bytes| bytes.min(most));
    let permits = u32::try_from(bytes.div_ceil(KIB)).unwrap_or(u32::MAX);
    // Fails only for a closed semaphore, and nothing closes this one.
    let _held = app.bodies.acquire_many(permits).await;
    next.run(request).await
}

/// Returns `true` if a token contains `invalid`: a test of a refused token needs no setting.
fn contains_invalid(token: &str) -> bool {
    token.to_ascii_lowercase().contains("invalid")
}

async fn add_server_header(mut response: Response) -> Response {
    response.headers_mut().insert(header::SERVER, HeaderValue::from_static("runcomfy-simulator"));
    response
}
