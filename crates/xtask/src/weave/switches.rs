//! The weaknesses.

use super::{Edit, Switch};

const COHERENCE: &str = "crates/larder/src/coherence.rs";
const FENCE: &str = "crates/larder-core/src/fence.rs";
const FLIGHT: &str = "crates/larder/src/flight.rs";
const LEASE: &str = "crates/larder/src/lease.rs";
const LOAD: &str = "crates/larder/src/load.rs";
const READ: &str = "crates/larder/src/read.rs";
const ASK: &str = "crates/larder/src/ask.rs";
const READING: &str = "crates/larder/src/reading.rs";
const RECOVERY: &str = "crates/larder/src/recovery.rs";
const STORE: &str = "crates/larder/src/store.rs";
const WRITE: &str = "crates/larder/src/write.rs";
const SERVER_CALLS: &str = "crates/larder-memory/src/remote.rs";
const SERVER_LEASES: &str = "crates/larder-memory/src/state/leases.rs";
const SERVER_RECORDS: &str = "crates/larder-memory/src/records.rs";
const SERVER_SEQUENCES: &str = "crates/larder-memory/src/sequences.rs";
const SERVER_WRITES: &str = "crates/larder-memory/src/state/writes.rs";

const fn found(name: &'static str, edits: &'static [Edit]) -> Switch {
    Switch { name, edits, harmless: None }
}

const fn harmless(name: &'static str, edits: &'static [Edit], why: &'static str) -> Switch {
    Switch { name, edits, harmless: Some(why) }
}

const fn edit(file: &'static str, from: &'static str, to: &'static str) -> Edit {
    Edit { file, from, to }
}

