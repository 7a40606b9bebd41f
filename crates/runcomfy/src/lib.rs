#![doc = include_str!("../README.md")]

mod check;
#[cfg(feature = "client")]
pub mod client;
mod enums;
mod json;
pub mod measure;
mod media;
mod metric;
mod model;
pub mod node;
mod output;
pub mod table;
mod valid;
mod violation;

pub use check::FoundMedia;
#[cfg(feature = "client")]
pub use client::{Client, Job, RequestId};
pub use enums::UnknownWord;
pub use json::{Json, JsonError};
pub use media::{FileError, Media, MediaError};
pub use metric::{Facts, Limit, Metric, Missing};
pub use model::{Model, Payload};
pub use output::{MediaOutput, Read, Reader};
pub use serde_json::{Map, Value};
pub use url::Url;
pub use valid::{Invalid, Valid};
pub use violation::{Path, Segment, Violation, Violations};
