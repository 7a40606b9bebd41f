//! Preflight: checking the media of an input before it is submitted, and preparing what is
//! sent.

mod address;
mod fetch;
mod report;

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes as Body;
use futures_util::stream::{self, StreamExt};
use tokio::time::Instant;

pub use report::{PreflightReport, PreflightStats, Unchecked, Warning, WarningKind};

use super::Client;
use crate::check::{Fit, FoundMedia};
use crate::input::{Model, Payload, Valid};
use crate::measure::Probe;
use crate::media::{Bytes, DataUri, Media, MediaInfo, MediaKind, MissingInfo};
use crate::violation::{InputPath, Violation};
use fetch::Fetcher;

/// How much is checked before an input is submitted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Preflight {
    /// Nothing is fetched and nothing measured. A local file is read, since it has to be
    /// sent, and refused where it cannot be.
    Off,
    /// Media is measured, and nothing is sent where a rule is broken. Warnings, and rules
    /// that could not be checked, stop nothing; [`Client::prepare`](super::Client::prepare)
    /// gives the report that has them.
    #[default]
    Warn,
    /// The same, and nothing is sent either where there is a warning, or a rule that could
    /// not be checked.
    Strict,
}

/// What bounds the work on media. Each has a default that fits RunComfy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaLimits {
    /// A request has at most so many bytes, media that is sent inside it included: 64 MiB,
    /// which RunComfy's own nodes keep to.
    pub max_request_bytes: u64,
    /// A local file has at most so many bytes: 48 MiB, which are 64 MiB in base64, so that
    /// no larger one fits a request.
    pub max_file_bytes: u64,
    /// Of one file at an address, at most so many bytes are fetched to measure it: 256 KiB,
    /// which the headers of cameras do not reach, with their thumbnails and colour profiles.
    pub max_fetched_bytes: u64,
    /// One file at an address is measured for so long at most: 15 seconds. Somebody is
    /// waiting, and a host that takes longer may fail RunComfy too.
    pub timeout: Duration,
    /// All media of one input are measured for so long at most: 60 seconds, however many
    /// there are.
    pub total_timeout: Duration,
}

/// As many files are measured side by side: more than any known model takes, so that they
/// take no longer than the slowest.
const MAX_AT_ONCE: usize = 32;
/// The sizes that RunComfy's API pages recommend as the largest.
const LARGE_IMAGE: u64 = 50_000_000;
const LARGE_VIDEO: u64 = 100_000_000;

/// An input as it is sent, and what was found out about its media.
#[must_use = "it is prepared to be submitted"]
pub struct Prepared<M> {
    body: Body,
    report: PreflightReport,
    model: PhantomData<fn() -> M>,
}

impl Client {
    /// Makes the body of a request: local files are read, and media is checked, as
    /// [`ClientBuilder::preflight`](super::ClientBuilder::preflight) says. Nothing is submitted.
    ///
    /// # Errors
    ///
    /// The report, where there is something in it that is reason enough to refuse.
    pub async fn prepare<P: Payload>(
        &self,
        input: &Valid<P>,
    ) -> Result<Prepared<P::Model>, Box<PreflightReport>> {
        let preflight = self.inner.preflight;
        self.inner.media.prepare(&**input, preflight).await.unless_refused(preflight)
    }

    /// Checks the media of an input, as [`Preflight::Warn`] does and whatever the client is
    /// set to, and reports all that is found. Nothing is submitted.
    ///
    /// Media at an address is measured from this machine. Only public addresses are asked,
    /// also behind names and redirects, so that input from strangers reaches nothing of this
    /// machine's own networks ([`ClientBuilder::allow_local_media`](super::ClientBuilder::allow_local_media) changes that). A local
    /// file is read, so do not make [`Media::file`](crate::Media::file) of a stranger's path;
    /// a string in [`JsonInput`](crate::JsonInput) never becomes one.
    pub async fn preflight<P: Payload>(&self, input: &Valid<P>) -> PreflightReport {
        self.inner.media.prepare(&**input, Preflight::Warn).await.into_report()
    }
}

impl<M: Model> Prepared<M> {
    /// The body of the request: JSON, with files and bytes inside as data URIs.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// What was found out about its media. Nothing in it was reason enough to refuse.
    pub fn report(&self) -> &PreflightReport {
        &self.report
    }

    pub(super) fn shared_body(&self) -> Body {
        self.body.clone()
    }

