//! Downloads one file, and resumes it with range requests after a broken connection.

use std::io::{ErrorKind, SeekFrom};
use std::path::Path;
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, ETAG, HeaderMap, HeaderValue, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE,
};
use reqwest::{Response, StatusCode};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};
use url::Url;

use super::super::Client;
use super::super::http::{ContentRange, NO_TIMEOUT};
use super::super::reply::{asked_delay, transport_failure};
use super::super::retry::{Backoff, Call, Failure};
use super::{DownloadErrorReason as Reason, DownloadOptions, Progress};

/// Maximum time without data.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum number of redirects, each to an allowed host.
const MAX_REDIRECTS: usize = 5;
/// Maximum number of times that one file is resumed, even if each attempt makes progress.
const MAX_RESUMES: usize = 50;

/// A download in progress.
struct Transfer<'a> {
    url: &'a Url,
    path: &'a Path,
    to: &'a DownloadOptions,
    file: File,
    bytes: u64,
    total: Option<u64>,
    /// The `If-Range` value. Without it, nothing proves that a second response belongs to the
    /// same file.
    validator: Option<HeaderValue>,
}

impl Client {
    /// Downloads one file, and returns its size.
    pub(super) async fn save(
        &self,
        url: &Url,
        path: &Path,
        to: &DownloadOptions,
    ) -> Result<u64, Reason> {
        if !self.inner.outputs.allow(url) {
            return Err(host_error(url));
        }
        tokio::fs::create_dir_all(&to.folder).await.map_err(|source| file_error(path, source))?;
        if !to.replace
            && tokio::fs::try_exists(path).await.map_err(|source| file_error(path, source))?
        {
            return Err(Reason::Exists(path.to_owned()));
        }
        // Removed when dropped: no partial file stays behind.
        let part = temporary(&to.folder).map_err(|source| file_error(path, source))?;
        let file =
            File::from_std(part.as_file().try_clone().map_err(|source| file_error(path, source))?);
        let (bytes, total, validator) = (0, None, None);
        let mut transfer = Transfer { url, path, to, file, bytes, total, validator };
        transfer.run(self).await?;
        let bytes = transfer.bytes;
        drop(transfer);
        let kept = if to.replace { part.persist(path) } else { part.persist_noclobber(path) };
        match kept {
            Ok(_) => Ok(bytes),
            Err(error) if !to.replace && error.error.kind() == ErrorKind::AlreadyExists => {
                Err(Reason::Exists(path.to_owned()))
            }
            Err(error) => Err(file_error(path, error.error)),
        }
    }
}

