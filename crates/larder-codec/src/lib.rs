//! How Larder stores values: formats, the envelope around them, and compression.
//!
//! Depend on this crate to read or write what Larder stores without Larder. To use Larder, depend on `larder`.
//!
//! # How the parts meet
//!
//! ```text
//!            ┌───────────────────────── Envelope<V> ─────────────────────────┐
//!   value ──▶│ format ──▶ compression ──▶ header: whose, since when, how long,│──▶ bytes
//!   label ──▶│                            in which format and schema, checksum│
//!            └───────────────────────────────────────────────────────────────┘
//! ```
//!
//! # Examples
//!
//! ```
//! use larder_codec::{Bincode, Envelope};
//! use larder_core::{AppName, CacheName, Key, Label, Lifetime, Namespace, Ttl};
//!
//! let users = Namespace::new(AppName::new("prod.shop")?, CacheName::new("user")?);
//! let key = Key::new(&users, &7)?.hash();
//! let label = Label::new(Lifetime::new(Ttl::seconds(600)));
//!
//! let envelope: Envelope<String> = Envelope::new(Bincode);
//! let stored = envelope.seal(key, &label, Some(&"Ada".to_owned()))?;
//!
//! let opened = envelope.open(key, &stored)?;
//! assert_eq!(opened.value.as_deref(), Some("Ada"));
//! assert_eq!(opened.label, label);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is promised
//!
//! - Bytes that cannot be read are an [`Unreadable`], which is a miss; never a panic, a hang or a wrong value.
//! - Opening allocates no more than [the limit](Envelope::limit) to decompress, and for the value no more than its own
//!   bytes fill, whatever lengths they claim. Nesting is bounded, the more so the larger the type is, so that no value
//!   reaches the end of the stack.
//! - What a newer build wrote is recognised, so that an older one need not overwrite it.
//! - A type whose values can be written but not read back is found out by samples when they are written.
//!
//! # Formats
//!
//! | feature | type | for |
//! |---|---|---|
//! | `bincode` (default) | [`Bincode`] | speed and size |
//! | `postcard` | [`Postcard`] | the same, a little smaller, with a documented format |
//! | `msgpack` | [`MessagePack`] | types whose fields come and go: it writes their names |
//! | `json` | [`Json`] | reading values by eye and from other languages |
//!
//! JSON and MessagePack know one nothing only: `Some(None)` and `Some(())` come back as `None`.
//!
//! bincode 2.0.1 is the last working release of a crate that is no longer maintained, which advisory tools report
//! as RUSTSEC-2025-0141. It is not a vulnerability. [`Postcard`] takes its place in [three deploys](#another-form).
//! In one, each of two builds takes the other's entries for newer ones, and leaves them where they are.
//!
//! # Another form
//!
//! Another format, or another type, comes in three deploys. In the first, new builds read both forms and write the old one,
//! which is all that older builds read; in the second they write the new one; in the third they read nothing else.
//!
//! ```
//! # use larder_codec::{Bincode, Envelope, Old};
//! # use larder_core::Cacheable;
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Serialize, Deserialize, Cacheable)]
//! # struct UserV1 { name: String }
//! # #[derive(Serialize, Deserialize, Cacheable)]
//! # #[cacheable(version = 1)]
//! # struct User { name: String, is_member: bool }
//! # impl From<UserV1> for User { fn from(old: UserV1) -> Self { Self { name: old.name, is_member: false } } }
//! # impl From<&User> for UserV1 { fn from(new: &User) -> Self { Self { name: new.name.clone() } } }
//! let first = Envelope::<User>::new(Bincode).still_writes(Old::<UserV1>::new(Bincode));
//! let second = Envelope::<User>::new(Bincode).reads(Old::<UserV1>::new(Bincode));
//! let third = Envelope::<User>::new(Bincode);
//! ```
//!
//! A compression needs no more than builds that know it: what is compressed says how.
//!
//! Compressions: `lz4` (default), `zstd`. The minimum supported Rust version is 1.88.

mod bare;
mod compression;
mod envelope;
mod form;
mod format;
mod header;
mod migration;
mod old;
mod reader;
mod unreadable;

pub use bare::Bare;
pub use compression::{Compression, CompressionId};
pub use envelope::{DEFAULT_LIMIT, Envelope, Opened};
pub use form::Form;
#[cfg(feature = "bincode")]
pub use format::bincode::{Bincode, Bincode1};
#[cfg(feature = "json")]
pub use format::json::Json;
#[cfg(feature = "msgpack")]
pub use format::msgpack::MessagePack;
#[cfg(feature = "postcard")]
pub use format::postcard::Postcard;
pub use header::{HEADER_BYTES, Header};
pub use old::Old;
pub use unreadable::Unreadable;
