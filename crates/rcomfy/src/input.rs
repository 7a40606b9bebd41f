//! The input of a job: from flags, from JSON, or from both, with the place of every part.

pub(crate) mod flags;
pub(crate) mod json;
pub(crate) mod local;
pub(crate) mod merge;
pub(crate) mod problems;
pub(crate) mod references;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ArgMatches;
use jsonschema::Validator;
use runcomfy::{AnyInput, Media, Valid, Violation, Violations};
use serde_json::Value;

use crate::args::{Global, InputArgs};
use crate::failure::{Failure, Result};
use crate::model::{KnownModel, find, loose};
use crate::output::Output;
use references::{Lookup, References};

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

/// Reads the input of a command, with the outputs of earlier jobs that it refers to.
pub(crate) async fn read(
    args: &InputArgs,
    matches: &ArgMatches,
    global: &Global,
    output: Output,
    lookup: Lookup,
) -> Result<Input> {
    let model = find(&args.model)?;
    let flags = flags::values(matches, model).into_iter().flat_map(|(_, texts)| texts);
    let settings = args.set.iter().filter_map(|setting| setting.split_once('='));
    let texts = flags.chain(settings.map(|(_, text)| text.to_owned()));
    let references = References::resolve(texts, global, output, lookup).await?;
    merge::build(model, matches, args, &references)
}

impl Input {
    /// Checks the shape and the bounds, by the table and by the validator of what it does not have.
    pub(crate) fn validate(
        &self,
        validator: Option<&Validator>,
    ) -> Result<std::result::Result<Valid<AnyInput>, Violations>> {
        let any = self.any()?;
        let found = any.violations();
        let more = validator.map(|of| loose::violations(of, &self.value, &found, &self.files));
        let all: Vec<Violation> = found.into_iter().chain(more.into_iter().flatten()).collect();
        Ok(if all.is_empty() { Ok(Valid::assume(any)) } else { Err(all.into()) })
    }

    /// Returns the input with its local files in their places.
    pub(crate) fn any(&self) -> Result<AnyInput> {
        let mut any = AnyInput::new(self.model.info, self.value.clone());
        for (pointer, path) in &self.files {
            any = any
                .with_media(pointer, Media::file(path))
                .map_err(|error| Failure::usage(error.to_string()))?;
        }
        Ok(any)
    }
}

/// A flag and its value, as typed.
#[derive(Debug, Clone)]
pub(crate) struct FlagValue {
    /// The flag, such as `--prompt`.
    pub flag: String,
    /// The value, such as `a paper boat`.
    pub text: String,
}