    pub(super) fn into_report(self) -> PreflightReport {
        self.report
    }

    /// This, unless its report is reason enough to refuse.
    pub(super) fn unless_refused(self, preflight: Preflight) -> Result<Self, Box<PreflightReport>> {
        let may_go = match preflight {
            Preflight::Off | Preflight::Warn => self.report.is_ok(),
            Preflight::Strict => self.report.is_spotless(),
        };
        if may_go { Ok(self) } else { Err(Box::new(self.report)) }
    }
}

impl<M: Model> fmt::Debug for Prepared<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("model", &M::ID)
            .field("bytes", &self.body.len())
            .field("report", &self.report)
            .finish()
    }
}

impl Default for MediaLimits {
    fn default() -> Self {
        Self {
            max_request_bytes: 64 * 1024 * 1024,
            max_file_bytes: 48 * 1024 * 1024,
            max_fetched_bytes: 256 * 1024,
            timeout: Duration::from_secs(15),
            total_timeout: Duration::from_secs(60),
        }
    }
}

impl MediaLimits {
    /// The same with another most of bytes of a request.
    #[must_use]
    pub fn with_max_request_bytes(self, max_request_bytes: u64) -> Self {
        Self { max_request_bytes, ..self }
    }

    /// The same with another most of bytes of a local file.
    #[must_use]
    pub fn with_max_file_bytes(self, max_file_bytes: u64) -> Self {
        Self { max_file_bytes, ..self }
    }

    /// The same with another most of bytes that are fetched of one file.
    #[must_use]
    pub fn with_max_fetched_bytes(self, max_fetched_bytes: u64) -> Self {
        Self { max_fetched_bytes, ..self }
    }

    /// The same with another time for one file.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The same with another time for all files of an input.
    #[must_use]
    pub fn with_total_timeout(self, total_timeout: Duration) -> Self {
        Self { total_timeout, ..self }
    }
}

/// Which addresses of media are asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum AddressScope {
    /// Those of the public internet.
    #[default]
    Public,
    /// Those of this machine and its networks too.
    Local,
}

/// What checks media.
pub(super) struct Checker {
    fetcher: Fetcher,
    limits: MediaLimits,
}

impl Checker {
    pub(super) fn new(limits: MediaLimits, reach: AddressScope) -> Result<Self, reqwest::Error> {
        Ok(Self { fetcher: Fetcher::new(limits, reach)?, limits })
    }

    /// Makes the body of a request, and reports on it.
    pub(super) async fn prepare<P: Payload>(
        &self,
        input: &P,
        preflight: Preflight,
    ) -> Prepared<P::Model> {
        let start = Instant::now();
        let media = input.media();
        let mut report = self.check(media, preflight, start).await;
        let body = serde_json::to_vec(&input.value_ref());
        let refusal = match &body {
            // A file that cannot be read is reported at its own place.
            Err(_) if !report.is_ok() => None,
            Err(error) => Some(format!("Must be JSON: {error}.")),
            Ok(body) if body.len() as u64 > self.limits.max_request_bytes => Some(format!(
                "A request of at most {} bytes; put large media where RunComfy can fetch it.",
                self.limits.max_request_bytes
            )),
            Ok(_) => None,
        };
        let body = Body::from(body.unwrap_or_default());
        if let Some(message) = refusal {
            let found = Some(format!("{} bytes", body.len()));
            let (path, rule) = (InputPath::default(), "request".into());
            report.violations.push(Violation { path, rule, message, found });
        }
        report.stats.time = start.elapsed();
        Prepared { body, report, model: PhantomData }
    }

    async fn check(
        &self,
        all: Vec<FoundMedia>,
        preflight: Preflight,
        start: Instant,
    ) -> PreflightReport {
        let end = start.checked_add(self.limits.total_timeout);
        // Each address once, with everything that asks about it.
        let mut tasks: Vec<Vec<FoundMedia>> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        let mut task_of = Vec::new();
        for found in &all {
            let next = tasks.len();
            let task = match found.media.as_url() {
                Some(address) => *known.entry(address).or_insert(next),
                None => next,
            };
            match tasks.get_mut(task) {
                Some(task) => task.push(found.clone()),
                None => tasks.push(vec![found.clone()]),
            }
            task_of.push(task);
        }
        let examine = |task: Vec<FoundMedia>| self.examine(task, preflight, end);
        let examined = stream::iter(tasks).map(examine).buffered(MAX_AT_ONCE);
        let examined: Vec<MediaReport> = examined.collect().await;

        let mut report = PreflightReport::default();
        for one in &examined {
            report.stats.requests += one.requests;
            report.stats.bytes += one.bytes;
        }
        for (found, task) in all.iter().zip(task_of) {
            if let Some(examined) = examined.get(task) {
                examined.add_to(found, preflight, &mut report);
            }
        }
        report
    }

