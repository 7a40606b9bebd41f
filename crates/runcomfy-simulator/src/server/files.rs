//! Media files for inputs, and outputs of finished jobs. They need no token.

use std::ops::Range;
use std::sync::Arc;

use axum::extract::{ConnectInfo, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, LOCATION,
};
use axum::http::{HeaderValue, Method, StatusCode, Uri, Version};
use axum::response::{Html, IntoResponse, Response};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::connection::Connection;
use super::range::{RequestedRange, requested_range};
use super::reply::error_with_detail;
use super::stream::{BodyOptions, stream};
use crate::app::App;
use crate::media::{Content, Kind, Made, MediaFault, TestMedia};

const LOGIN_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n\
    <body><h1>Sign in to see this file</h1><form method=\"post\"><input name=\"password\" \
    type=\"password\"></form><p>This page is a fault of the simulator.</p></body></html>\n";

/// Serves a media file with the faults in its URL.
pub(super) async fn serve(
    State(app): State<Arc<App>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let media = match app.media_at(&uri) {
        Ok(media) => media,
        Err(words) => return error_with_detail(StatusCode::NOT_FOUND, &words),
    };
    let mut delivery = Delivery::default();
    for fault in media.faults() {
        match fault {
            MediaFault::NoRanges => delivery.ranges = Ranges::Ignored,
            MediaFault::NoLength => delivery.length = Length::Missing,
            MediaFault::Chunked => delivery.length = Length::Chunked,
            MediaFault::ClaimBytes(bytes) => delivery.length = Length::Claimed(*bytes),
            MediaFault::Redirects(0) => {}
            MediaFault::Redirects(_) | MediaFault::RedirectLoop => {
                return redirect(&format!("{}{}", app.origin, one_redirect_on(&media)));
            }
            MediaFault::RedirectTo(address) => return redirect(address),
            MediaFault::Delay(time) => sleep(*time).await,
            MediaFault::Drip(bytes) => delivery.drip = Some(*bytes),
            MediaFault::LoginPage => return Html(LOGIN_PAGE).into_response(),
            MediaFault::ContentType(value) => delivery.content_type = Some(value.clone()),
            MediaFault::Status(status) => {
                let status = StatusCode::from_u16(*status);
                let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                return error_with_detail(status, "a fault of the simulator");
            }
            MediaFault::Cut(bytes) => delivery.cut = Some(*bytes),
            MediaFault::Empty => delivery.is_empty = true,
            MediaFault::Reset => {
                connection.reset();
                return StatusCode::OK.into_response();
            }
        }
    }
    let content_type = media.content_type();
    let etag = etag(&media);
    match make(app, media).await {
        Ok(made) => delivery.reply(&made, content_type, &etag, &method, &headers),
        Err(words) => error_with_detail(StatusCode::NOT_FOUND, &words),
    }
}

/// Returns the URL of a job's output.
pub(super) fn output_url(app: &App, id: &str, kind: Kind) -> String {
    format!("{}/outputs/{id}.{}", app.origin, kind.extension())
}

/// Makes a file on a blocking thread, since a large picture takes a while.
async fn make(app: Arc<App>, media: TestMedia) -> Result<Arc<Made>, String> {
    match spawn_blocking(move || app.store.get(media)).await {
        Ok(made) => made,
        Err(_) => Err("the file could not be made".to_owned()),
    }
}

/// Returns the file with one redirect less.
fn one_redirect_on(media: &TestMedia) -> TestMedia {
    let faults = media.faults().iter().cloned().map(|fault| match fault {
        MediaFault::Redirects(count) => MediaFault::Redirects(count.saturating_sub(1)),
        fault => fault,
    });
    faults.fold(media.clone().without_faults(), TestMedia::with_fault)
}

fn redirect(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => (StatusCode::FOUND, [(LOCATION, to)]).into_response(),
        Err(_) => {
            error_with_detail(StatusCode::NOT_FOUND, "this address is not a valid header value")
        }
    }
}

