//! Races and faults between several instances, on one virtual time.
//!
//! Every node has its own link to one server, and whatever can go wrong on a link is made to go wrong by the test, at a
//! point that it chooses: loads and calls stop at gates, notices are lost or held. Nothing waits for real time.

mod batches;
mod breaker;
mod bulk;
mod disconnected;
mod failover;
mod flights;
mod guarded;
mod late;
mod lost;
mod monotonic;
mod negative;
mod outage;
mod pausing;
mod receipts;
mod rig;
mod snapshot;
mod staleness;
mod tag_gaps;
mod tags;
mod versions;
mod writer;
