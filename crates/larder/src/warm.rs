//! Warm starts: a new instance has what it will be asked for before it is asked.
//!
//! ```text
//!   every node:   hits, or some of them ─┐
//!                 fetches and loads ─────┴▶ sketch ─▶ saving: once a minute, and at the end ─▶ shared tier: counts by season
//!
//!   a new node:   counts by season ─▶ prediction ─▶ warming: batches of reads, fenced as all are ─▶ ready
//! ```
//!
//! Nothing of it is needed for an answer to be right: counts are estimates, and what is fetched ahead is fetched as if
//! somebody had asked for it.

mod prediction;
mod prime;
mod progress;
mod readiness;
mod saving;
mod settings;
mod sketch;
mod task;
mod thin;
mod warming;

pub(crate) use progress::Progress;
pub use progress::Warmth;
pub(crate) use readiness::{Pending, Readiness};
pub(crate) use saving::Saving;
pub use settings::{Unreachable, WarmStart};
pub(crate) use sketch::Sketch;
pub(crate) use task::{Loads, warm_up};
