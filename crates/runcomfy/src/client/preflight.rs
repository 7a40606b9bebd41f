//! Preflight: checks the media of an input before it is submitted, and writes the body of the
//! request.

mod address;
mod facts_cache;
mod fetch;
mod fetch_error;
mod limits;
mod media_report;
mod remote;
mod report;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use futures_util::stream::{self, StreamExt};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};
use url::Url;

pub use limits::MediaLimits;
pub use report::{PreflightReport, PreflightStats, Unchecked, Warning, WarningKind};

use super::Client;
use super::body::{JsonWithFiles, RequestBody};
use super::http::{Tls, is_loopback};
use crate::check::FoundMedia;
use crate::input::{Operation, Payload, Validated};
use crate::media::{BytesSource, FileError, OpenedFor};
use crate::violation::{InputPath, Violation, message};
use fetch::Fetcher;
use media_report::MediaReport;

/// The maximum number of files that are measured concurrently. No known model takes more, so
/// an input takes no longer than its slowest file.
const MAX_CONCURRENT: usize = 32;
/// The maximum number of threads that measure local files.
const MAX_THREADS: usize = 8;
/// The reason why media was not examined.
const PROGRAM_ENDS: &str = "the program is ending";

/// The amount of checking before an input is submitted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Preflight {
    /// Fetches and measures nothing. A local file is still opened, because it has to be sent, and
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
///
/// ```
/// # runcomfy_doctest::run(async |client, input| {
/// let prepared = client.prepare(&input).await?;
/// assert_eq!(prepared.model(), "bytedance/seedance-2.5/text-to-video/480p");
/// assert_eq!(prepared.body()?.len() as u64, prepared.body_length());
/// assert!(prepared.report().is_spotless());
/// let job = client.submit_prepared(&prepared).await?;
/// # Ok(()) });
/// ```
#[must_use = "it is prepared to be submitted"]
pub struct Prepared<M> {
    body: RequestBody,
    report: PreflightReport,
    model: &'static str,
    operation: PhantomData<fn() -> M>,
}

/// Checks the media of inputs.
pub(super) struct Checker {
    fetcher: Fetcher,
    limits: MediaLimits,
}

impl Client {
    /// Checks the media of an input as [`Preflight::Warn`] does, regardless of the client's
    /// setting, and returns the whole report. Submits nothing.
    ///
    /// Media at a URL is measured from this machine. Only public addresses are asked, also
    /// behind names and redirects, so that input from strangers cannot reach this machine's own
    /// networks. [`ClientBuilder::allow_local_media`](super::ClientBuilder::allow_local_media)
    /// changes that. The header of a local file is read, so do not create [`Media::file`](crate::Media::file)
    /// from a stranger's path; a string in [`JsonInput`](crate::JsonInput) never becomes one.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let report = client.preflight(&input).await;
    /// for violation in &report.violations {
    ///     println!("{violation}");
    /// }
    /// assert!(report.is_ok());
    /// # Ok(()) });
    /// ```
    pub async fn preflight<V: Validated>(&self, input: &V) -> PreflightReport {
        self.inner.media.report_on(&**input.as_valid()).await
    }

    /// Opens local files, checks media as
    /// [`ClientBuilder::preflight`](super::ClientBuilder::preflight) says, and writes the body of
    /// the request. Submits nothing.
    ///
    /// # Errors
    ///
    /// Returns the report if something in it is a reason to refuse the input.
    ///
    /// ```
    /// # runcomfy_doctest::run(async |client, input| {
    /// let prepared = client.prepare(&input).await?;
    /// assert_eq!(*prepared.body()?, *br#"{"prompt":"a paper boat drifts downstream"}"#);
    /// # Ok(()) });
    /// ```
    pub async fn prepare<V: Validated>(
        &self,
        input: &V,
    ) -> Result<Prepared<V::Model>, Box<PreflightReport>> {
        let preflight = self.inner.preflight;
        self.inner.media.prepare(&**input.as_valid(), preflight).await.accepted_by(preflight)
    }
}

