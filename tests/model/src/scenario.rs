//! What happens at most in one exploration.

use std::time::Duration;

use crate::both::{Both, Name, Which};
use crate::state::Budget;

/// What happens at most: who writes what, and how often something is read or goes wrong.
#[derive(Clone, Debug)]
pub struct Scenario {
    name: &'static str,
    pub(crate) plans: Both<Option<Plan>>,
    pub(crate) boarding: Boarding,
    pub(crate) warmth: Warmth,
    pub(crate) budget: Budget,
}

/// One write that may take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) at: Name,
    pub(crate) by: By,
}

/// How a write invalidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum By {
    /// The key.
    Key,
    /// Another key of its partition. It moves the chain on.
    OtherKey,
    /// The key, which was guarded since before the commit.
    Guard,
    /// The tag that the value carries.
    Tag,
    /// A tag of other values only. It moves the chain on.
    OtherTag,
}

/// Whether the readers of a node share loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boarding {
    /// Each loads by itself, as those do who look past the shelf: all interleavings of two loads of a node.
    Alone,
    /// Who comes while a load is under way joins it.
    Shared,
}

/// What the shared tier has to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Warmth {
    /// Nothing.
    Cold,
    /// Nothing, or the value, and the replica the same.
    Either,
}

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What takes seconds.
    Usual,
    /// What takes minutes, each.
    Deep,
}

impl Depth {
    /// What is asked for by `LARDER_MODEL_DEEP` in the environment.
    pub fn from_environment() -> Self {
        let asked =
            std::env::var_os("LARDER_MODEL_DEEP").is_some_and(|asked| !asked.is_empty() && asked != "0");
        if asked { Self::Deep } else { Self::Usual }
    }

    /// After how long the trying of one scenario is left off, at the next opportunity. Whole, some would take longer than
    /// anybody waits.
    pub fn limit(self) -> Option<Duration> {
        self.or(None, Some(Duration::from_secs(60)))
    }

    fn or<T>(self, usual: T, deep: T) -> T {
        match self {
            Self::Usual => usual,
            Self::Deep => deep,
        }
    }
}

impl Scenario {
    /// What it is called in the table.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// One write of the key. A notice is lost, a lease expires, and the server does not answer a load.
    pub fn base(depth: Depth) -> Self {
        let reads = Both::new(depth.or(1, 2), 2);
        let questions = Both::new(0, depth.or(1, 2));
        let budget = Budget { reads, questions, losses: 1, expiries: 1, silences: 1, ..Budget::default() };
        Self::new("base", &[(Name::A, By::Key)], budget)
    }

    /// Two writes of the key.
    pub fn two_writes(depth: Depth) -> Self {
        let reads = depth.or(Both::new(2, 0), Both::new(1, 1));
        let questions = Both::new(1, depth.or(0, 1));
        let budget = Budget { reads, questions, losses: 1, ..Budget::default() };
        Self::new("two writes", &[(Name::A, By::Key), (Name::B, By::Key)], budget)
    }

    /// A write of the key, and one of another key in its partition.
    pub fn two_keys(depth: Depth) -> Self {
        let reads = Both::new(1, depth.or(1, 2));
        let budget = Budget { reads, questions: Both::new(0, 1), losses: 1, ..Budget::default() };
        Self::new("two keys", &[(Name::A, By::Key), (Name::B, By::OtherKey)], budget)
    }

    /// A node loses its line to the bus, and has another.
    pub fn cut_line(depth: Depth) -> Self {
        let questions = Both::new(0, depth.or(1, 2));
        let budget = Budget { reads: Both::new(1, 2), questions, cuts: 1, ..Budget::default() };
        Self::new("cut line", &[(Name::A, By::Key)], budget)
    }

    /// A write by tag.
    pub fn tag(depth: Depth) -> Self {
        let questions = Both::new(0, depth.or(1, 2));
        let budget =
            Budget { reads: Both::new(1, 2), questions, losses: 1, silences: 1, ..Budget::default() };
        Self::new("tag", &[(Name::A, By::Tag)], budget)
    }

    /// A write by tag, and one by key.
    pub fn tag_and_key(depth: Depth) -> Self {
        let reads = depth.or(Both::new(0, 2), Both::new(1, 1));
        let questions = Both::new(depth.or(0, 1), 1);
        let budget = Budget { reads, questions, losses: 1, ..Budget::default() };
        Self::new("tag and key", &[(Name::A, By::Tag), (Name::B, By::Key)], budget)
    }

    /// A write by tag, and one by a tag of other values.
    pub fn two_tags(depth: Depth) -> Self {
        let (reads, questions) = (Both::new(1, depth.or(1, 2)), Both::new(0, 1));
        let budget = Budget { reads, questions, losses: 1, ..Budget::default() };
        Self::new("two tags", &[(Name::A, By::Tag), (Name::B, By::OtherTag)], budget)
    }

