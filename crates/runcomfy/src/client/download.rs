//! Downloads the outputs of a job concurrently. Each is streamed into a temporary file that gets
//! its name once it is complete, and resumed if a connection breaks.

mod address;
mod name;
mod transfer;

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{StreamExt, iter};
use serde_json::Value;
use url::Url;

pub(super) use address::Hosts;

use super::types::CompletedJob;
use super::{Client, RequestId};
use crate::url_text::UrlText;
use crate::violation::{InputPath, PathSegment};

/// The default maximum size of an output: minutes of 4K video fit.
const MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// The default number of concurrent downloads.
const DEFAULT_CONCURRENT: usize = 4;

/// The destination and the settings of a download.
#[derive(Clone)]
#[must_use]
pub struct DownloadOptions {
    folder: PathBuf,
    replace: bool,
    max_bytes: u64,
    max_concurrent: usize,
    progress: Option<OnProgress>,
}

/// A callback for the progress of a download.
type OnProgress = Arc<dyn Fn(&Progress<'_>) + Send + Sync>;

/// The progress of one file.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// Its URL.
    pub url: &'a Url,
    /// The file that it will become.
    pub path: &'a Path,
    /// Number of bytes received. It can decrease: a host may restart the file after a broken
    /// connection.
    pub bytes: u64,
    /// Total number of bytes, if its host reports it.
    pub total: Option<u64>,
}

/// A file that was downloaded completely.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DownloadedFile {
    /// Path of its URL in the output.
    pub output_path: InputPath,
    /// Its URL.
    pub url: Url,
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The error if some outputs could not be downloaded.
#[derive(Debug)]
#[non_exhaustive]
pub struct DownloadError {
    /// The request.
    pub id: RequestId,
    /// The outputs that failed.
    pub failed: Vec<FailedDownload>,
    /// The outputs that were saved.
    pub saved: Vec<DownloadedFile>,
}

/// An output that was not downloaded. The folder holds no part of it.
#[non_exhaustive]
pub struct FailedDownload {
    /// Path of its URL in the output.
    pub output_path: InputPath,
    /// Its URL.
    pub url: Url,
    /// The reason.
    pub reason: DownloadErrorReason,
}

/// The reason why an output was not downloaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadErrorReason {
    /// The URL, or one that it redirects to, is not on a host of RunComfy's outputs.
    #[error(
        "`{0}` is not a host of RunComfy's outputs; if you trust it, add it with ClientBuilder::output_hosts"
    )]
    Host(String),
    /// A file of this name exists. It was not changed.
    #[error("{} exists already; replace it with DownloadOptions::replace, or move it", .0.display())]
    Exists(PathBuf),
    /// The file is larger than allowed.
    #[error("must be at most {0} bytes; allow more with DownloadOptions::max_bytes")]
    TooLarge(u64),
    /// Its host answered with an error status.
    #[error("its host answered HTTP {http_status}{}", expired(*http_status))]
    Status {
        /// The HTTP status.
        http_status: u16,
        /// The delay that the host asked for.
        retry_after: Option<Duration>,
    },
    /// Its host redirected too often, or without a valid URL.
    #[error("its host redirects too often, or without a valid URL")]
    Redirect,
    /// The connection failed too often.
    #[error("the connection broke")]
    Transport(#[source] reqwest::Error),
    /// The host stopped sending.
    #[error("no data received for {} s", .0.as_secs())]
    Stalled(Duration),
    /// The host sent less than it announced, or another part than requested.
    #[error("its host sent another part of it than announced")]
    Torn,
    /// The file could not be written.
    #[error("{} could not be written", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

impl DownloadOptions {
    /// Creates options for downloading into `folder`, which is created if necessary. Each file is
    /// named after the request and the last part of its URL, in characters that every system
    /// allows.
    pub fn into_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            replace: false,
            max_bytes: MAX_BYTES,
            max_concurrent: DEFAULT_CONCURRENT,
            progress: None,
        }
    }

    /// Replaces existing files. By default they are not changed, and are errors.
    pub fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    /// Sets the maximum size of a file. Defaults to 4 GiB.
    pub fn max_bytes(mut self, max: u64) -> Self {
        self.max_bytes = max;
        self
    }

    /// Sets the number of concurrent downloads. Defaults to 4.
    pub fn max_concurrent(mut self, count: usize) -> Self {
        self.max_concurrent = count.max(1);
        self
    }

    /// Sets a callback that is called whenever more of a file was received.
    pub fn on_progress(mut self, callback: impl Fn(&Progress<'_>) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(callback));
        self
    }
}