    /// Finds out about one piece of media, of which every element of `task` asks.
    async fn examine(
        &self,
        task: Vec<FoundMedia>,
        preflight: Preflight,
        end: Option<Instant>,
    ) -> MediaReport {
        let Some(media) = task.first().map(|found| found.media.clone()) else {
            return MediaReport::default();
        };
        let source = media.source();
        match (source, preflight) {
            (Bytes::At(_) | Bytes::In(_) | Bytes::Named(_), Preflight::Off) => {
                MediaReport::default()
            }
            (Bytes::At(address), Preflight::Warn | Preflight::Strict) => {
                let is_open =
                    |facts: &MediaInfo| task.iter().any(|found| !found.unchecked(facts).is_empty());
                self.fetcher.fetch(address, &self.limits, end, is_open).await
            }
            (Bytes::Named(name), _) => MediaReport::unread(no_address(name)),
            (Bytes::Unread | Bytes::In(_), _) => {
                let most = self.limits.max_file_bytes;
                let examined =
                    tokio::task::spawn_blocking(move || MediaReport::of_bytes(&media, most));
                examined.await.unwrap_or_else(|_| {
                    MediaReport::unread("reading it was given up: the program is ending".to_owned())
                })
            }
        }
    }
}

/// What was found out about one piece of media.
#[derive(Debug, Default)]
struct MediaReport {
    facts: MediaInfo,
    /// Why its header does not say what it should.
    problem: Option<&'static str>,
    /// Why it was not read.
    unread: Option<String>,
    /// A fault of its own, as a rule and what would be right.
    fault: Option<(&'static str, String)>,
    advice: Vec<(WarningKind, String)>,
    requests: u64,
    bytes: u64,
}

impl MediaReport {
    fn unread(reason: String) -> Self {
        Self { unread: Some(reason), ..Self::default() }
    }

    /// Reads and measures a file, or a data URI.
    fn of_bytes(media: &Media, most_bytes: u64) -> Self {
        let fault = |rule, message| Self { fault: Some((rule, message)), ..Self::default() };
        if let Err(problem) = media.read(most_bytes) {
            return fault("file", problem.to_string());
        }
        let Bytes::In(uri) = media.source() else { return Self::default() };
        let Some(uri) = DataUri::parse(uri) else { return Self::default() };
        let bytes = match uri.decode() {
            Ok(bytes) if bytes.is_empty() => {
                return fault("file", "There is nothing in it.".to_owned());
            }
            Ok(bytes) => bytes,
            Err(error) => return fault("format", format!("Must be in base64: {error}.")),
        };
        let mut examined = Self::default();
        let reading = Probe::whole(&bytes).partial();
        (examined.facts, examined.problem) = (reading.facts, reading.problem);
        examined.declared(uri.content_type, "its data URI says");
        examined
    }

    /// Takes note of a content type that is said of the file.
    fn declared(&mut self, content_type: &str, who: &str) {
        let content_type = content_type.split(';').next().unwrap_or_default().trim();
        let Some(kind) = self.facts.kind else { return };
        if !may_be(content_type, kind) {
            let found = self.facts.format.map_or("", |format| format.content_type());
            self.advice.push((
                WarningKind::ContentType,
                format!("{who} `{}`, and it is {found}", content_type.escape_default()),
            ));
        }
    }

