//! What each operation of the facade does, on one instance or two that share a server.

mod bulk;
mod bulk_loads;
mod bulkheads;
mod cancellation;
mod counts;
mod decisions;
mod early;
mod explanations;
mod flights;
mod futures;
mod guarded;
mod hostile;
mod lifecycle;
mod model;
mod newest;
mod panics;
mod reads;
mod receipts;
mod revalidation;
mod rig;
mod settings;
mod soft;
mod tiers;
mod unreachable;
mod writes;
mod yielding;
