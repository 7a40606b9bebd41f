//! The lines of a batch: reading them, checking them, and writing their results.

pub(crate) mod bar;
pub(crate) mod check;
pub(crate) mod csv;
pub(crate) mod price;
pub(crate) mod results;
pub(crate) mod source;
pub(crate) mod vary;
