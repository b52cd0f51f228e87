//! One way to break something.

use crate::Result;
use crate::scene::Scene;
use crate::stage::Topology;

/// What is broken, and how. When it has been played, everything is healed again.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) on: &'static [Topology],
    pub(crate) promise: Promise,
    /// Whether a master is another one afterwards.
    pub(crate) changes_masters: bool,
    pub(crate) play: fn(&mut Scene<'_, '_>) -> Result<()>,
}

/// What readers are promised meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Promise {
    /// The bound, as ever.
    Bound,
    /// A server may forget what it had acknowledged, until the writers have told it again.
    UntilToldAgain,
    /// A server may have gone back to long ago, until somebody finds out, and then has been told that all of it is outdated.
    UntilFoundOut,
}

pub(crate) const ANYWHERE: &[Topology] = &Topology::ALL;
pub(crate) const SENTINEL: &[Topology] = &[Topology::Sentinel];
pub(crate) const CLUSTER: &[Topology] = &[Topology::Cluster];
