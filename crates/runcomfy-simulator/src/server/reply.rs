//! How the API says that something is wrong.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::validator::Refusal;

/// A problem that has a number of RunComfy's.
#[derive(Debug, Clone, Copy)]
pub(super) enum ApiError {
    MalformedId,
    NoFunds,
    Token,
    NoSuchRequest,
}

impl ApiError {
    fn number(self) -> i64 {
        match self {
            Self::MalformedId => 400_001,
            Self::NoFunds => 400_002,
            Self::Token => 400_004,
            Self::NoSuchRequest => 404_001,
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::MalformedId => {
                "a request id is 1 to 128 letters, digits, hyphens and underscores"
            }
            Self::NoFunds => "the balance is less than what this model costs",
            Self::Token => "send the header `Authorization: Bearer <token>`",
            Self::NoSuchRequest => "this simulator has no such request",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::MalformedId => StatusCode::BAD_REQUEST,
            Self::NoFunds => StatusCode::PAYMENT_REQUIRED,
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::NoSuchRequest => StatusCode::NOT_FOUND,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut reply = error_with_code(self.status(), self.number(), self.message());
        if matches!(self, Self::Token) {
            let scheme = HeaderValue::from_static("Bearer");
            reply.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        reply
    }
}

/// A problem with this number.
pub(super) fn error_with_code(status: StatusCode, number: i64, message: &str) -> Response {
    (status, Json(json!({"error_code": number, "error_message": message}))).into_response()
}

/// A problem that has no number.
pub(super) fn error_with_detail(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"detail": message}))).into_response()
}

pub(super) fn no_such_model() -> Response {
    error_with_detail(StatusCode::NOT_FOUND, "this simulator's schemas hold no such model")
}

/// A refused input, in the form that FastAPI gives it.
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
