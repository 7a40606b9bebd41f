//! Preflight: checks the media of an input before it is submitted, and writes the body of the
//! request.

mod address;
mod fetch;
mod fetch_error;
mod limits;
mod media_report;
mod remote;
mod report;

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes as Body;
use futures_util::stream::{self, StreamExt};
use tokio::time::Instant;
use url::Url;

pub use limits::MediaLimits;
pub use report::{PreflightReport, PreflightStats, Unchecked, Warning, WarningKind};

use super::Client;
use super::http::is_loopback;
use crate::check::FoundMedia;
use crate::input::{Model, Payload, Validated};
use crate::media::{BytesSource, MediaInfo};
use crate::violation::{InputPath, Violation, message};
use fetch::Fetcher;
use media_report::MediaReport;

/// The maximum number of files that are measured concurrently. No known model takes more, so
/// an input takes no longer than its slowest file.
const MAX_CONCURRENT: usize = 32;

/// The amount of checking before an input is submitted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Preflight {
    /// Fetches and measures nothing. A local file is still read, because it has to be sent, and
    /// the input is refused if that fails.
    Off,
    /// Measures media, and refuses the input if a rule is broken. Warnings and unchecked rules
    /// do not refuse it; [`Client::prepare`](super::Client::prepare) returns the report that has
    /// them.
    #[default]
    Warn,
    /// Like [`Preflight::Warn`], and also refuses the input if there is a warning or an
    /// unchecked rule.
    Strict,
}

/// The addresses that media may be fetched from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum AddressScope {
    /// Addresses of the public internet.
    #[default]
    Public,
    /// Addresses of this machine and its networks too.
    Local,
}

/// The body of a request, and the report on its media.
#[must_use = "it is prepared to be submitted"]
pub struct Prepared<M> {
    body: Body,
    report: PreflightReport,
    model: PhantomData<fn() -> M>,
}

/// Checks the media of inputs.
pub(super) struct Checker {
    fetcher: Fetcher,
    limits: MediaLimits,
}

impl Client {
    /// Reads local files, checks media as
    /// [`ClientBuilder::preflight`](super::ClientBuilder::preflight) says, and writes the body of
    /// the request. Submits nothing.
    ///
    /// # Errors
    ///
    /// Returns the report if something in it is a reason to refuse the input.
    pub async fn prepare<V: Validated>(
        &self,
        input: &V,
    ) -> Result<Prepared<V::Model>, Box<PreflightReport>> {
        let preflight = self.inner.preflight;
        self.inner.media.prepare(&**input.as_valid(), preflight).await.accepted_by(preflight)
    }

    /// Checks the media of an input as [`Preflight::Warn`] does, regardless of the client's
    /// setting, and returns the whole report. Submits nothing.
    ///
    /// Media at a URL is measured from this machine. Only public addresses are asked, also
    /// behind names and redirects, so that input from strangers cannot reach this machine's own
    /// networks. [`ClientBuilder::allow_local_media`](super::ClientBuilder::allow_local_media)
    /// changes that. A local file is read, so do not create [`Media::file`](crate::Media::file)
    /// from a stranger's path; a string in [`JsonInput`](crate::JsonInput) never becomes one.
    pub async fn preflight<V: Validated>(&self, input: &V) -> PreflightReport {
        self.inner.media.prepare(&**input.as_valid(), Preflight::Warn).await.into_report()
    }
}

impl<M: Model> Prepared<M> {
    /// Returns the body of the request: JSON, with files and bytes inside as data URIs.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the report on its media. Nothing in it is a reason to refuse the input.
    pub fn report(&self) -> &PreflightReport {
        &self.report
    }

    pub(super) fn shared_body(&self) -> Body {
        self.body.clone()
    }

    fn into_report(self) -> PreflightReport {
        self.report
    }