pub(super) const SWITCHES: &[Switch] = &[
    // The writers of the simulation know of it themselves.
    found("invalidation before commit", &[]),
    found(
        "the server stores a value without looking at the lease",
        &[edit(
            SERVER_LEASES,
            ".filter(|record| record.is_held_by(lease, now))",
            ".filter(|record| WEAK || record.is_held_by(lease, now))",
        )],
    ),
    found(
        "an invalidation leaves the lease where it is",
        &[edit(
            SERVER_RECORDS,
            "        if let Some(record) = self.get_mut(key) {\n            record.end_lease();",
            "        if let Some(record) = self.get_mut(key).filter(|_| !WEAK) {\n            record.end_lease();",
        )],
    ),
    found(
        "the server announces an invalidation before it removes the value",
        &[
            edit(
                SERVER_WRITES,
                concat!("    f", "n drop_from_records(&mut self"),
                concat!("    pub(crate) f", "n drop_from_records(&mut self"),
            ),
            edit(
                SERVER_WRITES,
                "        self.drop_from_records(what);\n",
                "        if !WEAK {\n            self.drop_from_records(what);\n        }\n",
            ),
            edit(
                SERVER_CALLS,
                "self.connection.call(|state| state.invalidate(what, frame)).await",
                "{\n            let announced = self.connection.call(|state| state.invalidate(what, frame)).await;\n            \
                 if WEAK {\n                tokio::time::sleep(std::time::Duration::from_millis(5)).await;\n                \
                 self.connection.call(|state| { state.drop_from_records(what); Ok(()) }).await?;\n            }\n            \
                 announced\n        }",
            ),
        ],
    ),
    harmless(
        "the next sequence is the last one and one more",
        &[edit(
            SERVER_SEQUENCES,
            "previous.get().saturating_add(1).max(micros)",
            "previous.get().saturating_add(1).max(if WEAK { 0 } else { micros })",
        )],
        "a node follows a new server from its first sync point, and tells it how far the chains had gone",
    ),
    found(
        "leases are granted though somebody guards the key",
        &[edit(SERVER_LEASES, "    if record.is_guarded(now) {", "    if !WEAK && record.is_guarded(now) {")],
    ),
    found(
        "the begin of a guarded write leaves the lease where it is",
        &[edit(
            SERVER_WRITES,
            "                    records.invalidate(key);\n                    records.edit(key, now).begin_guard",
            "                    if WEAK {\n                        records.drop_value(key);\n                    \
             } else if larder_core::is_weak(\"the begin of a guarded write leaves the value where it is\") {\n                        \
             records.edit(key, now).end_lease();\n                    \
             } else {\n                        records.invalidate(key);\n                    }\n                    \
             records.edit(key, now).begin_guard",
        )],
    ),
    // Woven with the one before.
    found("the begin of a guarded write leaves the value where it is", &[]),
    found(
        "an older version is stored in the place of a newer one",
        &[edit(
            SERVER_WRITES,
            "    (known > version).then_some(Put::Outdated)",
            "    (!WEAK && known > version).then_some(Put::Outdated)",
        )],
    ),
    found(
        "a load is kept whatever has overtaken it",
        &[edit(FENCE, "        if *last > stamp.0 {", "        if !WEAK && *last > stamp.0 {")],
    ),
    found(
        "a shared value is stamped when it has come",
        &[edit(
            STORE,
            "self.keep(bearings.stamp, loaded, route)",
            "self.keep(if WEAK { self.shelf.stamp() } else { bearings.stamp }, loaded, route)",
        )],
    ),
    found(
        "what the server refused is kept here as if it were new",
        &[edit(
            LOAD,
            "        let store = &self.store;\n        let loaded =",
            "        let (stamp, is_kept) =\n            if WEAK && !is_kept { (self.store.shelf.stamp(), true) } else { (stamp, is_kept) };\n        \
             let store = &self.store;\n        let loaded =",
        )],
    ),
    found(
        "what was loaded under a guard is kept",
        &[edit(
            LEASE,
            "Ok(LeaseReply::Quarantined) => return Ok(Permit::Quarantined),",
            "Ok(LeaseReply::Quarantined) => return Ok(if WEAK { Permit::Free } else { Permit::Quarantined }),",
        )],
    ),
    found(
        "a value is born when its load is done",
        &[edit(
            LOAD,
            ".birth(self.bearings().birth)",
            ".birth(if WEAK { self.store.node.coherence.ledger.seen() } else { self.bearings().birth })",
        )],
    ),
    found(
        "a gap in a chain of keys goes unnoticed",
        &[edit(
            COHERENCE,
            "            (Step::Gap, chain) => self.flush(chain),",
            "            (Step::Gap, chain) => {\n                if !WEAK {\n                    self.flush(chain);\n                }\n            }",
        )],
    ),
    found(
        "a gap in the chain of tags goes unnoticed",
        &[edit(
            COHERENCE,
            "            (Step::Gap, Chain::Tags) => self.miss_tags(sequence),",
            "            (Step::Gap, Chain::Tags) if WEAK => self.ledger.know(sequence),\n            \
             (Step::Gap, Chain::Tags) => self.miss_tags(sequence),",
        )],
    ),
    found(
        "what the server says of its chains is compared with nothing",
        &[edit(
            COHERENCE,
            "            Chain::Keys(_) => self.flush(chain),\n        }\n        self.chains.move_to(chain, at);",
            "            Chain::Keys(_) => {\n                if !WEAK {\n                    self.flush(chain);\n                }\n            }\n        }\n        \
             self.chains.move_to(chain, at);",
        )],
    ),
    found(
        "trust does not end by itself",
        &[edit(
            COHERENCE,
            "Assurance::Within(bound) => asked.after(bound),",
            "Assurance::Within(bound) => asked.after(bound * if WEAK { 1_000 } else { 1 }),",
        )],
    ),
    found(
        "the writer does not drop its own copies when the server has answered",
        &[edit(
            WRITE,
            "        untold.step = None;\n        self.drop_copies(&notice);\n",
            "        untold.step = None;\n        if !WEAK {\n            self.drop_copies(&notice);\n        }\n",
        )],
    ),
    found(
        "after a failover nobody tells the server again",
        &[edit(
            RECOVERY,
            "        let told = std::mem::take(&mut log.told);\n",
            "        let mut told = std::mem::take(&mut log.told);\n        if WEAK {\n            told.clear();\n        }\n",
        )],
    ),
    found(
        "what the server could not be told is believed all the same",
        &[edit(
            ASK,
            ".filter(|_| !self.node.recovery.doubts(key))",
            ".filter(|_| WEAK || !self.node.recovery.doubts(key))",
        )],
    ),
    found(
        "a reader joins a load that an invalidation has overtaken",
        &[edit(FLIGHT, "if !is_overtaken(flight.bearings) {", "if WEAK || !is_overtaken(flight.bearings) {")],
    ),
    found(
        "who waits for another's load takes it whatever became of its tags",
        &[edit(
            READ,
            "        began.birth >= birth || self.shelf.has_current_tags(entry)",
            "        WEAK || began.birth >= birth || self.shelf.has_current_tags(entry)",
        )],
    ),
    found(
        "a receipt is not looked at",
        &[edit(
            READING,
            "        match self.at_least {\n            Some(receipt) =>",
            "        match self.at_least.filter(|_| !WEAK) {\n            Some(receipt) =>",
        )],
    ),
    found(
        "what is kept nowhere leaves what is older here",
        &[edit(
            LOAD,
            "        self.store.shelf.withdraw(hash, self.bearings().stamp);\n",
            "        if !WEAK {\n            self.store.shelf.withdraw(hash, self.bearings().stamp);\n        }\n",
        )],
    ),
    found(
        "who loads without a lease is stamped when it is done",
        &[edit(
            LOAD,
            "        let stamp = self.bearings().stamp;\n        let is_kept",
            concat!(
                "        let is_late = WEAK && matches!(permit, Permit::Free);\n",
                "        let stamp = if is_late { self.store.bearings().stamp } else { self.bearings().stamp };\n",
                "        let is_kept"
            ),
        )],
    ),
    harmless(
        "a flush leaves the loads that are under way unfenced",
        &[edit(
            FENCE,
            "if self.floor(hash.partition()) > stamp {",
            "if !WEAK && self.floor(hash.partition()) > stamp {",
        )],
        "what they bring is stamped before the flush, and as suspect as what was there",
    ),
];
