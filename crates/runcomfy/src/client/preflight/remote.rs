//! One file at a URL, fetched range by range.

use std::ops::Range;
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, AGE, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION, RANGE,
};
use reqwest::{Response, StatusCode};
use url::Url;

use super::super::http::{ContentRange, content_encoding};
use super::address::check_literal;
use super::fetch_error::{FetchError, transport_error};
use super::media_report::MediaReport;
use super::{AddressScope, WarningKind};
use crate::measure::{Probe, ProbeStep};
use crate::media::MediaInfo;

/// Minimum number of bytes of one request. With its headers, the response fits into the ten packets
/// that a host sends before it waits for an acknowledgement. They hold the headers of most
/// formats, and of a JPEG with small Exif, colour profile and XMP.
const BLOCK: u64 = 14_000;
/// So many requests have it: behind a large Exif or XMP, all the rest is usually small.
const LARGE_BLOCKS: u64 = 2;
/// The same for the next requests.
const MEDIUM_BLOCK: u64 = 4096;
const MEDIUM_BLOCKS: u64 = 16;
/// The same for all others: a file that needs them leads from one short header to the next, and
/// all of them have to fit into the limit.
const SMALL_BLOCK: u64 = 256;
/// Maximum number of requests for one file, redirects included. A JPEG with the largest colour
/// profile has 255 segments before its picture. A file that leads on without end is given up.
pub(super) const MAX_REQUESTS: u64 = 320;
/// Maximum number of redirects in a row: a short link, a CDN and a signed URL fit.
const MAX_REDIRECTS: usize = 5;

/// The size that the host has reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReportedSize {
    None,
    Bytes(u64),
    Conflicting,
}

/// A file at a URL, and what was fetched of it.
pub(super) struct RemoteFile<'a> {
    http: &'a reqwest::Client,
    scope: AddressScope,
    /// The URL after the redirects so far. It keeps a user name and password that it was given.
    url: Url,
    max_bytes: u64,
    probe: Probe<'static>,
    /// The body of a host without ranges, read from its beginning.
    stream: Option<Response>,
    size: ReportedSize,
    content_type: Option<String>,
    /// The time for which the host allows to use its response again.
    max_age: Duration,
    requests: u64,
    bytes: u64,
}

impl<'a> RemoteFile<'a> {
    pub(super) fn new(
        http: &'a reqwest::Client,
        scope: AddressScope,
        url: Url,
        max_bytes: u64,
    ) -> Self {
        Self {
            http,
            scope,
            url,
            max_bytes,
            probe: Probe::new(),
            stream: None,
            size: ReportedSize::None,
            content_type: None,
            max_age: Duration::MAX,
            requests: 0,
            bytes: 0,
        }
    }

    pub(super) fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Returns the time for which its host allows to use what was measured again.
    pub(super) fn max_age(&self) -> Duration {
        self.max_age
    }

    /// Writes what is known so far to a report.
    pub(super) fn write_to(&self, report: &mut MediaReport) {
        let result = self.probe.partial();
        (report.info, report.problem) = (result.info, result.problem);
        (report.requests, report.bytes) = (self.requests, self.bytes);
        if report.info.bytes == Some(0) {
            report.warnings.push((WarningKind::Empty, "the file is empty".to_owned()));
        }
    }

    /// Fetches what the probe asks for until it has measured the file.
    pub(super) async fn measure(
        &mut self,
        has_open_rule: impl Fn(&MediaInfo) -> bool,
    ) -> Result<(), FetchError> {
        loop {
            match self.probe.step() {
                ProbeStep::Read(range) if self.stream.is_some() => self.read_to(range.end).await?,
                ProbeStep::Read(range) => self.request(range).await?,
                ProbeStep::Measured(result) => {
                    let is_unsized = self.size == ReportedSize::None && self.stream.is_some();
                    if is_unsized && has_open_rule(&result.info) {
                        // A size past the limit stays unknown, which is not an error.
                        let _ = self.read_to(u64::MAX).await;
                    }
                    return Ok(());
                }
            }
        }
    }

