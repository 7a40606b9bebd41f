//! The README's code, compiled; everything else is in `suite/`.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
