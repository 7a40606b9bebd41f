//! What is known of a media file once it is measured.

/// Whether media is measured when an input is submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Measuring {
    /// An input is refused where its media breaks the schema's `validations`.
    #[default]
    On,
    /// `validations` are not looked at.
    Off,
}

/// What is known of a file. Width and height are those of the picture as it is shown upright.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MeasuredInfo {
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) bytes: u64,
}

/// Why a file is none that can be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MeasureError(pub(crate) String);
