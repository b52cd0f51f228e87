//! What can be weaker about invalidations, chains, tags, the bus, and what lies between.

use super::{Weakening, server};

const BUS: &str = "crates/larder-memory/src/bus.rs";
const CHAOS: &str = "crates/larder-memory/src/chaos.rs";
const GATE: &str = "crates/larder-memory/src/gate.rs";
const QUEUE: &str = "crates/larder-memory/src/queue.rs";
const RECORD: &str = "crates/larder-memory/src/record.rs";
const RECORDS: &str = "crates/larder-memory/src/records.rs";
const SEQUENCES: &str = "crates/larder-memory/src/sequences.rs";
const STATE: &str = "crates/larder-memory/src/state.rs";
const LEASES: &str = "crates/larder-memory/src/state/leases.rs";
const LISTENING: &str = "crates/larder-memory/src/state/listening.rs";
const WRITES: &str = "crates/larder-memory/src/state/writes.rs";
const SUBSCRIPTION: &str = "crates/larder-memory/src/subscription.rs";
const TAGS: &str = "crates/larder-memory/src/tags.rs";
const WIRE: &str = "crates/larder-memory/src/wire.rs";

pub(super) const WEAKENINGS: &[Weakening] = &[
    server("invalidate: lease stays", RECORDS, "            record.end_lease();\n", ""),
    server(
        "invalidate: value stays",
        RECORDS,
        "        self.drop_value(key);\n        if let Some(record) = self.get_mut(key) {\n            record.end_lease",
        "        if let Some(record) = self.get_mut(key) {\n            record.end_lease",
    ),
    server(
        "invalidate: any write ends guard",
        RECORD,
        "self.guards.retain(|other| other.what != guard);\n    }\n\n    /// Rem",
        "self.guards.clear();\n        let _ = guard;\n    }\n\n    /// Rem",
    ),
    server("invalidate: guard not ended", WRITES, "record.end_guard(guard);", "let _ = (record, guard);"),
    server(
        "invalidate: version not remembered",
        WRITES,
        "records.remember(key, version, now.after(Ttl::MAX.as_duration()), now);",
        "",
    ),
    server("invalidate: partition not checked", WRITES, "if of != partition {", "if false {"),
    server("invalidate: app not checked", STATE, "if *of == self.app {", "if *of == self.app || true {"),
    server("expire: lease stays", WRITES, "                        record.end_lease();\n", ""),
    server("expire: not marked", WRITES, "                        record.mark_stale(now);\n", ""),
    server(
        "expire: foreign stays",
        WRITES,
        "is_some_and(|value| Peek::into(value).is_none())",
        "is_some_and(|value| value.len() > 1 << 30)",
    ),
    server(
        "sequence: not by clock",
        SEQUENCES,
        ".saturating_add(1).max(micros)",
        ".saturating_add(1).max(micros.min(1))",
    ),
    server("sequence: clock only", SEQUENCES, "previous.get().saturating_add(1).max(micros)", "micros"),
    server(
        "sequence: one chain",
        SEQUENCES,
        "self.keys.get_mut(partition.index())",
        "self.keys.get_mut(partition.index() * 0)",
    ),
    server("raise: lowers", SEQUENCES, "*latest = at.max(*latest);", "*latest = at;"),
    server("raise: unlimited", STATE, "if at.get() > most {", "if at.get() > most && false {"),
    server(
        "tags: since ignored",
        TAGS,
        "Bound::Excluded(after)",
        "Bound::Included((Sequence::ZERO, after.1))",
    ),
    server("tags: floor not raised", TAGS, "self.floor = at.max(self.floor);", "let _ = at;"),
    server("tags: not trimmed", TAGS, "self.order.len() > MOST_TAGS", "self.order.len() > 2 * MOST_TAGS"),
    server("tags: old stamp stays", TAGS, "self.order.remove(&(before, tag));", "let _ = before;"),
    server(
        "tags: cache clear forgotten",
        WRITES,
        "tags.clear(cache, announced.sequence)",
        "{ let _ = cache; }",
    ),
    server(
        "bus: own messages filtered",
        LISTENING,
        "for wire in self.wires.values_mut() {\n            wire.send",
        "for wire in self.wires.values_mut().skip(1) {\n            wire.send",
    ),
    server("bus: strange frame claims sent", WRITES, "sent: matches!(frame, Frame::Plain(_))", "sent: true"),
    server(
        "bus: no first sync point",
        WIRE,
        "        queue.push(first, self.is_held);\n",
        "        let _ = first;\n",
    ),
    server(
        "bus: publish does nothing",
        BUS,
        "                state.publish(notice, announced);\n",
        "                let _ = (state, notice, announced);\n",
    ),
    server(
        "bus: sync point overtakes notices",
        QUEUE,
        "            self.arrived.push_back(event);",
        "            if matches!(event, BusEvent::SyncPoint { .. }) { self.arrived.push_front(event) } else { self.arrived.push_back(event) }",
    ),
    server(
        "bus: nobody woken",
        QUEUE,
        "            self.arrived.push_back(event);\n            self.bell.notify_one();",
        "            self.arrived.push_back(event);",
    ),
    server(
        "bus: no probe under load",
        SUBSCRIPTION,
        "            self.probe_if_due();\n            // What is taken is returned without waiting for anything, so that it cannot be dropped on the way.\n            let taken = self.connection.state().take(self.connection.wire(), self.queue);\n            if taken.is_some() {\n                return taken;\n            }\n",
        "            let taken = self.connection.state().take(self.connection.wire(), self.queue);\n            if taken.is_some() {\n                return taken;\n            }\n            self.probe_if_due();\n            let taken = self.connection.state().take(self.connection.wire(), self.queue);\n            if taken.is_some() {\n                return taken;\n            }\n",
    ),
    server("bus: overflow not told", QUEUE, "self.has_overflowed = true;", ""),
    server(
        "bus: no sync point after overflow",
        LISTENING,
        "if has_overflowed {",
        "if has_overflowed && false {",
    ),
    server("fault: cut keeps queue", WIRE, "            queue.empty();\n", ""),
    server("fault: cut not told", WIRE, "            queue.push(BusEvent::Lost(None), false);\n", ""),
    server(
        "fault: mend without sync point",
        WIRE,
        "} else if before == Line::Cut {",
        "} else if before == Line::Cut && false {",
    ),
    server(
        "fault: silence mended with sync point",
        WIRE,
        "} else if before == Line::Cut {",
        "} else if before != Line::Open {",
    ),
    server(
        "fault: hold lets sync points pass",
        WIRE,
        "queue.push(sync_point, is_held);",
        "queue.push(sync_point, false && is_held);",
    ),
    server("fault: missed failover untold", WIRE, "self.missed_failover = true;", ""),
    server(
        "fault: failover not told",
        WIRE,
        "[&BusEvent::Lost(None), &BusEvent::Reincarnated, sync_point]",
        "[&BusEvent::Lost(None), sync_point]",
    ),
    server(
        "fault: failover keeps data",
        LISTENING,
        "self.data = self.replica.clone().unwrap_or_else(Data::new);",
        "let _ = Data::new;",
    ),
    server(
        "fault: failed call has effect",
        GATE,
        "Fate::Fails => Err(unreachable()),",
        "Fate::Fails => { let _ = call(); Err(unreachable()) }",
    ),
    server("fault: lost answer has no effect", GATE, "                let _lost = call();\n", ""),
    server("fault: freeze ignored", GATE, "if !self.is_frozen.load(Ordering::Acquire) {", "if true {"),
    server(
        "full: fill passes",
        LEASES,
        "        self.check_room()?;\n        let capacity",
        "        let capacity",
    ),
    server("full: lease passes", LEASES, "        self.check_room()?;\n        let held", "        let held"),
    server("bounds: nothing swept", RECORDS, "if self.writes >= due {", "if self.writes >= due && false {"),
    server(
        "bounds: no room made",
        RECORDS,
        "if self.weight <= capacity {",
        "if self.weight <= capacity || true {",
    ),
    server(
        "bounds: living first",
        RECORDS,
        "            self.sweep_next(now);\n            if self.weight",
        "            let _ = now;\n            if self.weight",
    ),
    server(
        "bounds: spared not spared",
        RECORDS,
        "filter(|(key, _)| *key != spared)",
        "filter(|(key, _)| *key == spared || true)",
    ),
    server("chaos: seed ignored", CHAOS, "Rng::with_seed(chaos.seed)", "Rng::with_seed(7)"),
];
