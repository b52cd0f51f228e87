//! What can be weaker about steps that writers share.

use super::Test::Engine;
use super::Weakening;

const BATCH: &str = "crates/larder/src/batch.rs";
const WRITE: &str = "crates/larder/src/write.rs";

pub(super) const WEAKENINGS: &[Weakening] = &[
    Weakening {
        name: "who comes is told of the step that is under way",
        file: BATCH,
        from: "tell(waiting, &taken.into_receipt());",
        to: "let receipt = taken.into_receipt();\n        tell(waiting, &receipt);\n        \
             tell(lane.waiting().drain(..).map(|part| part.told).collect(), &receipt);",
        noticed_by: Engine("batches::nobody_is_given_a_receipt_for_a_step_that_was_sent_before_he_came"),
    },
    Weakening {
        name: "a step waits for nobody's turn",
        file: BATCH,
        from: "_turn = lane.turn.lock() => {",
        to: "_turn = async { drop(lane.turn.try_lock()) } => {",
        noticed_by: Engine("batches::a_thousand_writers_of_one_partition_share_a_few_steps"),
    },
    Weakening {
        name: "a step is for one writer",
        file: BATCH,
        from: "intents.is_empty() || intents.len() + more <= MOST_KEYS",
        to: "intents.is_empty() || intents.len() + more <= MOST_KEYS * 0",
        noticed_by: Engine("batches::all_who_share_a_step_share_its_receipt"),
    },
    Weakening {
        name: "a step takes any number of keys",
        file: BATCH,
        from: "intents.is_empty() || intents.len() + more <= MOST_KEYS",
        to: "intents.is_empty() || intents.len() + more <= MOST_KEYS * 9",
        noticed_by: Engine("batches::a_thousand_writers_of_one_partition_share_a_few_steps"),
    },
    Weakening {
        name: "a key counts as often as it is wanted",
        file: BATCH,
        from: ".filter(|intent| !intents.contains(intent))",
        to: "",
        noticed_by: Engine("batches::a_key_that_many_want_is_in_their_step_once"),
    },
    Weakening {
        name: "all who share a step are told that it was taken, though it failed",
        file: BATCH,
        from: "tell(waiting, &taken.into_receipt());",
        to: "tell(waiting, &Receipt::default());",
        noticed_by: Engine("batches::a_step_that_fails_defers_all_who_share_it"),
    },
    Weakening {
        name: "each step waits for a dead server anew",
        file: BATCH,
        from: "let is_answered = taken != Taken::Unanswered;",
        to: "let is_answered = taken != Taken::Unanswered || true;",
        noticed_by: Engine("batches::nobody_waits_longer_for_a_dead_server_than_for_one_step"),
    },
    Weakening {
        name: "a server that says no counts as dead",
        file: BATCH,
        from: "let is_answered = taken != Taken::Unanswered;",
        to: "let is_answered = taken != Taken::Unanswered && taken != Taken::Failed;",
        noticed_by: Engine("batches::a_step_that_fails_takes_nobody_along_who_was_not_in_it"),
    },
    Weakening {
        name: "what waits for a dead server is forgotten",
        file: BATCH,
        from: "            self.defer(step);\n",
        to: "            drop(step);\n",
        noticed_by: Engine("batches::nobody_waits_longer_for_a_dead_server_than_for_one_step"),
    },
    Weakening {
        name: "kinds share a lane",
        file: BATCH,
        from: "self.expired.get(partition.index())",
        to: "self.invalidated.get(partition.index())",
        noticed_by: Engine("batches::writes_of_other_kinds_and_partitions_wait_for_nobody"),
    },
    Weakening {
        name: "tags share no step",
        file: BATCH,
        from: "Step::Tags(_) => Some(&self.tags),",
        to: "Step::Tags(_) => Some(&self.tags).filter(|_| false),",
        noticed_by: Engine("batches::expiries_and_tags_share_steps_too"),
    },
    Weakening {
        name: "a write ends with its caller",
        file: WRITE,
        from: "self.in_task(async move { node.take_all(steps, Attempt::First).await }).await",
        to: "Ok(async move { node.take_all(steps, Attempt::First).await }.await)",
        noticed_by: Engine("batches::writers_who_leave_keep_nobody_from_being_told_and_have_written"),
    },
    Weakening {
        name: "a step that panicked is forgotten",
        file: WRITE,
        from: "if let Some(step) = self.step.take() {",
        to: "if let Some(step) = self.step.take().filter(|_| !std::thread::panicking()) {",
        noticed_by: Engine("batches::a_step_that_panics_defers_all_who_share_it_and_the_next_one_is_taken"),
    },
    Weakening {
        name: "one writer takes any number of steps at once",
        file: WRITE,
        from: "if under_way.len() == MOST_AT_ONCE",
        to: "if under_way.len() == MOST_AT_ONCE * 99",
        noticed_by: Engine("batches::one_writer_takes_no_more_than_64_steps_at_once"),
    },
];
