//! What can be weaker about the fence.
//!
//! Left out, because nothing but time is lost without them:
//!
//! - The orderings of the floors and of the trust. A load that misses either was stamped before it, and the stamp
//!   is what orders.
//! - That `evict` removes under the lock and not right after it. A later load's entry may go, which is a miss.

use super::Test::{Local, Loom};
use super::Weakening;

const FENCE: &str = "crates/larder-core/src/fence.rs";
/// How loads and writers use the fence is a part of the proof.
const PROOF: &str = "crates/larder-core/tests/loom.rs";

pub(super) const WEAKENINGS: &[Weakening] = &[
    Weakening {
        name: "a load is admitted though its stripe was invalidated",
        file: FENCE,
        from: "if *last > stamp.0 {",
        to: "if *last > stamp.0 && false {",
        noticed_by: Local("load_overtaken_by_an_invalidation_is_not_kept"),
    },
    Weakening {
        name: "the same, in all interleavings",
        file: FENCE,
        from: "if *last > stamp.0 {",
        to: "if *last > stamp.0 && false {",
        noticed_by: Loom("an_overtaken_load_leaves_nothing_behind"),
    },
    Weakening {
        name: "a load is admitted though its partition was flushed",
        file: FENCE,
        from: "if self.floor(hash.partition()) > stamp {",
        to: "if self.floor(hash.partition()) > stamp && false {",
        noticed_by: Local("a_load_overtaken_by_a_flush_of_its_partition_is_not_kept"),
    },
    Weakening {
        name: "a load is admitted out of sync",
        file: FENCE,
        from: "if self.is_trusted(now) { Trust::Sure }",
        to: "if self.is_trusted(now) || true { Trust::Sure }",
        noticed_by: Local("a_load_that_ends_out_of_sync_is_not_kept"),
    },
    Weakening {
        name: "the same, in all interleavings",
        file: FENCE,
        from: "if self.is_trusted(now) { Trust::Sure }",
        to: "if self.is_trusted(now) || true { Trust::Sure }",
        noticed_by: Loom("without_trust_no_load_is_kept"),
    },
    Weakening {
        name: "trust lasts one instant longer",
        file: FENCE,
        from: "now.as_nanos() < self.trusted_until",
        to: "now.as_nanos() <= self.trusted_until",
        noticed_by: Local("a_load_that_ends_out_of_sync_is_not_kept"),
    },
    Weakening {
        name: "a load is inserted after the lock is let go",
        file: FENCE,
        from: "        insert(self.trust(now))",
        to: "        drop(last);\n        insert(self.trust(now))",
        noticed_by: Loom("an_overtaken_load_leaves_nothing_behind"),
    },
    Weakening {
        name: "an evict leaves no reading behind",
        file: FENCE,
        from: "        *last = self.advance();\n        remove()",
        to: "        *last += 0;\n        remove()",
        noticed_by: Loom("an_overtaken_load_leaves_nothing_behind"),
    },
    Weakening {
        name: "an evict removes first, and without the lock",
        file: FENCE,
        from: "        let mut last = self.lock(hash);\n        // Before the removal and under the lock, so that no older load can follow it.\n        *last = self.advance();\n        remove()",
        to: "        let removed = remove();\n        *self.lock(hash) = self.advance();\n        removed",
        noticed_by: Loom("an_overtaken_load_leaves_nothing_behind"),
    },
    Weakening {
        name: "an evict reads the clock before it has the lock",
        file: FENCE,
        from: "        let mut last = self.lock(hash);\n        // Before the removal and under the lock, so that no older load can follow it.\n        *last = self.advance();\n        remove()",
        to: "        let reading = self.advance();\n        let mut last = self.lock(hash);\n        *last = reading;\n        remove()",
        noticed_by: Loom("two_writers_fence_each_other_s_loads"),
    },
    Weakening {
        name: "a stamp may be read before what it stands for",
        file: FENCE,
        from: "Stamp(self.clock.load(Ordering::Acquire))",
        to: "Stamp(self.clock.load(Ordering::Relaxed))",
        noticed_by: Loom("an_overtaken_load_leaves_nothing_behind"),
    },
    Weakening {
        name: "the clock shows an invalidation before the write behind it",
        file: FENCE,
        from: "fetch_add(1, Ordering::AcqRel)",
        to: "fetch_add(1, Ordering::Relaxed)",
        noticed_by: Loom("an_overtaken_load_leaves_nothing_behind"),
    },
    Weakening {
        name: "a flush raises no floor",
        file: FENCE,
        from: "        if let Some(floor) = self.floors.get(partition.index()) {\n            floor.fetch_max(now, Ordering::Release);",
        to: "        if let Some(floor) = self.floors.get(partition.index()) {\n            floor.fetch_max(now * 0, Ordering::Release);",
        noticed_by: Loom("a_flush_reaches_entries_and_loads_alike"),
    },
    Weakening {
        name: "a flush does not advance the clock",
        file: FENCE,
        from: "        let now = self.advance();\n        if let Some",
        to: "        let now = self.stamp().0;\n        if let Some",
        noticed_by: Local("what_a_flush_found_is_suspect_and_usable"),
    },
    Weakening {
        name: "the earlier of two flushes lowers the floor",
        file: FENCE,
        from: "        if let Some(floor) = self.floors.get(partition.index()) {\n            floor.fetch_max(now, Ordering::Release);",
        to: "        if let Some(floor) = self.floors.get(partition.index()) {\n            floor.store(now, Ordering::Release);",
        noticed_by: Loom("two_flushes_at_once_leave_the_later_floor"),
    },
    Weakening {
        name: "a flush of everything forgets a partition",
        file: FENCE,
        from: "for floor in &self.floors {",
        to: "for floor in self.floors.iter().skip(1) {",
        noticed_by: Local("a_flush_of_everything_reaches_every_partition"),
    },
    Weakening {
        name: "a reader joins a load that an evict overtook",
        file: FENCE,
        from: "*self.lock(hash) > stamp.0 || self.floor",
        to: "self.floor",
        noticed_by: Loom("a_reader_never_joins_a_load_that_was_overtaken"),
    },
    Weakening {
        name: "a reader joins a load that a flush overtook",
        file: FENCE,
        from: "*self.lock(hash) > stamp.0 || self.floor(hash.partition()) > stamp",
        to: "*self.lock(hash) > stamp.0",
        noticed_by: Local("a_reader_can_tell_that_a_load_was_overtaken"),
    },
    Weakening {
        name: "a panic in a user's code poisons a stripe",
        file: FENCE,
        from: "stripe.lock().unwrap_or_else(std::sync::PoisonError::into_inner)",
        to: "stripe.lock().expect(\"not poisoned\")",
        noticed_by: Local("a_value_that_panics_when_dropped_does_not_break_the_fence"),
    },
    Weakening {
        name: "a load takes its stamp after its first read",
        file: PROOF,
        from: "        let stamp = self.fence.stamp();\n        let value = self.origin.load(Ordering::Relaxed);\n        let insert",
        to: "        let value = self.origin.load(Ordering::Relaxed);\n        let stamp = self.fence.stamp();\n        let insert",
        noticed_by: Loom("an_overtaken_load_leaves_nothing_behind"),
    },
    Weakening {
        name: "a writer invalidates before it commits",
        file: PROOF,
        from: "        self.origin.store(value, Ordering::Relaxed);\n        self.evict();",
        to: "        self.evict();\n        self.origin.store(value, Ordering::Relaxed);",
        noticed_by: Loom("an_overtaken_load_leaves_nothing_behind"),
    },
    Weakening {
        name: "out of sync, the flush comes before the loss of trust",
        file: PROOF,
        from: "        node.fence.trust_until(Moment::ORIGIN);\n        node.fence.flush_all();",
        to: "        node.fence.flush_all();\n        node.fence.trust_until(Moment::ORIGIN);",
        noticed_by: Loom("without_trust_no_load_is_kept"),
    },
];
