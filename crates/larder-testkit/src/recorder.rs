//! An observer that remembers.

use std::sync::{Mutex, PoisonError};

use larder_core::{Event, Observer};

/// Keeps what it is told, as text.
///
/// # Examples
///
/// ```
/// use larder_core::{Event, Observer};
/// use larder_testkit::Recorder;
///
/// let recorder = Recorder::new();
/// recorder.observe(&Event::Flushed { chain: None });
/// assert_eq!(recorder.take(), ["Flushed { chain: None }"]);
/// assert!(recorder.take().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Recorder {
    events: Mutex<Vec<String>>,
}

impl Recorder {
    /// A recorder that has heard nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives out what was recorded since the last time.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Recorder {
    fn observe(&self, event: &Event<'_>) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{event:?}"));
    }
}
