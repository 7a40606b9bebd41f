//! Measuring a file at an address: ranges of it, and few of them.

use std::error::Error;
use std::ops::Range;
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, RANGE,
};
use reqwest::{Response, StatusCode, redirect};
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

use super::super::http::{self, ContentRange};
use super::address::{NotPublic, PublicOnly, check, check_literal};
use super::{AddressScope, MediaLimits, MediaReport, WarningKind};
use crate::measure::{Probe, ProbeStep};
use crate::media::{Format, MediaInfo};

/// How long connecting may take, of the time for one file.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// At least so many bytes are asked for at once: one packet or three, which hold the headers
/// of most formats, and much less than it costs to ask again.
const BLOCK: u64 = 4096;
/// As many requests are made for one file: more than any real file needs, whose parts lie
/// apart (an index at its end, a track behind another's long table), and few enough that a
/// file that leads on and on is given up.
const MAX_REQUESTS: u64 = 24;
/// As many redirects are followed of one request: a short link, a CDN, a signed address.
const MAX_REDIRECTS: usize = 5;

/// The client of media hosts. It sends no token, cookie or referrer, and knows no proxy:
/// a proxy would look names up by itself.
pub(super) struct Fetcher {
    http: reqwest::Client,
    reach: AddressScope,
}

impl Fetcher {
    pub(super) fn new(limits: MediaLimits, reach: AddressScope) -> Result<Self, reqwest::Error> {
        Ok(Self { http: Self::builder(limits, reach).build()?, reach })
    }

    fn builder(limits: MediaLimits, reach: AddressScope) -> reqwest::ClientBuilder {
        let follow = move |attempt: redirect::Attempt<'_>| {
            if attempt.previous().len() > MAX_REDIRECTS {
                return attempt.error("it leads from redirect to redirect");
            }
            match reach {
                AddressScope::Local => attempt.follow(),
                AddressScope::Public => match check_literal(attempt.url()) {
                    Ok(()) => attempt.follow(),
                    Err(refused) => attempt.error(refused),
                },
            }
        };
        let builder = http::harden(http::builder())
            .connect_timeout(CONNECT_TIMEOUT.min(limits.timeout))
            .redirect(redirect::Policy::custom(follow))
            .no_proxy()
            // HTTP/2 lets a host send far more than was read, whoever has switched it on.
            .http1_only();
        match reach {
            AddressScope::Public => builder.dns_resolver(PublicOnly),
            AddressScope::Local => builder,
        }
    }

    /// Measures the file at an address. Where `is_open` still needs its size, and its host
    /// sends it without saying how long it is, it is read on as far as the limit goes.
    pub(super) async fn fetch(
        &self,
        address: &str,
        limits: &MediaLimits,
        end: Option<Instant>,
        is_open: impl Fn(&MediaInfo) -> bool,
    ) -> MediaReport {
        let mut examined = MediaReport::default();
        let url = match Url::parse(address) {
            Ok(url) => url,
            Err(error) => return MediaReport::unread(format!("it is no address: {error}")),
        };
        // The reach is for local work, where all this is meant.
        let is_local = match url.host() {
            Some(Host::Ipv4(address)) => check(address.into()).is_err(),
            Some(Host::Ipv6(address)) => check(address.into()).is_err(),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        };
        let is_allowed = is_local && self.reach == AddressScope::Local;
        if url.scheme() != "https" && !is_allowed {
            let message = "RunComfy asks for an address that begins with https://".to_owned();
            examined.advice.push((WarningKind::NotHttps, message));
        }
        let mut remote = Remote {
            http: &self.http,
            url,
            most_bytes: limits.max_fetched_bytes,
            probe: Probe::new(),
            stream: None,
            size: Size::Unsaid,
            content_type: None,
            requests: 0,
            bytes: 0,
        };
        let checked = match self.reach {
            AddressScope::Public => check_literal(&remote.url).map_err(Failure::NotPublic),
            AddressScope::Local => Ok(()),
        };
        let late = Instant::now().checked_add(limits.timeout);
        let late = [late, end].into_iter().flatten().min();
        let outcome = match (checked, late) {
            (Err(failure), _) => Err(failure),
            (Ok(()), None) => remote.run(is_open).await,
            (Ok(()), Some(late)) => {
                timeout_at(late, remote.run(is_open)).await.unwrap_or(Err(Failure::Late))
            }
        };
        let reading = remote.probe.partial();
        (examined.facts, examined.problem) = (reading.facts, reading.problem);
        (examined.requests, examined.bytes) = (remote.requests, remote.bytes);
        if examined.facts.bytes == Some(0) {
            examined.advice.push((WarningKind::Empty, "there is nothing in it".to_owned()));
        }
        if let Err(failure) = outcome {
            let reason = failure.to_string();
            if let Some(about) = failure.about() {
                examined.advice.push((about, reason.clone()));
            }
            examined.unread = Some(reason);
        }
        if matches!(examined.facts.format, Some(Format::Other("text/html", _))) {
            let message = "a web page came instead of media, such as a login".to_owned();
            examined.advice.push((WarningKind::WebPage, message.clone()));
            // RunComfy may get something else: the page says nothing about the media.
            examined.facts = MediaInfo::default();
            examined.unread = Some(message);
        } else if let Some(content_type) = remote.content_type {
            examined.declared(&content_type, "its host says");
        }
        examined
    }
}

