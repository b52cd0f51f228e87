//! What can happen.

use crate::both::{Name, Which};
use crate::write::Stage;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A reader comes who finds nothing on the shelf.
    Read(Name),
    /// A reader comes with the receipt for another node's write.
    ReadWithReceipt(Name, Which),
    /// A load takes its next step.
    Fly(Name, Which),
    /// A load asks for a lease, and is not answered.
    LeaseUnanswered(Name, Which),
    /// A load fills, and is not answered.
    FillUnanswered(Name, Which),
    /// A load fills, and the server does not even hear it.
    FillUnheard(Name, Which),
    /// A write takes its next step.
    Write(Which, Stage),
    /// A guard times out.
    EndGuard(Which),
    /// A node takes what came next over the bus.
    Hear(Name),
    /// A notice is lost on its way.
    Lose(Name, usize),
    /// The server is asked where the chains stand, and answers in line.
    Ask(Name),
    /// A node loses its line to the bus.
    Cut(Name),
    /// It has one again.
    Meet(Name),
    /// A node begins to tell the server what that may have forgotten.
    Mend(Name),
    /// An invalidation is told again.
    TellAgain(Which),
    /// A node has told and asked everything.
    EndMending(Name),
    /// The lease times out.
    Expire,
    /// The replica catches up.
    Replicate,
    /// The replica takes over.
    FailOver,
}
