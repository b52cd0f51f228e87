//! The thread that lets trust end on time though the runtime may be stalled.
//!
//! The follower does the same, in a task; but a task waits for a worker, and hits on other threads do not. What it does is
//! [`Coherence::tick`], which is pure; this thread exists only where time is real.

use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use larder_core::Clock;

use crate::coherence::Coherence;

/// How long it sleeps at most, so that it notices within this time that it is not needed any more.
const NAP: Duration = Duration::from_millis(100);

/// Starts the thread. It ends by itself once the coherence has.
pub(crate) fn start(coherence: &Arc<Coherence>, clock: Clock) {
    let coherence = Arc::downgrade(coherence);
    let watch = move || {
        while let Some(nap) = watch(&coherence, &clock) {
            thread::sleep(nap);
        }
    };
    let started = thread::Builder::new().name("larder-watchdog".to_owned()).spawn(watch);
    if let Err(error) = started {
        tracing::warn!(%error, "there is no watchdog thread; only the runtime watches the end of trust");
    }
}

/// Looks once. Returns how long to sleep; `None` if there is nothing to watch any more.
fn watch(coherence: &Weak<Coherence>, clock: &Clock) -> Option<Duration> {
    let coherence = coherence.upgrade().filter(|coherence| !coherence.has_ended())?;
    let now = clock.now();
    coherence.tick(now);
    let left = coherence.trusted_until().map_or(NAP, |until| until.since(now));
    Some(left.clamp(Duration::from_millis(1), NAP))
}
