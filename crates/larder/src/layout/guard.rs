//! What is done about a drift.

/// What a process does that would miss what the fleet has stored.
///
/// Whatever is said here, [`Larder::drift`](crate::Larder::drift) tells what it would be. See the page of the guide about
/// [deploys](crate::guide::deploys#the-deploy-guard).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeployGuard {
    /// It says so in the log, once for each cache and reason, and goes on.
    #[default]
    Warn,
    /// A cache of which that is known when it is built is not built: [`Refused`](crate::ErrorKind::Refused), with both
    /// layouts. While the shared tier cannot be reached, nothing is known.
    Refuse,
    /// Nothing. It notes nothing of itself either: for a process that only looks, as in CI.
    Off,
}
