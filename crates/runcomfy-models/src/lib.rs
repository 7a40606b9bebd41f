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
