//! What can be weaker about reads, loads, leases and writes, and about what is told again.
//!
//! Left out, because no test of one thread and one virtual time can tell:
//!
//! - That a deferred step is pending before its copies are dropped. Only a reader on another thread comes between.
//! - The second look at the shelf by who leads a flight, and that a flight leaves the timetable before it lands: without
//!   them somebody reads or loads once more.

use super::Test::Engine;
use super::Weakening;

const BUDGET: &str = "crates/larder/src/budget.rs";
const FRESHNESS: &str = "crates/larder/src/freshness.rs";
const INSERT: &str = "crates/larder/src/insert.rs";
const LEASE: &str = "crates/larder/src/lease.rs";
const LOAD: &str = "crates/larder/src/load.rs";
const READ: &str = "crates/larder/src/read.rs";
const ASK: &str = "crates/larder/src/ask.rs";
const RECOVERY: &str = "crates/larder/src/recovery.rs";
const STORE: &str = "crates/larder/src/store.rs";
const WRITE: &str = "crates/larder/src/write.rs";
const SHELF: &str = "crates/larder-core/src/shelf.rs";
const SERVER_LEASES: &str = "crates/larder-memory/src/state/leases.rs";
const SERVER_RECORDS: &str = "crates/larder-memory/src/records.rs";
const SERVER_WRITES: &str = "crates/larder-memory/src/state/writes.rs";

