//! Error replies of the API.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::validator::Refusal;

/// An error with a RunComfy code.
#[derive(Debug, Clone, Copy)]
pub(super) struct ApiError {
    status: StatusCode,
    code: i64,
    message: &'static str,
}

impl ApiError {
    pub(super) const MALFORMED_ID: Self = Self {
        status: StatusCode::BAD_REQUEST,
        code: 400_001,
        message: "a request id must be 1 to 128 letters, digits, hyphens and underscores",
    };
    pub(super) const NO_FUNDS: Self = Self {
        status: StatusCode::PAYMENT_REQUIRED,
        code: 400_002,
        message: "the balance is less than the price of this model",
    };
    pub(super) const BAD_TOKEN: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        code: 400_004,
        message: "send the header `Authorization: Bearer <token>`",
    };
    pub(super) const NO_SUCH_REQUEST: Self =
        Self { status: StatusCode::NOT_FOUND, code: 404_001, message: "no such request" };
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut reply = error_with_code(self.status, self.code, self.message);
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            reply.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        reply
    }
}

/// Creates an error reply with a code.
pub(super) fn error_with_code(status: StatusCode, number: i64, message: &str) -> Response {
    (status, Json(json!({"error_code": number, "error_message": message}))).into_response()
}

/// Creates an error reply without a code.
pub(super) fn error_with_detail(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"detail": message}))).into_response()
}

pub(super) fn no_such_model() -> Response {
    error_with_detail(StatusCode::NOT_FOUND, "no such model in the schemas of this simulator")
}

/// Creates the reply to an invalid input, in FastAPI's form.
pub(super) fn refused(refusals: Vec<Refusal>) -> Response {
    let detail: Vec<Value> = refusals
        .into_iter()
        .map(|Refusal { path, keyword, message }| {
            let mut loc = vec![json!("body")];
            loc.extend(path);
            json!({"loc": loc, "msg": message, "type": keyword})
        })
        .collect();
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"detail": detail}))).into_response()
}

/// Returns the model id in a path: slashes stay raw, each segment is percent-encoded.
pub(super) fn model_id(path: &str) -> Option<String> {
    let segments: Option<Vec<_>> = path
        .strip_prefix("/v1/models/")?
        .split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8().ok())
        .map(|segment| segment.filter(|segment| !segment.contains('/')))
        .collect();
    Some(segments?.join("/"))
}
