//! What can be weaker about guarded writes. What the shared tier does about them is with the shared tier.

use super::Test::Engine;
use super::Weakening;

const GUARDED_WRITE: &str = "crates/larder/src/guarded_write.rs";
const INTENT: &str = "crates/larder/src/intent.rs";
const RECOVERY: &str = "crates/larder/src/recovery.rs";
const WRITE: &str = "crates/larder/src/write.rs";

pub(super) const WEAKENINGS: &[Weakening] = &[
    Weakening {
        name: "what is to be guarded is invalidated",
        file: INTENT,
        from: "Invalidation::Guard(*partition, keys, *guard, left)",
        to: "(left, guard, Invalidation::Keys(*partition, keys, None)).2",
        noticed_by: Engine("guarded::r4_a_writer_who_dies_after_its_commit_leaves_nothing_stale"),
    },
    Weakening {
        name: "a write that is finished stays guarded",
        file: INTENT,
        from: "Invalidation::Keys(*partition, keys, Some(*guard)),",
        to: "Invalidation::Keys(*partition, keys, Some(*guard).filter(|_| false)),",
        noticed_by: Engine("guarded::r4_of_two_guards_on_one_key_both_hold"),
    },
    Weakening {
        name: "all writes of one node have one guard",
        file: GUARDED_WRITE,
        from: "Guard::new(uuid::Uuid::new_v4().as_u64_pair().1)",
        to: "Guard::new(1)",
        noticed_by: Engine("guarded::r4_of_two_guards_on_one_key_both_hold"),
    },
    Weakening {
        name: "a guard that could not be set counts as one",
        file: GUARDED_WRITE,
        from: "self.is_guarded = !receipt.is_deferred();",
        to: "self.is_guarded = !receipt.is_deferred() || true;",
        noticed_by: Engine("guarded::outage::r4_a_guard_that_could_be_set_in_part_is_none"),
    },
    Weakening {
        name: "a guard that could not be set is set after the write",
        file: GUARDED_WRITE,
        from: "        node.recovery.forget(&self.guards());\n",
        to: "",
        noticed_by: Engine(
            "guarded::outage::r4_a_guard_that_could_not_be_set_is_not_set_once_the_write_is_finished",
        ),
    },
    Weakening {
        name: "a failover brings back a guard whose write is finished",
        file: RECOVERY,
        from: "            log.told.remove(intent);\n",
        to: "",
        noticed_by: Engine(
            "guarded::outage::r4_a_failover_brings_back_no_guard_of_a_write_that_was_finished_long_ago",
        ),
    },
    Weakening {
        name: "a failover ends a guard that has held for long",
        file: RECOVERY,
        from: "(intent.clone(), now.max(*until))",
        to: "(intent.clone(), now.min(*until))",
        noticed_by: Engine("guarded::outage::r4_a_failover_ends_no_guard_that_has_held_for_long"),
    },
    Weakening {
        name: "a key that could not be guarded is not in doubt",
        file: RECOVERY,
        from: "Intent::Supersede(key, _) | Intent::Guard(key, ..) | Intent::Finish(key, _) = &intent",
        to: "Intent::Supersede(key, _) = &intent",
        noticed_by: Engine(
            "guarded::outage::r4_what_the_server_has_under_an_unguarded_key_is_not_used_by_its_writer",
        ),
    },
    Weakening {
        name: "what could not be told again is pending anew, though it was forgotten meanwhile",
        file: WRITE,
        from: "(attempt == Attempt::First).then(|| step.clone())",
        to: "(attempt == Attempt::First || true).then(|| step.clone())",
        noticed_by: Engine(
            "guarded::outage::r4_a_guard_being_set_again_when_its_write_is_finished_is_not_tried_once_more",
        ),
    },
];
