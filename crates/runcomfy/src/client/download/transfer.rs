//! Downloads one file, and resumes it with range requests after a broken connection.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, ETAG, HeaderMap, HeaderValue, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE,
};
use reqwest::{Response, StatusCode};
use tempfile::NamedTempFile;
use tokio::time::{sleep, timeout};
use url::Url;

use super::super::Client;
use super::super::http::{ContentRange, NO_TIMEOUT, content_encoding};
use super::super::reply::{asked_delay, transport_failure};
use super::super::retry::{Backoff, Call, Failure};
use super::file_writer::FileWriter;
use super::outputs::Source;
use super::{DownloadErrorReason as Reason, DownloadOptions, Progress};

/// Maximum time without data.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum number of redirects, each to an allowed host.
const MAX_REDIRECTS: usize = 5;
/// Maximum number of attempts in a row that bring nothing of a file.
const MAX_RESUMES: usize = 50;

/// A download in progress.
struct Transfer<'a> {
    url: &'a Url,
    path: &'a Path,
    to: &'a DownloadOptions,
    file: FileWriter,
    bytes: u64,
    total: Option<u64>,
    /// The `If-Range` value. Without it, nothing proves that a second response belongs to the
    /// same file.
    validator: Option<HeaderValue>,
}

/// The amount of a file that a response completed.
enum Received {
    All,
    Part,
}

/// The end of the part that a response holds.
#[derive(Clone, Copy)]
enum End {
    At(u64),
    Unknown,
}

impl Client {
    /// Saves one output. Returns its size, and `true` if its host announced that size.
    pub(super) async fn save_output(
        &self,
        source: Source<'_>,
        path: &Path,
        to: &DownloadOptions,
    ) -> Result<(u64, bool), Reason> {
        match &source {
            Source::Url(url) => self.save(url, path, to).await,
            Source::OtherScheme(url) => Err(Reason::Scheme(url.scheme().to_owned())),
            Source::BrokenDataUri | Source::DataUri(_) | Source::Base64(_) => {
                let bytes = source.decode().map_err(Reason::Data)?;
                if bytes.len() as u64 > to.max_bytes {
                    return Err(Reason::TooLarge(to.max_bytes));
                }
                let (part, mut file) = begin(path, to).await?;
                let length = bytes.len() as u64;
                file.add(bytes.into()).await.map_err(|source| file_error(path, source))?;
                file.finish().await.map_err(|source| file_error(path, source))?;
                keep(part, path, to)?;
                Ok((length, true))
            }
        }
    }

    /// Downloads one file. Returns its size, and `true` if its host announced that size.
    async fn save(
        &self,
        url: &Url,
        path: &Path,
        to: &DownloadOptions,
    ) -> Result<(u64, bool), Reason> {
        if !self.inner.outputs.allow(url) {
            return Err(host_error(url));
        }
        let (part, file) = begin(path, to).await?;
        let (bytes, total, validator) = (0, None, None);
        let mut transfer = Transfer { url, path, to, file, bytes, total, validator };
        transfer.run(self).await?;
        let (bytes, is_size_confirmed) = (transfer.bytes, transfer.total.is_some());
        drop(transfer);
        keep(part, path, to)?;
        Ok((bytes, is_size_confirmed))
    }
}

/// Creates a temporary file beside `path`. It is removed when dropped, so that no partial file
/// stays behind.
async fn begin(path: &Path, to: &DownloadOptions) -> Result<(NamedTempFile, FileWriter), Reason> {
    let failed = |source| file_error(path, source);
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    if !to.replace && tokio::fs::try_exists(path).await.map_err(failed)? {
        return Err(Reason::Exists(path.to_owned()));
    }
    let part = temporary(folder).map_err(failed)?;
    let file = FileWriter::new(part.as_file().try_clone().map_err(failed)?);
    Ok((part, file))
}

