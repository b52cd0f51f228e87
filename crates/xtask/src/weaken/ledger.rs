//! What can be weaker about the ledger of tags.
//!
//! Left out: the orders in which the exact copy, the stripes and the floor are written. They matter to a hit on
//! another thread at that very moment, and locks that no model checker sees stand between.

use super::Test::{Core, Local};
use super::Weakening;

const LEDGER: &str = "crates/larder-core/src/ledger.rs";

pub(super) const WEAKENINGS: &[Weakening] = &[
    Weakening {
        name: "the ledger has no floor",
        file: LEDGER,
        from: "if birth.get() < self.floor.load(Ordering::Acquire) {",
        to: "if birth.get() < self.floor.load(Ordering::Acquire) && false {",
        noticed_by: Local("a_raised_floor_outdates_what_has_tags_and_nothing_else"),
    },
    Weakening {
        name: "a gap leaves nothing in doubt",
        file: LEDGER,
        from: "birth.get() < self.gap.load(Ordering::Acquire)",
        to: "birth.get() < self.gap.load(Ordering::Acquire) && false",
        noticed_by: Core("ledger::tests::a_gap_leaves_what_was_born_before_it_in_doubt_until_it_is_settled"),
    },
    Weakening {
        name: "a gap closes though a later one has opened",
        file: LEDGER,
        from: "(gap <= at.get()).then_some(0)",
        to: "(gap < u64::MAX).then_some(0)",
        noticed_by: Core("ledger::tests::a_gap_that_opens_meanwhile_stays_open"),
    },
    Weakening {
        name: "a tag's stripe counts for the tag",
        file: LEDGER,
        from: "latest <= birth.get() || self.latest(tag) <= birth.get()",
        to: "latest <= birth.get()",
        noticed_by: Local("a_tag_on_the_same_stripe_outdates_nothing"),
    },
    Weakening {
        name: "a tag's stripe counts for nothing",
        file: LEDGER,
        from: "latest <= birth.get() || self.latest(tag) <= birth.get()",
        to: "latest <= birth.get() || self.latest(tag) <= birth.get() || true",
        noticed_by: Local("an_entry_whose_tag_was_invalidated_is_absent"),
    },
    Weakening {
        name: "an invalidation does not reach the stripe",
        file: LEDGER,
        from: "stripe.fetch_max(at, Ordering::Release);",
        to: "stripe.fetch_max(0, Ordering::Release);",
        noticed_by: Local("an_entry_whose_tag_was_invalidated_is_absent"),
    },
    Weakening {
        name: "one current tag is enough",
        file: LEDGER,
        from: "tags.as_slice().iter().all(",
        to: "tags.as_slice().iter().any(",
        noticed_by: Local("one_of_many_tags_is_enough"),
    },
    Weakening {
        name: "a late message turns a tag back",
        file: LEDGER,
        from: "*latest = at.max(*latest);",
        to: "*latest = at;",
        noticed_by: Core("ledger::tests::messages_out_of_order_never_turn_a_tag_back"),
    },
    Weakening {
        name: "forgetting raises no floor",
        file: LEDGER,
        from: "        self.floor.fetch_max(floor, Ordering::Release);\n        exact",
        to: "        exact",
        noticed_by: Core("ledger::tests::a_flood_of_tags_is_forgotten_safely"),
    },
    Weakening {
        name: "a birth does not tell what has been heard",
        file: LEDGER,
        from: "        self.see(Sequence::new(at));\n",
        to: "",
        noticed_by: Local("a_load_that_began_after_the_invalidation_of_its_tag_is_kept"),
    },
    Weakening {
        name: "a birth does not tell of a raised floor",
        file: LEDGER,
        from: "        drop(exact);\n        self.see(at);",
        to: "        drop(exact);",
        noticed_by: Local("a_raised_floor_outdates_what_has_tags_and_nothing_else"),
    },
];
