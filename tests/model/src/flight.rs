//! A load, step by step, and who waits for it.

use crate::both::{Name, Which};
use crate::rules::Rules;
use crate::scenario::Boarding;
use crate::server::{Chain, LeaseReply, Target, Value};
use crate::state::State;
use crate::weakening::Weakening;
use crate::write::Write;

/// One load of the key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Flight {
    pub(crate) stage: Stage,
    /// Whether its key was invalidated or flushed since its stamp was taken.
    pub(crate) is_overtaken: bool,
    /// How far the chain of tags was known when it began.
    pub(crate) birth: u8,
    target: Target,
    /// Whether who comes next finds it.
    is_listed: bool,
    /// What its pilot must be given.
    due: Due,
    pub(crate) passenger: Option<Passenger>,
}

/// How far a load has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stage {
    /// The shared tier has given this.
    Found(Value),
    /// It has given nothing of use.
    Missed,
    /// To be loaded, on these terms.
    Permitted(Permit),
    /// The database has given this version.
    Loaded(Permit, u8),
    /// The server has answered, and the value may be kept in the process or not.
    Filled { version: u8, is_kept: bool },
}

/// On what terms a load takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Permit {
    Leased,
    Free,
    Quarantined,
}

/// What becomes of a value in the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeping {
    /// It is kept unless something has overtaken its load.
    Fenced,
    /// It is kept.
    Unfenced,
    Nowhere,
}

/// One who waits for another's load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Passenger {
    /// How far the chain of tags was known to the node when they came.
    birth: u8,
    due: Due,
}

/// What a reader must be given at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Due {
    /// Since the node was in sync when they came.
    synced: u8,
    /// Since it was acknowledged here before, or they have a receipt for it.
    acknowledged: u8,
}

/// Who holds a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    Flight(Name, Which),
    /// A load that is over.
    Nobody,
}

impl Flight {
    fn new(birth: u8, due: Due) -> Self {
        let target = Target::default();
        Self {
            stage: Stage::Missed,
            is_overtaken: false,
            birth,
            target,
            is_listed: true,
            due,
            passenger: None,
        }
    }

    pub(crate) fn expect_nothing(&mut self) {
        self.due = Due::default();
        if let Some(passenger) = &mut self.passenger {
            passenger.due = Due::default();
        }
    }

    /// Whether somebody waits for it who knows more of tags than it did when it began.
    pub(crate) fn has_late_passenger(&self) -> bool {
        self.passenger.is_some_and(|passenger| passenger.birth > self.birth)
    }

    fn is_joined(&self, rules: &Rules) -> bool {
        self.is_listed && (!self.is_overtaken || rules.lacks(Weakening::JoinsOvertaken))
    }
}

impl State {
    /// What a reader who comes now must be given.
    fn due(&self, name: Name) -> Due {
        let node = &self.nodes[name];
        if node.epoch != self.server.epoch {
            // Until it has heard of the failover, it cannot know what came back.
            return Due::default();
        }
        Due { synced: node.synced, acknowledged: node.acknowledged }
    }

    /// A reader comes who finds nothing on the shelf. Returns whether there is room for them.
    pub(crate) fn read(&mut self, rules: &Rules, name: Name) -> bool {
        let passenger = Passenger { birth: self.nodes[name].ledger.seen, due: self.due(name) };
        self.nodes[name].hit(rules).is_none() && self.board(rules, name, passenger)
    }

    /// A reader comes with the receipt for a write of another node.
    pub(crate) fn read_with_receipt(&mut self, rules: &Rules, name: Name, write: Which) -> bool {
        let Write { version, sequence, .. } = self.writes[write];
        let chain = rules.plan(write).by.chain();
        let data = self.server.data;
        let node = &mut self.nodes[name];
        match chain {
            _ if rules.lacks(Weakening::ReceiptUnheeded) => {}
            Chain::Keys if node.at.keys < sequence => node.evict(),
            Chain::Tags if node.ledger.known < sequence => node.ledger.learn(data.tag, data.at.tags),
            _ => {}
        }
        let mut due = self.due(name);
        due.acknowledged = version.max(due.acknowledged);
        if let Some(value) = self.nodes[name].hit(rules) {
            self.give(value.version, due);
            return true;
        }
        let passenger = Passenger { birth: self.nodes[name].ledger.seen, due };
        self.board(rules, name, passenger)
    }