/// Why a file was not measured.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    NotPublic(NotPublic),
    #[error("its host answered HTTP {0}")]
    Status(u16),
    #[error("it could not be fetched from here: {0}")]
    Transport(String),
    #[error("it could not be measured in the time that is allowed")]
    Late,
    #[error("its host sends it compressed, as `{0}`")]
    Encoded(String),
    #[error("its host answered a range with something else")]
    BadRange,
    #[error("its host sent less than it said")]
    Short,
    #[error("its host says two sizes of it")]
    TwoSizes,
    #[error("what has to be read of it lies past the first bytes, and its host gives no ranges")]
    FarAway,
    #[error("its header takes more than {0} bytes")]
    TooMuch(u64),
    #[error("its header is spread over too many places")]
    TooManyRequests,
}

impl Failure {
    /// What there is to warn of; nothing where RunComfy, which fetches the whole, has no such
    /// trouble.
    fn about(&self) -> Option<WarningKind> {
        match self {
            Self::NotPublic(_) => Some(WarningKind::OutOfReach),
            Self::Status(_) | Self::Transport(_) | Self::Late | Self::Short => {
                Some(WarningKind::NotFetched)
            }
            Self::Encoded(_)
            | Self::BadRange
            | Self::TwoSizes
            | Self::FarAway
            | Self::TooMuch(_)
            | Self::TooManyRequests => None,
        }
    }
}

/// What the host has said of the size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    Unsaid,
    Said(u64),
    /// Two sizes.
    Contradicted,
}

/// A file at an address, as far as it was fetched.
struct Remote<'a> {
    http: &'a reqwest::Client,
    /// Where it is: after the first answer, where the redirects led.
    url: Url,
    most_bytes: u64,
    probe: Probe<'static>,
    /// The body of a host that gives no ranges, read from its beginning.
    stream: Option<Response>,
    size: Size,
    content_type: Option<String>,
    requests: u64,
    bytes: u64,
}

