//! Batches: what many writers want of one step.
//!
//! # The problem
//!
//! A thousand writers invalidate a key each, and the keys lie in one partition. A step for each is a thousand turns of the
//! server, and a thousand notices that every node must hear. One step could do it. But nobody should wait for company
//! that may never come, and nobody may be given a receipt for a step that knew nothing of their write.
//!
//! # The idea
//!
//! Whatever can share a step has a *lane*: the invalidated keys of one partition, its expired keys, the tags. Who writes
//! leaves a *part* there, and stands in line for the *turn*. If nobody has the turn, it is theirs at once: they take along
//! whatever waits, as far as it goes into one step, and take that step for all of them. There is no timer, and who is
//! alone waits for nobody. If somebody has the turn, their step is under way, and parts gather until it is over. Then the
//! first in line takes the next step, and the others leave the line when they are told of it.
//!
//! # Why it is right
//!
//! - *Nobody is given a receipt for a step that was sent before they came.* There is one way from waiting into a step:
//!   [`depart`](Lane::depart), under the lane's lock. It comes before the step counts the deferrals, before it is
//!   remembered as told, and before it is sent. So whatever a part is told, a step has done that was sent after the part
//!   came; and whatever that step settles was deferred before it was sent.
//! - *Nobody waits for ever.* Who has left a part stands in line, with nothing awaited in between, and stays there until
//!   the part has been told. So as long as there is a part, there is somebody to take it along. Callers do not stand in line
//!   themselves: a task of the node does so for each, and one who is cancelled leaves no gap. Should such a task die, the
//!   turn goes to the next in line by itself; a part that it left waiting is taken along all the same, and its step is
//!   deferred, as those learn who had a part in it.
//! - *Writes keep their order.* Who awaits a receipt before the next write has had that step by then. What is not awaited
//!   never had an order, and needs none: any two of these steps leave the server the same in either order, for all they do
//!   is to remove values and leases, to mark values, and to raise marks that never go down. This is why what cannot share
//!   a step (a version, a guarded write, a cache, everything) has no lane and waits for nobody, and why an expiry of a key
//!   may be under way together with its invalidation. Only the end of a guard must not come before its beginning; it is
//!   asked for by who was given the guard.
//! - *A dead server is waited for once.* A step that is not answered in time takes down what has gathered behind it: all of
//!   that is deferred, unsent. Otherwise each step of a long line would wait for its own deadline. A server that
//!   says no has answered, and the next step is tried.
//!
//! Two kinds of lock are in here. That of what waits is held for computing; the turn is held across a step, and whoever
//! waits for it waits for tokio, which hands it on in the order in which they came.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use larder_core::PARTITIONS;
use tokio::sync::{Mutex as Turn, oneshot};

use crate::intent::{Intent, MOST_KEYS, Step};
use crate::node::Node;
use crate::receipt::Receipt;
use crate::write::{Attempt, Taken};

/// A lane for each kind of step that can be shared.
#[derive(Debug)]
pub(crate) struct Batches {
    invalidated: Box<[Lane]>,
    expired: Box<[Lane]>,
    tags: Lane,
}

/// Where those wait whose wishes can be one step. Of its steps one is under way at a time.
#[derive(Default)]
struct Lane {
    /// Held by who takes the step that is under way. Those who wait for it get it in the order in which they came.
    turn: Turn<()>,
    waiting: Mutex<VecDeque<Part>>,
}

/// What one writer wants. It is not too much for one step.
struct Part {
    intents: Vec<Intent>,
    told: oneshot::Sender<Receipt>,
}

impl Batches {
    pub(crate) fn new() -> Self {
        let of_each_partition = || (0..PARTITIONS).map(|_| Lane::default()).collect();
        Self { invalidated: of_each_partition(), expired: of_each_partition(), tags: Lane::default() }
    }

    /// The lane of a step, if it can be shared.
    fn lane(&self, step: &Step) -> Option<&Lane> {
        match step {
            Step::Invalidate(partition, _) => self.invalidated.get(partition.index()),
            Step::Expire(partition, _) => self.expired.get(partition.index()),
            Step::Tags(_) => Some(&self.tags),
            Step::Supersede(..) | Step::Guard(..) | Step::Finish(..) | Step::Cache(_) | Step::Everything => {
                None
            }
        }
    }
}

impl Node {
    /// Takes a step for the first time, together with those who want the like. It must be polled to its end: others may
    /// wait for it.
    pub(crate) async fn take_with_others(&self, step: Step) -> Receipt {
        let Some(lane) = self.batches.lane(&step) else {
            return self.take(step, Attempt::First).await.into_receipt();
        };
        let mut told = lane.wait(step.into_intents());
        loop {
            tokio::select! {
                // Who has been told leaves the line, and does not take a step for others.
                biased;
                receipt = &mut told => return receipt.unwrap_or_else(|_| Receipt::deferred()),
                _turn = lane.turn.lock() => {
                    // It may have been told between the two looks.
                    if let Ok(receipt) = told.try_recv() {
                        return receipt;
                    }
                    self.take_next(lane).await;
                }
            }
        }
    }

    /// Takes the next step of a lane, for all who are in it. Only for who has the turn.
    async fn take_next(&self, lane: &Lane) {
        let Some((step, waiting)) = lane.depart() else {
            return;
        };
        let taken = self.take(step, Attempt::First).await;
        let is_answered = taken != Taken::Unanswered;
        tell(waiting, &taken.into_receipt());
        if is_answered {
            return;
        }
        while let Some((step, waiting)) = lane.depart() {
            self.defer(step);
            tell(waiting, &Receipt::deferred());
        }
    }
}

impl Lane {
    /// Lets a part wait for the next step.
    fn wait(&self, intents: Vec<Intent>) -> oneshot::Receiver<Receipt> {
        let (told, waits) = oneshot::channel();
        self.waiting().push_back(Part { intents, told });
        waits
    }

    /// Takes the next step off what waits, and who is to be told of it.
    fn depart(&self) -> Option<(Step, Vec<oneshot::Sender<Receipt>>)> {
        let (mut intents, mut told) = (HashSet::new(), Vec::new());
        let mut waiting = self.waiting();
        while waiting.front().is_some_and(|part| fits(&intents, part)) {
            let Some(part) = waiting.pop_front() else { break };
            intents.extend(part.intents);
            told.push(part.told);
        }
        drop(waiting);
        // What waits in one lane and is not too much is one step.
        Step::gather(intents).pop().map(|step| (step, told))
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Part>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a part goes into a step with others.
fn fits(intents: &HashSet<Intent>, part: &Part) -> bool {
    let more = part.intents.iter().filter(|intent| !intents.contains(intent)).count();
    intents.is_empty() || intents.len() + more <= MOST_KEYS
}

fn tell(waiting: Vec<oneshot::Sender<Receipt>>, receipt: &Receipt) {
    for told in waiting {
        // It is gone if its task was aborted.
        let _ = told.send(receipt.clone());
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("waiting", &self.waiting().len()).finish_non_exhaustive()
    }
}
