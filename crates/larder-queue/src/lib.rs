//! Write-behind: a durable queue between a service and a store that is slow, or away.
//!
//! For the engineer who cannot let a request wait for the database, and cannot lose what the request wrote. A put returns when
//! it is safe on this machine's disk; a sink of yours writes it to the store later, in batches, only the newest value of each key,
//! again and again until it is there. To use a cache without such a queue, depend on `larder` alone.
//!
//! # The smallest program
//!
//! ```
//! use larder::{CacheKey, Cacheable};
//! use larder_queue::{Batch, WriteBehind};
//! use serde::{Deserialize, Serialize};
//! use std::time::Duration;
//!
//! #[derive(Clone, Serialize, Deserialize, CacheKey, Cacheable)]
//! struct ProductId(u64);
//!
//! #[derive(Serialize, Deserialize, Cacheable)]
//! struct Stock { pieces: u32 }
//!
//! # #[derive(Clone)] struct Database;
//! # impl Database { async fn upsert(&self, _: &ProductId, _: &Stock, _: u64) -> Result<(), std::io::Error> { Ok(()) } }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> larder::Result<()> {
//! # let database = Database;
//! # let folder = std::env::temp_dir().join(format!("larder-queue-{}", std::process::id()));
//! let stocks = WriteBehind::open(&folder)                                   // one per process and folder
//!     .build(move |batch: Batch<ProductId, Stock>| {
//!         let database = database.clone();
//!         async move {
//!             for write in &batch {                                         // `… where version < $3`
//!                 database.upsert(write.key(), write.value(), write.version().get()).await?;
//!             }
//!             Ok::<_, std::io::Error>(())
//!         }
//!     })
//!     .await?;
//!
//! stocks.put(&ProductId(7), Stock { pieces: 3 }).await?;                    // safe, whatever happens now
//! stocks.put(&ProductId(7), Stock { pieces: 2 }).await?;                    // the sink is given this one only
//!
//! let left = stocks.shut_down(Duration::from_secs(10)).await?;
//! assert_eq!((left.pending, left.poisoned), (0, 0));
//! # std::fs::remove_dir_all(folder).ok();
//! # Ok(())
//! # }
//! ```
//!
//! # How the parts meet
//!
//! ```text
//!   put(&key, value) ──▶ log ─────▶ one write per key ─────▶ batch ─────▶ sink
//!        ▲               │ sync                                │  Ok: done, and noted in the log
//!        └── version ◀───┘                                     │  Err: again, after a wait
//!                                                              └─ refused, or failed too often: poisoned()
//! ```
//!
//! # What is promised
//!
//! - **What is acknowledged is written**, or is poisoned and shown, or was replaced by a newer write of its key. With
//!   [`Durability::Synced`] neither a kill at any byte nor a loss of power changes that; with [`Durability::Within`] a loss
//!   of power costs what was acknowledged in that time.
//! - **At least once.** After a crash, a deadline or an error the sink may be given again what it has. Each write has a
//!   [version](Write::version): let the store keep it, and ignore what is not newer, and twice is as once.
//! - **Never an older write after a newer one** of the same key, whatever is retried, crashes or is opened again. One batch is
//!   with the sink at a time. The one exception is a sink that goes on in secret after its future was dropped, at its
//!   [deadline](WriteBehindBuilder::sink_deadline) or in a process that still runs: the version is what stops it.
//! - **One write that fails stops no other.** A batch that fails is halved until the culprit is alone; it is then tried
//!   alone, after waits of its own, and after the last of its [attempts](WriteBehindBuilder::attempts) set aside in the
//!   [poison area](WriteBehind::poisoned). A store that is away poisons nothing: see there.
//! - **Bounded.** A queue holds so many [writes](WriteBehindBuilder::capacity) and so many
//!   [bytes](WriteBehindBuilder::capacity_in_bytes); then [`put`](WriteBehind::put) waits, and [`try_put`](WriteBehind::try_put)
//!   says so at once.
//! - **A build reads what the one before it wrote**, if it is told [how](WriteBehindBuilder::reads_also); what it cannot read is set
//!   aside whole, until a build comes that can. A file that is damaged, or that a newer build wrote, is an error that names the
//!   file and the byte, and is not touched.
//!
//! Not promised: anything if the disk lies about what it has synced; an order between keys; an order between the queues of
//! two nodes that write the same key, but that their versions are microseconds of their clocks; that a last frame which rots
//! on the disk is told from one that was half written. How often a write was tried is forgotten when the process ends.
//!
//! # What a reader sees
//!
//! The store lags behind. With [`through`](WriteBehindBuilder::through) a cache hides that:
//!
//! | moment | `get` in the cache | a load, on a miss | the store |
//! |---|---|---|---|
//! | before `put` returns | the old value, or the new one | the old value | old |
//! | `put` has returned | the new value, on this node; on others within the bound | the old value, which is then cached; unless the loader asks [`pending`](WriteBehind::pending) first | old |
//! | the sink has written it | the new value, whatever was cached in between | the new value | new |
//! | the process dies between the log and the cache | the old value, until the queue is opened again and the sink has written it, or it expires | the old value | old, then new |
//! | the write is set aside | nothing: it was invalidated | the old value | old |
//! | the shared tier is away | as for every [insert](larder::Cache::insert); the queue does not mind | | |
//!
//! ```
//! # use larder::{Cache, Larder};
//! # use larder_queue::{Batch, WriteBehind};
//! # async fn find(id: u32) -> Result<String, larder::Error> { Ok(format!("product {id}")) }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> larder::Result<()> {
//! # let folder = std::env::temp_dir().join(format!("larder-queue-through-{}", std::process::id()));
//! # let larder = Larder::builder("test.shop").embedded().build().await?;
//! let names: Cache<u32, String> = larder.cache("name").build()?;
//! let writes = WriteBehind::open(&folder)
//!     .through(names.clone())
//!     .build(|_: Batch<u32, String>| async { Ok::<_, std::io::Error>(()) })
//!     .await?;
//! writes.put(&7_u32, "apple".into()).await?;
//!
//! let queue = writes.clone();
//! let name = names
//!     .get_or_load(&7_u32, |id| async move {
//!         match queue.pending(&id)? {
//!             Some(write) => Ok(write.into_parts().1),                      // it is not in the store yet
//!             None => find(id).await,
//!         }
//!     })
//!     .await?;
//! assert_eq!(*name, "apple");
//! # std::fs::remove_dir_all(folder).ok();
//! # Ok(())
//! # }
//! ```
//!
//! # Why a log of its own
//!
//! The queue keeps what is pending in memory, for that is bounded, and needs of the disk only an order of what happened. So it
//! writes that: a log of frames with checksums, in files that are removed when nothing in them is needed any more. Against
//! redb 4.5, the embedded database that would be taken otherwise, measured on the same machine:
//!
//! - A lone put costs one sync of one file: half of what a commit of redb costs, which writes pages and their parents. In groups
//!   of 64 it is two thirds; at 256 both wait for the disk alone.
//! - What was written and not yet synced survives a kill, for the system has it. A transaction of redb without a sync is gone
//!   with the process, so [`Durability::Within`] would lose as much by a kill as by a loss of power.
//! - It is some 550 lines, and can be tried at every byte: a test cuts and flips each of a log, and opens it.
//! - It needs no dependency, and no newer Rust than the rest of Larder; redb needs 1.90.
//!
//! What it does not do is hold more than fits into memory, or find anything but by key. Who needs that needs a database.
//!
//! # What it costs
//!
//! By `cargo run --release -p larder-queue --example throughput`, values of 100 bytes, on two busy cores and a disk that takes
//! 1.4 to 3 ms for a sync. Those who put at the same time share a sync, so what it costs falls with company:
//!
//! | | callers | puts/s | puts/sync |
//! |---|---|---|---|
//! | a file by hand, one sync for each put | 1 | 342 | 1 |
//! | `Synced` | 1 | 716 | 1 |
//! | `Synced` | 64 | 9,392 | 34 |
//! | `Within(100 ms)` | 1 | 29,245 | 3,374 |
//! | `Within(100 ms)` | 64 | 82,789 | 10,348 |
//!
//! The first two rows do the same, and show how much the disk varies.
//!
//! It runs on tokio, of either kind, with one thread for the log. The minimum supported Rust version is 1.88.

mod backlog;
mod batch;
mod builder;
mod courier;
mod durability;
mod failure;
mod keeper;
mod log;
mod pace;
mod poisoned;
mod settings;
mod settle;
mod shared;
mod stats;
mod through;
mod wrapping;
mod write_behind;

pub use batch::{Batch, Write};
pub use builder::WriteBehindBuilder;
pub use durability::Durability;
/// Formats, compressions, and the envelope that writes are stored in.
pub use larder_codec as codec;
pub use poisoned::Poisoned;
pub use stats::Stats;
pub use write_behind::WriteBehind;
