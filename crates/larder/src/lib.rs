//! A two-tier cache for services that run as many instances: a copy in each process, one in a tier that all share, and a bus
//! by which every instance drops its copy when anyone writes.
//!
//! For the engineer who embeds a cache in a service, announces what happens in the domain, and wants to know how old an
//! answer can be. Larder says it: no hit is staler than a bound of 1.5 seconds, whatever messages are lost; a load that a
//! write overtakes is kept nowhere; and a shared tier that freezes or dies costs a read its budget of 50 ms and never an
//! error.
//!
//! # The smallest program
//!
//! ```
//! use larder::{Cache, CacheKey, Cacheable, DomainEvent, Larder, Touched};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Clone, CacheKey)]
//! struct UserId(u64);
//!
//! #[derive(Serialize, Deserialize, Cacheable)]
//! struct User { name: String }
//!
//! struct UserRenamed { id: UserId }
//!
//! impl DomainEvent for UserRenamed {
//!     fn touches(&self, touched: &mut Touched) {
//!         touched.key("user", &self.id);
//!     }
//! }
//!
//! # async fn find(id: UserId) -> Result<User, std::io::Error> { Ok(User { name: format!("user {}", id.0) }) }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> larder::Result<()> {
//! let larder = Larder::builder("prod.shop").embedded().build().await?;   // one per process
//! let users: Cache<UserId, User> = larder.cache("user").build()?;        // one per type of thing
//!
//! let id = UserId(7);
//! let user = users.get_or_load(&id, find).await?;                        // a Hit<User>: use it as a User
//! assert_eq!(user.name, "user 7");
//!
//! // COMMIT first, then:
//! larder.announce(&UserRenamed { id }).await?;                           // every instance drops it
//! # Ok(())
//! # }
//! ```
//!
//! # How the parts meet
//!
//! ```text
//!   Larder ── one per process: what it shares with the fleet
//!     │ cache("user")
//!   Cache<K, V> ──▶ get, get_or_load, load ──▶ Hit<V>
//!     │             invalidate, expire, clear, insert ──▶ Receipt ──▶ reading().at_least(&receipt)
//!     │
//!     ├─ local tier    a map in this process: moka, or quick_cache
//!     ├─ remote tier   what all instances share
//!     └─ bus           tells what was invalidated, and whether something was missed
//! ```
//!
//! # Words
//!
//! One word has one meaning, here and in logs and metrics. **Get** reads the tiers and never loads; **`get_or_load`** loads once
//! what they do not have; **insert** writes a versioned value; **invalidate** drops everywhere, and from then on nobody may see
//! the old value; **expire** marks as stale, and what is stale may be served if its load fails; **evict** is what the local tier
//! does by itself when it is full; to **announce** is to tell what happened in the domain.
//!
//! # Guide
//!
//! - [Consistency](guide::consistency): what is guaranteed, what is not, and which test keeps it.
//! - [Failures](guide::failure): what goes wrong, what callers see of it and for how long, and where it shows.
//! - [Writes](guide::writes): which way to write, what each promises, and what it costs.
//! - [Operations](guide::operations): what Larder needs of Redis or Valkey: connections, permissions, memory.
//! - [Migration](guide::migration): how stored values change type, format or compression while a fleet runs.
//! - [Deploys](guide::deploys): how a new instance begins with what it will be asked for.
//! - [Testing](guide::testing): what is proven, how, and what not; and how a service of one's own is tested by the same means.
//! - [Observability](guide::observability): what is counted, and traced, and by which names.
//! - [Other languages](guide::interop): how a service that is not written in Rust invalidates.
//! - [Architecture](guide::architecture): where everything is, for those who work on Larder.
//!
//! # Features
//!
//! - `embedded` (default): the remote tier and the bus in one process; no server needed.
//! - `redis` (default): the remote tier and the bus on Redis or Valkey; `tls`: with `rediss://`.
//! - `quick`: quick_cache for the local tier, by one word, `CacheBuilder::quick`.
//! - `endpoint`: readiness probes over HTTP, answered by `Larder::answer_probes`.
//! - `metrics`: what is counted goes to the facade `metrics`, by `Larder::publish_metrics` or by itself.
//! - `json`, `msgpack`, `postcard`: formats besides bincode; `zstd`: a compression besides lz4. See [`codec`].
//!
//! It runs on tokio, of either kind. The minimum supported Rust version is 1.88.

mod answer;
mod ask;
mod backoff;
mod batch;
mod breaker;
mod budget;
mod builder;
mod bulk;
mod bulkhead;
mod cache;
mod cache_builder;
mod chains;
mod coherence;
mod configuration;
mod domain;
#[cfg(feature = "endpoint")]
mod endpoint;
mod explain;
mod flight;
mod follower;
mod freshness;
mod guarded_write;
pub mod guide;
mod health;
mod hit;
mod insert;
mod intent;
mod larder;
mod layout;
mod lease;
mod lifetimes;
mod load;
mod loader;
mod many;
mod mender;
#[cfg(feature = "metrics")]
mod meter;
mod milestones;
mod node;
mod observe;
mod owner;
mod prober;
mod publisher;
mod read;
mod reading;
mod receipt;
mod recovery;
mod refresh;
mod rest;
mod route;
mod shelves;
mod span;
mod start;
mod stats;
mod step;
mod store;
mod survey;
mod sweep;
mod sync;
mod tasks;
mod tiers;
mod upstream;
mod warm;
mod watchdog;
mod write;
mod writes;

pub use answer::Answer;
pub use breaker::Breaker;
pub use builder::LarderBuilder;
pub use cache::Cache;
pub use cache_builder::CacheBuilder;
pub use configuration::Configuration;
pub use domain::{DomainEvent, Touched};
pub use explain::Explanation;
pub use guarded_write::GuardedWrite;
pub use health::{BreakerHealth, Health, Position};
pub use hit::{Hit, Optional, Tier};
pub use insert::Inserted;
pub use larder::Larder;
/// Formats, compressions, and the envelope that values are stored in.
pub use larder_codec as codec;
pub use larder_core::traits::{CacheKey, Cacheable};
pub use larder_core::{
    AppName, BreakerState, CacheName, Capacity, Chain, Clock, Connection, Error, ErrorKind, Event, KeyText,
    Observer, Purpose, Result, Retry, Schema, Sequence, Shape, Tag, Version, Vigilance, WhileDisconnected,
};
pub use larder_macros::{FacadeCacheKey as CacheKey, FacadeCacheable as Cacheable};
pub use layout::{CacheLayout, Cause, DeployGuard, Drift, Finding, Layout};
/// The remote tier and the bus on Redis or Valkey.
#[cfg(feature = "redis")]
pub mod redis {
    pub use larder_bus::{Probing, RedisBus};
    pub use larder_link::Address;
    pub use larder_redis::{RedisRemote, Script, scripts};
}
/// The remote tier and the bus in one process.
#[cfg(feature = "embedded")]
pub use larder_memory as memory;
pub use lifetimes::{Comparison, Lifetimes};
pub use loader::Load;
pub use publisher::Publisher;
pub use reading::Reading;
pub use receipt::Receipt;
pub use stats::{CacheStats, FormReads, Latency, Stats};
pub use store::StaleIfError;
pub use survey::{Survey, Surveyed};
pub use sweep::Sweep;
pub use tiers::Tiers;
pub use warm::{Unreachable, WarmStart, Warmth};
