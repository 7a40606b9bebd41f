//! `Error`: every error of this crate in one type.

use std::fmt;

use crate::any_input::PlaceError;
#[cfg(feature = "client")]
use crate::client::{
    ApiError, CallError, ConfigError, DownloadError, DownloadErrorReason, InvalidModelId,
    InvalidNamePattern, InvalidRequestId, JobError, PreflightReport, RunError, SubmitError,
};
use crate::discovery::UnknownModel;
use crate::escape::escape_control;
#[cfg(feature = "from-json")]
use crate::from_json::FromJsonError;
#[cfg(feature = "from-json")]
use crate::input::Model;
use crate::input::{INVALID_INPUT, Invalid, JsonError, ToJsonError};
use crate::media::{FileError, MediaError};
use crate::unknown_variant::UnknownVariant;
use crate::violation::Violations;

/// Any error of this crate, for a program that passes all of them on with `?`.
///
/// Each call has its own narrower error, such as `SubmitError`,
/// whose variants say what to do next. This type shows the same text as the error it holds,
/// and has the same source. The `Debug` of all of them is that text and the text of every
/// cause, so `fn main() -> Result<(), runcomfy::Error>` prints what people can read.
///
/// ```
/// use runcomfy::Media;
///
/// fn first_frame(url: &str) -> Result<Media, runcomfy::Error> {
///     Ok(Media::url(url)?)
/// }
///
/// let error = first_frame("boat.png").unwrap_err();
/// assert!(matches!(error, runcomfy::Error::Media(_)));
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input that breaks rules. The input itself is in [`Invalid`].
    #[error("{INVALID_INPUT}:\n{0}")]
    Invalid(Violations),
    /// A text that is not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// An input that cannot be written as JSON.
    #[error(transparent)]
    ToJson(#[from] ToJsonError),
    /// A text that is not media.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// A local file that cannot be sent.
    #[error(transparent)]
    File(#[from] FileError),
    /// An id of a model that is not known.
    #[error(transparent)]
    UnknownModel(#[from] UnknownModel),
    /// A place at which an input cannot hold media.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A text that is not a value of an enum.
    #[error(transparent)]
    UnknownVariant(#[from] UnknownVariant),
    /// A client that cannot be built.
    #[cfg(feature = "client")]
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A text that is not a model id.
    #[cfg(feature = "client")]
    #[error(transparent)]
    ModelId(#[from] InvalidModelId),
    /// A text that is not a request id.
    #[cfg(feature = "client")]
    #[error(transparent)]
    RequestId(#[from] InvalidRequestId),
    /// A text that is not a pattern of file names.
    #[cfg(feature = "client")]
    #[error(transparent)]
    NamePattern(#[from] InvalidNamePattern),
    /// Media that cannot be used.
    #[cfg(feature = "client")]
    #[error(transparent)]
    Preflight(Box<PreflightReport>),
    /// A submit that gave no job.
    #[cfg(feature = "client")]
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// A failed call about a job.
    #[cfg(feature = "client")]
    #[error(transparent)]
    Job(#[from] JobError),
    /// A failed call about the catalog, a model or the balance.
    #[cfg(feature = "client")]
    #[error(transparent)]
    Call(#[from] CallError),
    /// An error response from RunComfy.
    #[cfg(feature = "client")]
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Outputs that could not be downloaded.
    #[cfg(feature = "client")]
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// One output that could not be downloaded.
    #[cfg(feature = "client")]
    #[error(transparent)]
    OutputFile(#[from] DownloadErrorReason),
}

/// Implements `Debug` of errors as the message and every cause, for people: it is what a `main`
/// that returns the error prints, and what `unwrap` panics with.
macro_rules! readable_debug {
    ($($(#[$attribute:meta])* $error:ident),+ $(,)?) => {$(
        $(#[$attribute])*
        impl fmt::Debug for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt_with_causes(self, f)
            }
        }
    )+};
}

readable_debug! {
    Error,
    FileError,
    JsonError,
    MediaError,
    ToJsonError,
    UnknownVariant,
    #[cfg(feature = "client")]
    CallError,
    #[cfg(feature = "client")]
    ConfigError,
    #[cfg(feature = "client")]
    DownloadError,
    #[cfg(feature = "client")]
    InvalidModelId,
    #[cfg(feature = "client")]
    InvalidNamePattern,
    #[cfg(feature = "client")]
    InvalidRequestId,
    #[cfg(feature = "client")]
    JobError,
    #[cfg(feature = "client")]
    RunError,
    #[cfg(feature = "client")]
    SubmitError,
}

fn fmt_with_causes(error: &dyn std::error::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{error}")?;
    let mut source = error.source();
    if source.is_some() {
        f.write_str("\n\nCaused by:")?;
    }
    while let Some(cause) = source {
        write!(f, "\n    {}", escape_control(&cause.to_string()))?;
        source = cause.source();
    }
    Ok(())
}

impl<T> From<Invalid<T>> for Error {
    fn from(invalid: Invalid<T>) -> Self {
        Self::Invalid(invalid.violations)
    }
}

#[cfg(feature = "from-json")]
impl<M: Model> From<FromJsonError<M>> for Error {
    fn from(error: FromJsonError<M>) -> Self {
        match error {
            FromJsonError::NotJson(error) => error.into(),
            FromJsonError::Invalid(invalid) => invalid.into(),
        }
    }
}

#[cfg(feature = "client")]
impl From<PreflightReport> for Error {
    fn from(report: PreflightReport) -> Self {
        Self::Preflight(Box::new(report))
    }
}

#[cfg(feature = "client")]
impl From<Box<PreflightReport>> for Error {
    fn from(report: Box<PreflightReport>) -> Self {
        Self::Preflight(report)
    }
}

#[cfg(feature = "client")]
impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Submit(error) => error.into(),
            RunError::Job(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::media::Media;

    #[test]
    fn debug_is_the_text_of_an_error_without_cause() {
        let media = Error::from(Media::url("boat.png").expect_err("it is not a URL"));
        assert!(media.source().is_none());
        assert_eq!(format!("{media:?}"), media.to_string());
    }

    #[cfg(feature = "client")]
    #[test]
    fn debug_shows_causes_below_the_message() {
        use crate::client::TransportError;

        let stalled = TransportError::Stalled(std::time::Duration::from_millis(500));
        let error = Error::from(SubmitError::NotSent(stalled));
        assert_eq!(
            format!("{error:?}"),
            "the request was not sent or not processed, and it is safe to submit again\n\n\
             Caused by:\n    the server sent nothing for 500 ms"
        );
    }

    #[test]
    fn an_error_shows_the_text_and_source_it_holds() {
        let media = Media::url("boat.png").expect_err("it is not a URL");
        assert_eq!(Error::from(media.clone()).to_string(), media.to_string());

        let invalid = Invalid { input: (), violations: Violations::default() };
        assert_eq!(Error::from(invalid.clone()).to_string(), invalid.to_string());
        assert!(Error::from(invalid).source().is_none());

        let unreadable = FileError::Unreadable(std::io::Error::other("busy"));
        let (shown, has_source) = (unreadable.to_string(), unreadable.source().is_some());
        let error = Error::from(unreadable);
        assert_eq!((error.to_string(), error.source().is_some()), (shown, has_source));
    }
}