/// Returns an entity tag: the same URL has the same bytes.
fn etag(media: &TestMedia) -> String {
    let file = media.clone().without_faults().to_string();
    format!("\"{:08x}\"", crc32fast::hash(file.as_bytes()))
}

/// Manner of sending a file.
#[derive(Default)]
struct Delivery {
    ranges: Ranges,
    length: Length,
    content_type: Option<String>,
    drip: Option<u32>,
    cut: Option<u64>,
    is_empty: bool,
}

#[derive(Default, PartialEq, Eq)]
enum Ranges {
    #[default]
    Served,
    Ignored,
}

/// Stated length of a file.
#[derive(Default)]
enum Length {
    #[default]
    True,
    Claimed(u64),
    Missing,
    Chunked,
}

impl Delivery {
    fn reply(
        self,
        made: &Made,
        content_type: &'static str,
        etag: &str,
        method: &Method,
        headers: &HeaderMap,
    ) -> Response {
        let content = if self.is_empty { Content::default() } else { made.content.clone() };
        let total = content.len();
        // A range is defined for GET only.
        let range = match self.ranges {
            Ranges::Served if method == Method::GET => requested_range(headers, etag, total),
            Ranges::Served | Ranges::Ignored => RequestedRange::Whole,
        };
        let stated_total = match self.length {
            Length::True | Length::Chunked => total.to_string(),
            Length::Claimed(bytes) => bytes.to_string(),
            Length::Missing => "*".to_owned(),
        };
        let (status, part, content_range) = match range {
            RequestedRange::Whole => (StatusCode::OK, 0..total, None),
            RequestedRange::Part(part) => {
                let range = format!("bytes {}-{}/{stated_total}", part.start, part.end - 1);
                (StatusCode::PARTIAL_CONTENT, part, Some(range))
            }
            RequestedRange::Unsatisfiable => {
                let status = StatusCode::RANGE_NOT_SATISFIABLE;
                let mut reply =
                    error_with_detail(status, "the range starts behind the end of the file");
                set(&mut reply, CONTENT_RANGE, &format!("bytes */{stated_total}"));
                return reply;
            }
        };
        let mut reply = (status, HeaderMap::new()).into_response();
        set(&mut reply, CONTENT_TYPE, self.content_type.as_deref().unwrap_or(content_type));
        set(&mut reply, ETAG, etag);
        if self.ranges == Ranges::Served {
            set(&mut reply, ACCEPT_RANGES, "bytes");
        }
        if let Some(range) = &content_range {
            set(&mut reply, CONTENT_RANGE, range);
        }
        self.with_body(reply, content, part)
    }

    /// Adds a part of a file as the body, and the stated length.
    fn with_body(&self, mut reply: Response, content: Content, part: Range<u64>) -> Response {
        let length = part.end - part.start;
        let stated = match self.length {
            Length::Claimed(bytes) if reply.status() == StatusCode::OK => Some(bytes),
            Length::True | Length::Claimed(_) => Some(length),
            Length::Missing | Length::Chunked => None,
        };
        if let Some(stated) = stated {
            set(&mut reply, CONTENT_LENGTH, &stated.to_string());
        }
        if matches!(self.length, Length::Missing) {
            // The server then closes the connection at the end instead of sending chunks.
            *reply.version_mut() = Version::HTTP_10;
        }
        let mut options = BodyOptions { drip: self.drip, cut: self.cut };
        if stated.is_some_and(|stated| stated > length) {
            // The body breaks off at the end of the file.
            options.cut = Some(options.cut.unwrap_or(length).min(length));
        }
        reply.map(|_| stream(content, part, options))
    }
}

/// Sets a header. Every caller's value is valid.
fn set(reply: &mut Response, name: axum::http::HeaderName, words: &str) {
    if let Ok(value) = HeaderValue::from_str(words) {
        reply.headers_mut().insert(name, value);
    }
}
