//! Waiting for what takes a while.

use std::thread;
use std::time::Duration;

use larder_core::Clock;

use super::error::{Error, Result};

/// How long a single server may take to start, on a machine with other things to do.
pub(crate) const FOR_A_SERVER: Duration = Duration::from_secs(20);
/// How long several servers may take to agree.
#[cfg(feature = "redis")]
pub(crate) const FOR_AGREEMENT: Duration = Duration::from_secs(60);

const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Looks again and again until there is something, or the time is over. Then the answer is the last reason why not.
///
/// A look returns `Ok(None)` or an error as long as there is nothing; an [`Error::Exited`] is final.
pub(crate) fn until<T>(
    patience: Duration,
    awaited: &str,
    log: impl Fn() -> String,
    look: impl Fn() -> Result<Option<T>>,
) -> Result<T> {
    let clock = Clock::precise();
    let began = clock.now();
    loop {
        let outcome = look();
        match outcome {
            Ok(Some(found)) => return Ok(found),
            Err(error @ Error::Exited { .. }) => return Err(error),
            Ok(None) | Err(_) => {}
        }
        if clock.now().since(began) >= patience {
            let reason = outcome.err().map(|error| format!(" ({error})")).unwrap_or_default();
            return Err(Error::Late { awaited: format!("{awaited}{reason}"), log: log() });
        }
        thread::sleep(BETWEEN_LOOKS);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn what_comes_late_comes() {
        let looks = Cell::new(0);
        let look = || {
            looks.set(looks.get() + 1);
            Ok((looks.get() == 3).then_some("there"))
        };
        assert_eq!(until(FOR_A_SERVER, "it", String::new, look).unwrap(), "there");
    }

    #[test]
    fn what_never_comes_is_told_with_the_log() {
        let look = || Ok(None::<()>);
        let error = until(Duration::ZERO, "the end of time", || "tick".into(), look).unwrap_err();
        assert_eq!(error.to_string(), "waited in vain: the end of time; the log:\ntick");
    }
}
