//! The HTTP side: routes, the token, the header that says who answers.

mod catalog;
mod connection;
pub(crate) mod files;
mod queue;
mod range;
mod reply;
mod stream;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::jobs::Jobs;
use crate::measure::Measuring;
use crate::media::Store;
use crate::models::Models;
use connection::{Connection, Door};
use reply::{Code, problem};

/// RunComfy's own clients keep a request below this.
const MOST_BODY_BYTES: usize = 64 * 1024 * 1024;

/// What every handler sees.
pub(crate) struct App {
    pub(crate) models: Models,
    pub(crate) jobs: Jobs,
    pub(crate) store: Store,
    pub(crate) measuring: Measuring,
    /// Scheme, host and port, without a slash at the end.
    pub(crate) origin: String,
}

/// Serves until the other end of `stopped` goes away; requests under way are answered.
pub(crate) async fn serve(listener: TcpListener, app: App, stopped: oneshot::Receiver<()>) {
    let until_stopped = async {
        // Nothing is ever sent: the channel closes when the simulator is dropped.
        let _ = stopped.await;
    };
    let service = router(app).into_make_service_with_connect_info::<Connection>();
    let server = axum::serve(Door { listener }, service).with_graceful_shutdown(until_stopped);
    if let Err(error) = server.await {
        eprintln!("runcomfy-simulator: the server stopped: {error}");
    }
}

fn router(app: App) -> Router {
    Router::new()
        .route("/v1/models", get(catalog::page))
        .route("/v1/models/categories", get(catalog::categories).post(queue::submit))
        .route("/v1/models/{*id}", get(catalog::one).post(queue::submit))
        .route("/v1/requests/{id}/status", get(queue::status))
        .route("/v1/requests/{id}/result", get(queue::result))
        .route("/v1/requests/{id}/cancel", post(queue::cancel))
        .route("/media/{*name}", get(files::serve))
        .route("/outputs/{name}", get(files::serve))
        .fallback(async || problem(StatusCode::NOT_FOUND, "there is nothing at this address"))
        .method_not_allowed_fallback(async || {
            problem(StatusCode::METHOD_NOT_ALLOWED, "this address does not take this method")
        })
        .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
        .layer(from_fn(ask_for_token))
        .layer(map_response(name_the_server))
        .with_state(Arc::new(app))
}

/// Lets through what is not the API, and every call of the API with a bearer token; any will do.
async fn ask_for_token(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_api = path == "/v1" || path.starts_with("/v1/");
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()
        });
    if is_api && token.is_none() {
        return Code::Token.into_response();
    }
    next.run(request).await
}

async fn name_the_server(mut response: Response) -> Response {
    response.headers_mut().insert(header::SERVER, HeaderValue::from_static("runcomfy-simulator"));
    response
}
