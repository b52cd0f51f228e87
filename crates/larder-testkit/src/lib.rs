//! What users of Larder need for their own tests.
//!
//! - [`ManualClock`]: time that moves when the test says so.
//! - [`TokioClock`]: the time of tokio's timers, which a test can pause.
//! - [`MapLocal`]: the reference local tier, which never evicts.
//! - [`Recorder`]: an observer that remembers.
//! - [`history`]: what was written and read, and a judge who says whether a cache may answer so.
//! - [`poll_and_drop`]: a future that is dropped in the middle.
//! - `redis`: real servers, each for one test, and proxies that break the way to them, on Unix.
//! - `postgres`: a real database for one test, on Unix.
//!
//! # Features
//!
//! - `redis`: the module of that name.
//! - `redis-tls`: its server with TLS, and what makes certificates for it.
//! - `postgres`: the module of that name.
//!
//! None is on by default.

mod clock;
pub mod history;
mod map;
mod poll_and_drop;
#[cfg(all(feature = "postgres", unix))]
pub mod postgres;
mod recorder;
#[cfg(all(feature = "redis", unix))]
pub mod redis;
#[cfg(all(any(feature = "postgres", feature = "redis"), unix))]
mod server;
mod tokio_clock;

pub use clock::ManualClock;
pub use map::MapLocal;
pub use poll_and_drop::poll_and_drop;
pub use recorder::Recorder;
pub use tokio_clock::TokioClock;