impl Client {
    /// Downloads every URL in an output concurrently, without the token.
    ///
    /// Only RunComfy's own hosts are used, over HTTPS; see
    /// [`ClientBuilder::output_hosts`](super::ClientBuilder::output_hosts). A broken download is
    /// resumed where it broke. [`Retry`](super::Retry) limits the attempts without progress.
    ///
    /// # Errors
    ///
    /// Returns an error if an output cannot be downloaded. It lists what failed and what was
    /// saved.
    pub async fn download<O>(
        &self,
        success: &CompletedJob<O>,
        to: &DownloadOptions,
    ) -> Result<Vec<DownloadedFile>, DownloadError> {
        let mut found = Vec::new();
        addresses(&success.raw, &mut Vec::new(), &mut found);
        let names = name::names(&success.id, found.iter().map(|(_, url)| url));
        let files = found.into_iter().zip(names).map(|((output_path, url), name)| async move {
            let path = to.folder.join(name);
            match self.save(&url, &path, to).await {
                Ok(bytes) => Ok(DownloadedFile { output_path, url, path, bytes }),
                Err(reason) => Err(FailedDownload { output_path, url, reason }),
            }
        });
        let ended: Vec<_> = iter(files).buffered(to.max_concurrent).collect().await;
        let (mut saved, mut failed) = (Vec::new(), Vec::new());
        for file in ended {
            match file {
                Ok(file) => saved.push(file),
                Err(file) => failed.push(file),
            }
        }
        if failed.is_empty() {
            Ok(saved)
        } else {
            Err(DownloadError { id: success.id.clone(), failed, saved })
        }
    }
}

/// Explains a status that means that the output is not available to us.
fn expired(http_status: u16) -> &'static str {
    match http_status {
        401 | 403 | 404 | 410 => "; the URL of an output expires; a new result may have another",
        _ => "",
    }
}

/// Collects every distinct URL in an output, with its path.
fn addresses(value: &Value, path: &mut Vec<PathSegment>, found: &mut Vec<(InputPath, Url)>) {
    match value {
        Value::String(text) => {
            let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            if let Some(url) = url.filter(|url| found.iter().all(|(_, known)| known != url)) {
                found.push((path.iter().cloned().collect(), url));
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                path.push(PathSegment::Index(index));
                addresses(value, path, found);
                path.pop();
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                path.push(PathSegment::Name(name.clone()));
                addresses(value, path, found);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl fmt::Debug for DownloadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("folder", &self.folder)
            .field("replace", &self.replace)
            .field("max_bytes", &self.max_bytes)
            .field("max_concurrent", &self.max_concurrent)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("url", &UrlText(self.url))
            .field("path", &self.path)
            .field("bytes", &self.bytes)
            .field("total", &self.total)
            .finish()
    }
}

impl fmt::Debug for DownloadedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DownloadedFile")
            .field("output_path", &self.output_path)
            .field("url", &UrlText(&self.url))
            .field("path", &self.path)
            .field("bytes", &self.bytes)
            .finish()
    }
}

impl fmt::Debug for FailedDownload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailedDownload")
            .field("output_path", &self.output_path)
            .field("url", &UrlText(&self.url))
            .field("reason", &self.reason)
            .finish()
    }
}

impl fmt::Display for DownloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (failed, all) = (self.failed.len(), self.failed.len() + self.saved.len());
        write!(f, "request {}: {failed} of {all} outputs were not downloaded", self.id)?;
        for file in &self.failed {
            write!(f, "\n{}: {}", file.url, file.reason)?;
            let mut cause = file.reason.source();
            while let Some(next) = cause {
                write!(f, ": {next}")?;
                cause = next.source();
            }
        }
        Ok(())
    }
}

impl Error for DownloadError {}
