//! Limits of the work on media.

use std::time::Duration;

/// Limits of the work on media. The defaults fit RunComfy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaLimits {
    /// Maximum size of a request in bytes, including the media that is sent inside it. Defaults
    /// to 64 MiB, the limit of RunComfy's own nodes.
    pub max_request_bytes: u64,
    /// Maximum size of a local file in bytes. Defaults to 48 MiB, which are 64 MiB in base64: a
    /// larger file does not fit in a request.
    pub max_file_bytes: u64,
    /// Maximum number of bytes that are fetched of one file at a URL to measure it. Defaults to
    /// 256 KiB. The headers of cameras, with their thumbnails and colour profiles, are smaller.
    pub max_fetched_bytes: u64,
    /// Time limit for measuring one file at a URL. Defaults to 15 seconds, because somebody is
    /// waiting, and a slower host may fail RunComfy too.
    pub timeout: Duration,
    /// Time limit for measuring all media of one input. Defaults to 60 seconds.
    pub total_timeout: Duration,
    /// Maximum time for which the facts about a file at a URL are used again, by all clones of a
    /// client. Defaults to 60 seconds. Zero measures every file for every input.
    pub max_age: Duration,
}

impl Default for MediaLimits {
    fn default() -> Self {
        Self {
            max_request_bytes: 64 * 1024 * 1024,
            max_file_bytes: 48 * 1024 * 1024,
            max_fetched_bytes: 256 * 1024,
            timeout: Duration::from_secs(15),
            total_timeout: Duration::from_secs(60),
            max_age: Duration::from_secs(60),
        }
    }
}

impl MediaLimits {
    /// Sets the maximum size of a request, in bytes.
    #[must_use]
    pub fn with_max_request_bytes(self, max_request_bytes: u64) -> Self {
        Self { max_request_bytes, ..self }
    }

    /// Sets the maximum size of a local file, in bytes.
    #[must_use]
    pub fn with_max_file_bytes(self, max_file_bytes: u64) -> Self {
        Self { max_file_bytes, ..self }
    }

    /// Sets the maximum number of bytes that are fetched of one file.
    #[must_use]
    pub fn with_max_fetched_bytes(self, max_fetched_bytes: u64) -> Self {
        Self { max_fetched_bytes, ..self }
    }

    /// Sets the time limit for one file.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Sets the time limit for all files of an input.
    #[must_use]
    pub fn with_total_timeout(self, total_timeout: Duration) -> Self {
        Self { total_timeout, ..self }
    }

    /// Sets the maximum time for which the facts about a file at a URL are used again.
    #[must_use]
    pub fn with_max_age(self, max_age: Duration) -> Self {
        Self { max_age, ..self }
    }
}
