//! The code of the README and the docs, compiled, the fuzz bodies, and the kinds of changes that
//! a schema can undergo; everything else is in `it/`.

pub mod changes;
pub mod fuzz;
mod fuzz_reply;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/guarantees.md")]
struct Guarantees;
