//! The code of the README and the docs, compiled, and the fuzz bodies; everything else is in `suite/`.

pub mod fuzz;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/guarantees.md")]
struct Guarantees;
