//! Media: pictures to be given to a model, and the outputs of finished jobs. No token is asked.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::App;
use super::reply::problem;
use crate::jobs::Phase;
use crate::media::{self, Kind, Size};

type Name = Result<Path<String>, PathRejection>;

pub(super) async fn picture(name: Name) -> Response {
    let size = name.ok().and_then(|Path(name)| Size::parse(name.strip_suffix(".png")?));
    match size {
        Some(size) => draw(size),
        None => problem(
            StatusCode::NOT_FOUND,
            "pictures are at /media/<width>x<height>.png, with sides of 1 to 8192 pixels and at \
             most 16 million pixels",
        ),
    }
}

pub(super) async fn output(State(app): State<Arc<App>>, name: Name) -> Response {
    let kind = name.ok().and_then(|Path(name)| {
        let (id, extension) = name.rsplit_once('.')?;
        let kind = Kind::from_extension(extension)?;
        let phase = app.jobs.look(id)?.phase;
        matches!(phase, Phase::Finished { .. }).then_some(kind)
    });
    match kind {
        Some(Kind::Image) => draw(Size::OUTPUT),
        Some(Kind::Video) => file(Kind::Video, media::VIDEO),
        Some(Kind::Audio) => file(Kind::Audio, media::tone()),
        None => problem(
            StatusCode::NOT_FOUND,
            "outputs are at the URLs in the result of a job that succeeded",
        ),
    }
}

/// Where the output of a finished job is served.
pub(super) fn output_url(app: &App, id: &str, kind: Kind) -> String {
    format!("{}/outputs/{id}.{}", app.origin, kind.extension())
}

fn draw(size: Size) -> Response {
    match media::picture(size) {
        Ok(png) => file(Kind::Image, png),
        Err(error) => problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            &format!("the picture could not be encoded: {error}"),
        ),
    }
}

/// The length goes along: the body is whole, and axum counts it.
fn file(kind: Kind, bytes: impl IntoResponse) -> Response {
    let mut response = bytes.into_response();
    let content_type = header::HeaderValue::from_static(kind.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
