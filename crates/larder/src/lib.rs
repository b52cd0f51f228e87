//! draft
mod answer;
mod backoff;
mod budget;
mod builder;
mod bulk;
mod cache;
mod cache_builder;
mod chains;
mod coherence;
mod configuration;
mod domain;
mod explain;
mod flight;
mod follower;
mod freshness;
mod hit;
mod insert;
mod intent;
mod larder;
mod lease;
mod load;
mod loader;
mod many;
mod node;
mod read;
mod reading;
mod receipt;
mod recovery;
mod shelves;
mod store;
mod sync;
mod tasks;
mod tiers;
mod watchdog;
mod write;

pub use answer::Answer;
pub use builder::LarderBuilder;
pub use cache::Cache;
pub use cache_builder::CacheBuilder;
pub use configuration::Configuration;
pub use domain::{DomainEvent, Touched};
pub use explain::Explanation;
pub use hit::{Hit, Optional, Tier};
pub use insert::Inserted;
pub use larder::Larder;
pub use larder_codec as codec;
pub use larder_core::traits::{CacheKey, Cacheable};
pub use larder_core::{
    AppName, CacheName, Capacity, Clock, Error, ErrorKind, Event, KeyText, Observer, Result, Retry, Schema,
    Shape, Tag, Ttl, Version, Vigilance, WhileDisconnected,
};
pub use larder_macros::{FacadeCacheKey as CacheKey, FacadeCacheable as Cacheable};
#[cfg(feature = "embedded")]
pub use larder_memory as memory;
pub use loader::Load;
pub use reading::Reading;
pub use receipt::Receipt;
pub use store::StaleIfError;
pub use tiers::Tiers;
