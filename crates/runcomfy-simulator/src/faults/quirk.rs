//! Unusual forms of the replies about a job.

use serde::{Deserialize, Serialize};

/// Unusual form of the replies about a job that succeeds. Real servers of this kind have each of
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Quirk {
    /// Statuses are in upper case, such as `COMPLETED`.
    UpperCaseStatuses,
    /// Statuses have blanks around them.
    PaddedStatuses,
    /// The reply to a cancel has no `outcome`.
    CancelWithoutOutcome,
    /// The reply to a cancel has HTTP 409 and an `outcome`.
    CancelConflict,
    /// Media in the output is a `data:` URI.
    DataUriOutput,
    /// Media in the output is bare base64.
    Base64Output,
    /// Media in the output is a URL without a scheme, `//host/path`.
    SchemelessOutput,
    /// Media in the output is a `data:` URI of 16 MiB.
    LargeOutput,
    /// The output is one string, a `data:` URI, instead of an object.
    StringOutput,
    /// The result has no `status`.
    NoStatus,
    /// The result's `status` is null.
    NullStatus,
    /// The result's `status` is `done`.
    DoneStatus,
    /// The result has an `error_code` beside its output.
    ErrorCode,
    /// The result has another request's `request_id`.
    OtherRequestId,
    /// The output has the number `1e400`, which no float holds.
    HugeNumber,
    /// The output has `NaN`, which is not JSON.
    NotANumber,
    /// The output has `-Infinity`, which is not JSON.
    Infinity,
    /// The output has a string with half a surrogate pair.
    HalfSurrogate,
    /// The output has a string that is not UTF-8.
    InvalidUtf8,
    /// The output has lists nested 200 deep.
    DeepNesting,
    /// The result begins with a byte order mark.
    ByteOrderMark,
}

impl Quirk {
    /// Every quirk.
    pub const ALL: [Self; 21] = [
        Self::UpperCaseStatuses,
        Self::PaddedStatuses,
        Self::CancelWithoutOutcome,
        Self::CancelConflict,
        Self::DataUriOutput,
        Self::Base64Output,
        Self::SchemelessOutput,
        Self::LargeOutput,
        Self::StringOutput,
        Self::NoStatus,
        Self::NullStatus,
        Self::DoneStatus,
        Self::ErrorCode,
        Self::OtherRequestId,
        Self::HugeNumber,
        Self::NotANumber,
        Self::Infinity,
        Self::HalfSurrogate,
        Self::InvalidUtf8,
        Self::DeepNesting,
        Self::ByteOrderMark,
    ];
}
