//! The coherence protocol as a model of which every schedule is tried.
//!
//! # The problem
//!
//! Two processes read, write, and hear of each other's writes over a bus that loses messages, from a server that may forget
//! what it was told. Whether a stale value can stay somewhere depends on who takes which step when, and tests that run the real
//! thing try a few orders of a great many.
//!
//! # The idea
//!
//! Here the protocol is written down once more, small enough to try them all. Time is gone; what is left are steps: a
//! writer commits, the server executes a script, a load reads the database, a notice is lost. Of every state the model says which
//! steps can come next, and [stateright](https://docs.rs/stateright) visits every state that they lead to. In each of them
//! the [invariants](Invariant) must hold.
//!
//! # How to read it
//!
//! One file is one part of what is modelled, and follows the code that it stands for:
//!
//! | here | there |
//! |---|---|
//! | `server.rs` | the scripts of `larder-redis` |
//! | `flight.rs` | `read.rs`, `lease.rs`, `load.rs`, `flight.rs`, `freshness.rs` of `larder`, and the fence of `larder-core` |
//! | `write.rs` | `write.rs` and `guarded_write.rs` of `larder` |
//! | `node.rs`, `hearing.rs`, `repairs.rs` | `coherence.rs`, `chains.rs`, `recovery.rs`, `mender.rs` of `larder`, and the queue of `larder-bus` |
//! | `ledger.rs` | the ledger of `larder-core` |
//! | `choice.rs` | whatever decides what comes next: the network, the clock, the scheduler |
//!
//! A [`Scenario`] bounds what happens: who writes how, how many readers come, and how often something goes wrong. A
//! [`Weakening`] leaves out something of the protocol. The model must find out, or say that it does no harm; a model that
//! finds nothing proves nothing. And a [`Witness`] shows that what a scenario is about does come true in it.
//!
//! # What is left out
//!
//! - **Size.** One key, two nodes, at most two writes, and two loads at once on a node. Where a second key or tag matters,
//!   it matters by moving the chain on.
//! - **Time.** A sync point stands for the bound: what is served after it must show what was executed before its question.
//!   That trust ends without one is a comparison of two moments, which other tests keep. The model keeps nothing while it is
//!   out of sync, where the default is to keep it for the bound. Neither values nor flushed copies time out.
//! - **The clock of the server** is never behind where it was, not even after a failover. `SequenceByIncrement` shows that
//!   nothing comes of it for keys if it is: a write may be given a number that was used before, but a node follows a new
//!   server from its first sync point. Tags are not explored so: what was born before the failover would outrank them.
//! - **Steps within steps.** A script is one step. So is the begin of a load with its first question, for what comes between can
//!   only overtake it. So are telling again with its answer, and asking for tags with learning them.
//! - **What only makes it safer**: the drop of local copies before an invalidation is sent.
//! - **Other parts**: versioned writes, expiry, clears, refreshes, values of other builds, guards that are
//!   deferred or that a failover forgets, the log of the bus, clusters.
//!
//! # What comes of it
//!
//! | scenario | what happens | unique states | depth | result |
//! |---|---|---|---|---|
//! | base | one write of the key | 1,150,321 | 24 | holds |
//! | two writes | of the key, by two nodes | 322,952 | 21 | holds |
//! | two keys | one of the key, one of another in its partition | 264,515 | 22 | holds |
//! | cut line | a node loses its line to the bus | 638,314 | 23 | holds |
//! | tag | one write by tag | 532,178 | 28 | holds |
//! | tag and key | one by tag, one by key | 273,218 | 24 | holds |
//! | two tags | one by tag, one by a tag of other values | 487,773 | 26 | holds |
//! | outage | one write, and the server does not say whether it was told | 58,443 | 20 | holds |
//! | outage, tag | the same, by tag | 64,064 | 23 | holds |
//! | failover | one write that may be forgotten, seen from its writer | 25,459 | 25 | holds |
//! | failover, elsewhere | the same, seen from another node | 623,610 | 32 | holds |
//! | failover, two writes | of which one or both are forgotten | 1,128,000 | 31 | holds |
//! | failover, tag | a write by tag that may be forgotten | 78,045 | 27 | holds |
//! | joiners | readers share loads and show receipts | 276,313 | 22 | holds |
//! | joiners, tag | the same, of a tagged value | 153,955 | 30 | holds |
//! | guarded | a guarded write whose writer may die | 214,538 | 21 | holds |
//! | guarded, and another | and an ordinary write meanwhile | 123,286 | 21 | holds |
//! | two guarded | two guarded writes | 267,986 | 23 | holds |
//!
//! `cargo xtask model` makes the table anew, with what is found in each weakening. `cargo xtask model --deep`, or
//! `LARDER_MODEL_DEEP=1` in the environment, tries more readers and more questions, up to some thirty million states of each scenario: it
//! is left off a minute or a few after it began, the short schedules before the long ones. Thirteen of the eighteen come to their end, and
//! all hold.
//!
//! Some weakenings do no harm, and their tests say so:
//!
//! - *While it is not known which tags were missed, nothing is in doubt*, or *a node trusts a sync point before it has asked for
//!   them*: either of the two is enough, and only both together are found. That the node tells
//!   what it has to tell before it trusts is another matter, and needed.
//! - *Nobody tells a server that has forgotten how far its chains had gone*: its clock is as good. It is told in case that
//!   is behind.
//! - *A value that the server refuses is kept in the process*: the stamp keeps out what must not stay. The refusal adds that an
//!   invalidation whose notice is late or lost counts at once.

mod action;
mod both;
mod choice;
mod exploration;
mod flight;
mod hearing;
mod invariant;
mod ledger;
mod node;
mod protocol;
mod reduction;
mod repairs;
mod rules;
mod scenario;
mod server;
mod set;
mod state;
mod step;
mod weakening;
mod write;

pub use exploration::{Exploration, Finding, explore, explore_without, look_for};
pub use invariant::{Invariant, Witness};
pub use scenario::{Depth, Scenario};
pub use weakening::Weakening;
