//! The README's code, compiled, and the fuzz bodies; everything else is in `suite/`.

pub mod fuzz;

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