    /// Joins a load that is under way, or begins one. Returns whether there is room.
    fn board(&mut self, rules: &Rules, name: Name, reader: Passenger) -> bool {
        let node = &mut self.nodes[name];
        if rules.boarding == Boarding::Shared {
            let joined = node.flights.iter_mut().flatten().find(|flight| flight.is_joined(rules));
            if let Some(flight) = joined {
                return flight.passenger.is_none() && flight.passenger.replace(reader).is_none();
            }
        }
        let Some(slot) = Which::ALL.into_iter().find(|slot| node.flights[*slot].is_none()) else {
            return false;
        };
        for flight in node.flights.iter_mut().flatten() {
            flight.is_listed = false;
        }
        node.flights[slot] = Some(Flight::new(node.ledger.seen, reader.due));
        self.get(rules, name, slot);
        true
    }

    /// Takes a load one step further. Returns false if it has to wait.
    pub(crate) fn fly(&mut self, rules: &Rules, name: Name, slot: Which) -> bool {
        let Some(flight) = &self.nodes[name].flights[slot] else {
            return false;
        };
        match flight.stage {
            Stage::Found(value) => self.judge(rules, name, slot, value),
            Stage::Missed => return self.lease(rules, name, slot),
            Stage::Permitted(permit) => self.set(name, slot, Stage::Loaded(permit, self.database)),
            Stage::Loaded(Permit::Leased, version) => self.fill(rules, name, slot, version),
            Stage::Loaded(permit, version) => {
                let keeping = match permit {
                    Permit::Quarantined if !rules.lacks(Weakening::QuarantinedKept) => Keeping::Nowhere,
                    Permit::Free if rules.lacks(Weakening::LeaselessLoadUnfenced) => Keeping::Unfenced,
                    _ => Keeping::Fenced,
                };
                let value = self.made(rules, name, slot, version);
                self.land(rules, (name, slot), value, keeping);
            }
            Stage::Filled { version, is_kept } => {
                let value = self.made(rules, name, slot, version);
                let keeping = if is_kept { Keeping::Fenced } else { Keeping::Nowhere };
                self.land(rules, (name, slot), value, keeping);
            }
        }
        true
    }

    fn flight(&mut self, name: Name, slot: Which) -> &mut Flight {
        self.nodes[name].flights[slot].as_mut().expect("a step is taken of a load that is under way")
    }

    pub(crate) fn set(&mut self, name: Name, slot: Which, stage: Stage) {
        self.flight(name, slot).stage = stage;
    }

    /// Asks the shared tier, and first for tags that this node may have missed.
    fn get(&mut self, rules: &Rules, name: Name, slot: Which) {
        let data = self.server.data;
        let node = &mut self.nodes[name];
        if node.doubts(rules, Chain::Keys) {
            return self.set(name, slot, Stage::Missed);
        }
        if !node.knows_tags() && data.at.tags > node.ledger.known {
            node.ledger.learn(data.tag, data.at.tags);
        }
        self.set(name, slot, data.value.map_or(Stage::Missed, Stage::Found));
    }

    /// Judges what the shared tier gave.
    fn judge(&mut self, rules: &Rules, name: Name, slot: Which, value: Value) {
        let node = &self.nodes[name];
        if node.is_usable(rules, value) {
            let is_late = rules.lacks(Weakening::StampAfterGet);
            let keeping = if is_late { Keeping::Unfenced } else { Keeping::Fenced };
            return self.land(rules, (name, slot), value, keeping);
        }
        let last = if rules.is_tagged { node.ledger.tag } else { 0 };
        let flight = self.flight(name, slot);
        flight.target.useless = Some(value);
        flight.target.need_birth = last.max(flight.target.need_birth);
        flight.stage = Stage::Missed;
    }

