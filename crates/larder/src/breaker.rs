//! The breaker of the shared tier: when it is in trouble, nobody waits for it.
//!
//! # The problem
//!
//! One read waits for a frozen server as long as its budget, which is little. A thousand reads a second that all do so are
//! a thousand callers who are late, and nothing comes of it. They should know from each other.
//!
//! # The idea
//!
//! Every step that a read or a write takes on the server is counted, by whether it was answered in time, in a
//! [window](window) that goes with time. Once too many were not, the [circuit](circuit) is *open*: steps fail at once,
//! reads go on as if there was no shared tier, and writes are deferred. After a rest *one* question is asked, by a
//! [task of its own](crate::prober), so that no caller pays for finding out; the answer closes the circuit.
//!
//! Two tasks may ask it: the prober, when the rest is over, and the mender, when it has something to tell, at its own pace.
//! So a server that is back is used again though nobody reads, and invalidations are not told later than they would be
//! without a breaker.

use std::error::Error as StdError;
use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use larder_core::{Error, ErrorKind, Result};

pub(crate) mod circuit;
mod window;

/// How often the shared tier may fail before it is left alone, and for how long.
///
/// A step on the shared tier has *failed* if the server cannot be reached, or has not answered within the
/// [read budget](crate::LarderBuilder::read_budget), or the [write deadline](crate::LarderBuilder::write_deadline) for the step
/// of a write. One that the server refuses, or that its caller gives up, says nothing of it.
///
/// # Examples
///
/// ```
/// use larder::{Breaker, Larder};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// let breaker = Breaker::default().calls(20).slow_after(Duration::from_millis(20));
/// let larder = Larder::builder("prod.shop").embedded().breaker(breaker).build().await?;
/// println!("{}", larder.health().breaker);        // closed, opened 0 times
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Breaker {
    is_used: bool,
    calls: u32,
    share: u8,
    window: Duration,
    rest: Duration,
    slow_after: Option<Duration>,
}

impl Default for Breaker {
    fn default() -> Self {
        let (window, rest) = (Duration::from_secs(5), Duration::from_secs(1));
        Self { is_used: true, calls: 5, share: 50, window, rest, slow_after: None }
    }
}

impl Breaker {
    /// One that never opens. Each read then waits for a frozen server for its whole budget.
    pub fn never() -> Self {
        Self { is_used: false, ..Self::default() }
    }

    /// Sets how many steps must have been taken within the window for their share to count.
    ///
    /// Default: 5.
    pub const fn calls(self, calls: u32) -> Self {
        Self { calls, ..self }
    }

    /// Sets how many percent of the steps within the window must have failed.
    ///
    /// Default: 50. With a third, one dead master of three would take the other two along.
    pub const fn share(self, percent: u8) -> Self {
        Self { share: percent, ..self }
    }

    /// Sets for how long a step counts.
    ///
    /// Default: 5 s.
    pub const fn window(self, window: Duration) -> Self {
        Self { window, ..self }
    }

    /// Sets how long the server is left alone before it is asked again. Up to a half of it is taken off by chance; and for
    /// each time that it does not answer it doubles, up to eight times this.
    ///
    /// Default: 1 s.
    pub const fn rest(self, rest: Duration) -> Self {
        Self { rest, ..self }
    }

    /// Sets after which time an answer is as bad as none.
    ///
    /// Default: the read budget, or the write deadline for the step of a write.
    pub const fn slow_after(self, slow_after: Duration) -> Self {
        Self { slow_after: Some(slow_after), ..self }
    }

    /// The time after which a step is slow that is waited for no longer than `patience`.
    pub(crate) fn slowness(&self, patience: Duration) -> Duration {
        self.slow_after.unwrap_or(patience).min(patience)
    }

    pub(crate) fn check(&self) -> Result<()> {
        for (setting, duration) in [("breaker.window", Some(self.window)), ("breaker.rest", Some(self.rest))]
            .into_iter()
            .chain([("breaker.slow_after", self.slow_after)])
        {
            if duration.is_some_and(|duration| duration < Duration::from_millis(1) || duration > LONGEST) {
                let why = "a time of the breaker must be between a millisecond and a day";
                return Err(refused(why, setting, format_args!("{:?}", duration.unwrap_or_default())));
            }
        }
        if self.calls == 0 {
            return Err(refused("a breaker cannot open before a step", "breaker.calls", format_args!("0")));
        }
        if !(1..=100).contains(&self.share) {
            let why = "a share must be between 1 and 100 percent";
            return Err(refused(why, "breaker.share", format_args!("{}", self.share)));
        }
        Ok(())
    }
}

/// What a step fails with that is not taken because the circuit is open.
#[derive(Debug)]
struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the breaker is open")
    }
}

impl StdError for CutOff {}

/// The error of a step that is not taken. Made once: there may be many.
pub(crate) fn cut_off() -> Error {
    static ERROR: LazyLock<Error> = LazyLock::new(|| {
        Error::new(ErrorKind::Unavailable, "the shared tier is in trouble and not used for now")
            .because(CutOff)
    });
    ERROR.clone()
}

/// Whether it is that error.
pub(crate) fn is_cut_off(error: &Error) -> bool {
    error.source().is_some_and(<dyn StdError>::is::<CutOff>)
}

/// Longer than anybody means, and not so long that times overflow.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

fn refused(why: &'static str, setting: &'static str, value: fmt::Arguments<'_>) -> Error {
    Error::new(ErrorKind::Invalid, why).with("setting", setting).with("value", value)
}
