//! What each operation of the facade does, on one instance or two that share a server.

mod bulk;
mod bulk_loads;
mod bulkheads;
mod cancellation;
mod cold_starts;
mod counts;
mod decisions;
mod drift;
mod early;
#[cfg(feature = "endpoint")]
mod endpoint;
mod explanations;
mod failures;
mod flights;
mod futures;
mod guarded;
mod hostile;
mod lifecycle;
#[cfg(feature = "metrics")]
mod metrics;
mod migrations;
mod model;
mod newest;
mod panics;
mod reads;
mod receipts;
mod recorder;
mod revalidation;
mod rig;
mod settings;
mod soft;
mod spans;
mod tiers;
mod unreachable;
mod warm;
mod writes;
mod yielding;
