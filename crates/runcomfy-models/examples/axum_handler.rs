//! An HTTP service that takes an input as JSON, and answers with the request's id. It calls
//! itself three times.

use axum::extract::{Json, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use runcomfy::client::SubmitError;
use runcomfy::{Client, Job, JsonInput, RequestId};
use runcomfy_models::bytedance::seedance_2_5_text_to_video_480p as seedance;

async fn create(
    State(client): State<Client>,
    Json(input): Json<JsonInput<seedance::Input>>,
) -> Response {
    let input = match input.validate() {
        Ok(input) => input,
        Err(invalid) => {
            return (StatusCode::UNPROCESSABLE_ENTITY, Json(invalid.violations)).into_response();
        }
    };
    match client.submit(&input).await {
        Ok(job) => (StatusCode::ACCEPTED, Json(job.id())).into_response(),
        Err(SubmitError::Refused(report)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Json(report.violations)).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

async fn status(State(client): State<Client>, Path(id): Path<RequestId>) -> Response {
    let job: Job<seedance::Input> = client.job(id);
    match job.status().await {
        Ok(status) => Json(status.status).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let routes =
        axum::Router::new().route("/videos", post(create)).route("/videos/{id}", get(status));
    let app = routes.with_state(Client::from_env()?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let videos = format!("http://{}/videos", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, app).await });

    let http = reqwest::Client::new();
    for body in [r#"{"prompt": "a paper boat", "duration": 90}"#, r#"{"prompt": "a paper boat"}"#] {
        let request = http.post(&videos).header("content-type", "application/json").body(body);
        let reply = request.send().await?;
        println!("POST {body}\n{} {}", reply.status(), reply.text().await?);
    }
    let reply = http.get(format!("{videos}/sim-000001")).send().await?;
    println!("GET sim-000001\n{} {}", reply.status(), reply.text().await?);
    Ok(())
}
