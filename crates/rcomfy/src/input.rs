//! The input of a job: from flags, from JSON, or from both, with the place of every part.

pub(crate) mod flags;
pub(crate) mod json;
pub(crate) mod local;
pub(crate) mod merge;
pub(crate) mod problems;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::model::KnownModel;

/// An input as a person gave it.
#[derive(Debug)]
pub(crate) struct Input {
    pub model: KnownModel,
    /// The whole input. Local files are still their paths as they were given.
    pub value: Value,
    /// The JSON that `--input` gave.
    pub document: Option<json::Document>,
    /// The flags that gave parts of the value, by JSON pointer.
    pub flags: BTreeMap<String, FlagValue>,
    /// The local files, by JSON pointer.
    pub files: BTreeMap<String, PathBuf>,
}

/// A flag and its value, as typed.
#[derive(Debug, Clone)]
pub(crate) struct FlagValue {
    /// The flag, such as `--prompt`.
    pub flag: String,
    /// The value, such as `a paper boat`.
    pub text: String,
}