impl<M: Operation> Prepared<M> {
    /// Returns the body of the request: JSON, with files and bytes inside as data URIs. Large
    /// files are read, and blocks meanwhile.
    ///
    /// # Errors
    ///
    /// Returns an error if a file cannot be read or is not the one that was prepared.
    pub fn body(&self) -> Result<Cow<'_, [u8]>, FileError> {
        self.body.read()
    }

    /// Returns the length of the body in bytes.
    pub fn body_length(&self) -> u64 {
        self.body.length()
    }

    /// Returns the report on its media. Nothing in it is a reason to refuse the input.
    pub fn report(&self) -> &PreflightReport {
        &self.report
    }

    /// Returns the id of the model that it is for.
    pub fn model(&self) -> &'static str {
        self.model
    }

    pub(super) fn shared_body(&self) -> RequestBody {
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

impl<M: Operation> fmt::Debug for Prepared<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("model", &self.model)
            .field("bytes", &self.body.length())
            .field("report", &self.report)
            .finish()
    }
}

impl Checker {
    pub(super) fn new(limits: MediaLimits, scope: AddressScope, api_base: &Url, tls: Tls) -> Self {
        // A name on this machine resolves without a resolver.
        let control = api_base.domain().filter(|_| !is_loopback(api_base)).map(str::to_owned);
        Self { fetcher: Fetcher::new(limits, scope, control, tls), limits }
    }

    /// Checks the media of an input, and writes the body of its request if nothing is wrong.
    pub(super) async fn prepare<P: Payload>(
        &self,
        input: &P,
        preflight: Preflight,
    ) -> Prepared<P::Model> {
        let start = Instant::now();
        let found = input.media();
        let wanted = OpenedFor::Sending;
        let (mut report, json) = self.check(input, &found, preflight, wanted, start).await;
        let body = match json.filter(|_| report.is_ok()) {
            Some(json) if json.has_files() => match spawn_blocking(move || json.fill()).await {
                Ok(Ok(body)) => body,
                Ok(Err((path, error))) => {
                    for violation in unusable_file(&found, &path, &error.to_string()) {
                        report.violations.push(violation);
                    }
                    RequestBody::default()
                }
                Err(_) => {
                    report.violations.push(request_violation(PROGRAM_ENDS.to_owned(), None));
                    RequestBody::default()
                }
            },
            Some(json) => json.into_body(),
            None => RequestBody::default(),
        };
        report.stats.time = start.elapsed();
        Prepared { body, report, model: input.model_id(), operation: PhantomData }
    }

    /// Checks the media of an input, and opens its files for measuring only.
    async fn report_on<P: Payload>(&self, input: &P) -> PreflightReport {
        let (start, wanted) = (Instant::now(), OpenedFor::Measuring);
        let found = input.media();
        let (mut report, _) = self.check(input, &found, Preflight::Warn, wanted, start).await;
        report.stats.time = start.elapsed();
        report
    }

    /// Checks media, and writes the JSON of the input with places for its files.
    async fn check<P: Payload>(
        &self,
        input: &P,
        found: &[FoundMedia],
        preflight: Preflight,
        wanted: OpenedFor,
        start: Instant,
    ) -> (PreflightReport, Option<JsonWithFiles>) {
        let deadline = start.checked_add(self.limits.total_timeout);
        let (groups, group_of) = by_source(found);
        let mut examined: Vec<MediaReport> = Vec::new();
        examined.resize_with(groups.len(), MediaReport::default);
        let work = jobs(groups, preflight).into_iter();
        let work = work.map(|job| self.examine(job, wanted, deadline));
        let mut work = stream::iter(work.collect::<Vec<_>>()).buffer_unordered(MAX_CONCURRENT);
        while let Some(reports) = work.next().await {
            for (group, report) in reports {
                if let Some(place) = examined.get_mut(group) {
                    *place = report;
                }
            }
        }

        let mut report = PreflightReport::default();
        for media in &examined {
            report.stats.requests += media.requests;
            report.stats.bytes += media.bytes;
        }
        for (found, group) in found.iter().zip(group_of) {
            if let Some(media) = examined.get(group) {
                media.add_to(found, preflight, &mut report);
            }
        }
        let files = examined.into_iter().filter_map(|media| media.file);
        let files = files.map(|file| (file.path().as_os_str().to_owned(), file)).collect();
        let json = JsonWithFiles::write(input.value_ref(), files);
        let max = self.limits.max_request_bytes;
        let refusal = match &json {
            // A file that cannot be read is reported at its own path.
            Err(_) if !report.is_ok() => None,
            Err(error) => Some((message::not_json(error), 0)),
            Ok(json) if json.length() > max => {
                Some((message::request_of_at_most(max), json.length()))
            }
            Ok(_) => None,
        };
        if let Some((message, length)) = refusal {
            report.violations.push(request_violation(message, Some(format!("{length} bytes"))));
        }
        (report, json.ok())
    }

