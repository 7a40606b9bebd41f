//! Downloads the outputs of a job concurrently. Each is streamed into a temporary file that gets
//! its name once it is complete, and resumed if a connection breaks.

mod address;
#[cfg(test)]
mod cpu_time;
mod file_writer;
mod name;
mod outputs;
mod transfer;

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{StreamExt, iter};
use url::Url;

pub(super) use address::Hosts;
pub use name::InvalidNamePattern;

use self::name::{NamePattern, Named};
use self::outputs::Output;
use super::types::CompletedJob;
use super::{Client, RequestId};
use crate::codegen_support::Shown;
use crate::duration_text::DurationText;
use crate::escape::{escape_control, shown_path};
use crate::violation::InputPath;

/// The default maximum size of an output: minutes of 4K video fit.
const MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// The default number of concurrent downloads.
const DEFAULT_CONCURRENT: usize = 4;

/// The destination and the settings of a download.
///
/// ```
/// use runcomfy::client::DownloadOptions;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path();
/// # runcomfy_doctest::run(async |client, input| {
/// let completed = client.run(&input).await?;
/// let options = DownloadOptions::into_folder(folder).max_bytes(100_000_000);
/// for file in client.download(&completed, &options).await? {
///     println!("{} bytes in {}", file.bytes, file.path.display());
/// }
/// # Ok(()) });
/// ```
#[derive(Clone)]
#[must_use]
pub struct DownloadOptions {
    destination: Destination,
    replace: bool,
    max_bytes: u64,
    max_concurrent: usize,
    progress: Option<OnProgress>,
}

/// The place of the downloaded files.
#[derive(Debug, Clone)]
enum Destination {
    Folder(PathBuf, Option<NamePattern>),
    File(PathBuf),
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
    /// Path of its URL or data in the output.
    pub output_path: InputPath,
    /// Its URL, or `None` if the output held the data itself.
    pub url: Option<Url>,
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// `true` if its host announced this size. A host that announces none can close the
    /// connection too early without anybody noticing.
    pub is_size_confirmed: bool,
}

/// The error if some outputs could not be downloaded.
///
/// ```
/// use runcomfy::client::DownloadOptions;
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path();
/// # runcomfy_doctest::run(async |client, input| {
/// # let completed = client.run(&input).await?;
/// let options = DownloadOptions::into_folder(folder).max_bytes(100);
/// let error = client.download(&completed, &options).await.unwrap_err();
/// assert_eq!((error.saved.len(), error.failed.len()), (0, 1));
/// assert_eq!(
///     error.failed[0].reason.to_string(),
///     "must be at most 100 bytes; allow more with DownloadOptions::max_bytes"
/// );
/// # Ok(()) });
/// ```
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
    /// Path of its URL or data in the output.
    pub output_path: InputPath,
    /// Its URL, or `None` if the output held the data itself.
    pub url: Option<Url>,
    /// The reason.
    pub reason: DownloadErrorReason,
}

