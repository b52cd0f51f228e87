//! What can be weaker about what a node makes of what it hears.
//!
//! Left out:
//!
//! - That copies are cleared before the ledger knows of the clear, and that a notice has its effect before its chain
//!   moves on. Between the two nobody else runs on one thread.
//! - That a new server is told at once how far its chains went. The next sync point shows that it is behind, and then it is.
//! - That no trust is given while repairs are under way. What is missing meanwhile is pending or behind the gap.

use super::Test::{Engine, Inside};
use super::Weakening;

const COHERENCE: &str = "crates/larder/src/coherence.rs";
const FOLLOWER: &str = "crates/larder/src/follower.rs";
const MENDER: &str = "crates/larder/src/mender.rs";
const MILESTONES: &str = "crates/larder/src/milestones.rs";
const RECOVERY: &str = "crates/larder/src/recovery.rs";

pub(super) const WEAKENINGS: &[Weakening] = &[
    Weakening {
        name: "a broken chain of keys is not noticed",
        file: COHERENCE,
        from: "(Step::Gap, chain) => self.flush(chain),",
        to: "(Step::Gap, _) => {}",
        noticed_by: Engine("lost::r3_a_lost_notice_shows_at_the_next_one_of_its_partition"),
    },
    Weakening {
        name: "a broken chain of tags is not noticed",
        file: COHERENCE,
        from: "(Step::Gap, Chain::Tags) => self.miss_tags(sequence),",
        to: "(Step::Gap, Chain::Tags) => {}",
        noticed_by: Engine("tag_gaps::a_lost_tag_shows_at_the_next_tag_and_is_asked_for"),
    },
    Weakening {
        name: "the same, and a clear goes unheard",
        file: COHERENCE,
        from: "(Step::Gap, Chain::Tags) => self.miss_tags(sequence),",
        to: "(Step::Gap, Chain::Tags) => {}",
        noticed_by: Engine("tag_gaps::a_lost_clear_shows_at_the_next_tag"),
    },
    Weakening {
        name: "what is tagged is served from before a gap",
        file: COHERENCE,
        from: "self.ledger.open_gap(up_to);",
        to: "let _ = up_to;",
        noticed_by: Engine("tag_gaps::between_a_gap_and_its_repair_nothing_tagged_is_served"),
    },
    Weakening {
        name: "the notice after a gap closes it",
        file: COHERENCE,
        from: "if self.ledger.known() >= previous => self.ledger.know(sequence)",
        to: "=> self.ledger.know(sequence)",
        noticed_by: Engine("tag_gaps::a_tag_that_follows_the_gap_does_not_close_it"),
    },
    Weakening {
        name: "a sync point is not compared with the keys followed",
        file: COHERENCE,
        from: "            Chain::Keys(_) => self.flush(chain),",
        to: "            Chain::Keys(_) => {}",
        noticed_by: Engine("lost::r3_a_lost_notice_shows_at_the_next_probe_if_all_is_quiet"),
    },
    Weakening {
        name: "a sync point is not compared with the tags followed",
        file: COHERENCE,
        from: "                self.ledger.open_gap(at);\n                repairs.tags = true;",
        to: "",
        noticed_by: Engine("tag_gaps::a_lost_tag_shows_at_the_next_probe_and_is_asked_for"),
    },
    Weakening {
        name: "a clear that was missed does not reach the shelves",
        file: COHERENCE,
        from: "            self.shelves.clear_at(cache, at);\n        }\n",
        to: "            let _ = (cache, at);\n        }\n",
        noticed_by: Engine("tag_gaps::a_lost_clear_shows_at_the_next_probe"),
    },
    Weakening {
        name: "the own clear does not move the chain",
        file: COHERENCE,
        from: "            _ => self.hear_of_tags(notice, sequence),",
        to: "            Notice::Cache(_) if self.ledger.seen() >= sequence => return,\n            _ => self.hear_of_tags(notice, sequence),",
        noticed_by: Engine("writer::r7_the_own_clear_that_comes_back_leaves_the_chain_whole"),
    },
    Weakening {
        name: "the own clear clears again when it comes back",
        file: COHERENCE,
        from: "        self.shelves.clear_at(cache, at);\n    }\n",
        to: "        let _ = at;\n        self.shelves.clear(cache);\n    }\n",
        noticed_by: Engine("writer::r7_what_was_loaded_since_the_own_clear_does_not_go_when_that_comes_back"),
    },
    Weakening {
        name: "notices do not move their chain",
        file: COHERENCE,
        from: "self.chains.move_to(chain, sequence);",
        to: "",
        noticed_by: Engine("writer::r7_own_notices_keep_the_chain_whole_and_flush_nothing"),
    },
    Weakening {
        name: "trust has no end",
        file: COHERENCE,
        from: "Assurance::Within(bound) => asked.after(bound),",
        to: "Assurance::Within(bound) => asked.after(bound * 1_000_000),",
        noticed_by: Engine("lost::r3_after_a_lost_notice_a_silent_link_ends_trust_within_the_bound"),
    },
    Weakening {
        name: "trust lasts a little longer than the bound",
        file: COHERENCE,
        from: "Assurance::Within(bound) => asked.after(bound),",
        to: "Assurance::Within(bound) => asked.after(bound + bound / 4),",
        noticed_by: Engine("staleness::if_losses_and_silence_come_together_the_bound_holds"),
    },
    Weakening {
        name: "trust is given while a gap is open",
        file: COHERENCE,
        from: "|| !sync.repairs.is_empty() || self.ledger.has_gap()",
        to: "",
        noticed_by: Engine("tag_gaps::a_gap_that_cannot_be_repaired_ends_trust_within_the_bound"),
    },
    Weakening {
        name: "the end of trust flushes nothing",
        file: COHERENCE,
        from: "self.fence.flush_all();",
        to: "",
        noticed_by: Engine("lost::r3_after_a_lost_notice_a_silent_link_ends_trust_within_the_bound"),
    },
    Weakening {
        name: "a flush leaves trust as it is",
        file: COHERENCE,
        from: "        sync.is_in = false;\n        if self.assurance != Assurance::None {",
        to: "        sync.is_in = false;\n        if self.assurance == Assurance::None {",
        noticed_by: Engine("lost::a_cut_is_noticed_at_once_and_so_is_its_end"),
    },
    Weakening {
        name: "a loss that the bus reports is ignored",
        file: COHERENCE,
        from: "_ => self.lose_all(),",
        to: "_ => {}",
        noticed_by: Engine("lost::a_cut_is_noticed_at_once_and_so_is_its_end"),
    },
    Weakening {
        name: "trust counts from the answer",
        file: FOLLOWER,
        from: "                    hear(node, event);",
        to: "                    hear(node, match event {\n                        BusEvent::SyncPoint { at, .. } => BusEvent::SyncPoint { asked: node.clock.now(), at },\n                        event => event,\n                    });",
        noticed_by: Engine("lost::trust_counts_from_the_question_and_not_from_a_late_answer"),
    },
    Weakening {
        name: "nobody ends trust on time",
        file: FOLLOWER,
        from: "=> node.coherence.tick(node.clock.now()),",
        to: "=> {}",
        noticed_by: Engine("lost::r3_after_a_lost_notice_a_silent_link_ends_trust_within_the_bound"),
    },
    Weakening {
        name: "a new server is not told again",
        file: RECOVERY,
        from: "let told = std::mem::take(&mut log.told);",
        to: "let told: HashMap<Intent, Moment> = HashMap::new();",
        noticed_by: Engine("failover::r5_writers_tell_again_what_a_failover_lost"),
    },
    Weakening {
        name: "what was told long ago is forgotten in a long silence",
        file: FOLLOWER,
        from: "node.recovery.replay(node.last_found());",
        to: "node.recovery.replay(node.clock.now());",
        noticed_by: Engine("failover::r5_a_writer_who_misses_a_failover_for_minutes_has_not_forgotten"),
    },
    Weakening {
        name: "a server that goes on from long ago is believed",
        file: MILESTONES,
        from: "self.positions.get(&chain).is_some_and(|here| of < *here)",
        to: "false",
        noticed_by: Engine("snapshot::r5_what_came_back_from_long_ago_is_not_believed"),
    },
    Weakening {
        name: "the same, if somebody writes there first",
        file: COHERENCE,
        from: "self.look_back(chain, step.previous, sent);",
        to: "",
        noticed_by: Engine("snapshot::r5_a_write_does_not_hide_that_a_state_is_old"),
    },
    Weakening {
        name: "the same, if it is told first where it stood",
        file: MENDER,
        from: "look_back(node, remote).await?;",
        to: "",
        noticed_by: Engine(
            "snapshot::r5_who_tells_a_server_where_it_stood_does_not_hide_that_its_state_is_old",
        ),
    },
    Weakening {
        name: "it is told first where it stood, and then that it is outdated",
        file: MENDER,
        from: "if node.recovery.doubts_everything() {",
        to: "if false {",
        noticed_by: Engine("snapshot::r5_who_finds_an_old_state_tells_that_before_it_hides_it"),
    },
    Weakening {
        name: "where the chains were found is no milestone",
        file: MILESTONES,
        from: "Passed { before: here.clone(),",
        to: "Passed { before: Milestone { asked, positions: BTreeMap::new() },",
        noticed_by: Engine("snapshot::r5_who_has_just_started_knows_an_old_state_by_what_it_was_told_first"),
    },
    Weakening {
        name: "an answer from before a milestone counts as one from after it",
        file: MILESTONES,
        from: "sent >= passed.before.asked.after(self.patience) && ",
        to: "",
        noticed_by: Inside("milestones::tests::an_answer_that_may_be_older_than_the_milestone_says_nothing"),
    },
    Weakening {
        name: "a milestone from before a long silence counts",
        file: MILESTONES,
        from: "passed.last.is_near(asked)",
        to: "true",
        noticed_by: Inside("milestones::tests::after_a_long_silence_milestones_begin_anew"),
    },
    Weakening {
        name: "a server that goes on from a moment ago is not believed",
        file: MILESTONES,
        from: "since(self.last.asked) >= APART {",
        to: "since(self.last.asked) >= APART / 100 {",
        noticed_by: Engine("snapshot::r5_a_state_of_a_moment_ago_costs_nothing"),
    },
    Weakening {
        name: "nor is an empty one",
        file: MILESTONES,
        from: "of > Sequence::ZERO && ",
        to: "",
        noticed_by: Engine("snapshot::r5_an_empty_server_is_not_emptied_again"),
    },
    Weakening {
        name: "a new server gives out numbers again",
        file: MENDER,
        from: "in_time(node.patience.write, remote.raise(chain, to))",
        to: "in_time(node.patience.write, async { Ok(drop((chain, to))) })",
        noticed_by: Engine("failover::r5_no_number_of_the_old_server_is_given_to_a_tag_again"),
    },
];
