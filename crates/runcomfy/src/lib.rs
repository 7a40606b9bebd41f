#![doc = include_str!("../README.md")]

#[cfg(feature = "blocking")]
pub mod blocking;
mod check;
#[cfg(feature = "client")]
pub mod client;
mod enums;
#[cfg(feature = "from-json")]
pub mod from_json;
mod info;
mod json;
pub mod measure;
pub mod media;
mod model;
pub mod node;
mod object;
mod output;
#[cfg(feature = "schemars")]
pub mod schema;
pub mod table;
mod valid;
mod violation;

pub use check::FoundMedia;
#[cfg(feature = "client")]
pub use client::{Client, Job, RequestId};
pub use enums::UnknownWord;
#[cfg(feature = "from-json")]
pub use from_json::FromJson;
pub use info::ModelInfo;
pub use json::{Json, JsonError};
pub use media::{Bound, FileError, Media, MediaError, Metric};
pub use model::{Model, Payload};
pub use output::{MediaOutput, Read, Reader};
#[cfg(feature = "schemars")]
pub use schema::json_schema;
/// schemars 1, whose `JsonSchema` every input implements.
#[cfg(feature = "schemars")]
pub use schemars1 as schemars;
pub use serde_json::{Map, Value};
pub use url::Url;
pub use valid::{Invalid, Valid};
pub use violation::{Path, Segment, Violation, Violations};
