//! Measures a file at a URL with few small range requests.

use std::time::Duration;

use reqwest::redirect;
use tokio::time::{Instant, timeout_at};
use url::{Host, Url};

use super::super::http;
use super::address::{PublicOnly, check, check_literal};
use super::media_report::MediaReport;
use super::remote::{FetchError, RemoteFile};
use super::{AddressScope, MediaLimits, WarningKind};
use crate::media::{Format, MediaInfo};

/// Maximum time to connect, as part of the time for one file.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum number of redirects of one request: a short link, a CDN and a signed URL fit.
const MAX_REDIRECTS: usize = 5;

/// The HTTP client for media hosts. It sends no token, cookie or referrer, and uses no proxy,
/// because a proxy would resolve names itself.
pub(super) struct Fetcher {
    http: reqwest::Client,
    scope: AddressScope,
}

impl Fetcher {
    pub(super) fn new(limits: MediaLimits, scope: AddressScope) -> Result<Self, reqwest::Error> {
        Ok(Self { http: Self::builder(limits, scope).build()?, scope })
    }

    fn builder(limits: MediaLimits, scope: AddressScope) -> reqwest::ClientBuilder {
        let builder = http::harden(http::builder())
            .connect_timeout(CONNECT_TIMEOUT.min(limits.timeout))
            .redirect(redirect::Policy::custom(move |attempt| follow(attempt, scope)))
            .no_proxy()
            // HTTP/2 lets a host send far more than was read, even if another crate enables it.
            .http1_only();
        match scope {
            AddressScope::Public => builder.dns_resolver(PublicOnly),
            AddressScope::Local => builder,
        }
    }

    /// Measures the file at a URL. If `has_open_rule` still needs the size of the file and its
    /// host does not report it, reads on to the end of the file, up to the limit.
    pub(super) async fn fetch(
        &self,
        url: &Url,
        limits: &MediaLimits,
        deadline: Option<Instant>,
        has_open_rule: impl Fn(&MediaInfo) -> bool,
    ) -> MediaReport {
        let mut report = MediaReport::default();
        if url.scheme() != "https" && !self.allows_plain_http(url) {
            let message = "RunComfy recommends a URL that begins with https://".to_owned();
            report.warnings.push((WarningKind::NotHttps, message));
        }
        let mut file = RemoteFile::new(&self.http, url.clone(), limits.max_fetched_bytes);
        let checked = match self.scope {
            AddressScope::Public => check_literal(url).map_err(FetchError::NotPublic),
            AddressScope::Local => Ok(()),
        };
        let timeout = Instant::now().checked_add(limits.timeout);
        let deadline = [timeout, deadline].into_iter().flatten().min();
        let outcome = match (checked, deadline) {
            (Err(error), _) => Err(error),
            (Ok(()), None) => file.measure(has_open_rule).await,
            (Ok(()), Some(deadline)) => timeout_at(deadline, file.measure(has_open_rule))
                .await
                .unwrap_or(Err(FetchError::TimedOut)),
        };
        file.write_to(&mut report);
        if let Err(error) = outcome {
            add_error(&mut report, &error);
        }
        if matches!(report.info.format, Some(Format::Other("text/html", _))) {
            replace_by_web_page(&mut report);
        } else if let Some(content_type) = file.content_type() {
            report.compare_content_type(content_type, "its host says");
        }
        report
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

fn follow(attempt: redirect::Attempt<'_>, scope: AddressScope) -> redirect::Action {
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error("it leads from redirect to redirect");
    }
    match scope {
        AddressScope::Local => attempt.follow(),
        AddressScope::Public => match check_literal(attempt.url()) {
            Ok(()) => attempt.follow(),
            Err(refused) => attempt.error(refused),
        },
    }
}

fn add_error(report: &mut MediaReport, error: &FetchError) {
    let reason = error.to_string();
    if let Some(kind) = error.warning() {
        report.warnings.push((kind, reason.clone()));
    }
    report.unread = Some(reason);
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