impl Remote<'_> {
    async fn run(&mut self, is_open: impl Fn(&MediaInfo) -> bool) -> Result<(), Failure> {
        loop {
            match self.probe.step() {
                ProbeStep::Read(range) if self.stream.is_some() => self.read_on(range.end).await?,
                ProbeStep::Read(range) => self.ask(range).await?,
                ProbeStep::Measured(reading) => {
                    let unsaid = self.size == Size::Unsaid && self.stream.is_some();
                    if !unsaid || !is_open(&reading.facts) {
                        return Ok(());
                    }
                    // A size past the limit stays unknown, which is no failure.
                    let _ = self.read_on(u64::MAX).await;
                    return Ok(());
                }
            }
        }
    }

    /// Asks for a range.
    async fn ask(&mut self, wanted: Range<u64>) -> Result<(), Failure> {
        let left = self.most_bytes.saturating_sub(self.bytes);
        let length = wanted.end.saturating_sub(wanted.start).max(BLOCK.min(left));
        if length > left || left == 0 {
            return Err(Failure::TooMuch(self.most_bytes));
        }
        if self.requests >= MAX_REQUESTS {
            return Err(Failure::TooManyRequests);
        }
        self.requests += 1;
        let last = wanted.start.saturating_add(length - 1);
        let request = self
            .http
            .get(self.url.clone())
            .header(RANGE, format!("bytes={}-{last}", wanted.start))
            .header(ACCEPT_ENCODING, "identity");
        let response = request.send().await.map_err(failure)?;
        self.url = response.url().clone();
        let header = |name: HeaderName| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.trim().to_owned())
        };
        match response.status() {
            status if status.is_success() => {}
            // There is nothing there, of which the size says how much.
            StatusCode::RANGE_NOT_SATISFIABLE => {
                let range = ContentRange::from_headers(response.headers());
                return match range.and_then(|range| range.total) {
                    Some(size) if size <= wanted.start => self.said(size),
                    _ => Err(Failure::Status(416)),
                };
            }
            status => return Err(Failure::Status(status.as_u16())),
        }
        if let Some(encoding) = header(CONTENT_ENCODING).filter(|encoding| encoding != "identity") {
            return Err(Failure::Encoded(encoding.escape_default().to_string()));
        }
        if self.content_type.is_none() {
            self.content_type = header(CONTENT_TYPE);
        }
        if response.status() == StatusCode::PARTIAL_CONTENT {
            let range = ContentRange::from_headers(response.headers());
            let range = range.ok_or(Failure::BadRange)?;
            let Some((first, _)) = range.range.filter(|(first, _)| *first <= wanted.start) else {
                return Err(Failure::BadRange);
            };
            if let Some(size) = range.total {
                // What is there can be measured all the same.
                let _ = self.said(size);
            }
            return self.take(response, first, wanted.start.saturating_add(length)).await;
        }
        // The whole file, from its beginning.
        if self.requests > 1 {
            return Err(Failure::BadRange);
        }
        if let Some(size) = header(CONTENT_LENGTH).and_then(|length| length.parse().ok()) {
            self.said(size)?;
        }
        self.stream = Some(response);
        self.read_on(wanted.end).await
    }

    /// Takes the body of an answer to a range, as far as was asked.
    async fn take(&mut self, mut body: Response, first: u64, end: u64) -> Result<(), Failure> {
        let (mut at, before) = (first, self.bytes);
        while at < end && self.bytes < self.most_bytes {
            let Some(chunk) = body.chunk().await.map_err(failure)? else { break };
            let most = (end - at).min(self.most_bytes - self.bytes);
            let chunk = chunk.get(..usize::try_from(most).unwrap_or(usize::MAX)).unwrap_or(&chunk);
            self.probe.feed(at, chunk);
            at += chunk.len() as u64;
            self.bytes += chunk.len() as u64;
        }
        // An answer that gives nothing new would be asked for again without end.
        if self.bytes == before { Err(Failure::Short) } else { Ok(()) }
    }

    /// Reads on in the body of a host that gives no ranges.
    async fn read_on(&mut self, end: u64) -> Result<(), Failure> {
        let Some(mut body) = self.stream.take() else { return Ok(()) };
        // A block at least: what is known is walked over anew after each reading.
        let end = end.max(self.bytes.saturating_add(BLOCK).min(self.most_bytes));
        while self.bytes < end {
            let left = self.most_bytes.saturating_sub(self.bytes);
            if left == 0 {
                return Err(Failure::FarAway);
            }
            match body.chunk().await.map_err(failure)? {
                Some(chunk) => {
                    let most = usize::try_from(left).unwrap_or(usize::MAX);
                    let chunk = chunk.get(..most).unwrap_or(&chunk);
                    self.probe.feed(self.bytes, chunk);
                    self.bytes += chunk.len() as u64;
                }
                None => {
                    // This is all that there is, whatever was said.
                    self.size = Size::Said(self.bytes);
                    self.probe.set_size(self.bytes);
                    return Ok(());
                }
            }
        }
        self.stream = Some(body);
        Ok(())
    }

    /// Takes note of a size. Two that differ are none.
    fn said(&mut self, size: u64) -> Result<(), Failure> {
        self.size = match self.size {
            Size::Unsaid => Size::Said(size),
            Size::Said(before) if before == size => Size::Said(size),
            Size::Said(_) | Size::Contradicted => Size::Contradicted,
        };
        match self.size {
            Size::Said(size) => {
                self.probe.set_size(size);
                Ok(())
            }
            Size::Unsaid | Size::Contradicted => {
                self.probe.forget_size();
                Err(Failure::TwoSizes)
            }
        }
    }
}

/// The cause too: the HTTP library's own message says only that something failed. The
/// address is left out, since it may be a signed one.
fn failure(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        if let Some(refused) = next.downcast_ref::<NotPublic>() {
            return Failure::NotPublic(*refused);
        }
        text = format!("{text}: {next}");
        cause = next.source();
    }
    Failure::Transport(text)
}

#[cfg(test)]
mod tests;
