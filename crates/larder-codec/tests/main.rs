//! The tests of the codec, in one binary.

#[path = "../fuzz/bodies.rs"]
mod bodies;
mod corpus;
mod envelope;
mod golden;
mod hostile;
mod schema_change;
