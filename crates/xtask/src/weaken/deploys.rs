//! What can be weaker about deploys: the guard, and warm starts.

use super::Test::{Facade, Inside};
use super::Weakening;

const DRIFT: &str = "crates/larder/src/layout/drift.rs";
const LAYOUT: &str = "crates/larder/src/layout.rs";
const REGISTRAR: &str = "crates/larder/src/layout/registrar.rs";
const REGISTRY: &str = "crates/larder/src/layout/registry.rs";
const SAVING: &str = "crates/larder/src/warm/saving.rs";
const SKETCH: &str = "crates/larder/src/warm/sketch.rs";
const START: &str = "crates/larder/src/start.rs";
const TASK: &str = "crates/larder/src/warm/task.rs";
const THIN: &str = "crates/larder/src/warm/thin.rs";
const WARMING: &str = "crates/larder/src/warm/warming.rs";

pub(super) const WEAKENINGS: &[Weakening] = &[
    Weakening {
        name: "every build is believed to read what others write",
        file: LAYOUT,
        from: "is_unpacked && self.has_form_of(other)",
        to: "is_unpacked && (self.has_form_of(other) || true)",
        noticed_by: Facade("drift::a_type_that_was_changed_is_told_with_both_layouts"),
    },
    Weakening {
        name: "every build is believed to decompress what others compress",
        file: LAYOUT,
        from: "(Some(own), Some(other)) => own.can_read(other),",
        to: "(Some(own), Some(other)) => own.can_read(other) || true,",
        noticed_by: Facade("drift::a_compression_that_the_others_do_not_have_is_told_to_either_side"),
    },
    Weakening {
        name: "what is long gone is held against a build",
        file: DRIFT,
        from: "self.age <= self.layout.time_to_live() + GONE",
        to: "self.age <= self.layout.time_to_live() + GONE || true",
        noticed_by: Facade("drift::a_migration_in_its_order_is_no_drift_and_a_deploy_too_early_is"),
    },
    Weakening {
        name: "an app without a past is not looked for elsewhere",
        file: DRIFT,
        from: "if self.layouts.is_empty() {",
        to: "if self.layouts.is_empty() && false {",
        noticed_by: Facade("drift::an_app_that_has_another_name_is_told_that_it_has_stored_nothing"),
    },
    Weakening {
        name: "a guard that refuses only warns",
        file: REGISTRY,
        from: "if self.guard == DeployGuard::Refuse",
        to: "if self.guard == DeployGuard::Refuse && false",
        noticed_by: Facade("drift::a_guard_that_refuses_builds_no_cache_and_notes_nothing"),
    },
    Weakening {
        name: "a build notes nothing of itself",
        file: REGISTRAR,
        from: "registry.exchange(remote, &own, node.patience.write)",
        to: "registry.exchange(remote, &own[..0], node.patience.write)",
        noticed_by: Facade("drift::a_type_that_was_changed_is_told_with_both_layouts"),
    },
    Weakening {
        name: "who only looks is noted",
        file: START,
        from: "if self.registry.is_on() {\n            self.tasks",
        to: "if true {\n            self.tasks",
        noticed_by: Facade("drift::who_only_looks_notes_nothing"),
    },
    Weakening {
        name: "what is fetched ahead is kept whatever was written meanwhile",
        file: WARMING,
        from: "self.judge_kept(key, stored, bearings, asked)",
        to: "self.judge_kept(key, stored, { let _ = bearings; self.bearings() }, asked)",
        noticed_by: Facade("warm::a_write_is_never_overtaken_by_what_is_fetched_ahead"),
    },
    Weakening {
        name: "what the shared tier was not told yet is fetched ahead",
        file: WARMING,
        from: "self.remote(key, route).is_some())",
        to: "self.remote(key, route).is_some() || true)",
        noticed_by: Facade("warm::what_the_shared_tier_was_not_told_yet_is_not_fetched_ahead"),
    },
    Weakening {
        name: "what is read most is the first to make room",
        file: WARMING,
        from: "keys.len() as u64 >= room - room / 8",
        to: "keys.len() as u64 >= room * 8",
        noticed_by: Facade("warm::what_is_read_most_is_not_the_first_to_make_room"),
    },
    Weakening {
        name: "a warm start begins before the bus is in sync",
        file: TASK,
        from: "self.node.synchronized().await;",
        to: "",
        noticed_by: Facade("warm::what_is_fetched_ahead_is_fetched_once_it_can_be_kept"),
    },
    Weakening {
        name: "a warm start goes on after its deadline",
        file: TASK,
        from: "timeout(left, fetching).await.is_err()",
        to: "timeout(left * 2, fetching).await.is_err()",
        noticed_by: Facade(
            "warm::waiting::what_is_there_at_the_deadline_is_kept_and_the_rest_is_not_waited_for",
        ),
    },
    Weakening {
        name: "who ends does not tell what was read",
        file: SAVING,
        from: "self.save(is_over).await;",
        to: "if !is_over { self.save(is_over).await; }",
        noticed_by: Facade("warm::a_new_instance_answers_its_first_reads_by_itself"),
    },
    Weakening {
        name: "a hit that stands for many counts as one",
        file: SKETCH,
        from: "f64::from(1 << sparseness)",
        to: "f64::from(1 << (sparseness * 0))",
        noticed_by: Inside("warm::sketch::tests::of_few_hits_each_is_counted_and_of_many_a_few_for_all"),
    },
    Weakening {
        name: "a key that stands for others counts as one",
        file: THIN,
        from: "then_some(count.max(self.least))",
        to: "then_some(count)",
        noticed_by: Inside("warm::saving::tests::a_part_of_them_has_the_counts_of_all"),
    },
    Weakening {
        name: "each process of a large fleet adds as much as that of a small one",
        file: SAVING,
        from: "processes.unwrap_or(UNKNOWN) as f64",
        to: "processes.unwrap_or(UNKNOWN).min(1) as f64",
        noticed_by: Inside("warm::saving::tests::a_large_fleet_adds_no_more_than_a_small_one"),
    },
];
