//! How long to wait before the next attempt.

use std::time::Duration;

/// Waits that grow, each shortened by chance, so that those who failed together do not try again together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    /// For a server that does not answer.
    pub(crate) const fn to_reconnect() -> Self {
        Self::new(Duration::from_millis(50), Duration::from_secs(2))
    }

    /// For a load that another node is doing.
    pub(crate) const fn to_poll() -> Self {
        Self::new(Duration::from_millis(5), Duration::from_millis(50))
    }

    /// The next wait: between half of what it could be and all of it.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.next.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.next = (self.next * 2).min(self.longest);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_longest_and_never_vanish() {
        let mut backoff = Backoff::to_poll();
        let waits: Vec<Duration> = (0..20).map(|_| backoff.next()).collect();
        assert!(waits.iter().all(|wait| (2_500..=50_000).contains(&wait.as_micros())));
        assert!(waits.first() <= Some(&Duration::from_millis(5)));
        assert!(waits.last() >= Some(&Duration::from_millis(25)));
    }
}