    /// Asks for the right to load. Returns false if another load has it.
    fn lease(&mut self, rules: &Rules, name: Name, slot: Which) -> bool {
        if self.nodes[name].doubts(rules, Chain::Keys) {
            self.set(name, slot, Stage::Permitted(Permit::Free));
            return true;
        }
        let (birth, target) = (self.flight(name, slot).birth, self.flight(name, slot).target);
        let stage = match self.server.data.lease(rules, Holder::Flight(name, slot), birth, target) {
            LeaseReply::Busy => return false,
            LeaseReply::Found(value) => Stage::Found(value),
            LeaseReply::Granted => Stage::Permitted(Permit::Leased),
            LeaseReply::Quarantined => Stage::Permitted(Permit::Quarantined),
        };
        let flight = self.flight(name, slot);
        flight.stage = stage;
        if !matches!(stage, Stage::Found(_)) {
            flight.target = Target::default();
        }
        if rules.lacks(Weakening::StampAfterGet) {
            flight.is_overtaken = false;
        }
        true
    }

    fn fill(&mut self, rules: &Rules, name: Name, slot: Which, version: u8) {
        if self.nodes[name].doubts(rules, Chain::Keys) {
            return self.set(name, slot, Stage::Filled { version, is_kept: true });
        }
        let value = self.made(rules, name, slot, version);
        let is_stored = self.server.data.fill(rules, Holder::Flight(name, slot), value);
        let is_kept = is_stored || rules.lacks(Weakening::RefusedFillKept);
        self.set(name, slot, Stage::Filled { version, is_kept });
    }

    /// Fills, and is not answered.
    pub(crate) fn fill_unanswered(&mut self, rules: &Rules, name: Name, slot: Which) {
        self.fly(rules, name, slot);
        self.fill_unheard(name, slot);
    }

    /// Fills, and the server does not even hear it.
    pub(crate) fn fill_unheard(&mut self, name: Name, slot: Which) {
        let (Stage::Loaded(_, version) | Stage::Filled { version, .. }) = self.flight(name, slot).stage
        else {
            return;
        };
        self.set(name, slot, Stage::Filled { version, is_kept: true });
    }

    fn made(&mut self, rules: &Rules, name: Name, slot: Which, version: u8) -> Value {
        let seen = self.nodes[name].ledger.seen;
        let birth = if rules.lacks(Weakening::BirthAfterLoad) { seen } else { self.flight(name, slot).birth };
        Value { version, birth }
    }

    /// Puts a value on the shelf, if that may be and nothing has overtaken it, and hands it to all who wait.
    fn land(&mut self, rules: &Rules, (name, slot): (Name, Which), value: Value, keeping: Keeping) {
        // Its lease, if it has one left, stays, and nobody will show it again.
        let held = Holder::Flight(name, slot);
        self.rename(|holder| if holder == held { Holder::Nobody } else { holder });
        let node = &mut self.nodes[name];
        let flight = node.flights[slot].take().expect("a load lands once");
        let is_admitted = match keeping {
            Keeping::Fenced => !flight.is_overtaken || rules.lacks(Weakening::NoStamp),
            Keeping::Unfenced => true,
            Keeping::Nowhere => false,
        };
        if is_admitted && node.is_trusted && node.ledger.is_current(rules, value) {
            node.shelf = Some(value);
        }
        self.give(value.version, flight.due);
        if let Some(passenger) = flight.passenger {
            self.share(rules, name, flight.birth, value, passenger);
        }
    }

    /// Hands a value to one who waited, unless they came after an invalidation of its tag that the load knew nothing of.
    fn share(&mut self, rules: &Rules, name: Name, began: u8, value: Value, passenger: Passenger) {
        let node = &self.nodes[name];
        let is_shared = began >= passenger.birth || node.ledger.is_current(rules, value);
        if is_shared || rules.lacks(Weakening::PassengerUnchecked) {
            self.give(value.version, passenger.due);
        } else if let Some(hit) = node.hit(rules) {
            self.give(hit.version, passenger.due);
        } else {
            // If there is another load to join and somebody waits for it already, one more makes no difference.
            self.board(rules, name, passenger);
        }
    }

    /// Gives a reader a version.
    fn give(&mut self, version: u8, due: Due) {
        self.wrong.is_stale |= version < due.synced;
        self.wrong.is_unread |= version < due.acknowledged;
    }
}