pub(super) const WEAKENINGS: &[Weakening] = &[
    Weakening {
        name: "a load is boarded however long ago it began while nothing is heard",
        file: READ,
        from: " || self.may_have_missed(began.began)",
        to: "",
        noticed_by: Engine("disconnected::nobody_waits_while_cut_off_for_a_load_that_began_before_the_bound"),
    },
    Weakening {
        name: "a shared hit is stamped after it was read",
        file: STORE,
        from: "self.keep(bearings.stamp, loaded, route)",
        to: "self.keep(self.shelf.stamp(), loaded, route)",
        noticed_by: Engine("late::r2_a_shared_hit_that_a_notice_overtook_is_not_kept"),
    },
    Weakening {
        name: "a load is stamped after it is done",
        file: LOAD,
        from: "let stamp = self.bearings().stamp;",
        to: "let stamp = self.store.shelf.stamp();",
        noticed_by: Engine("late::r1_a_load_without_a_lease_is_not_kept_either"),
    },
    Weakening {
        name: "a load that the server refused is kept here",
        file: LOAD,
        from: "                self.leave_nothing_older();\n                false\n            }\n            Err(error)",
        to: "                true\n            }\n            Err(error)",
        noticed_by: Engine("late::r1_a_refused_fill_leaves_nothing_here_though_the_notice_is_late"),
    },
    Weakening {
        name: "a load is born when it is done",
        file: LOAD,
        from: ".birth(self.bearings().birth)",
        to: ".birth(self.store.node.coherence.ledger.seen())",
        noticed_by: Engine("tags::r8_a_tag_that_a_value_turns_out_to_have_outdates_it"),
    },
    Weakening {
        name: "what is loaded under a guarded write is kept",
        file: LOAD,
        from: "(Permit::Quarantined, _) | (_, Kept::Nowhere) => {",
        to: "(_, Kept::Nowhere) => {",
        noticed_by: Engine("late::r4_what_is_loaded_under_a_guarded_write_is_kept_nowhere"),
    },
    Weakening {
        name: "a load that failed keeps its lease",
        file: LOAD,
        from: "self.give_back(permit).await;\n                self.fall_back(error);",
        to: "drop(permit);\n                self.fall_back(error);",
        noticed_by: Engine("flights::a_failing_load_is_tried_once_on_each_node_and_never_twice_at_once"),
    },
    Weakening {
        name: "no lease is asked for",
        file: LEASE,
        from: "let Some(remote) = self.remote() else {",
        to: "let Some(remote) = self.remote().filter(|_| false) else {",
        noticed_by: Engine("flights::a_thousand_readers_on_four_nodes_load_once"),
    },
    Weakening {
        name: "who finds a lease taken loads without",
        file: LEASE,
        from: "return Err(Busy(left));",
        to: "drop(Busy(left));\n                    return Ok(Permit::Free);",
        noticed_by: Engine("flights::a_failing_load_is_tried_once_on_each_node_and_never_twice_at_once"),
    },
    Weakening {
        name: "a lease is not renewed",
        file: LEASE,
        from: "let _ = timeout(half, remote.renew(key, lease, HOLD)).await;",
        to: "let _ = (timeout(half, async {}), remote, key, lease);",
        noticed_by: Engine("flights::a_load_that_takes_longer_than_a_lease_is_still_the_only_one"),
    },
    Weakening {
        name: "a lease from before a clear is waited for",
        file: LEASE,
        from: "request.need_birth = self.need_birth;",
        to: "request.need_birth = Sequence::ZERO;",
        noticed_by: Engine("tags::r8_who_comes_after_a_clear_does_not_wait_for_a_lease_from_before"),
    },
    Weakening {
        name: "an overtaken flight can be boarded",
        file: READ,
        from: "self.shelf.has_overtaken(key.hash(), began.stamp) ||",
        to: "",
        noticed_by: Engine("writer::a_writer_does_not_board_a_load_from_before_its_write"),
    },
    Weakening {
        name: "a flight from before its value's tag was invalidated is shared",
        file: READ,
        from: "began.birth >= birth || self.shelf.has_current_tags(entry)",
        to: "began.birth >= birth || self.shelf.has_current_tags(entry) || true",
        noticed_by: Engine("tags::r8_who_boarded_after_the_tag_was_invalidated_gets_nothing_from_before"),
    },
    Weakening {
        name: "who is out of sync does not ask for tags",
        file: ASK,
        from: "if self.node.coherence.knows_tags(now) {",
        to: "if self.node.coherence.knows_tags(now) || true {",
        noticed_by: Engine("tag_gaps::while_out_of_sync_a_shared_value_is_judged_by_all_tags_there_are"),
    },
    Weakening {
        name: "what is suspect is served without a mark",
        file: READ,
        from: "Local::Answer(Catch::stale(entry, Tier::Local))",
        to: "Local::Answer(Catch::fresh(entry, Tier::Local))",
        noticed_by: Engine("disconnected::serve_serves_what_is_there_and_says_so"),
    },
    Weakening {
        name: "the shared tier is used for a key that is pending",
        file: ASK,
        from: "!self.node.recovery.doubts(key)",
        to: "!self.node.recovery.doubts(key) || true",
        noticed_by: Engine("outage::what_the_server_has_under_a_pending_key_is_not_used_until_it_is_told"),
    },
    Weakening {
        name: "the shared tier is used for a cache that is pending",
        file: RECOVERY,
        from: "            Intent::Cache(cache),\n",
        to: "",
        noticed_by: Engine("outage::what_the_server_has_of_a_pending_clear_is_not_used_until_it_is_told"),
    },
    Weakening {
        name: "the shared tier is used for a tag that is pending",
        file: STORE,
        from: "|| self.node.recovery.doubts_tags(&label.tags)",
        to: "",
        noticed_by: Engine("outage::what_the_server_has_under_a_pending_tag_is_not_used_until_it_is_told"),
    },
    Weakening {
        name: "a shared value from before a clear is served",
        file: STORE,
        from: "ledger.is_cleared(&self.name, label.birth)\n            ||",
        to: "",
        noticed_by: Engine("tags::r8_a_clear_outdates_what_is_being_loaded"),
    },
    Weakening {
        name: "a shared value from before its tag was invalidated is served",
        file: STORE,
        from: "|| !ledger.is_current(label.birth, &label.tags)",
        to: "",
        noticed_by: Engine("tags::a_tag_reaches_every_copy_in_both_tiers"),
    },
    Weakening {
        name: "the read budget is whole again after a failure",
        file: BUDGET,
        from: "Err(_) => Duration::ZERO,",
        to: "Err(_) => self.whole,",
        noticed_by: Engine(
            "outage::while_the_server_is_frozen_reads_answer_from_the_origin_within_their_budget",
        ),
    },
    Weakening {
        name: "nothing is dropped before the server is asked",
        file: WRITE,
        from: "        for step in &steps {\n            self.drop_copies(&step.notice());\n        }\n",
        to: "",
        noticed_by: Engine("writer::the_copy_is_gone_before_the_server_is_asked"),
    },
    Weakening {
        name: "nothing is dropped after the server has answered",
        file: WRITE,
        from: "self.drop_copies(&notice);\n        self.hear_of_step",
        to: "self.hear_of_step",
        noticed_by: Engine("writer::what_is_read_during_the_step_on_the_server_is_dropped_after_it"),
    },
    Weakening {
        name: "a writer does not hear its own tags",
        file: WRITE,
        from: "self.coherence.hear_of_tags(&notice, announced.sequence);",
        to: "",
        noticed_by: Engine("writer::a_writer_reads_what_it_dropped_by_tag_at_once_though_the_bus_is_slow"),
    },
    Weakening {
        name: "a step that failed is forgotten",
        file: WRITE,
        from: "self.recovery.defer(step.into_intents());",
        to: "drop(step.into_intents());",
        noticed_by: Engine(
            "outage::a_write_that_is_not_answered_is_deferred_in_time_and_told_after_the_thaw",
        ),
    },
    Weakening {
        name: "copies stay when a tag is deferred",
        file: WRITE,
        from: "Notice::Tags(_) => self.coherence.fence.flush_all(),",
        to: "Notice::Tags(_) => {}",
        noticed_by: Engine("outage::what_the_server_has_under_a_pending_tag_is_not_used_until_it_is_told"),
    },
    Weakening {
        name: "an answer settles what was deferred since",
        file: WRITE,
        from: "self.recovery.settle(&intents, deferrals);",
        to: "self.recovery.settle(&intents, u64::MAX - deferrals);",
        noticed_by: Engine("outage::a_late_answer_does_not_settle_a_later_write"),
    },
    Weakening {
        name: "what was told is not remembered",
        file: WRITE,
        from: "        self.recovery.told(intents, now, || self.last_found());\n",
        to: "",
        noticed_by: Engine("failover::r5_writers_tell_again_what_a_failover_lost"),
    },
    Weakening {
        name: "a receipt for a key drops nothing",
        file: FRESHNESS,
        from: "concerned.for_each(|key| self.shelf.evict(key.hash()));",
        to: "concerned.for_each(|_| ());",
        noticed_by: Engine("receipts::the_receipt_for_a_key_is_seen_before_its_notice"),
    },
    Weakening {
        name: "a receipt for a tag asks nobody",
        file: FRESHNESS,
        from: "knows_tags = self.catch_up_with_tags(*token).await,",
        to: "knows_tags = true || self.catch_up_with_tags(*token).await,",
        noticed_by: Engine("receipts::the_receipt_for_a_tag_is_seen_before_its_notice"),
    },
    Weakening {
        name: "who cannot ask for tags reads the shared tier",
        file: FRESHNESS,
        from: "route.past_local().past_remote()",
        to: "route.past_local()",
        noticed_by: Engine("receipts::the_receipt_for_a_tag_is_seen_though_the_server_cannot_be_asked"),
    },
    Weakening {
        name: "a copy that may miss its notice is kept from the answer on",
        file: SHELF,
        from: "entry.cut(read.after(self.bound))",
        to: "entry.cut(now.after(self.bound + now.since(read) * 0))",
        noticed_by: Engine("disconnected::bounded_counts_from_the_question_and_not_from_the_answer"),
    },
    Weakening {
        name: "an invalidation leaves the lease",
        file: SERVER_RECORDS,
        from: "        self.drop_value(key);\n        if let Some(record) = self.get_mut(key) {\n            record.end_lease();\n        }",
        to: "        self.drop_value(key);",
        noticed_by: Engine("late::r1_a_fill_that_an_invalidation_overtook_is_rejected_everywhere"),
    },
    Weakening {
        name: "an expire leaves the lease",
        file: SERVER_WRITES,
        from: "record.end_lease();\n                        record.mark_stale(now);",
        to: "record.mark_stale(now);",
        noticed_by: Engine("late::r1_an_expire_fences_as_an_invalidation_does"),
    },
    Weakening {
        name: "a fill needs no lease",
        file: SERVER_LEASES,
        from: ".filter(|record| record.is_held_by(lease, now))",
        to: ".filter(|record| record.is_held_by(lease, now) || true)",
        noticed_by: Engine("late::r1_a_fill_on_its_way_is_overtaken_as_a_load_is"),
    },
    Weakening {
        name: "copies that are read during a versioned write stay",
        file: INSERT,
        from: "node.coherence.shelves.evict(&[key.hash()]);\n        match put {",
        to: "match put {",
        noticed_by: Engine("versions::r6_what_is_read_during_a_versioned_write_is_dropped_after_it"),
    },
    Weakening {
        name: "a versioned write that was told is not remembered",
        file: INSERT,
        from: "        node.sends(&supersede, now);\n",
        to: "",
        noticed_by: Engine("versions::r6_after_a_failover_an_older_version_does_not_come_back"),
    },
    Weakening {
        name: "a versioned write that failed is forgotten",
        file: INSERT,
        from: "node.defer(Step::Supersede(key, version));",
        to: "let _ = Step::Supersede(key, version);",
        noticed_by: Engine("versions::r6_a_versioned_write_that_is_not_answered_leaves_nothing_older_behind"),
    },
    Weakening {
        name: "an older version replaces a newer in the shared tier",
        file: SERVER_WRITES,
        from: "(known > version).then_some(Put::Outdated)",
        to: "(known > version && false).then_some(Put::Outdated)",
        noticed_by: Engine("versions::r6_an_older_version_never_replaces_a_newer_on_any_node"),
    },
];