/// The reason why an output was not downloaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadErrorReason {
    /// The URL, or one that it redirects to, is not on a host of RunComfy's outputs.
    #[error(
        "`{}` is not a host of RunComfy's outputs; if you trust it, add it with ClientBuilder::output_hosts",
        escape_control(.0)
    )]
    Host(String),
    /// The output has a value, but nothing in it is a URL or data of media.
    #[error("the output holds no URL and no data of a file; read it from CompletedJob::raw")]
    NothingToSave,
    /// The output holds several files, and one path was given.
    #[error("the output holds {0} files; save them with DownloadOptions::into_folder")]
    SeveralFiles(usize),
    /// The URL has a scheme other than `http` and `https`.
    #[error("a URL of `{}:` cannot be downloaded over HTTPS; fetch it with a client for it", escape_control(.0))]
    Scheme(String),
    /// The output holds data that cannot be decoded.
    #[error("its data cannot be decoded: {}", escape_control(.0))]
    Data(String),
    /// The host sent the file compressed, although that was not asked for.
    #[error(
        "its host sends it compressed, as `{}`, which the request does not allow; it is still there: save it with a program that unpacks it, such as `curl --compressed`",
        escape_control(.0)
    )]
    Encoded(String),
    /// A file of this name exists. It was not changed.
    #[error("{} exists already; replace it with DownloadOptions::replace, or move it", shown_path(.0))]
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
    #[error("no data received for {}", DurationText(*.0))]
    Stalled(Duration),
    /// The host sent less than it announced, or another part than requested.
    #[error("its host sent another part of it than announced")]
    Torn,
    /// The file could not be written.
    #[error("{} could not be written", shown_path(.path))]
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
    /// allows. [`DownloadOptions::named`] sets other names.
    ///
    /// ```
    /// use runcomfy::client::DownloadOptions;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let folder = folder.path();
    /// # runcomfy_doctest::run(async |client, input| {
    /// let completed = client.run(&input).await?;
    /// let saved = client.download(&completed, &DownloadOptions::into_folder(folder)).await?;
    /// assert_eq!(saved[0].path, folder.join("sim-000001.mp4"));
    /// # Ok(()) });
    /// ```
    pub fn into_folder(folder: impl Into<PathBuf>) -> Self {
        Self::new(Destination::Folder(folder.into(), None))
    }

    /// Creates options for downloading the only file of an output to `path`. Its folder is created
    /// if necessary. An output of several files is an error.
    ///
    /// ```
    /// use runcomfy::client::DownloadOptions;
    ///
    /// let to = DownloadOptions::to_file("videos/boat.mp4").replace();
    /// ```
    pub fn to_file(path: impl Into<PathBuf>) -> Self {
        Self::new(Destination::File(path.into()))
    }

    /// Sets the names of files in a folder. A file of a name that was given before gets a number.
    /// Does nothing after [`DownloadOptions::to_file`].
    ///
    /// | placeholder | stands for |
    /// | --- | --- |
    /// | `{model}` | [`CompletedJob::model`], with `-` for blanks, slashes and the like |
    /// | `{job}` | the id of the request |
    /// | `{index}` | the number of the file in the output, from 1 |
    /// | `{name}` | the last part of its URL, or the property that holds its data |
    /// | `{ext}` | its extension, such as `mp4`. If it has none, the dot before it is left out |
    ///
    /// ```
    /// use runcomfy::client::DownloadOptions;
    ///
    /// let to = DownloadOptions::into_folder("out").named("{model}-{job}-{index}.{ext}")?;
    /// # Ok::<(), runcomfy::client::InvalidNamePattern>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the pattern has another placeholder, or a character that some system
    /// does not allow in a name, such as `/`.
    pub fn named(mut self, pattern: &str) -> Result<Self, InvalidNamePattern> {
        let parsed = NamePattern::parse(pattern)?;
        if let Destination::Folder(_, names) = &mut self.destination {
            *names = Some(parsed);
        }
        Ok(self)
    }

    fn new(destination: Destination) -> Self {
        Self {
            destination,
            replace: false,
            max_bytes: MAX_BYTES,
            max_concurrent: DEFAULT_CONCURRENT,
            progress: None,
        }
    }

    /// Replaces existing files. By default they are not changed, and are errors.
    ///
    /// ```
    /// use runcomfy::client::{DownloadErrorReason, DownloadOptions};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("boat.mp4");
    /// # runcomfy_doctest::run(async |client, input| {
    /// # let completed = client.run(&input).await?;
    /// let options = DownloadOptions::to_file(path);
    /// client.download(&completed, &options).await?;
    ///
    /// let error = client.download(&completed, &options).await.unwrap_err();
    /// assert!(matches!(error.failed[0].reason, DownloadErrorReason::Exists(_)));
    /// assert!(client.download(&completed, &options.replace()).await.is_ok());
    /// # Ok(()) });
    /// ```
    pub fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    /// Sets the maximum size of a file. Defaults to 4 GiB.
    ///
    /// ```
    /// use runcomfy::client::{DownloadErrorReason, DownloadOptions};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let folder = folder.path();
    /// # runcomfy_doctest::run(async |client, input| {
    /// # let completed = client.run(&input).await?;
    /// let options = DownloadOptions::into_folder(folder).max_bytes(100);
    /// let error = client.download(&completed, &options).await.unwrap_err();
    /// assert!(matches!(error.failed[0].reason, DownloadErrorReason::TooLarge(100)));
    /// # Ok(()) });
    /// ```
    pub fn max_bytes(mut self, max: u64) -> Self {
        self.max_bytes = max;
        self
    }

    /// Sets the number of concurrent downloads. Defaults to 4.
    ///
    /// ```
    /// use runcomfy::client::DownloadOptions;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let folder = folder.path();
    /// # runcomfy_doctest::run(async |client, input| {
    /// # let completed = client.run(&input).await?;
    /// let one_by_one = DownloadOptions::into_folder(folder).max_concurrent(1);
    /// assert_eq!(client.download(&completed, &one_by_one).await?.len(), 1);
    /// # Ok(()) });
    /// ```
    pub fn max_concurrent(mut self, count: usize) -> Self {
        self.max_concurrent = count.max(1);
        self
    }

    /// Sets a callback that is called whenever more of a file was received.
    ///
    /// ```
    /// use runcomfy::client::DownloadOptions;
    ///
    /// let options = DownloadOptions::into_folder("videos")
    ///     .on_progress(|file| println!("{}: {} of {:?}", file.url, file.bytes, file.total));
    /// ```
    pub fn on_progress(mut self, callback: impl Fn(&Progress<'_>) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(callback));
        self
    }
}