    /// Reports what this says about one place in the input.
    fn add_to(&self, found: &FoundMedia, preflight: Preflight, report: &mut PreflightReport) {
        if let Some((rule, message)) = &self.fault {
            report.violations.push(Violation {
                path: found.path.clone(),
                rule: (*rule).into(),
                message: message.clone(),
                found: None,
            });
        } else if found.media.is_file() {
            for violation in found.broken_as_text() {
                report.violations.push(violation);
            }
        }
        if preflight == Preflight::Off {
            return;
        }
        for violation in found.violations(&self.facts) {
            report.violations.push(violation);
        }
        for (kind, message) in self.advice.iter().cloned().chain(self.guidance(found)) {
            report.warnings.push(Warning { path: found.path.clone(), kind, message });
        }
        for (rule, missing) in found.unchecked(&self.facts) {
            let reason = match missing {
                MissingInfo::Rule => missing.to_string(),
                MissingInfo::Header | MissingInfo::FileSize if self.fault.is_some() => {
                    "it could not be read".to_owned()
                }
                MissingInfo::Header | MissingInfo::FileSize if self.unread.is_some() => {
                    self.unread.clone().unwrap_or_default()
                }
                MissingInfo::Header => self.problem.map_or_else(
                    || missing.to_string(),
                    |problem| format!("it cannot be measured: {problem}"),
                ),
                MissingInfo::FileSize => missing.to_string(),
            };
            report.unchecked.push(Unchecked { path: found.path.clone(), rule, reason });
        }
    }

    /// RunComfy's guidance about what was measured.
    fn guidance(&self, found: &FoundMedia) -> Vec<(WarningKind, String)> {
        let mut advice = Vec::new();
        if found.kind.fit(&self.facts) == Fit::Doubtful {
            let format = self.facts.format.map_or("", |format| format.content_type());
            let noun = found.kind.noun();
            advice.push((WarningKind::Kind, format!("it takes {noun}, and this is {format}")));
        }
        let (kind, bytes) = (self.facts.kind, self.facts.bytes.unwrap_or(0));
        let megabytes = bytes as f64 / 1e6;
        match kind {
            Some(MediaKind::Image) if bytes > LARGE_IMAGE => advice.push((
                WarningKind::LargeImage,
                format!("an image of {megabytes} MB; RunComfy recommends at most 50 MB"),
            )),
            Some(MediaKind::Video) if bytes > LARGE_VIDEO => advice.push((
                WarningKind::LargeVideo,
                format!("a video of {megabytes} MB; RunComfy recommends at most 100 MB"),
            )),
            _ => {}
        }
        advice
    }
}

/// Whether a declared content type fits what a file is. One that says only that there are
/// bytes fits anything, and of containers any word does.
fn may_be(content_type: &str, kind: MediaKind) -> bool {
    const ANYTHING: [&str; 6] = [
        "",
        "application/octet-stream",
        "binary/octet-stream",
        "application/mp4",
        "application/ogg",
        "application/x-matroska",
    ];
    let word = match kind {
        MediaKind::Image => "image/",
        MediaKind::Video => "video/",
        MediaKind::Audio => "audio/",
        MediaKind::Any => "",
    };
    let content_type = content_type.to_ascii_lowercase();
    content_type.starts_with(word) || ANYTHING.contains(&content_type.as_str())
}

/// What a string is that is sent as it is.
fn no_address(text: &str) -> String {
    let begins = |with: &str| {
        text.trim_start().get(..with.len()).is_some_and(|text| text.eq_ignore_ascii_case(with))
    };
    match Media::url(text) {
        _ if begins("data:") => {
            "it is a data URI, but not one in base64 that can be measured here".to_owned()
        }
        Err(reason) if begins("http:") || begins("https:") => {
            format!("it cannot be fetched as it is written: {reason}")
        }
        Ok(_) => "it was given as a name, and is not fetched".to_owned(),
        Err(_) => "it is a bare name, not an address".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_fetched_is_called_what_it_is() {
        let cases = [
            ("boat.png", "it is a bare name"),
            ("data:image/png,AA==", "it is a data URI"),
            ("DATA:,", "it is a data URI"),
            ("https://x/a b.png", "it cannot be fetched as it is written: the address holds ' '"),
            ("https://x/a.png", "it was given as a name"),
        ];
        for (text, words) in cases {
            assert!(no_address(text).starts_with(words), "{text}: {}", no_address(text));
        }
    }

    #[test]
    fn a_content_type_fits_by_its_kind() {
        let cases = [
            ("image/jpeg", MediaKind::Image, true),
            ("IMAGE/PNG", MediaKind::Image, true),
            ("application/octet-stream", MediaKind::Image, true),
            ("application/mp4", MediaKind::Video, true),
            ("", MediaKind::Audio, true),
            ("text/html", MediaKind::Image, false),
            ("application/json", MediaKind::Video, false),
            ("video/mp4", MediaKind::Image, false),
        ];
        for (content_type, kind, fits) in cases {
            assert_eq!(may_be(content_type, kind), fits, "{content_type} for {kind:?}");
        }
    }
}
