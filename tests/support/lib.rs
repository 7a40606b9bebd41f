//! The doc tests of the guides, the fuzz targets, and the cases of schema
//! changes. All other tests are in `it/`.

pub mod changes;
pub mod fuzz;
mod fuzz_reply;

#[cfg(doctest)]
#[doc = include_str!("../../docs/guarantees.md")]
struct Guarantees;