    /// Returns the report as the error if `preflight` refuses an input with it.
    pub(super) fn accepted_by(self, preflight: Preflight) -> Result<Self, Box<PreflightReport>> {
        let is_accepted = match preflight {
            Preflight::Off | Preflight::Warn => self.report.is_ok(),
            Preflight::Strict => self.report.is_spotless(),
        };
        if is_accepted { Ok(self) } else { Err(Box::new(self.into_report())) }
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

impl Checker {
    pub(super) fn new(
        limits: MediaLimits,
        scope: AddressScope,
        api_base: &Url,
    ) -> Result<Self, reqwest::Error> {
        // A name on this machine resolves without a resolver.
        let control = api_base.domain().filter(|_| !is_loopback(api_base)).map(str::to_owned);
        Ok(Self { fetcher: Fetcher::new(limits, scope, control)?, limits })
    }

    /// Checks the media of an input, and writes the body of its request.
    pub(super) async fn prepare<P: Payload>(
        &self,
        input: &P,
        preflight: Preflight,
    ) -> Prepared<P::Model> {
        let start = Instant::now();
        // A second walk over the input, after the one that validated it: keeping the media of
        // the first walk in `Valid` would hold copies of it for as long as the input lives.
        let mut report = self.check(input.media(), preflight, start).await;
        let body = serde_json::to_vec(&input.value_ref());
        let refusal = match &body {
            // A file that cannot be read is reported at its own path.
            Err(_) if !report.is_ok() => None,
            Err(error) => Some(message::not_json(error)),
            Ok(body) if body.len() as u64 > self.limits.max_request_bytes => {
                Some(message::request_of_at_most(self.limits.max_request_bytes))
            }
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
        let deadline = start.checked_add(self.limits.total_timeout);
        let (groups, group_of) = by_url(&all);
        let examined: Vec<MediaReport> = stream::iter(groups)
            .map(|group| self.examine(group, preflight, deadline))
            .buffered(MAX_CONCURRENT)
            .collect()
            .await;

        let mut report = PreflightReport::default();
        for media in &examined {
            report.stats.requests += media.requests;
            report.stats.bytes += media.bytes;
        }
        for (found, group) in all.iter().zip(group_of) {
            if let Some(media) = examined.get(group) {
                media.add_to(found, preflight, &mut report);
            }
        }
        report
    }

    /// Examines one piece of media. Each element of `group` is a place in the input that has
    /// it.
    async fn examine(
        &self,
        group: Vec<FoundMedia>,
        preflight: Preflight,
        deadline: Option<Instant>,
    ) -> MediaReport {
        let Some(media) = group.first().map(|found| found.media.clone()) else {
            return MediaReport::default();
        };
        match (media.source(), preflight) {
            (
                BytesSource::Url(_) | BytesSource::DataUri(_) | BytesSource::Name(_),
                Preflight::Off,
            ) => MediaReport::default(),
            (BytesSource::Url(url), Preflight::Warn | Preflight::Strict) => {
                let has_open_rule =
                    |info: &MediaInfo| group.iter().any(|found| !found.unchecked(info).is_empty());
                self.fetcher.fetch(url, &self.limits, deadline, has_open_rule).await
            }
            (BytesSource::Name(name), _) => MediaReport::of_name(name),
            (BytesSource::UnreadFile | BytesSource::DataUri(_), _) => {
                let max_bytes = self.limits.max_file_bytes;
                tokio::task::spawn_blocking(move || MediaReport::of_bytes(&media, max_bytes))
                    .await
                    .unwrap_or_else(|_| MediaReport::unread("the program is ending".to_owned()))
            }
        }
    }
}

/// Groups media by URL, to fetch each URL once. Returns the groups, and the group of each element.
fn by_url(all: &[FoundMedia]) -> (Vec<Vec<FoundMedia>>, Vec<usize>) {
    let mut groups: Vec<Vec<FoundMedia>> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut group_of = Vec::new();
    for found in all {
        let next = groups.len();
        let group = match found.media.as_url() {
            Some(url) => *known.entry(url).or_insert(next),
            None => next,
        };
        match groups.get_mut(group) {
            Some(group) => group.push(found.clone()),
            None => groups.push(vec![found.clone()]),
        }
        group_of.push(group);
    }
    (groups, group_of)
}
