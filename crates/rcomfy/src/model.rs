//! Models: finding one by a fragment of its id, and the bounds of its input in words.

pub(crate) mod bounds;
pub(crate) mod find;

pub(crate) use find::{KnownModel, find};
