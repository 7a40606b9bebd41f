//! The body of a submit: JSON, with local files inside that are read while it is sent.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream::{Stream, try_unfold};
use serde::Serialize;
use tokio::task::spawn_blocking;

use crate::codegen_support::value_ref::{AsJson, FileSlots, Files, ValueRef};
use crate::media::{FileError, OpenedFile, Sealed, SealedFile, SendingState};

/// The body of a request. Clones share it, and it can be sent again.
#[derive(Clone, Default)]
pub(super) struct RequestBody {
    parts: Arc<[Part]>,
    length: u64,
}

#[derive(Clone)]
enum Part {
    Json(Bytes),
    File(SealedFile),
}

/// A file that could not be read while it was sent.
pub(super) type FailedFile = (PathBuf, FileError);

/// The first failure of a body that is being sent.
#[derive(Clone, Default)]
pub(super) struct BodyFailure(Arc<Mutex<Option<FailedFile>>>);

/// JSON with places for the data of local files.
pub(super) struct JsonWithFiles {
    json: Vec<u8>,
    /// The places, in order.
    slots: Vec<(usize, Arc<OpenedFile>)>,
}

impl From<Bytes> for RequestBody {
    fn from(json: Bytes) -> Self {
        let length = json.len() as u64;
        Self { parts: [Part::Json(json)].into(), length }
    }
}

impl RequestBody {
    /// Returns its length in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Returns all of it. Reads local files.
    pub(super) fn read(&self) -> Result<Cow<'_, [u8]>, FileError> {
        if let [Part::Json(json)] = &*self.parts {
            return Ok(Cow::Borrowed(json));
        }
        let mut body = Vec::new();
        for part in self.parts.iter() {
            match part {
                Part::Json(json) => body.extend_from_slice(json),
                Part::File(file) => {
                    let mut state = SendingState::default();
                    while let Some(encoded) = file.encode_next(&mut state)? {
                        body.extend_from_slice(&encoded);
                    }
                }
            }
        }
        Ok(Cow::Owned(body))
    }

    /// Returns it as a body of the HTTP library. If a file is no longer the one that was
    /// measured, the body fails before its last byte, and `failure` has the reason.
    pub(super) fn to_http(&self, failure: &BodyFailure) -> reqwest::Body {
        match &*self.parts {
            [Part::Json(json)] => json.clone().into(),
            _ => reqwest::Body::wrap_stream(self.stream(failure.clone())),
        }
    }

    fn stream(&self, failure: BodyFailure) -> impl Stream<Item = io::Result<Bytes>> + use<> {
        let parts = self.parts.clone();
        try_unfold((0, SendingState::default()), move |(mut index, mut state)| {
            let (parts, failure) = (parts.clone(), failure.clone());
            async move {
                loop {
                    let file = match parts.get(index) {
                        None => return Ok(None),
                        Some(Part::Json(json)) => {
                            return Ok(Some((json.clone(), (index + 1, state))));
                        }
                        Some(Part::File(file)) => file.clone(),
                    };
                    let path = file.path().to_owned();
                    let encoding = spawn_blocking(move || {
                        let encoded = file.encode_next(&mut state)?;
                        Ok((encoded, state))
                    });
                    match encoding.await.unwrap_or_else(|_| Err(runtime_ended())) {
                        Ok((Some(encoded), state)) => {
                            return Ok(Some((encoded.into(), (index, state))));
                        }
                        Ok((None, _)) => (index, state) = (index + 1, SendingState::default()),
                        Err(error) => return Err(failure.set(path, error)),
                    }
                }
            }
        })
    }
}

fn runtime_ended() -> FileError {
    FileError::Unreadable(io::Error::other("the program is ending"))
}

impl BodyFailure {
    /// Returns the failure, if there was one.
    pub(super) fn take(&self) -> Option<FailedFile> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps a failure. Returns the error that ends the body.
    fn set(&self, path: PathBuf, error: FileError) -> io::Error {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((path, error));
        io::Error::other("a local file could not be read")
    }
}

impl JsonWithFiles {
    /// Writes JSON, with places for the data of these files.
    pub(super) fn write(
        value: ValueRef<'_>,
        files: HashMap<OsString, Arc<OpenedFile>>,
    ) -> Result<Self, serde_json::Error> {
        let writer = SlotWriter { files, json: RefCell::default(), slots: RefCell::default() };
        let slots: Option<&dyn FileSlots> = Some(&writer);
        let json = AsJson { value, files: Files::AsContent, slots };
        json.serialize(&mut serde_json::Serializer::new(&writer))?;
        Ok(Self { json: writer.json.into_inner(), slots: writer.slots.into_inner() })
    }

    /// Returns the length of the whole body.
    pub(super) fn length(&self) -> u64 {
        let files = self.slots.iter().map(|(_, file)| file.encoded_length());
        files.fold(self.json.len() as u64, u64::saturating_add)
    }

    /// Returns `true` if there are files in it.
    pub(super) fn has_files(&self) -> bool {
        !self.slots.is_empty()
    }

    /// Returns it as a body, if there are no files in it.
    pub(super) fn into_body(self) -> RequestBody {
        Bytes::from(self.json).into()
    }

    /// Fills the places. Reads each file to its end.
    pub(super) fn fill(self) -> Result<RequestBody, FailedFile> {
        let length = self.length();
        let (mut parts, mut json, mut at) = (Vec::new(), Vec::new(), 0);
        for (place, file) in &self.slots {
            json.extend_from_slice(self.json.get(at..*place).unwrap_or_default());
            at = *place;
            match file.seal().map_err(|error| (file.path().to_owned(), error))? {
                Sealed::Memory(bytes) => json.extend(STANDARD.encode(bytes).into_bytes()),
                Sealed::Disk(file) => {
                    parts.push(Part::Json(std::mem::take(&mut json).into()));
                    parts.push(Part::File(file));
                }
            }
        }
        json.extend_from_slice(self.json.get(at..).unwrap_or_default());
        parts.push(Part::Json(json.into()));
        Ok(RequestBody { parts: parts.into(), length })
    }
}

/// Collects JSON, and the places of files in it.
struct SlotWriter {
    files: HashMap<OsString, Arc<OpenedFile>>,
    json: RefCell<Vec<u8>>,
    slots: RefCell<Vec<(usize, Arc<OpenedFile>)>>,
}

impl Write for &SlotWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.json.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl FileSlots for SlotWriter {
    fn uri_head(&self, path: &Path) -> Option<String> {
        self.files.get(path.as_os_str()).map(|file| file.uri_head())
    }

    fn wrote_head(&self, path: &Path) {
        if let Some(file) = self.files.get(path.as_os_str()) {
            // The data goes before the closing quote: the serializer buffers nothing.
            let place = self.json.borrow().len().saturating_sub(1);
            self.slots.borrow_mut().push((place, file.clone()));
        }
    }
}
