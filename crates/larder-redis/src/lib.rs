//! The shared tier of Larder on Redis and Valkey.
//!
//! Each step of the protocol is one script, which the server runs without anything in between. No script touches a key outside of
//! its slot, and none trusts what lies under a key.

mod call;
mod check;
mod delta;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod keys;
mod reads;
mod register;
mod remote;
mod reply;
mod scripts;
mod span;
mod survey;
mod sweep;
mod verdicts;
mod working_set;

pub use remote::RedisRemote;
pub use scripts::{Script, scripts};
