//! The reasons why a file at a URL was not measured.

use std::error::Error;

use super::WarningKind;
use super::address::{NoSuchHost, NotPublic};

/// The reason why a file was not measured.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("{0}")]
    NotPublic(NotPublic),
    #[error("{0}")]
    NoSuchHost(NoSuchHost),
    #[error("its host answered HTTP {0}")]
    NotFound(u16),
    #[error("its host answered HTTP {0}")]
    Status(u16),
    #[error("it leads from redirect to redirect")]
    TooManyRedirects,
    #[error("its host redirects to something else than a URL")]
    BadRedirect,
    #[error("it could not be fetched from here: {0}")]
    Transport(String),
    #[error("it could not be measured within the time limit")]
    TimedOut,
    #[error("its host sends it compressed, as `{0}`")]
    Encoded(String),
    #[error("its host answered a range request with something else")]
    BadRange,
    #[error("its host sent less than it announced")]
    Short,
    #[error("its host reports two sizes of it")]
    TwoSizes,
    #[error("its header is past the first bytes, and its host does not support ranges")]
    NoRanges,
    #[error("its header takes more than {0} bytes")]
    TooManyBytes(u64),
    #[error("its header is spread over too many places")]
    TooManyRequests,
}

impl FetchError {
    /// Returns the kind of warning, or `None` if RunComfy, which fetches the whole file, does
    /// not have this problem.
    pub(super) fn warning(&self) -> Option<WarningKind> {
        match self {
            Self::NotPublic(_) => Some(WarningKind::OutOfReach),
            Self::NoSuchHost(_)
            | Self::NotFound(_)
            | Self::Status(_)
            | Self::TooManyRedirects
            | Self::BadRedirect
            | Self::Transport(_)
            | Self::TimedOut
            | Self::Short => Some(WarningKind::NotFetched),
            Self::Encoded(_)
            | Self::BadRange
            | Self::TwoSizes
            | Self::NoRanges
            | Self::TooManyBytes(_)
            | Self::TooManyRequests => None,
        }
    }
}

/// Converts an error with its causes, because the message of the HTTP library only says that
/// something failed. The URL is left out, because it can be a signed one.
pub(super) fn transport_error(error: reqwest::Error) -> FetchError {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        if let Some(refused) = next.downcast_ref::<NotPublic>() {
            return FetchError::NotPublic(*refused);
        }
        if let Some(unknown) = next.downcast_ref::<NoSuchHost>() {
            return FetchError::NoSuchHost(unknown.clone());
        }
        text = format!("{text}: {next}");
        cause = next.source();
    }
    FetchError::Transport(text)
}
