//! The peers: the input of Hailuo as serde and garde have it.

use anyhow::{Context, Result};
use garde::Validate;
use serde::Deserialize;

/// An input of `minimax/Hailuo Video 01 Live`, written by hand. Its image is a string: garde does
/// not parse it, and knows nothing of the rules about the picture.
#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hailuo {
    #[garde(length(chars, max = 1995))]
    pub prompt: String,
    #[garde(skip)]
    pub image_url: String,
    #[garde(skip)]
    pub prompt_optimizer: Option<bool>,
}

/// Reads and checks an input.
pub(crate) fn read(text: &str) -> Result<Hailuo> {
    let input: Hailuo = serde_json::from_str(text).context("it is not an input")?;
    input.validate().context("it breaks a rule")?;
    Ok(input)
}
