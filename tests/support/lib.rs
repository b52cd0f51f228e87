//! Compiles the code in the README, which no crate can include: a packaged one cannot see above its own folder.

/// The README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