/// Gives a complete file its name. A file that appeared meanwhile is not replaced.
fn keep(part: NamedTempFile, path: &Path, to: &DownloadOptions) -> Result<(), Reason> {
    let kept = if to.replace { part.persist(path) } else { part.persist_noclobber(path) };
    match kept {
        Ok(_) => Ok(()),
        Err(error) if !to.replace && error.error.kind() == ErrorKind::AlreadyExists => {
            Err(Reason::Exists(path.to_owned()))
        }
        Err(error) => Err(file_error(path, error.error)),
    }
}

impl Transfer<'_> {
    /// Downloads the whole file, resuming after retryable failures.
    async fn run(&mut self, client: &Client) -> Result<(), Reason> {
        let mut backoff = Backoff::new(Call::Read, client.inner.retry);
        let mut resumes = 0;
        loop {
            let before = self.bytes;
            let received = self.resume(client).await;
            resumes += 1;
            if self.bytes > before {
                backoff.reset();
                resumes = 0;
            }
            let reason = match received {
                Ok(Received::All) => break,
                // Hosts may send a range in parts.
                Ok(Received::Part) if resumes < MAX_RESUMES => continue,
                Ok(Received::Part) => return Err(Reason::Torn),
                Err(reason) => reason,
            };
            let failure = failure_of(&reason).filter(|_| resumes < MAX_RESUMES);
            let Some(delay) = failure.and_then(|it| backoff.next(it, retry_after(&reason))) else {
                return Err(reason);
            };
            tracing::debug!(%reason, bytes = self.bytes, ?delay, "downloading again");
            sleep(delay).await;
        }
        self.file.finish().await.map_err(|source| file_error(self.path, source))
    }

    /// Requests the missing part of the file and writes it.
    async fn resume(&mut self, client: &Client) -> Result<Received, Reason> {
        let mut response = self.request(client).await?;
        let Some(end) = self.seek_to_range(&response).await? else { return Ok(Received::All) };
        if self.total.is_some_and(|total| total > self.to.max_bytes) {
            return Err(Reason::TooLarge(self.to.max_bytes));
        }
        self.report();
        loop {
            let chunk = match timeout(IDLE_TIMEOUT, response.chunk()).await {
                Ok(chunk) => chunk.map_err(transport)?,
                Err(_) => return Err(Reason::Stalled(IDLE_TIMEOUT)),
            };
            let Some(chunk) = chunk else { break };
            if self.bytes.saturating_add(chunk.len() as u64) > self.to.max_bytes {
                return Err(Reason::TooLarge(self.to.max_bytes));
            }
            self.bytes += chunk.len() as u64;
            self.file.add(chunk).await.map_err(|source| file_error(self.path, source))?;
            self.report();
        }
        match (end, self.total) {
            (End::At(end), _) if self.bytes != end => {
                if self.bytes > end {
                    self.restart().await?;
                }
                Err(Reason::Torn)
            }
            (_, Some(total)) if self.bytes == total => Ok(Received::All),
            // A range that ends before the file, or in a file of unknown size.
            (End::At(_), _) => Ok(Received::Part),
            (End::Unknown, None) => Ok(Received::All),
            (End::Unknown, Some(_)) => Err(Reason::Torn),
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
                Ok(response) => response.map_err(transport)?,
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

    /// Checks which part of the file a response holds. Returns its end, or `None` if nothing of
    /// the file is missing. Restarts the file if it is not the missing part.
    async fn seek_to_range(&mut self, response: &Response) -> Result<Option<End>, Reason> {
        let headers = response.headers();
        let range = ContentRange::from_headers(headers);
        if let Some(encoding) = content_encoding(headers).filter(|_| response.status().is_success())
        {
            return Err(Reason::Encoded(encoding));
        }
        match (response.status(), range) {
            // 203 is a file that a proxy passed on.
            (StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION, _) => {
                self.restart().await?;
                self.total = response.content_length();
                self.validator = validator(headers);
                Ok(Some(self.total.map_or(End::Unknown, End::At)))
            }
            (
                StatusCode::PARTIAL_CONTENT,
                Some(ContentRange { range: Some((first, last)), total }),
            ) if first == self.bytes && last >= first && self.is_same_file(headers, total) => {
                if self.bytes == 0 {
                    self.validator = validator(headers);
                }
                self.total = total.or(self.total);
                Ok(Some(End::At(last.saturating_add(1))))
            }
            // All that a host of an unknown size has left is nothing.
            (
                StatusCode::RANGE_NOT_SATISFIABLE,
                Some(ContentRange { range: None, total: Some(total) }),
            ) if total == self.bytes && self.total.is_none_or(|known| known == total) => {
                self.total = Some(total);
                Ok(None)
            }
            // Another part or another file, or a file without ranges.
            (StatusCode::PARTIAL_CONTENT, _) => {
                self.restart().await?;
                Err(Reason::Torn)
            }
            (StatusCode::RANGE_NOT_SATISFIABLE, _) if self.bytes > 0 => {
                self.restart().await?;
                Err(Reason::Torn)
            }
            (status, _) => Err(Reason::Status {
                http_status: status.as_u16(),
                retry_after: asked_delay(headers),
            }),
        }
    }

    /// Returns `true` if a range belongs to the same file: some hosts ignore `If-Range`. A host
    /// repeats the `ETag` of the whole file, and may leave out its date.
    fn is_same_file(&self, headers: &HeaderMap, total: Option<u64>) -> bool {
        let is_same_version = match &self.validator {
            Some(tag) if is_strong(tag) => headers.get(ETAG) == Some(tag),
            Some(date) => headers.get(LAST_MODIFIED).is_none_or(|has| has == date),
            None => self.bytes == 0,
        };
        is_same_version && self.total.zip(total).is_none_or(|(had, has)| had == has)
    }

    async fn restart(&mut self) -> Result<(), Reason> {
        (self.bytes, self.total, self.validator) = (0, None, None);
        self.file.clear().await.map_err(|source| file_error(self.path, source))
    }

    fn report(&self) {
        let Some(callback) = &self.to.progress else { return };
        let Self { url, path, bytes, total, .. } = *self;
        callback(&Progress { url, path, bytes, total });
    }
}

/// Leaves the URL out of an error, because it can be a signed one.
fn transport(error: reqwest::Error) -> Reason {
    Reason::Transport(error.without_url())
}

/// Returns the failure in the retry table, or `None` if another attempt would not help.
fn failure_of(reason: &Reason) -> Option<Failure> {
    match reason {
        Reason::Transport(error) => Some(transport_failure(error)),
        Reason::Stalled(_) => Some(Failure::TimedOut),
        Reason::Torn => Some(Failure::Broken),
        Reason::Status { http_status, .. } => Some(Failure::of(*http_status, None)),
        Reason::Host(_)
        | Reason::NothingToSave
        | Reason::SeveralFiles(_)
        | Reason::Scheme(_)
        | Reason::Data(_)
        | Reason::Encoded(_)
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

fn file_error(path: &Path, source: std::io::Error) -> Reason {
    Reason::File { path: path.to_owned(), source }
}

fn host_error(url: &Url) -> Reason {
    let host = url.host_str().unwrap_or_default();
    Reason::Host(format!("{}://{host}", url.scheme()))
}

fn is_strong(tag: &HeaderValue) -> bool {
    tag.as_bytes().starts_with(b"\"")
}

/// Returns what identifies a version of a file: a strong `ETag`, or else its date.
fn validator(headers: &HeaderMap) -> Option<HeaderValue> {
    let strong = headers.get(ETAG).filter(|tag| is_strong(tag));
    strong.or_else(|| headers.get(LAST_MODIFIED)).cloned()
}

/// Creates a file with a temporary name in the folder, to be renamed in one step. Its permissions
/// follow the umask, like any new file's.
fn temporary(folder: &Path) -> std::io::Result<NamedTempFile> {
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
