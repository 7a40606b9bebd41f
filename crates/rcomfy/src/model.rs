//! Models: finding one by a fragment of its id, the cached catalog, and bounds in words.

pub(crate) mod bounds;
pub(crate) mod catalog;
pub(crate) mod find;
pub(crate) mod loose;
pub(crate) mod sync;

pub(crate) use find::{KnownModel, find, page};