    /// A write of which the server does not say whether it has been told.
    pub fn outage(depth: Depth) -> Self {
        let (reads, questions) = (Both::new(depth.or(1, 2), 1), Both::new(0, 1));
        let budget = Budget { reads, questions, outages: 1, ..Budget::default() };
        Self::new("outage", &[(Name::A, By::Key)], budget).warm()
    }

    /// The same, by tag.
    pub fn outage_of_tag(depth: Depth) -> Self {
        Self { name: "outage, tag", ..Self::outage(depth) }.by(By::Tag)
    }

    /// A write that a failover forgets, seen from its writer.
    pub fn failover(depth: Depth) -> Self {
        let reads = Both::new(1, depth.or(0, 1));
        let budget = Budget { reads, questions: Both::new(1, 0), ..Budget::failing_over() };
        Self::new("failover", &[(Name::A, By::Key)], budget).warm()
    }

    /// The same, seen from another node.
    pub fn failover_elsewhere(depth: Depth) -> Self {
        let reads = Both::new(0, depth.or(1, 2));
        let budget = Budget { reads, questions: Both::new(1, 1), ..Budget::failing_over() };
        Self::new("failover, elsewhere", &[(Name::A, By::Key)], budget).warm()
    }

    /// Two writes, of which a failover forgets one or both.
    pub fn failover_two_writes(depth: Depth) -> Self {
        let (reads, questions) = (Both::new(0, 1), Both::new(0, 1));
        let replications = depth.or(0, 1);
        let budget = Budget { reads, questions, replications, ..Budget::failing_over() };
        Self::new("failover, two writes", &[(Name::A, By::Key), (Name::A, By::Key)], budget)
    }

    /// A write by tag that a failover forgets.
    pub fn failover_tag(depth: Depth) -> Self {
        let reads = Both::new(1, depth.or(0, 1));
        let budget = Budget { reads, questions: Both::new(1, 0), ..Budget::failing_over() };
        Self::new("failover, tag", &[(Name::A, By::Tag)], budget).warm()
    }

    /// Readers who share loads, and who come with receipts.
    pub fn joiners(depth: Depth) -> Self {
        let (reads, receipts) = (Both::new(depth.or(2, 3), depth.or(1, 2)), Both::new(0, 1));
        let budget = Budget { reads, receipts, questions: Both::new(0, 1), losses: 1, ..Budget::default() };
        Self::new("joiners", &[(Name::A, By::Key)], budget).joined()
    }

    /// The same, with a tag.
    pub fn joiners_of_tagged(depth: Depth) -> Self {
        Self { name: "joiners, tag", ..Self::joiners(depth) }.by(By::Tag)
    }

    /// A guarded write whose writer may die.
    pub fn guarded(depth: Depth) -> Self {
        let reads = Both::new(1, depth.or(1, 2));
        let budget = Budget { reads, questions: Both::new(0, 1), losses: 1, ..Budget::default() };
        Self::new("guarded", &[(Name::A, By::Guard)], budget)
    }

    /// The same, and an ordinary write of the key meanwhile.
    pub fn guarded_and_another(depth: Depth) -> Self {
        let reads = depth.or(Both::new(0, 2), Both::new(1, 1));
        let budget = Budget { reads, losses: depth.or(0, 1), ..Budget::default() };
        Self::new("guarded, and another", &[(Name::A, By::Guard), (Name::B, By::Key)], budget)
    }

    /// Two guarded writes.
    pub fn two_guarded(depth: Depth) -> Self {
        let reads = depth.or(Both::new(0, 2), Both::new(1, 1));
        let budget = Budget { reads, losses: depth.or(0, 1), ..Budget::default() };
        Self::new("two guarded", &[(Name::A, By::Guard), (Name::B, By::Guard)], budget)
    }

    pub(crate) fn is_tagged(&self) -> bool {
        Which::ALL.into_iter().filter_map(|which| self.plans[which]).any(|plan| plan.by == By::Tag)
    }

    fn new(name: &'static str, writes: &[(Name, By)], budget: Budget) -> Self {
        let mut plans = Both::default();
        for (which, &(at, by)) in Which::ALL.into_iter().zip(writes) {
            plans[which] = Some(Plan { at, by });
        }
        Self { name, plans, boarding: Boarding::Alone, warmth: Warmth::Cold, budget }
    }

    fn by(mut self, by: By) -> Self {
        self.plans.iter_mut().flatten().for_each(|plan| plan.by = by);
        self
    }

    fn joined(self) -> Self {
        Self { boarding: Boarding::Shared, ..self }
    }

    fn warm(self) -> Self {
        Self { warmth: Warmth::Either, ..self }
    }
}
