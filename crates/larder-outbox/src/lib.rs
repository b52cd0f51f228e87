//! A transactional outbox for [Larder](larder): what the fleet has to be told is committed together with the write, so that a writer
//! who dies right after its COMMIT leaves no old value behind.
//!
//! For services whose data lies in Postgres or SQLite, with sqlx. A row in a table of the same database says what was touched; it is
//! there if, and only if, the write is. A relay reads the rows and tells the fleet.
//!
//! # The smallest program
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # mod program {
//! use larder::{Cache, DomainEvent, Larder, Touched};
//! use larder_outbox::{Outbox, Relay};
//! use sqlx::SqlitePool;
//!
//! struct UserRenamed { id: u64 }
//!
//! impl DomainEvent for UserRenamed {
//!     fn touches(&self, touched: &mut Touched) {
//!         touched.key("user", &self.id);
//!     }
//! }
//!
//! # pub async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
//! # sqlx::query("CREATE TABLE users (id INTEGER, name TEXT)").execute(&pool).await?;
//! let larder = Larder::builder("prod.shop").embedded().build().await?;
//! let outbox = Outbox::sqlite(pool.clone(), "prod.shop")?;
//! outbox.migrate().await?;                                        // or outbox.schema(), among your own migrations
//! let relay = Relay::new(&outbox, &larder)?.spawn();              // one in each process; one of them leads
//!
//! let mut transaction = pool.begin().await?;
//! sqlx::query("UPDATE users SET name = 'Ada' WHERE id = 7").execute(&mut *transaction).await?;
//! let event = UserRenamed { id: 7 };
//! let receipt = outbox.commit(transaction, &larder, &event).await?;   // notes it, commits, and tells the fleet at once
//! # assert!(receipt.is_some_and(|receipt| !receipt.is_deferred()));
//!
//! // Or, in a process that has no larder, say a script at night:
//! let mut transaction = pool.begin().await?;
//! outbox.announce(&mut transaction, &event).await?;               // notes it; as often as one likes
//! transaction.commit().await?;                                    // from here on the relay does the rest
//!
//! println!("{:?}", relay.stats().await?);                         // what is left to tell, and how late it is
//! relay.stop().await;
//! # Ok(())
//! # }
//! # }
//! # #[cfg(feature = "sqlite")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> { program::run().await }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! # How the parts meet
//!
//! ```text
//!   writer ── BEGIN · the write · a row · COMMIT ──▶ announces by itself ─────────┐
//!                           │                                                     ▼
//!                           ▼                                                shared tier, bus
//!              table larder_outbox ──▶ the relay that leads ── announces ────────▶│
//!                           ▲                 │                                   ▼
//!                           └── removes ◀─────┘ once the shared tier was told   every node
//! ```
//!
//! # Which of the three
//!
//! | | `invalidate`, `announce` | guarded write | outbox |
//! |---|---|---|---|
//! | the writer dies between COMMIT and the call | the old value stays for its time to live | nothing stale is left | it stays until the relay has told, which takes milliseconds |
//! | Redis is away during the write | the process tells it later, if it lives | there is no guard, and it says so | the relay tells it later, whoever lives |
//! | what it covers | keys, tags, caches | keys of one cache | keys, tags, caches |
//! | costs the writer | one step on the shared tier, after COMMIT | two, one of them before COMMIT | a row in the transaction; the step after COMMIT if it wants a receipt |
//! | costs the others | nothing | each read of the keys is a load meanwhile | a row removed, and all is told twice: a second load of what was loaded in between |
//! | costs the operator | nothing | nothing | a table, one connection for each process to Postgres, and a number to watch |
//!
//! Take `invalidate` where a time to live of staleness after a crash is bearable: nearly everywhere, if that time is short. Take a
//! [guarded write](larder::GuardedWrite) where nobody may see the old value for a moment. Take the outbox where every write must be
//! heard of, come what may: for long times to live, for writers that have no connection to Redis, and for tags. They can be combined.
//! What each costs, measured beside the others, is on [the guide's page on writes](larder::guide::writes).
//!
//! # What is promised
//!
//! - **All or nothing.** The row is committed with the write, or neither is.
//! - **At least once.** A row is removed only after the shared tier has taken what it says. A [deferred](larder::Receipt::is_deferred)
//!   receipt does not count: what is behind it lives in the memory of a process. A relay that dies in between, and a writer that
//!   announces by itself, make it twice; that drops something that was dropped.
//! - **Soon.** In Postgres the relay that leads is told of each row as it is committed, and looks once a second beside that. In SQLite
//!   it looks ten times a second.
//! - **One leads.** In Postgres it holds an advisory lock, over the one connection that it does everything on; when that is gone, so is the
//!   lock, and another relay takes over within a second. If its whole machine is gone, it takes the server some ten seconds to
//!   notice. In SQLite it has a lease of two seconds. Should two lead for a moment, rows are told twice.
//! - **No row waits for another.** Transactions commit in another order than they begin; rows are removed one by one, by their
//!   numbers, and what commits late is found late. A row that cannot be read is [set aside](Outbox::unreadable), counted and logged, and
//!   read again by the next leader. What could not be told waits for a second, and does not hold up what can be.
//!
//! Kept by, in `tests`: *all or nothing* `promises::what_is_rolled_back_was_nothing`. *At least once*
//! `outages::a_row_stays_until_the_shared_tier_was_told`, `kill::however_often_relays_are_killed_everything_is_told`. *Soon*
//! `kill::a_writer_killed_after_its_commit_leaves_nothing_stale_for_longer_than_the_relay_takes`,
//! `postgres::a_relay_is_told_of_a_row_and_need_not_look`. *One leads* `leading`, `kill::a_relay_that_is_killed_is_replaced`. *No row
//! waits* `postgres::a_transaction_that_commits_late_is_told_all_the_same`,
//! `promises::a_row_that_cannot_be_read_is_set_aside_and_in_nobodys_way`.
//!
//! Not promised: an order, and that the fleet is told while nobody leads or the database is away. Who writes past the outbox is not
//! noticed.
//!
//! # Replicas
//!
//! A loader that reads a replica can load, after the fleet was told, what the replica has not heard of yet, and that stays. So
//! [`Outbox::again_after`] has each row announced a second time, after a delay that no replica lags behind. The row is there all the
//! while: whatever process dies, the second announcement comes
//! (`promises::a_second_announcement_comes_after_its_delay_whoever_leads_then`).
//!
//! # What to watch
//!
//! [`Backlog::lag`], from [`Outbox::backlog`] or [`RunningRelay::stats`]: how long the fleet should have known something. It is near zero
//! while a relay leads and both servers answer. [`Backlog::unreadable`] should be zero.
//!
//! With the feature `metrics`, `RunningRelay::publish_metrics` and `Relay::metrics_every` publish it, each with the label `app`:
//!
//! | name | type | is |
//! |---|---|---|
//! | `larder_outbox_lag_seconds` | gauge | the lag; the same from every process |
//! | `larder_outbox_rows` | gauge | rows by their `state`: `pending`, `again` (to be told once more), `unreadable` |
//! | `larder_outbox_leads` | gauge | 1 in the process whose relay tells, else 0 |
//! | `larder_outbox_told_total` | counter | rows that this process's relay has told the fleet of |
//! | `larder_outbox_repeated_total` | counter | those that it has told of once more |
//!
//! # The table
//!
//! [`Outbox::schema`] has the statements. In Postgres:
//!
//! ```sql
#![doc = include_str!("postgres/schema.sql")]
//! ```
//!
//! One table serves any number of apps. `touched` is [the text of what is touched](larder::Touched::to_text), which every build reads that
//! knows its version; a service in another language can write such rows too. Between a pool of connections that gives each transaction
//! another one (pgbouncer in its transaction mode) and the server there are no advisory locks: there, connect the relay to the server
//! itself.
//!
//! # Features
//!
//! - `postgres`: [`Outbox::postgres`].
//! - `sqlite`: [`Outbox::sqlite`]. Builds a C library.
//! - `metrics`: publishes [what to watch](#what-to-watch).
//!
//! None is on by default. sqlx has no TLS by this crate: choose it by the features of your own dependency on sqlx. The minimum supported
//! Rust version is 1.94, that of sqlx.

#![cfg_attr(
    not(any(feature = "postgres", feature = "sqlite")),
    expect(dead_code, reason = "without a database there is nothing to do")
)]

mod backlog;
mod database;
mod error;
#[cfg(feature = "metrics")]
mod meter;
mod outbox;
#[cfg(feature = "postgres")]
mod postgres;
mod relay;
#[cfg(feature = "sqlite")]
mod sqlite;
mod table;
mod voice;

pub use backlog::{Backlog, Unreadable};
pub use database::Database;
pub use outbox::Outbox;
pub use relay::{Relay, RelayStats, RunningRelay};
pub use voice::Voice;
