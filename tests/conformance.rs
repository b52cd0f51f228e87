//! What each trait promises, as one suite that runs on every implementation, the reference first.

mod backend;
mod bus;
mod local;
mod redis_backend;
mod remote;
