//! The vocabulary and the traits of Larder, a two-tier cache for services that run as many instances.
//!
//! Depend on this crate to write a backend for Larder: another local tier, another shared tier, another bus, another
//! format. To use Larder, depend on `larder`.
//!
//! # How the parts meet
//!
//! ```text
//!   CacheKey ──▶ KeyText ──▶ KeyHash ──┬──▶ Partition ──▶ Chain of Sequences    (the server's order)
//!    a user's     what is    128 bits  │
//!    key          shown                └──▶ stripe of the Fence ──▶ Stamp       (this node's order)
//!
//!   Shelf<V>   one cache, typed: judges every hit, fences every insert
//!     │
//!   Local      the map beneath: moka, quick_cache            Remote   the shared tier
//!   Fence      which loads were overtaken                    Bus      who hears of invalidations
//!   TagLedger  which tags were invalidated when              Codec    values as bytes
//! ```
//!
//! # What is promised here
//!
//! - A load that an invalidation overtakes is not kept: see [`Fence`].
//! - A hit on a [`Shelf`] awaits nothing and allocates nothing (a key made of parts may allocate if its text is longer
//!   than 64 bytes). It takes no lock of ours; only a hit with tags, one of whose stripes was invalidated since, reads
//!   the exact ledger under one that is shared.
//! - A hit is the value of the key that was asked for, though two keys may share a hash.
//! - Every entry expires; a [`Ttl`] has no value for "never".
//! - Time comes from a [`Clock`], which tests can turn. There is no runtime in this crate, and no task.
//!
//! # Decisions
//!
//! - The fence, the ledger and the shelf are here and not in a backend, so that they are written and proven once, and a
//!   backend is only a map.
//! - A map holds the entries of one cache as they are, or of many caches as [`Slot`]s. Finding out a slot's type costs
//!   about 4 ns, a tenth of a hit on the fastest map, and only who wants one limit for all caches pays it.
//! - A namespace is cleared by this node's own clock, a tag by the server's: a tag is known only after the load, so an
//!   entry must carry what the load knew when it began.
//! - The coarse clock is read on every hit, since every entry expires. Its few milliseconds are far below any time to live;
//!   where they are not, give the shelf a [precise](Clock::precise) one.
//!
//! # Features
//!
//! - `uuid` (default): `uuid::Uuid` as a key.
//! - `derive`: `#[derive(CacheKey)]` and `#[derive(Cacheable)]`.
//!
//! The minimum supported Rust version is 1.88.

mod bus;
mod clock;
mod codec;
mod entry;
mod error;
mod fence;
mod health;
mod key;
mod label;
mod ledger;
mod local;
mod lookup;
mod name;
mod observe;
mod peek;
mod policy;
mod register;
mod remote;
mod schema;
mod shelf;
mod stamp;
mod survey;
mod sweep;
mod sync;
mod tag;
mod working_set;

pub use bus::{Announced, Assurance, Bus, BusEvent, Frame, Notice, Subscription};
pub use clock::{Clock, Moment, TimeSource};
pub use codec::{Codec, CodecId};
pub use entry::{Entry, Loaded, Slot, Stored};
pub use error::{Error, ErrorKind, Result, Retry};
pub use fence::{Fence, Refused, Trust};
pub use health::{BreakerState, Connection, Purpose};
pub use key::{CacheKey, Key, KeyHash, KeyHasher, KeyText, MAX_KEY_BYTES, Namespace, PARTITIONS, Partition};
pub use label::{Label, Version};
/// The traits without the derives of the same names, for a crate that has derives of its own.
#[doc(hidden)]
pub mod traits {
    pub use crate::key::CacheKey;
    pub use crate::schema::Cacheable;
}
#[cfg(feature = "derive")]
pub use larder_macros::{CacheKey, Cacheable};
pub use ledger::TagLedger;
pub use local::{Local, Shared, Usage};
pub use lookup::{Lookup, Vigilance};
pub use name::{AppName, CacheName, MAX_NAME_BYTES};
pub use observe::{Event, Observer};
pub use peek::Peek;
pub use policy::{Capacity, Jitter, Lifetime, Ttl, WhileDisconnected};
pub use register::{Register, Registered};
pub use remote::{
    Fill, Filled, Guard, Invalidation, Lease, LeaseMode, LeaseReply, LeaseRequest, Put, Remote, TagDelta,
};
pub use schema::{Cacheable, Schema, Shape};
pub use shelf::Shelf;
pub use stamp::{Chain, Sequence, Stamp, Token};
pub use survey::{Sample, Sampled};
pub use sweep::{SweepPosition, Swept};
pub use tag::{MAX_TAG_BYTES, MAX_TAGS, Tag, TagHash, Tags};
pub use working_set::{Fading, Reads, Season, WeekHour};
