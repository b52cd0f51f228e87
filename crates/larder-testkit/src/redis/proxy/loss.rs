//! Which messages are lost.

/// Which messages of Pub/Sub a [`Proxy`](super::Proxy) loses.
///
/// It counts and throws dice over the messages on its channels only: over all of them, unless told otherwise. A message
/// to two clients is two messages.
///
/// # Examples
///
/// ```
/// use larder_testkit::redis::Loss;
///
/// let one_in_ten = Loss::share(0.1, 7);
/// let notices_but_no_probes = Loss::next(3).on_prefix("shop:notices:");
/// # _ = (one_in_ten, notices_but_no_probes);
/// ```
#[derive(Clone, Debug)]
pub struct Loss {
    choice: Choice,
    channels: Channels,
}

#[derive(Clone, Debug)]
enum Choice {
    Next { left: u64 },
    Every { nth: u64, seen: u64 },
    Share { share: f64, dice: fastrand::Rng },
}

#[derive(Clone, Debug)]
enum Channels {
    All,
    Named(Vec<u8>),
    Prefixed(Vec<u8>),
    Suffixed(Vec<u8>),
}

impl Loss {
    /// The next so many.
    pub fn next(count: u64) -> Self {
        Self::new(Choice::Next { left: count })
    }

    /// The last of every so many: of 3, the third, the sixth, and so on. Of 0, none.
    pub fn every(nth: u64) -> Self {
        Self::new(Choice::Every { nth, seen: 0 })
    }

    /// A share from 0 to 1, by dice that fall alike for the same seed.
    pub fn share(share: f64, seed: u64) -> Self {
        Self::new(Choice::Share { share, dice: fastrand::Rng::with_seed(seed) })
    }

    /// Only those to this channel. The last word about channels counts.
    #[must_use]
    pub fn on(self, channel: impl Into<Vec<u8>>) -> Self {
        Self { channels: Channels::Named(channel.into()), ..self }
    }

    /// Only those to channels that begin like this.
    #[must_use]
    pub fn on_prefix(self, prefix: impl Into<Vec<u8>>) -> Self {
        Self { channels: Channels::Prefixed(prefix.into()), ..self }
    }

    /// Only those to channels that end like this.
    #[must_use]
    pub fn on_suffix(self, suffix: impl Into<Vec<u8>>) -> Self {
        Self { channels: Channels::Suffixed(suffix.into()), ..self }
    }

    fn new(choice: Choice) -> Self {
        Self { choice, channels: Channels::All }
    }

    /// Whether a message on this channel is lost. Each message is asked about once.
    pub(crate) fn takes(&mut self, channel: &[u8]) -> bool {
        self.channels.include(channel) && self.choice.falls()
    }
}

impl Choice {
    fn falls(&mut self) -> bool {
        match self {
            Self::Next { left: 0 } => false,
            Self::Next { left } => {
                *left -= 1;
                true
            }
            Self::Every { nth, seen } => {
                *seen += 1;
                seen.is_multiple_of(*nth)
            }
            Self::Share { share, dice } => dice.f64() < *share,
        }
    }
}

impl Channels {
    fn include(&self, channel: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Named(name) => channel == name,
            Self::Prefixed(prefix) => channel.starts_with(prefix),
            Self::Suffixed(suffix) => channel.ends_with(suffix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of ten messages on a channel are lost.
    fn lost(mut loss: Loss, channel: &str) -> Vec<u32> {
        (1..=10).filter(|_| loss.takes(channel.as_bytes())).collect()
    }

    #[test]
    fn the_next_are_lost_and_no_more() {
        assert_eq!(lost(Loss::next(3), "a"), [1, 2, 3]);
        assert_eq!(lost(Loss::next(0), "a"), []);
    }

    #[test]
    fn the_last_of_every_so_many_is_lost() {
        assert_eq!(lost(Loss::every(4), "a"), [4, 8]);
        assert_eq!(lost(Loss::every(1), "a").len(), 10);
        assert_eq!(lost(Loss::every(0), "a"), []);
    }

    #[test]
    fn a_share_is_lost_alike_for_the_same_seed() {
        let mut loss = Loss::share(0.3, 7);
        let count = (0..10_000).filter(|_| loss.takes(b"a")).count();
        assert!((2_800..3_200).contains(&count), "{count}");
        assert_eq!(lost(Loss::share(0.5, 1), "a"), lost(Loss::share(0.5, 1), "a"));
        assert_ne!(lost(Loss::share(0.5, 1), "a"), lost(Loss::share(0.5, 2), "a"));
        assert_eq!(lost(Loss::share(0.0, 1), "a"), []);
        assert_eq!(lost(Loss::share(1.0, 1), "a").len(), 10);
    }

    #[test]
    fn only_channels_that_are_meant_lose_anything() {
        for loss in [Loss::next(1).on("a:b"), Loss::next(1).on_prefix("a:"), Loss::next(1).on_suffix(":b")] {
            assert_eq!(lost(loss.clone(), "a:b"), [1]);
            assert_eq!(lost(loss, "c:d"), []);
        }
        assert_eq!(lost(Loss::next(1).on("a"), "ab"), []);
    }

    #[test]
    fn other_channels_are_not_counted() {
        let mut loss = Loss::every(2).on("a");
        let lost = [b"a", b"b", b"a"].map(|channel| loss.takes(channel));
        assert_eq!(lost, [false, false, true]);
    }
}
