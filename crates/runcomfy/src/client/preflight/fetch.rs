//! Measures a file at a URL with few small range requests.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::redirect;
use tokio::time::Instant;
use url::{Host, Url};

use super::super::http::{self, Tls, Versions};
use super::address::{Resolver, check};
use super::facts_cache::{FactsCache, Made, Reuse};
use super::fetch_error::{FetchError, transport_error};
use super::media_report::{Fault, MediaReport};
use super::remote::RemoteFile;
use super::{AddressScope, Group, MediaLimits, WarningKind, before};
use crate::media::{Format, MediaInfo};
use crate::violation::message;

/// Maximum time to connect, as part of the time for one file.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The HTTP client for media hosts. It sends no token, cookie or referrer, and uses no proxy,
/// because a proxy would resolve names itself.
pub(super) struct Fetcher {
    /// Built when it is first needed: many programs measure nothing.
    http: OnceLock<reqwest::Client>,
    tls: Tls,
    limits: MediaLimits,
    scope: AddressScope,
    /// A host that does exist, to tell a name that does not from a resolver that fails.
    control: Option<String>,
    cache: FactsCache,
}

impl Fetcher {
    pub(super) fn new(
        limits: MediaLimits,
        scope: AddressScope,
        control: Option<String>,
        tls: Tls,
    ) -> Self {
        let cache = FactsCache::new(limits.max_age);
        Self { http: OnceLock::new(), tls, limits, scope, control, cache }
    }

    /// Returns the HTTP client, or why it cannot be set up.
    fn http(&self) -> Result<&reqwest::Client, FetchError> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let http = self.builder()?.build().map_err(transport_error)?;
        Ok(self.http.get_or_init(|| http))
    }

    fn builder(&self) -> Result<reqwest::ClientBuilder, FetchError> {
        // HTTP/2 lets a host send far more than was read.
        let builder = self.tls.builder(Versions::Http1);
        let builder = builder.map_err(|error| FetchError::Transport(error.to_string()))?;
        Ok(http::harden(builder)
            .connect_timeout(CONNECT_TIMEOUT.min(self.limits.timeout))
            // Redirects are followed here, to check each address on the way.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .http1_only()
            .dns_resolver(Resolver(self.scope)))
    }

    /// Returns a report on the file at a URL, which the media at these places has. Uses the last
    /// one again, if it is recent and nothing in it is a reason to refuse the input.
    pub(super) async fn report(
        &self,
        url: &Url,
        group: &Group,
        limits: &MediaLimits,
        deadline: Option<Instant>,
    ) -> MediaReport {
        let has_open_rule =
            |info: &MediaInfo| group.iter().any(|found| !found.unchecked(info).is_empty());
        let timeout = Instant::now().checked_add(limits.timeout);
        let deadline = [timeout, deadline].into_iter().flatten().min();
        let measuring = self.measure(url, limits, deadline, has_open_rule);
        let suits = |report: &MediaReport, made| match made {
            // Nothing is refused without another look: the file may be another by now.
            Made::Before => group.iter().all(|found| report.is_spotless_for(found)),
            Made::Meanwhile => report.info.bytes.is_some() || !has_open_rule(&report.info),
        };
        self.cache.report(url, deadline, suits, measuring).await.unwrap_or_else(|| {
            let mut report = MediaReport::default();
            report.add_error(&FetchError::TimedOut, None);
            report
        })
    }

    /// Measures the file at a URL. If `has_open_rule` still needs the size of the file and its
    /// host does not report it, reads on to the end of the file, up to the limit.
    async fn measure(
        &self,
        url: &Url,
        limits: &MediaLimits,
        deadline: Option<Instant>,
        has_open_rule: impl Fn(&MediaInfo) -> bool,
    ) -> (MediaReport, Reuse) {
        let mut report = MediaReport::default();
        if url.scheme() != "https" && !self.allows_plain_http(url) {
            let message = "RunComfy recommends a URL that begins with https://".to_owned();
            report.warnings.push((WarningKind::NotHttps, message));
        }
        let http = match self.http() {
            Ok(http) => http,
            Err(error) => {
                report.add_error(&error, None);
                return (report, Reuse::Never);
            }
        };
        let max_bytes = limits.max_fetched_bytes;
        let mut file = RemoteFile::new(http, self.scope, url.clone(), max_bytes);
        let outcome = before(deadline, file.measure(has_open_rule)).await;
        file.write_to(&mut report);
        let reuse = match &outcome {
            None => Reuse::Never,
            Some(Ok(())) if report.is_measured() => Reuse::Within(file.max_age()),
            // It may be another one the next time.
            Some(_) => Reuse::Waiting,
        };
        if let Err(error) = outcome.unwrap_or(Err(FetchError::TimedOut)) {
            let fault = before(deadline, self.fault_of(&error)).await.flatten();
            report.add_error(&error, fault);
        }
        if matches!(report.info.format, Some(Format::Other("text/html", _))) {
            replace_by_web_page(&mut report);
        } else if let Some(content_type) = file.content_type() {
            report.compare_content_type(content_type, "its host says");
        }
        (report, reuse)
    }

    /// Returns the violation if RunComfy will certainly not get the file either.
    async fn fault_of(&self, error: &FetchError) -> Option<Fault> {
        match error {
            FetchError::NotFound(status) => {
                Some(Fault::url(message::NOT_FOUND, format!("HTTP {status}")))
            }
            FetchError::NoSuchHost(unknown) => {
                let name = unknown.certain(self.control.as_deref()).await?;
                Some(Fault::url(message::NO_SUCH_HOST, message::quoted(name)))
            }
            _ => None,
        }
    }

    /// Returns `true` for a local address if local addresses are allowed: that setting is meant
    /// for work without HTTPS.
    fn allows_plain_http(&self, url: &Url) -> bool {
        let is_local = match url.host() {
            Some(Host::Ipv4(address)) => check(address.into()).is_err(),
            Some(Host::Ipv6(address)) => check(address.into()).is_err(),
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            None => false,
        };
        is_local && self.scope == AddressScope::Local
    }
}

/// RunComfy may receive something else than the page, so the page gives no facts about the
/// media.
fn replace_by_web_page(report: &mut MediaReport) {
    let message = "its host answered with a web page, such as a login".to_owned();
    report.warnings.push((WarningKind::WebPage, message.clone()));
    report.info = MediaInfo::default();
    report.unread = Some(message);
}

#[cfg(test)]
mod tests;
