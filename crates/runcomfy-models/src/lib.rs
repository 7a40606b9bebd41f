#![doc = include_str!("../README.md")]
//!
//! # Models
//!
//! [`models()`] lists every model at run time, with the table of its input. Most models return a
//! [`MediaOutput`](::runcomfy::MediaOutput).
//!
#![doc = include_str!("generated/models.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[rustfmt::skip]
mod generated;

pub use generated::*;
