#![doc = include_str!("../README.md")]
//!
//! # Models
//!
//! [`search`] finds models by words, and [`model`] by their id. [`models()`] lists them all at run
//! time, each with the table of its input. With it, an [`AnyInput`](::runcomfy::AnyInput) checks and
//! submits JSON for a model that the user of a program chooses:
//!
//! ```
//! use runcomfy::AnyInput;
//! use serde_json::json;
//!
//! # fn main() -> Result<(), runcomfy::Error> {
//! # #[cfg(feature = "minimax")] {
//! let model = runcomfy_models::model("minimax/Hailuo Video 01 Live")?;
//! let image = "https://example.com/boat.png";
//! let input = AnyInput::new(model, json!({"prompt": "a paper boat", "image_url": image}));
//! let valid = input.validate()?; // or every violation at once, and the input back
//! # drop(valid);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! Most models return a [`MediaOutput`](::runcomfy::MediaOutput).
//!
#![doc = include_str!("generated/models.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

use runcomfy::{ModelInfo, UnknownModel};

#[rustfmt::skip]
mod generated;

pub use generated::*;
// Named too, for the compiler to say which feature a missing one needs. Of `*`, it cannot.
#[cfg(feature = "acestep-ai")]
pub use generated::acestep_ai;
#[cfg(feature = "alibaba")]
pub use generated::alibaba;
#[cfg(feature = "blackforestlabs")]
pub use generated::blackforestlabs;
#[cfg(feature = "bytedance")]
pub use generated::bytedance;
#[cfg(feature = "elevenlabs")]
pub use generated::elevenlabs;
#[cfg(feature = "google")]
pub use generated::google;
#[cfg(feature = "happyhorse")]
pub use generated::happyhorse;
#[cfg(feature = "kling")]
pub use generated::kling;
#[cfg(feature = "lightricks")]
pub use generated::lightricks;
#[cfg(feature = "minimax")]
pub use generated::minimax;
#[cfg(feature = "openai")]
pub use generated::openai;
#[cfg(feature = "pixverse")]
pub use generated::pixverse;
#[cfg(feature = "qwen")]
pub use generated::qwen;
#[cfg(feature = "runwayml")]
pub use generated::runwayml;
#[cfg(feature = "wan-ai")]
pub use generated::wan_ai;

/// Returns the model with an id, among those of the enabled features. Case, blanks and hyphens
/// count, as they do for RunComfy.
///
/// # Errors
///
/// Returns the nearest ids if no model has this one.
///
/// ```
/// # #[cfg(feature = "minimax")] {
/// let error = runcomfy_models::model("minimax/hailuo-video-01-live").unwrap_err();
/// assert_eq!(error.suggestions, ["minimax/Hailuo Video 01 Live"]);
/// # }
/// ```
pub fn model(id: &str) -> Result<&'static ModelInfo, UnknownModel> {
    runcomfy::find_model(models(), id)
}

/// Returns the models that have every word of a query in their id, title, category or kinds of
/// content, the best match first: see [`search_models`](::runcomfy::search_models).
///
/// ```
/// # #[cfg(feature = "kling")] {
/// let found = runcomfy_models::search("kling text to video");
/// assert_eq!(found[0].id, "kling/kling-3.0/4k/text-to-video");
/// assert_eq!(found[0].category, Some("text-to-video"));
/// # }
/// ```
pub fn search(query: &str) -> Vec<&'static ModelInfo> {
    runcomfy::search_models(models(), query)
}
