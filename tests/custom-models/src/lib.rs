//! Models of somebody's own in a crate of their own. `src/generated` is written by
//!
//! ```sh
//! cargo xtask codegen --schemas tests/custom-models/schemas --out tests/custom-models/src/generated
//! ```
//!
//! and used like any module:
//!
//! ```
//! use custom_models::acme::poster::{Format, Input, Layer};
//! use runcomfy::{Media, Model};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let photo = Media::url("https://example.com/boat.jpg")?;
//! let input = Input::new("Regatta", Format::Ratio2x3)
//!     .with_layers([Layer::new(photo).with_opacity(0.5)])
//!     .validate()?;
//! assert_eq!(input.format.as_str(), "2:3");
//!
//! let wrong = Input::new("", Format::A3).violations();
//! assert_eq!(wrong.to_string(), "title: must be at least 1 character (found 0) [minLength]");
//! # Ok(())
//! # }
//! ```

#[rustfmt::skip]
mod generated;

pub use generated::*;
