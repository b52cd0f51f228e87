//! Fleets on real servers, while these are broken in every way there is.
//!
//! Each test lets three nodes read and write, breaks something, heals it, and asks the [`World`](world::World): was any
//! reader given an error, was any kept waiting, was any answer staler than promised, and does everybody agree in the end?

mod breaker;
mod clusters;
mod environments;
mod events;
mod hazards;
mod heard;
mod hostile;
mod layouts;
mod logs;
mod migrations;
mod outages;
mod refusals;
mod sentinels;
mod snapshots;
mod starting;
mod warm;
mod world;
mod writes;
