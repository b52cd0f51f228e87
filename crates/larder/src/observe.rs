//! Telling an observer.

use std::panic::{self, AssertUnwindSafe};

use larder_core::{Event, Observer};

/// Tells an observer. One that panics must not take along the task that follows the bus, nor a load that others wait for.
pub(crate) fn observe(observer: &dyn Observer, event: &Event<'_>) {
    if panic::catch_unwind(AssertUnwindSafe(|| observer.observe(event))).is_err() {
        tracing::error!(?event, "an observer has panicked");
    }
}
