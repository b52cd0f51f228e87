//! The shop of which several examples run instances: its clock, its database, and what its builds have in common.

#![expect(clippy::print_stdout, reason = "an instance tells the stage by its output how it goes")]

pub mod clock;
pub mod counts;
pub mod database;
pub mod pace;
pub mod service;

/// What goes wrong in a program that is only there to be watched is not told apart.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
