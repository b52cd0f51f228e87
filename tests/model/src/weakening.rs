//! Ways to break the protocol.

/// One thing left out of the protocol, or done in another order.
///
/// What each is found by, or that it does no harm, is in `tests/weakenings.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Weakening {
    /// The server stores a value without looking at the lease.
    BlindFill,
    /// An invalidation leaves the lease where it is.
    InvalidationKeepsLease,
    /// The writer invalidates first, and commits then.
    InvalidationBeforeCommit,
    /// A load is kept whatever has overtaken it.
    NoStamp,
    /// A load takes its stamp when the shared tier has answered.
    StampAfterGet,
    /// A load without a lease is kept whatever has overtaken it.
    LeaselessLoadUnfenced,
    /// A notice is taken for the next one of its chain, whatever it says of the one before it.
    NoGapCheck,
    /// What the server says of where its chains stand is believed, and compared with nothing.
    NoComparison,
    /// A flush drops what is there, and leaves alone what is being loaded.
    FlushWithoutFence,
    /// The server announces an invalidation in one step, and removes the value in another.
    AnnounceBeforeRemoval,
    /// The writer does not drop its own copies when the server has answered.
    NoDropAfterScript,
    /// A value is born when its load is done.
    BirthAfterLoad,
    /// The same as `NoGapCheck`, for the chain of tags.
    NoGapCheckOfTags,
    /// A node is in sync again before it has asked and told what it should.
    TrustBeforeRepair,
    /// While it is not known which tags were missed, nothing is in doubt.
    GapLeavesNothingInDoubt,
    /// Both.
    TrustInUndoubtedGap,
    /// The next sequence is the last one and one more.
    SequenceByIncrement,
    /// The same, and what was followed of the old server counts for a new one.
    OldPositions,
    /// After a failover nobody tells the server again.
    NoReplay,
    /// What is to be told again is believed meanwhile.
    ReplayRaisesNoDoubt,
    /// The late answer to an invalidation settles that it is to be told again, too.
    LateAnswerSettlesReplay,
    /// A tag that the server could not be told leaves the writer's own copies in place.
    DeferredTagFlushesNothing,
    /// Nobody tells the server how far its chains had gone.
    NoRaise,
    /// A reader joins a load that an invalidation has overtaken.
    JoinsOvertaken,
    /// Who waits for another's load takes what it brings, whatever became of its tags.
    PassengerUnchecked,
    /// A receipt is not looked at.
    ReceiptUnheeded,
    /// A load whose value the server refused is kept in the process all the same.
    RefusedFillKept,
    /// Leases are granted though somebody guards the key.
    LeaseIgnoresGuards,
    /// The begin of a guarded write leaves the lease where it is: a load from before fills during it.
    GuardKeepsLease,
    /// The begin of a guarded write leaves the value where it is.
    GuardKeepsValue,
    /// Any invalidation ends all guards of its key.
    InvalidationEndsGuards,
    /// What was loaded during a guarded write is kept in the process.
    QuarantinedKept,
}
