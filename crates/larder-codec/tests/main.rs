//! The tests of the codec, in one binary.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail in any way it likes"
)]

mod bodies;
#[path = "../../../tests/fuzz/corpus.rs"]
mod corpus;
mod envelope;
mod golden;
mod hostile;
mod migration;
mod schema_change;
mod seeds;
