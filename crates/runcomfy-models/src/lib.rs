//! RunComfy's hosted models as validated Rust types, one module a model:
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
//! A required property is an argument of `Input::new`, so that it cannot be left out. An
//! optional one has a `with_…` method; what was not set is not sent, and RunComfy's own
//! default applies. The docs of a field say its bounds. `validate`, of the trait
//! `runcomfy::Model`, checks them all, and only what it gives can be submitted.
//!
//! # Features
//!
//! One feature a provider, and `full`, the default, for all of them.
//!
//! `runcomfy` has more of its own: `from-json`, `schemars`. The types here follow them.
//!
//! # Models
//!
//! [`models`] lists every model at run time, with the table of its input.
//!
//! Media as an answer is [`runcomfy::MediaOutput`].
//!
#![doc = include_str!("generated/models.md")]

#[rustfmt::skip]
mod generated;

pub use generated::*;
