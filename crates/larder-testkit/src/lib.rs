//! What users of Larder need for their own tests.
//!
//! - [`ManualClock`]: time that moves when the test says so.
//! - [`MapLocal`]: the reference local tier, which never evicts.
//! - [`Recorder`]: an observer that remembers.

mod clock;
mod map;
mod recorder;

pub use clock::ManualClock;
pub use map::MapLocal;
pub use recorder::Recorder;