impl Transfer<'_> {
    /// Downloads the whole file, resuming after retryable failures.
    async fn run(&mut self, client: &Client) -> Result<(), Reason> {
        let mut backoff = Backoff::new(Call::Read, client.inner.retry);
        for resumes in 0.. {
            let before = self.bytes;
            let Err(reason) = self.resume(client).await else { break };
            if self.bytes > before {
                backoff.reset();
            }
            let failure = failure_of(&reason).filter(|_| resumes < MAX_RESUMES);
            let Some(delay) = failure.and_then(|it| backoff.next(it, retry_after(&reason))) else {
                return Err(reason);
            };
            tracing::debug!(%reason, bytes = self.bytes, ?delay, "downloading again");
            sleep(delay).await;
        }
        self.file.flush().await.map_err(|source| self.file_error(source))?;
        self.file.sync_all().await.map_err(|source| self.file_error(source))
    }

    /// Requests the missing part of the file and writes it.
    async fn resume(&mut self, client: &Client) -> Result<(), Reason> {
        let mut response = self.request(client).await?;
        self.seek_to_range(&response).await?;
        if self.total.is_some_and(|total| total > self.to.max_bytes) {
            return Err(Reason::TooLarge(self.to.max_bytes));
        }
        self.report();
        loop {
            let chunk = match timeout(IDLE_TIMEOUT, response.chunk()).await {
                Ok(chunk) => chunk.map_err(Reason::Transport)?,
                Err(_) => return Err(Reason::Stalled(IDLE_TIMEOUT)),
            };
            let Some(chunk) = chunk else { break };
            if self.bytes.saturating_add(chunk.len() as u64) > self.to.max_bytes {
                return Err(Reason::TooLarge(self.to.max_bytes));
            }
            self.file.write_all(&chunk).await.map_err(|source| self.file_error(source))?;
            self.bytes += chunk.len() as u64;
            self.report();
        }
        match self.total {
            Some(total) if total != self.bytes => Err(Reason::Torn),
            _ => Ok(()),
        }
    }

    /// Requests the missing part, following redirects to allowed hosts. The token is not sent:
    /// only requests to the API have it.
    async fn request(&self, client: &Client) -> Result<Response, Reason> {
        let mut url = self.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            if !client.inner.outputs.allow(&url) {
                return Err(host_error(&url));
            }
            // The ranges of a compressed file are not those of the file.
            let mut request = client.inner.http.get(url.clone()).timeout(NO_TIMEOUT);
            request = request.header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            if let (1.., Some(validator)) = (self.bytes, &self.validator) {
                request = request.header(RANGE, format!("bytes={}-", self.bytes));
                request = request.header(IF_RANGE, validator);
            }
            let response = match timeout(IDLE_TIMEOUT, request.send()).await {
                Ok(response) => response.map_err(Reason::Transport)?,
                Err(_) => return Err(Reason::Stalled(IDLE_TIMEOUT)),
            };
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            let Some(next) = location.and_then(|location| url.join(location).ok()) else {
                return Err(Reason::Redirect);
            };
            url = next;
        }
        Err(Reason::Redirect)
    }

    /// Checks which part of the file a response holds. Restarts the file if it is not the
    /// missing part.
    async fn seek_to_range(&mut self, response: &Response) -> Result<(), Reason> {
        let headers = response.headers();
        match response.status() {
            StatusCode::OK => {
                self.restart().await?;
                self.total = response.content_length();
                self.validator = validator(headers);
                Ok(())
            }
            StatusCode::PARTIAL_CONTENT if self.bytes > 0 => {
                match ContentRange::from_headers(headers) {
                    Some(ContentRange { range: Some((first, _)), total })
                        if first == self.bytes && self.is_same_file(headers, total) =>
                    {
                        self.total = total.or(self.total);
                        Ok(())
                    }
                    Some(_) | None => {
                        self.restart().await?;
                        Err(Reason::Torn)
                    }
                }
            }
            // The file is shorter than what was received, or has no ranges.
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE if self.bytes > 0 => {
                self.restart().await?;
                Err(Reason::Torn)
            }
            StatusCode::PARTIAL_CONTENT => Err(Reason::Torn),
            status => Err(Reason::Status {
                http_status: status.as_u16(),
                retry_after: asked_delay(response.headers()),
            }),
        }
    }

    /// Returns `true` if a range belongs to the same file: some hosts ignore `If-Range`.
    fn is_same_file(&self, headers: &HeaderMap, total: Option<u64>) -> bool {
        let had = self.validator.as_ref().filter(|it| it.as_bytes().starts_with(b"\""));
        let same_tag = had.zip(headers.get(ETAG)).is_none_or(|(had, has)| had == has);
        same_tag && self.total.zip(total).is_none_or(|(had, has)| had == has)
    }

    async fn restart(&mut self) -> Result<(), Reason> {
        (self.bytes, self.total, self.validator) = (0, None, None);
        empty(&mut self.file).await.map_err(|source| self.file_error(source))
    }

    fn report(&self) {
        let Some(callback) = &self.to.progress else { return };
        let Self { url, path, bytes, total, .. } = *self;
        callback(&Progress { url, path, bytes, total });
    }

    fn file_error(&self, source: std::io::Error) -> Reason {
        file_error(self.path, source)
    }
}

/// Returns the failure in the retry table, or `None` if another attempt would not help.
fn failure_of(reason: &Reason) -> Option<Failure> {
    match reason {
        Reason::Transport(error) => Some(transport_failure(error)),
        Reason::Stalled(_) => Some(Failure::TimedOut),
        Reason::Torn => Some(Failure::Broken),
        Reason::Status { http_status, .. } => Some(Failure::of(*http_status, None)),
        Reason::Host(_)
        | Reason::Exists(_)
        | Reason::TooLarge(_)
        | Reason::Redirect
        | Reason::File { .. } => None,
    }
}

/// Returns the delay that the host asked for.
fn retry_after(reason: &Reason) -> Option<Duration> {
    match reason {
        Reason::Status { retry_after, .. } => *retry_after,
        _ => None,
    }
}

async fn empty(file: &mut File) -> std::io::Result<()> {
    file.flush().await?;
    file.set_len(0).await?;
    file.seek(SeekFrom::Start(0)).await.map(drop)
}

fn file_error(path: &Path, source: std::io::Error) -> Reason {
    Reason::File { path: path.to_owned(), source }
}

fn host_error(url: &Url) -> Reason {
    let host = url.host_str().unwrap_or_default();
    Reason::Host(format!("{}://{host}", url.scheme()))
}

/// Returns what identifies a version of a file: a strong `ETag`, or else its date.
fn validator(headers: &HeaderMap) -> Option<HeaderValue> {
    let strong = headers.get(ETAG).filter(|tag| tag.as_bytes().starts_with(b"\""));
    strong.or_else(|| headers.get(LAST_MODIFIED)).cloned()
}

/// Creates a file with a temporary name in the folder, to be renamed in one step. Its permissions
/// follow the umask, like any new file's.
fn temporary(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".runcomfy-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_etag_identifies_no_version() {
        let read = |pairs: &[(reqwest::header::HeaderName, &'static str)]| {
            let headers = pairs.iter().map(|(n, v)| (n.clone(), HeaderValue::from_static(v)));
            validator(&headers.collect())
        };
        assert_eq!(read(&[(ETAG, "\"a\"")]), Some(HeaderValue::from_static("\"a\"")));
        assert_eq!(read(&[(ETAG, "W/\"a\"")]), None);
        let date = "Tue, 24 Nov 2026 22:00:00 GMT";
        assert_eq!(
            read(&[(ETAG, "W/\"a\""), (LAST_MODIFIED, date)]),
            Some(HeaderValue::from_static(date))
        );
    }
}