    /// Requests a range.
    async fn request(&mut self, wanted: Range<u64>) -> Result<(), FetchError> {
        let (left, needed) = (self.max_bytes.saturating_sub(self.bytes), wanted.end);
        let block = match self.requests {
            ..LARGE_BLOCKS => BLOCK,
            LARGE_BLOCKS..MEDIUM_BLOCKS => MEDIUM_BLOCK,
            _ => SMALL_BLOCK,
        };
        let Range { start, end } = self.probe.widened(&wanted, block);
        let end = end.min(start.saturating_add(left)).max(wanted.end);
        if end.saturating_sub(start) > left || left == 0 {
            return Err(FetchError::TooManyBytes(self.max_bytes));
        }
        let wanted = start..end;
        let response = self.send(&format!("bytes={start}-{}", end - 1)).await?;
        if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            return self.accept_empty_range(&response, start);
        }
        if !response.status().is_success() {
            return Err(match response.status() {
                status @ (StatusCode::NOT_FOUND | StatusCode::GONE) if self.bytes == 0 => {
                    FetchError::NotFound(status.as_u16())
                }
                status => FetchError::Status(status.as_u16()),
            });
        }
        if let Some(encoding) = content_encoding(response.headers()) {
            return Err(FetchError::Encoded(encoding));
        }
        self.max_age = self.max_age.min(max_age(&response));
        if self.content_type.is_none() {
            self.content_type = header(&response, CONTENT_TYPE);
        }
        if response.status() == StatusCode::PARTIAL_CONTENT {
            self.accept_part(response, wanted).await
        } else {
            self.accept_whole(response, needed).await
        }
    }

    /// Sends a request for a range, and follows redirects. They are followed here, because the
    /// HTTP library would take the user name and password out of the URL.
    async fn send(&mut self, range: &str) -> Result<Response, FetchError> {
        for _ in 0..=MAX_REDIRECTS {
            if self.requests >= MAX_REQUESTS {
                return Err(FetchError::TooManyRequests);
            }
            if self.scope == AddressScope::Public {
                check_literal(&self.url).map_err(FetchError::NotPublic)?;
            }
            self.requests += 1;
            let request = self.http.get(self.url.clone());
            let request = request.header(RANGE, range).header(ACCEPT_ENCODING, "identity");
            let response = request.send().await.map_err(transport_error)?;
            let Some(location) =
                header(&response, LOCATION).filter(|_| response.status().is_redirection())
            else {
                return Ok(response);
            };
            self.url = self.url.join(&location).map_err(|_| FetchError::BadRedirect)?;
            if !matches!(self.url.scheme(), "http" | "https") {
                return Err(FetchError::BadRedirect);
            }
        }
        Err(FetchError::TooManyRedirects)
    }

    /// Handles a 416: the range starts past the end, and `Content-Range` holds the total size.
    fn accept_empty_range(&mut self, response: &Response, start: u64) -> Result<(), FetchError> {
        let range = ContentRange::from_headers(response.headers());
        match range.and_then(|range| range.total) {
            Some(size) if size <= start => self.report_size(size),
            _ => Err(FetchError::Status(416)),
        }
    }

    async fn accept_part(
        &mut self,
        response: Response,
        asked: Range<u64>,
    ) -> Result<(), FetchError> {
        let range = ContentRange::from_headers(response.headers()).ok_or(FetchError::BadRange)?;
        let part = range.range.filter(|(first, _)| *first <= asked.start);
        let (first, _) = part.ok_or(FetchError::BadRange)?;
        if let Some(size) = range.total {
            // The part can be measured even if the host reports two sizes.
            let _ = self.report_size(size);
        }
        self.read_part(response, first, asked).await
    }

    /// Handles a host that answers with the whole file, from its beginning.
    async fn accept_whole(&mut self, response: Response, end: u64) -> Result<(), FetchError> {
        if self.requests > 1 {
            return Err(FetchError::BadRange);
        }
        if let Some(size) = header(&response, CONTENT_LENGTH).and_then(|length| length.parse().ok())
        {
            self.report_size(size)?;
        }
        self.stream = Some(response);
        self.read_to(end).await
    }

    /// Reads the body of a range that begins at `first`; a host may send more than was asked.
    async fn read_part(
        &mut self,
        mut body: Response,
        first: u64,
        Range { start, end }: Range<u64>,
    ) -> Result<(), FetchError> {
        let (mut at, before) = (first, self.bytes);
        while at < end && self.bytes < self.max_bytes {
            let Some(chunk) = body.chunk().await.map_err(transport_error)? else { break };
            let most = (end - at).min(self.max_bytes - self.bytes);
            let chunk = chunk.get(..usize::try_from(most).unwrap_or(usize::MAX)).unwrap_or(&chunk);
            self.probe.feed(at, chunk);
            at += chunk.len() as u64;
            self.bytes += chunk.len() as u64;
        }
        // The probe would ask again for an answer without new bytes.
        match at {
            at if at > start => Ok(()),
            _ if self.bytes == before => Err(FetchError::Short),
            _ => Err(FetchError::BadRange),
        }
    }

    /// Reads on in the body of a host without ranges.
    async fn read_to(&mut self, end: u64) -> Result<(), FetchError> {
        let Some(mut body) = self.stream.take() else { return Ok(()) };
        // At least a block, because each reading makes the probe walk over the file again.
        let end = end.max(self.bytes.saturating_add(BLOCK).min(self.max_bytes));
        while self.bytes < end {
            let left = self.max_bytes.saturating_sub(self.bytes);
            if left == 0 {
                return Err(FetchError::NoRanges);
            }
            let Some(chunk) = body.chunk().await.map_err(transport_error)? else {
                // The file ends here, even if its host reported another size.
                self.size = ReportedSize::Bytes(self.bytes);
                self.probe.set_size(self.bytes);
                return Ok(());
            };
            let chunk = chunk.get(..usize::try_from(left).unwrap_or(usize::MAX)).unwrap_or(&chunk);
            self.probe.feed(self.bytes, chunk);
            self.bytes += chunk.len() as u64;
        }
        self.stream = Some(body);
        Ok(())
    }

    /// Records the reported size. Conflicting sizes make it unusable.
    fn report_size(&mut self, size: u64) -> Result<(), FetchError> {
        match self.size {
            ReportedSize::None => {
                self.size = ReportedSize::Bytes(size);
                self.probe.set_size(size);
                Ok(())
            }
            ReportedSize::Bytes(before) if before == size => Ok(()),
            ReportedSize::Bytes(_) | ReportedSize::Conflicting => {
                self.size = ReportedSize::Conflicting;
                self.probe.forget_size();
                Err(FetchError::TwoSizes)
            }
        }
    }
}

/// Returns the time for which a response may be used again. Without `Cache-Control`, that is up to
/// the client.
fn max_age(response: &Response) -> Duration {
    let Some(text) = header(response, CACHE_CONTROL) else { return Duration::MAX };
    let age = header(response, AGE).and_then(|age| age.parse().ok()).unwrap_or(0);
    let ages = text.split(',').map(|directive| {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => Duration::ZERO,
            "max-age" => match value.trim().trim_matches('"').parse::<u64>() {
                Ok(seconds) => Duration::from_secs(seconds.saturating_sub(age)),
                Err(_) => Duration::ZERO,
            },
            _ => Duration::MAX,
        }
    });
    ages.min().unwrap_or(Duration::MAX)
}

fn header(response: &Response, name: HeaderName) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.trim().to_owned())
}
