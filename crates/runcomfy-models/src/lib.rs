//! RunComfy's hosted models as validated Rust types, one module per model:
//! `provider::model::{Input, Output}`.
//!
//! ```no_run
//! use runcomfy::{Client, Media, Model};
//! use runcomfy_models::minimax::hailuo_video_01_live as hailuo;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let image = Media::url("https://example.com/boat.png")?;
//! let input = hailuo::Input::new("a paper boat drifts downstream", image)
//!     .with_prompt_optimizer(false)
//!     .validate()?; // or every violation at once, and the input back
//! let job = Client::from_env()?.submit(&input).await?;
//! println!("request {}", job.id()); // yours before any waiting
//! let video = job.wait().await?.output.video;
//! # Ok(())
//! # }
//! ```
//!
//! A required property is an argument of `Input::new`. An optional one has a `with_…` method; if
//! it is not set, it is not sent, and RunComfy's default applies. The docs of a field list its
//! bounds. `validate`, a method of the trait `runcomfy::Model`, checks them all. Only a validated
//! input can be submitted.
//!
//! # Features
//!
//! One feature per provider, and `full`, the default, for all of them.
//!
//! The features of `runcomfy`, such as `from-json` and `schemars`, apply to these types too.
//!
//! # Models
//!
//! [`models()`] lists every model at run time, with the table of its input.
//!
//! Most models return a [`MediaOutput`](::runcomfy::MediaOutput).
//!
#![doc = include_str!("generated/models.md")]

#[rustfmt::skip]
mod generated;

pub use generated::*;
