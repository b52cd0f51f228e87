//! Which tiers a cache, or one read, makes use of.

use std::fmt;

/// The tiers that a cache makes use of.
///
/// # Examples
///
/// ```
/// # use larder::{Cache, Larder, Tiers};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = Larder::builder("test.shop").embedded().build().await?;
/// // Read once a day by one instance: not worth a place in every process.
/// let reports: Cache<u32, String> = larder.cache("report").tiers(Tiers::REMOTE).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tiers {
    local: bool,
    remote: bool,
}

impl Tiers {
    /// This process's memory, and the tier that all share.
    pub const BOTH: Self = Self { local: true, remote: true };
    /// This process's memory alone. Invalidations still go to all processes, if there is a bus.
    pub const LOCAL: Self = Self { local: true, remote: false };
    /// The shared tier alone.
    pub const REMOTE: Self = Self { local: false, remote: true };
    /// No tier: every read loads. For finding out what the cache is worth, and for turning one off.
    pub const NONE: Self = Self { local: false, remote: false };

    pub(crate) const fn has_local(self) -> bool {
        self.local
    }

    pub(crate) const fn has_remote(self) -> bool {
        self.remote
    }

    pub(crate) const fn without_remote(self) -> Self {
        Self { remote: false, ..self }
    }
}

impl Default for Tiers {
    /// Both.
    fn default() -> Self {
        Self::BOTH
    }
}

impl fmt::Display for Tiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.local, self.remote) {
            (true, true) => "local and remote",
            (true, false) => "local",
            (false, true) => "remote",
            (false, false) => "none",
        })
    }
}

impl fmt::Debug for Tiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tiers({self})")
    }
}