    /// Examines media. Returns a report for each group.
    async fn examine(
        &self,
        job: Job,
        wanted: OpenedFor,
        deadline: Option<Instant>,
    ) -> Vec<(usize, MediaReport)> {
        match job {
            Job::Remote(number, url, group) => {
                vec![(number, self.fetcher.report(&url, &group, &self.limits, deadline).await)]
            }
            Job::Local(groups) => {
                let max_bytes = self.limits.max_file_bytes;
                let numbers: Vec<usize> = groups.iter().map(|(number, _)| *number).collect();
                let examine = move || {
                    let reports = groups.iter().map(|(number, group)| {
                        (*number, MediaReport::of_local(group, max_bytes, wanted))
                    });
                    reports.collect()
                };
                spawn_blocking(examine).await.unwrap_or_else(|_| {
                    let ended = numbers.into_iter();
                    ended.map(|number| (number, MediaReport::unread(PROGRAM_ENDS.into()))).collect()
                })
            }
        }
    }
}

/// The places in an input that have the same media.
type Group = Vec<FoundMedia>;

/// Media to be examined, with the numbers of its groups.
enum Job {
    Remote(usize, Url, Group),
    /// On one thread, in turn: measuring a file takes less time than starting on another thread.
    Local(Vec<(usize, Group)>),
}

/// Divides groups into jobs. Leaves out media that is not to be measured.
fn jobs(groups: Vec<Group>, preflight: Preflight) -> Vec<Job> {
    let (mut jobs, mut local) = (Vec::new(), Vec::new());
    for (number, group) in groups.into_iter().enumerate() {
        let Some(media) = group.first().map(|found| found.media.clone()) else { continue };
        match (media.source(), preflight) {
            (BytesSource::File(_), _) => local.push((number, group)),
            (_, Preflight::Off) => {}
            (BytesSource::Url(url), _) => jobs.push(Job::Remote(number, url.clone(), group)),
            (BytesSource::DataUri(_) | BytesSource::Name(_), _) => local.push((number, group)),
        }
    }
    let each = local.len().div_ceil(MAX_THREADS).max(1);
    let mut local = local.into_iter().peekable();
    while local.peek().is_some() {
        jobs.push(Job::Local(local.by_ref().take(each).collect()));
    }
    jobs
}

/// Groups media by its URL or its file, to measure each once. Returns the groups, and the group of
/// each element.
fn by_source(all: &[FoundMedia]) -> (Vec<Group>, Vec<usize>) {
    #[derive(PartialEq, Eq, Hash)]
    enum Key<'a> {
        Url(&'a Url),
        File(&'a OsStr),
    }
    let mut groups: Vec<Group> = Vec::new();
    let mut known: HashMap<Key<'_>, usize> = HashMap::new();
    let mut group_of = Vec::new();
    for found in all {
        let next = groups.len();
        let group = match found.media.source() {
            BytesSource::Url(url) => *known.entry(Key::Url(url)).or_insert(next),
            BytesSource::File(path) => *known.entry(Key::File(path.as_os_str())).or_insert(next),
            BytesSource::DataUri(_) | BytesSource::Name(_) => next,
        };
        match groups.get_mut(group) {
            Some(group) => group.push(found.clone()),
            None => groups.push(vec![found.clone()]),
        }
        group_of.push(group);
    }
    (groups, group_of)
}

/// Waits until a deadline. Returns `None` if it passes.
async fn before<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => timeout_at(deadline, work).await.ok(),
        None => Some(work.await),
    }
}

/// Returns a violation for each place of a file that cannot be used.
fn unusable_file(found: &[FoundMedia], path: &Path, message: &str) -> Vec<Violation> {
    let places = found.iter().filter(|found| found.media.as_file() == Some(path));
    let violations = places.map(|found| Violation {
        path: found.path.clone(),
        rule: "file".into(),
        message: message.to_owned(),
        found: Some(found.media.to_string()),
    });
    violations.collect()
}

/// Returns a violation of the request as a whole.
fn request_violation(message: String, found: Option<String>) -> Violation {
    Violation { path: InputPath::default(), rule: "request".into(), message, found }
}
