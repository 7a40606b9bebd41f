#![doc = include_str!("../README.md")]
//!
//! ## Where to look
//!
//! | for | see |
//! | --- | --- |
//! | checking an input | [`Model::validate`], which returns a [`Valid`] input or every [`Violation`] |
//! | an input that arrives as JSON | [`JsonInput`] |
//! | a model that is chosen at run time | [`AnyInput`], [`search_models`] |
//! | an image, a video or audio, at a URL or on this machine | [`Media`] |
#![cfg_attr(
    feature = "client",
    doc = "| submitting, and settings | [`Client`], [`ClientBuilder`] |\n\
           | waiting, progress, cancelling, resuming | [`Job`] |\n\
           | saving the outputs | [`Client::download`] |\n\
           | what an input will cost | [`Client::estimate`] |\n\
           | what failed, and what it means for the money | [`client::SubmitError`], [`client::JobError`] |\n\
           | a model that nothing is known of but its id | [`Client::raw`] |"
)]
//! | any error, for `?` | [`enum@Error`] |
//! | reading the header of a media file | [`measure`] |
// Links from other crates lead here if this crate is not documented beside them.
#![doc(html_root_url = "https://docs.rs/runcomfy/latest")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod any_input;
mod check;
#[cfg(feature = "client")]
pub mod client;
#[doc(hidden)]
pub mod codegen_support;
mod content_kind;
mod discovery;
#[cfg(feature = "client")]
mod duration_text;
mod error;
mod escape;
mod info;
mod input;
#[cfg(feature = "schemars")]
mod json_schema;
pub mod measure;
pub mod media;
mod number;
mod output;
mod schema;
#[cfg(feature = "serde")]
mod stored;
mod unknown_variant;
mod violation;
// Behind `client`: docs show `ClientBuilder::build` before `build_blocking`.
#[cfg(feature = "blocking")]
pub mod blocking;
// Behind `input`: docs show `JsonInput::parse` before `typed`.
#[cfg(feature = "from-json")]
mod from_json;

pub use any_input::{AnyInput, PlaceError};
pub use check::FoundMedia;
#[cfg(feature = "client")]
#[doc(inline)]
pub use client::{Client, ClientBuilder, Job, RequestId};
pub use content_kind::ContentKind;
pub use discovery::{UnknownModel, find_model, search_models};
pub use error::Error;
#[cfg(feature = "from-json")]
pub use from_json::FromJsonError;
pub use info::ModelInfo;
pub use input::{
    Invalid, JsonError, JsonInput, Model, Operation, Payload, Raw, ToJsonError, Valid, Validated,
};
#[cfg(feature = "schemars")]
pub use json_schema::json_schema;
#[doc(inline)]
pub use media::{FileError, IntoMedia, Media, MediaError};
pub use output::MediaOutput;
/// The HTTP library, whose `Client` and `ClientBuilder` the settings take.
///
/// It comes without cryptography. A program that builds a `reqwest::Client` by itself either turns
/// on the feature `rustls` of its own `reqwest`, or installs a `CryptoProvider` of rustls. A builder
/// for [`ClientBuilder::http_client_builder`] needs neither.
#[cfg(feature = "client")]
pub use reqwest;
/// schemars 1, whose `JsonSchema` every input implements.
#[cfg(feature = "schemars")]
pub use schemars1 as schemars;
#[cfg(feature = "serde")]
pub use stored::Stored;
pub use unknown_variant::UnknownVariant;
pub use url::Url;
pub use violation::{InputPath, PathSegment, Violation, Violations};
