//! Values that describe a measured media file.

/// Setting: measure media when an input is submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Measuring {
    /// Refuse an input whose media breaks the schema's `validations`.
    #[default]
    On,
    /// Ignore `validations`.
    Off,
}

/// Size of a media file. Width and height are those of the upright picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MeasuredInfo {
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) bytes: u64,
}

/// Reason why a file cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MeasureError(pub(crate) String);