impl Client {
    /// Saves every URL in an output concurrently, without the token, and every data URI and base64
    /// of media. An output that has a value but nothing to save is an error too.
    ///
    /// Only RunComfy's own hosts are used, over HTTPS; see
    /// [`ClientBuilder::output_hosts`](super::ClientBuilder::output_hosts). A broken download is
    /// resumed where it broke. [`Retry`](super::Retry) limits the attempts without progress.
    ///
    /// # Errors
    ///
    /// Returns an error if an output cannot be downloaded. It lists what failed and what was
    /// saved.
    ///
    /// ```
    /// use runcomfy::client::DownloadOptions;
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # runcomfy_doctest::run(async |client, input| {
    /// # let completed = client.run(&input).await?;
    /// # let path = folder.path().join("boat.mp4");
    /// let saved = client.download(&completed, &DownloadOptions::to_file(path)).await?;
    /// assert!(saved[0].is_size_confirmed);
    /// # Ok(()) });
    /// ```
    pub async fn download<O>(
        &self,
        success: &CompletedJob<O>,
        to: &DownloadOptions,
    ) -> Result<Vec<DownloadedFile>, DownloadError> {
        let found = outputs::outputs(&success.raw);
        if found.is_empty() && !outputs::is_nothing(&success.raw) {
            let nothing = FailedDownload {
                output_path: InputPath::default(),
                url: None,
                reason: DownloadErrorReason::NothingToSave,
            };
            let (id, failed) = (success.id.clone(), vec![nothing]);
            return Err(DownloadError { id, failed, saved: Vec::new() });
        }
        let paths: Vec<PathBuf> = match &to.destination {
            Destination::Folder(folder, pattern) => {
                let job = Named { id: &success.id, model: success.model.as_deref() };
                let names = name::names(&job, pattern.as_ref(), &found);
                names.into_iter().map(|name| folder.join(name)).collect()
            }
            Destination::File(_) if found.len() > 1 => {
                let (id, failed) = (success.id.clone(), too_many(found));
                return Err(DownloadError { id, failed, saved: Vec::new() });
            }
            Destination::File(path) => vec![path.clone()],
        };
        // Collected first: a closure over what is borrowed would not be `Send`.
        let files: Vec<_> = found
            .into_iter()
            .zip(paths)
            .map(|(output, path)| self.download_output(output, path, to))
            .collect();
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

    async fn download_output(
        &self,
        output: Output<'_>,
        path: PathBuf,
        to: &DownloadOptions,
    ) -> Result<DownloadedFile, FailedDownload> {
        let url = output.url().cloned();
        let Output { path: output_path, source } = output;
        match self.save_output(source, &path, to).await {
            Ok((bytes, is_size_confirmed)) => {
                Ok(DownloadedFile { output_path, url, path, bytes, is_size_confirmed })
            }
            Err(reason) => Err(FailedDownload { output_path, url, reason }),
        }
    }
}

/// Returns a failure of each output.
fn too_many(outputs: Vec<Output<'_>>) -> Vec<FailedDownload> {
    let count = outputs.len();
    let failed = outputs.into_iter().map(|output| FailedDownload {
        url: output.url().cloned(),
        output_path: output.path,
        reason: DownloadErrorReason::SeveralFiles(count),
    });
    failed.collect()
}

/// Explains a status that means that the output is not available to us.
fn expired(http_status: u16) -> &'static str {
    match http_status {
        401 | 403 | 404 | 410 => "; the URL of an output expires; a new result may have another",
        _ => "",
    }
}

impl fmt::Debug for DownloadOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DownloadOptions")
            .field("destination", &self.destination)
            .field("replace", &self.replace)
            .field("max_bytes", &self.max_bytes)
            .field("max_concurrent", &self.max_concurrent)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("url", &Shown(self.url))
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
            .field("url", &Shown(&self.url))
            .field("path", &self.path)
            .field("bytes", &self.bytes)
            .field("is_size_confirmed", &self.is_size_confirmed)
            .finish()
    }
}

impl fmt::Debug for FailedDownload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailedDownload")
            .field("output_path", &self.output_path)
            .field("url", &Shown(&self.url))
            .field("reason", &self.reason)
            .finish()
    }
}

impl fmt::Display for DownloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (failed, all) = (self.failed.len(), self.failed.len() + self.saved.len());
        write!(f, "request {}: {failed} of {all} outputs were not downloaded", self.id)?;
        for file in &self.failed {
            match &file.url {
                Some(url) => write!(f, "\n{}: {}", without_query(url), file.reason)?,
                None => write!(f, "\n{}: {}", file.output_path, file.reason)?,
            }
            let mut cause = file.reason.source();
            while let Some(next) = cause {
                write!(f, ": {}", escape_control(&next.to_string()))?;
                cause = next.source();
            }
        }
        Ok(())
    }
}

/// Returns a URL for people to read. Its query is left out, because it can be a signature.
fn without_query(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_query(None);
    url
}

impl Error for DownloadError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_no_signature_of_a_url() {
        let error = DownloadError {
            id: "r-1".parse().expect("it is an id"),
            failed: vec![FailedDownload {
                output_path: InputPath::default(),
                url: Url::parse("https://a.runcomfy.net/v.mp4?sig=secret").ok(),
                reason: DownloadErrorReason::Torn,
            }],
            saved: Vec::new(),
        };
        let shown = error.to_string();
        assert!(shown.contains("https://a.runcomfy.net/v.mp4: its host"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}
