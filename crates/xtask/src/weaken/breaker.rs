//! What can be weaker about the breaker of the shared tier.
//!
//! Left out: that a step which is given up counts for nothing. Nothing in the text does that, so that nothing can be taken out.

use super::Test::{Circuit, Engine};
use super::Weakening;

const BUDGET_OF_MANY: &str = "crates/larder/src/bulk.rs";
const CIRCUIT: &str = "crates/larder/src/breaker/circuit.rs";
const MENDER: &str = "crates/larder/src/mender.rs";
const PROBER: &str = "crates/larder/src/prober.rs";
const ASK: &str = "crates/larder/src/ask.rs";
const STEP: &str = "crates/larder/src/step.rs";
const WINDOW: &str = "crates/larder/src/breaker/window.rs";
const WRITE: &str = "crates/larder/src/write.rs";

pub(super) const WEAKENINGS: &[Weakening] = &[
    Weakening {
        name: "one step opens the breaker",
        file: CIRCUIT,
        from: "counts.calls >= self.breaker.calls && counts",
        to: "counts",
        noticed_by: Circuit("it_opens_once_enough_were_taken_and_half_of_them_have_failed"),
    },
    Weakening {
        name: "a busy process does not notice a silence",
        file: CIRCUIT,
        from: "has_share || is_silent",
        to: "has_share || (is_silent && false)",
        noticed_by: Circuit("a_busy_process_notices_that_nothing_is_answered_any_more"),
    },
    Weakening {
        name: "a moment without answers is a silence",
        file: CIRCUIT,
        from: "&& now.since(inner.silent_since) >= self.silence",
        to: "",
        noticed_by: Circuit("a_busy_process_notices_that_nothing_is_answered_any_more"),
    },
    Weakening {
        name: "a step counts for whatever phase it ends in",
        file: CIRCUIT,
        from: " || pass.0.get() != inner.opened + 1",
        to: "",
        noticed_by: Circuit("a_step_from_before_it_opened_counts_for_nothing_afterwards"),
    },
    Weakening {
        name: "two ask at once",
        file: CIRCUIT,
        from: "inner.position = Position::Probing { until };",
        to: "let _ = (&mut inner.position, Position::Probing { until });",
        noticed_by: Circuit("one_question_passes_and_no_step"),
    },
    Weakening {
        name: "a question that is given up is under way for ever",
        file: CIRCUIT,
        from: "inner.position = Position::Open { until };",
        to: "let _ = (&mut inner.position, until);",
        noticed_by: Circuit("a_question_that_is_given_up_was_never_asked"),
    },
    Weakening {
        name: "what failed before it closed counts on",
        file: CIRCUIT,
        from: "inner.window.forget();",
        to: "",
        noticed_by: Circuit("an_answer_closes_it_and_what_was_before_is_forgotten"),
    },
    Weakening {
        name: "rests are all alike",
        file: CIRCUIT,
        from: "breaker.rest.saturating_mul(MOST_REST)",
        to: "breaker.rest.max(Duration::from_secs(0 * u64::from(MOST_REST)))",
        noticed_by: Circuit("rests_double_up_to_eight_times_while_nothing_is_answered"),
    },
    Weakening {
        name: "the window has no end",
        file: WINDOW,
        from: "part.number + PARTS > number",
        to: "part.number + number > PARTS",
        noticed_by: Circuit("what_is_older_than_the_window_does_not_open_it"),
    },
    Weakening {
        name: "steps are taken though it is open",
        file: CIRCUIT,
        from: "self.phase.load(Ordering::Relaxed)",
        to: "self.phase.load(Ordering::Relaxed).max(1)",
        noticed_by: Engine(
            "breaker::a_frozen_server_costs_each_read_its_budget_until_the_breaker_opens_and_then_nothing",
        ),
    },
    Weakening {
        name: "writes wait though it is open",
        file: WRITE,
        from: "if attempt == Attempt::First && pass.is_none() {",
        to: "if attempt == Attempt::First && pass.is_none() && false {",
        noticed_by: Engine("breaker::while_it_is_open_a_write_is_deferred_at_once_and_told_after_the_thaw"),
    },
    Weakening {
        name: "the mender does not ask before it tells",
        file: MENDER,
        from: "if !node.is_reached(remote).await {",
        to: "if !node.is_reached(remote).await && false {",
        noticed_by: Engine("breaker::while_it_is_open_a_write_is_deferred_at_once_and_told_after_the_thaw"),
    },
    Weakening {
        name: "what is told again in vain counts",
        file: WRITE,
        from: "Attempt::Again => None,",
        to: "Attempt::Again => self.circuit.enter(),",
        noticed_by: Engine("breaker::what_the_mender_tries_in_vain_does_not_open_it"),
    },
    Weakening {
        name: "a refusal counts as no answer",
        file: STEP,
        from: "if took > slowness {",
        to: "if took > slowness || error.is_some() {",
        noticed_by: Engine("breaker::a_full_server_answers_and_does_not_open_it"),
    },
    Weakening {
        name: "nobody sees to its closing",
        file: STEP,
        from: "self.opened.notify_one();",
        to: "",
        noticed_by: Engine("breaker::it_closes_after_its_rest_though_nobody_reads"),
    },
    Weakening {
        name: "the prober does not wait for the end of a rest",
        file: PROBER,
        from: "if rest.is_zero() {",
        to: "if rest.is_zero() || true {",
        noticed_by: Engine("breaker::it_closes_after_its_rest_though_nobody_reads"),
    },
    Weakening {
        name: "an answer that is too late for a read closes it",
        file: PROBER,
        from: "(Some(Went::Badly), _) => Answer::Late,",
        to: "(Some(Went::Badly), _) => [Answer::InTime, Answer::Late][0],",
        noticed_by: Engine("breaker::what_the_server_is_too_slow_for_reads_to_answer_is_told_all_the_same"),
    },
    Weakening {
        name: "what was frozen until now counts as slow",
        file: PROBER,
        from: "if answer == Answer::Late {",
        to: "if answer == Answer::Late && false {",
        noticed_by: Engine("breaker::a_question_that_the_thaw_answers_closes_it"),
    },
    Weakening {
        name: "every read tells that it is open",
        file: ASK,
        from: "if is_cut_off(error) {",
        to: "if is_cut_off(error) && false {",
        noticed_by: Engine("breaker::that_it_is_open_is_told_once_and_not_by_every_read"),
    },
    Weakening {
        name: "each of many keys has a budget of its own",
        file: BUDGET_OF_MANY,
        from: "budget.clone());",
        to: "self.budget());",
        noticed_by: Engine("breaker::many_keys_at_once_have_one_budget"),
    },
];
