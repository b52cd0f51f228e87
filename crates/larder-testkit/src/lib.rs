//! What users of Larder need for their own tests.
//!
//! - [`ManualClock`]: time that moves when the test says so.
//! - [`TokioClock`]: the time of tokio's timers, which a test can pause.
//! - [`MapLocal`]: the reference local tier, which never evicts.
//! - [`Recorder`]: an observer that remembers.

mod clock;
mod map;
mod recorder;
mod tokio_clock;

pub use clock::ManualClock;
pub use map::MapLocal;
pub use recorder::Recorder;
pub use tokio_clock::TokioClock;
