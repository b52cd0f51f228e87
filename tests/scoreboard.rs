//! Two nodes on a real server, in the situations in which other caches were seen to fail.
//!
//! Each row counts wrong answers over many tries, as the others were measured, and tells its [`Outcome`](outcome::Outcome).
//! `cargo xtask scoreboard` runs all of them and puts what they tell into the tables of `scoreboard/field.md`, in which the
//! results of the others are.

mod field;
mod gaps;
mod loads;
mod outages;
mod outcome;
mod pair;
mod races;
