//! The shared tier and the invalidation bus of Larder within one process.
//!
//! It serves as the embedded default, which needs no server: one process, or several nodes in one process. And it is the
//! reference: what a shared tier does, in the order in which it does it, can be read here without a script or a socket
//! in the way, and any other has to pass the same tests. For tests of one's own there is one whose links can be broken.
//!
//! # How the parts meet
//!
//! ```text
//!   MemoryServer ──▶ one state for each app: values, leases, guards, versions, sequences, tags
//!     │ connect         │ every call is one step under one lock, and announces under that lock
//!   Link, one a node    ▼
//!     ├── MemoryRemote  the calls
//!     ├── MemoryBus ──▶ subscriptions, each with a queue in which notices and sync points keep their order
//!     └── Faults        what breaks between the server and this node
//! ```
//!
//! # Examples
//!
//! Two nodes on one server. What one invalidates the other hears of:
//!
//! ```
//! use larder_core::{
//!     AppName, Bus, BusEvent, CacheName, Clock, Invalidation, Key, Namespace, Notice, Remote, Subscription,
//! };
//! use larder_memory::MemoryServer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> larder_core::Result<()> {
//! let server = MemoryServer::new(Clock::coarse());
//! let app = AppName::new("prod.shop")?;
//! let (reader, writer) = (server.connect(&app), server.connect(&app));
//! let mut events = reader.bus().subscribe().await?;
//! assert!(matches!(events.next().await, Some(BusEvent::SyncPoint { .. })));
//!
//! let ada = Key::new(&Namespace::new(app, CacheName::new("user")?), "ada")?;
//! let partition = ada.hash().partition();
//! let frame = writer.bus().frame(&Notice::Keys(partition, vec![ada.hash()]));
//! writer.remote().invalidate(&Invalidation::Keys(partition, &[ada], None), &frame).await?;
//!
//! let heard = events.next().await;
//! assert!(matches!(heard, Some(BusEvent::Noticed { notice: Notice::Keys(..), .. })));
//! # Ok(())
//! # }
//! ```
//!
//! A node that loses a notice, and finds out by the next sync point:
//!
//! ```
//! # use larder_core::{
//! #     AppName, Bus, BusEvent, CacheName, Clock, Invalidation, Notice, Remote, Subscription,
//! # };
//! use larder_memory::{MemoryServer, Probe};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> larder_core::Result<()> {
//! let server = MemoryServer::unreliable(Clock::coarse(), Probe::default());
//! let link = server.connect(&AppName::new("test.shop")?);
//! let mut events = link.bus().subscribe().await?;
//! let Some(BusEvent::SyncPoint { at: before, .. }) = events.next().await else { unreachable!() };
//!
//! link.faults().expect("the server is unreliable").lose(1);
//! let frame = link.bus().frame(&Notice::Everything);
//! link.remote().invalidate(&Invalidation::Everything, &frame).await?;
//!
//! let Some(BusEvent::SyncPoint { at: after, .. }) = events.next().await else { unreachable!() };
//! assert_ne!(before, after);
//! # Ok(())
//! # }
//! ```
//!
//! # What is promised
//!
//! - Every method of [`MemoryRemote`] is one step: no other call and no notice comes between its effects.
//! - A notice is in every queue of its app before the call that announced it returns, and a sync point is read and queued in
//!   one step, so it stands behind exactly the notices that it speaks of.
//! - One app never sees another's values, sequences or notices.
//! - Memory is bounded: values by [`MemoryServer::capacity`], queues by 65,536 events, tags by 65,536; leases, guards and
//!   versions by their times, after which they are swept; what was read by what whoever adds to it wants kept.
//!
//! # Decisions
//!
//! - Past the capacity values go, in no particular order: an evicted value is a miss. Sequences, leases, guards, versions and
//!   tags never go before their time, for that would be a wrong answer.
//! - A put on a key under a guarded write stores nothing and is [outdated](larder_core::Put::Outdated): whoever guards is about to
//!   write something newer, and may die before saying so. The version is remembered.
//! - The version that [`Invalidation::Version`](larder_core::Invalidation::Version) names is remembered for
//!   [`Ttl::MAX`](larder_core::Ttl::MAX), longer than any value lives.
//! - No task is spawned. A subscription of an [unreliable](MemoryServer::unreliable) server probes while it is waited for, by
//!   tokio's timers; a lossless server runs under any runtime.
//!
//! The minimum supported Rust version is 1.88.

mod bus;
mod chaos;
mod connection;
mod faults;
mod gate;
mod link;
mod probe;
mod queue;
mod reads;
mod record;
mod records;
mod registers;
mod remote;
mod sequences;
mod server;
mod settings;
mod state;
mod subscription;
mod tags;
mod wire;

pub use bus::MemoryBus;
pub use chaos::Chaos;
pub use faults::{Faults, ServerFaults};
pub use link::Link;
pub use probe::Probe;
pub use remote::MemoryRemote;
pub use server::{DEFAULT_CAPACITY, MemoryServer};
