//! Downloading what a job made: every output side by side, streamed into a file that has its
//! name only when it is whole, and taken up again where a connection broke.

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

/// The largest output that is taken unless told otherwise: minutes of 4K video fit in.
const MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// How many outputs are downloaded at once unless told otherwise.
const DEFAULT_CONCURRENT: usize = 4;

/// Where to, and how, outputs are downloaded.
#[derive(Clone)]
#[must_use]
pub struct DownloadOptions {
    folder: PathBuf,
    replace: bool,
    max_bytes: u64,
    max_concurrent: usize,
    progress: Option<Watcher>,
}

/// What is called with every step of a download.
type Watcher = Arc<dyn Fn(&Progress<'_>) + Send + Sync>;

/// How far one file has come.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// The address.
    pub url: &'a Url,
    /// The file that it becomes.
    pub path: &'a Path,
    /// How many bytes of it are here. It can become less: a host may begin anew after a
    /// broken connection.
    pub bytes: u64,
    /// How many it has, where its host says so.
    pub total: Option<u64>,
}

/// A file that was downloaded, all of it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadedFile {
    /// Where its address stands in the output.
    pub place: InputPath,
    /// Its address.
    pub url: Url,
    /// The file.
    pub path: PathBuf,
    /// How many bytes it has.
    pub bytes: u64,
}

/// Downloads of which some went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub struct DownloadError {
    /// The request.
    pub id: RequestId,
    /// What went wrong, file by file.
    pub failed: Vec<FailedDownload>,
    /// What was saved all the same.
    pub saved: Vec<DownloadedFile>,
}

/// A file that was not downloaded. Nothing of it is left in the folder.
#[non_exhaustive]
pub struct FailedDownload {
    /// Where its address stands in the output.
    pub place: InputPath,
    /// Its address.
    pub url: Url,
    /// What went wrong.
    pub reason: DownloadErrorReason,
}

/// Why a file was not downloaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadErrorReason {
    /// The address, or one that it redirects to, is not where RunComfy keeps outputs.
    #[error(
        "`{0}` is not where RunComfy keeps outputs; if you trust it, name it with ClientBuilder::output_hosts"
    )]
    Host(String),
    /// There is a file of this name. It was left as it is.
    #[error("{} is there already; have it replaced with DownloadOptions::replace, or move it", .0.display())]
    Exists(PathBuf),
    /// The file is larger than allowed.
    #[error("it is larger than {0} bytes; allow more with DownloadOptions::max_bytes")]
    TooLarge(u64),
    /// Its host answered with an error.
    #[error("its host answered HTTP {http_status}{}", expired(*http_status))]
    Status {
        /// The HTTP status.
        http_status: u16,
        /// How long the host asked to wait.
        retry_after: Option<Duration>,
    },
    /// Its host led on to other addresses too often, or to none.
    #[error("its host redirects without end, or to no address")]
    Redirect,
    /// The connection could not be made, or broke too often.
    #[error("the connection broke")]
    Transport(#[source] reqwest::Error),
    /// Nothing came any more.
    #[error("nothing came for {} s", .0.as_secs())]
    Stalled(Duration),
    /// Less came than was announced, or another part than was asked for.
    #[error("its host sent another part of it than it said")]
    Torn,
    /// The file could not be written.
    #[error("{} could not be written", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl DownloadOptions {
    /// Into this folder, which is made where it is not there. Each file is called after the
    /// request and the last part of its address, in letters that every system takes.
    pub fn into_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            replace: false,
            max_bytes: MAX_BYTES,
            max_concurrent: DEFAULT_CONCURRENT,
            progress: None,
        }
    }

    /// Replaces files that are there already. Otherwise they are left, and are errors.
    pub fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    /// The largest file that is taken: 4 GiB unless told otherwise.
    pub fn max_bytes(mut self, most: u64) -> Self {
        self.max_bytes = most;
        self
    }

    /// How many files are downloaded at once: 4 unless told otherwise.
    pub fn max_concurrent(mut self, count: usize) -> Self {
        self.max_concurrent = count.max(1);
        self
    }

    /// Calls this whenever more of a file is here.
    pub fn on_progress(mut self, call: impl Fn(&Progress<'_>) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(call));
        self
    }
}

impl Client {
    /// Downloads every address in an output, side by side, without the token.
    ///
    /// Outputs are taken from RunComfy's own hosts only, over HTTPS: see
    /// [`ClientBuilder::output_hosts`](super::ClientBuilder::output_hosts). A broken connection
    /// is taken up again where it broke, as often as [`Retry`](super::Retry) allows from each
    /// place.
    ///
    /// # Errors
    ///
    /// When a file cannot be had. The error lists what went wrong and what was saved.
    pub async fn download<O>(
        &self,
        success: &CompletedJob<O>,
        to: &DownloadOptions,
    ) -> Result<Vec<DownloadedFile>, DownloadError> {
        let mut found = Vec::new();
        addresses(&success.raw, &mut Vec::new(), &mut found);
        let names = name::names(&success.id, found.iter().map(|(_, url)| url));
        let files = found.into_iter().zip(names).map(|((place, url), name)| async move {
            let path = to.folder.join(name);
            match self.save(&url, &path, to).await {
                Ok(bytes) => Ok(DownloadedFile { place, url, path, bytes }),
                Err(reason) => Err(FailedDownload { place, url, reason }),
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
        match failed.is_empty() {
            true => Ok(saved),
            false => Err(DownloadError { id: success.id.clone(), failed, saved }),
        }
    }
}

/// What an answer may mean that says that nothing is there for us.
fn expired(http_status: u16) -> &'static str {
    match http_status {
        401 | 403 | 404 | 410 => "; an output's address expires, and a new result may have another",
        _ => "",
    }
}

/// Every address in an output, once, with its place.
fn addresses(value: &Value, place: &mut Vec<PathSegment>, found: &mut Vec<(InputPath, Url)>) {
    match value {
        Value::String(text) => {
            let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            if let Some(url) = url.filter(|url| found.iter().all(|(_, known)| known != url)) {
                found.push((place.iter().cloned().collect(), url));
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                place.push(PathSegment::Index(index));
                addresses(value, place, found);
                place.pop();
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                place.push(PathSegment::Name(name.clone()));
                addresses(value, place, found);
                place.pop();
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
            .field("place", &self.place)
            .field("url", &UrlText(&self.url))
            .field("path", &self.path)
            .field("bytes", &self.bytes)
            .finish()
    }
}

impl fmt::Debug for FailedDownload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailedDownload")
            .field("place", &self.place)
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
