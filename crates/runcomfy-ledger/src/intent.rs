//! An intent: what is written down before anything is paid.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use runcomfy::{FileError, Media, Payload, ToJsonError, Validated};
use serde_json::Value;

use crate::canonical::sha256;
use crate::id::BatchId;
use crate::job::{Again, InputFile, Price};
use crate::usd::Usd;

/// The largest local file that is read, in bytes. The client refuses smaller requests by its own
/// limits.
const MAX_FILE_BYTES: u64 = 1024 * 1024 * 1024;

/// A job before it is in the ledger: a model, an input, and what it may cost.
///
/// ```
/// use std::time::Duration;
/// use runcomfy_ledger::{Intent, Price};
/// use serde_json::json;
///
/// let ticket = Intent::new("acme/paint", json!({"prompt": "a paper boat"}))
///     .price(Price::Known("0.25".parse()?))
///     .ceiling("0.30".parse()?)
///     .expires_in(Duration::from_secs(3600));
/// # Ok::<(), runcomfy_ledger::InvalidUsd>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "an intent is nothing until `Ledger::intend` writes it down"]
pub struct Intent {
    pub(crate) model: String,
    pub(crate) input: Value,
    pub(crate) files: Vec<(String, Media)>,
    pub(crate) batch: Option<BatchId>,
    pub(crate) price: Price,
    pub(crate) ceiling: Option<Usd>,
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) again: Again,
}

/// A value that [`Ledger::intend`](crate::Ledger::intend) writes down: an [`Intent`], or a
/// reference to a valid input.
pub trait IntoIntent {
    /// Returns the intent.
    ///
    /// # Errors
    ///
    /// If the input holds a number that JSON does not have.
    fn into_intent(self) -> Result<Intent, ToJsonError>;
}

/// The reason why a local file of an input cannot be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputFileError {
    /// It cannot be read.
    #[error("{} {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: FileError,
    },
    /// Its path is not Unicode, and so cannot be stored.
    #[error("the path {} must be valid Unicode", .0.display())]
    NotUnicode(PathBuf),
    /// Nothing in the input is at the place of the file.
    #[error("the input has nothing at `{0}`, where a file is to be")]
    Place(String),
    /// It is not the file that was checked.
    #[error(
        "{} has changed since it was checked (SHA-256 was {checked}, is {found}); check the input again",
        .path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// Its hash when it was written down.
        checked: String,
        /// Its hash now.
        found: String,
    },
}

impl Intent {
    /// Creates an intent from a model's id and its input as JSON, which was checked elsewhere or
    /// not at all. A string in it is never read as the path of a file: see [`Intent::file`].
    pub fn new(model: impl Into<String>, input: Value) -> Self {
        Self {
            model: model.into(),
            input,
            files: Vec::new(),
            batch: None,
            price: Price::default(),
            ceiling: None,
            expires_at: None,
            again: Again::default(),
        }
    }

    /// Creates an intent from a valid input. Local files are read when it is written down, unless
    /// they were read before: then the bytes that were measured are the ones that count.
    ///
    /// # Errors
    ///
    /// If the input holds a number that JSON does not have.
    pub fn of<V: Validated>(input: &V) -> Result<Self, ToJsonError> {
        let payload: &V::Payload = input.as_valid();
        let json = payload.to_json_with_paths()?;
        let media = payload.media().into_iter();
        let files = media.filter(|found| found.media.as_file().is_some());
        let files = files.map(|found| (found.path.pointer(), found.media)).collect();
        Ok(Self { files, ..Self::new(payload.model_id(), json) })
    }

    /// Sends a local file at a place of the input, which has to exist: a JSON pointer such as
    /// `/images/0`.
    pub fn file(mut self, at: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.files.push((at.into(), Media::file(path)));
        self
    }

    /// Puts the job into a batch.
    pub fn batch(mut self, batch: &BatchId) -> Self {
        self.batch = Some(batch.clone());
        self
    }

    /// Sets the price. Defaults to [`Price::Unknown`].
    pub fn price(mut self, price: Price) -> Self {
        self.price = price;
        self
    }

    /// Sets the most that the job may cost. It is not sent if its price is higher.
    pub fn ceiling(mut self, ceiling: Usd) -> Self {
        self.ceiling = Some(ceiling);
        self
    }

    /// Sets how long the job can be sent. Defaults to forever.
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expires_at = SystemTime::now().checked_add(time);
        self
    }

    /// Allows to pay for this input although the same is running or was delivered.
    pub fn again(mut self) -> Self {
        self.again = Again::Yes;
        self
    }
}

impl IntoIntent for Intent {
    fn into_intent(self) -> Result<Intent, ToJsonError> {
        Ok(self)
    }
}

impl<V: Validated> IntoIntent for &V {
    fn into_intent(self) -> Result<Intent, ToJsonError> {
        Intent::of(self)
    }
}

/// Sizes and hashes of files that were read already, by absolute path.
pub(crate) type Hashes = HashMap<PathBuf, (u64, String)>;

/// Reads the files of an intent, and puts their absolute paths into the input. It blocks.
pub(crate) fn read_files(
    input: &mut Value,
    files: &[(String, Media)],
    hashes: &mut Hashes,
) -> Result<Vec<InputFile>, InputFileError> {
    let mut read = Vec::new();
    for (at, media) in files {
        let Some(given) = media.as_file() else { continue };
        let path = std::path::absolute(given).unwrap_or_else(|_| given.to_owned());
        let (bytes, sha256) = match hashes.get(&path) {
            Some(known) => known.clone(),
            None => {
                let content = content(given, media)?.1;
                let found = (content.len() as u64, sha256(&content));
                hashes.entry(path.clone()).or_insert(found).clone()
            }
        };
        let text = path.to_str().ok_or_else(|| InputFileError::NotUnicode(path.clone()))?;
        let place = input.pointer_mut(at).ok_or_else(|| InputFileError::Place(at.clone()))?;
        *place = Value::from(text);
        read.push(InputFile { at: at.clone(), path, bytes, sha256 });
    }
    Ok(read)
}

/// Returns the JSON that is sent: the input with the content of each file in its place, read
/// again and compared with its hash. It blocks.
pub(crate) fn request_body(mut input: Value, files: &[InputFile]) -> Result<Value, InputFileError> {
    for file in files {
        let (uri, bytes) = content(&file.path, &Media::file(&file.path))?;
        let found = sha256(&bytes);
        if found != file.sha256 {
            let (path, checked) = (file.path.clone(), file.sha256.clone());
            return Err(InputFileError::Changed { path, checked, found });
        }
        let place = input.pointer_mut(&file.at);
        *place.ok_or_else(|| InputFileError::Place(file.at.clone()))? = uri;
    }
    Ok(input)
}

/// Returns the data URI of a file, and its bytes.
fn content(path: &Path, media: &Media) -> Result<(Value, Vec<u8>), InputFileError> {
    media
        .read(MAX_FILE_BYTES)
        .map_err(|source| InputFileError::Unreadable { path: path.to_owned(), source })?;
    let uri = serde_json::to_value(media).unwrap_or_default();
    let data = uri.as_str().and_then(|uri| uri.split_once(',')).map_or("", |(_, data)| data);
    // The library wrote it a moment ago.
    let bytes = STANDARD.decode(data).unwrap_or_default();
    Ok((uri, bytes))
}
