//! What can be weaker on a real server: in the scripts, on the bus, and in the connections.
//!
//! Left out:
//!
//! - That a broken connection of the bus is told at once. The next sync point is behind, and shows what was missed.
//! - That calls and messages lead to the same server. Whether a write falls into the moment in which they do not is chance.
//! - That a log which ends too early is not believed. The sync point behind it is further, and shows that.
//! - That a server which refuses to write is left. The sentinels name the next master within a second, too.

use super::Test::{Bus, Link, Redis, Script};
use super::Weakening;

/// The file of a script.
macro_rules! lua {
    ($name:literal) => {
        concat!("crates/larder-redis/src/scripts/", $name, ".lua")
    };
}

pub(super) const WEAKENINGS: &[Weakening] = &[
    Weakening {
        name: "a fill needs no lease on the server",
        file: lua!("fill"),
        from: "if not is_held(KEYS[2], ARGV[1]) then return 0 end",
        to: "",
        noticed_by: Script("a_load_overtaken_by_an_invalidation_stores_nothing"),
    },
    Weakening {
        name: "an invalidation leaves the lease on the server",
        file: lua!("invalidate"),
        from: "redis.call('UNLINK', KEYS[index], KEYS[index + 1])",
        to: "redis.call('UNLINK', KEYS[index])",
        noticed_by: Script("a_load_overtaken_by_an_invalidation_stores_nothing"),
    },
    Weakening {
        name: "an expiry leaves the lease on the server",
        file: lua!("expire"),
        from: "  redis.call('UNLINK', KEYS[index + 1])\n",
        to: "",
        noticed_by: Script("a_load_overtaken_by_an_invalidation_stores_nothing"),
    },
    Weakening {
        name: "an expiry leaves what it cannot mark on the server",
        file: lua!("expire"),
        from: "  elseif value then",
        to: "  elseif value == 'nothing' then",
        noticed_by: Script("an_expire_drops_bytes_that_are_no_entry"),
    },
    Weakening {
        name: "a header is put before what is no entry",
        file: lua!("touch"),
        from: "if not is_entry(value) or #value < #ARGV[2] then",
        to: "if not value or #value < #ARGV[2] then",
        noticed_by: Script("a_header_for_what_is_no_entry_stores_nothing"),
    },
    Weakening {
        name: "sequences are counted, and not told by the clock",
        file: lua!("prelude"),
        from: "local sequence = math.max(previous + 1, micros())",
        to: "local sequence = previous + 1",
        noticed_by: Script("a_chain_goes_by_the_clock"),
    },
    Weakening {
        name: "a chain is raised to anything",
        file: lua!("raise"),
        from: "if at > micros() + 86400000000 then return 0 end",
        to: "",
        noticed_by: Script("a_chain_is_not_raised_far_ahead_of_the_clock"),
    },
    Weakening {
        name: "an older version is put",
        file: lua!("put"),
        from: "if is_less(version, newest(value, KEYS[4])) then return {2} end",
        to: "",
        noticed_by: Script("an_older_version_is_outdated_and_the_newer_stays"),
    },
    Weakening {
        name: "an entry of a newer build is written over",
        file: lua!("put"),
        from: "then return {3} end",
        to: "then end",
        noticed_by: Script("an_entry_of_a_newer_build_stays"),
    },
    Weakening {
        name: "a guard stops no lease",
        file: lua!("lease"),
        from: "if is_guarded(KEYS[3]) then return {3} end",
        to: "",
        noticed_by: Script("a_guarded_key_is_quarantined_for_every_request"),
    },
    Weakening {
        name: "a lease outlasts the clock that it was taken by",
        file: lua!("lease"),
        from: " and left <= 2 * hold",
        to: "",
        noticed_by: Redis("hostile::a_lease_from_before_the_clock_was_turned_back_keeps_nobody_waiting"),
    },
    Weakening {
        name: "tags are forgotten without a floor",
        file: lua!("tags"),
        from: "  redis.call('ZADD', KEYS[2], last[2], 'floor')\n",
        to: "",
        noticed_by: Script("the_oldest_tags_are_forgotten_and_the_floor_says_so"),
    },
    Weakening {
        name: "what lies under a name of ours is believed to be ours",
        file: lua!("prelude"),
        from: "return value and #value >= 64 and string.sub(value, 1, 2) == '\\193\\76'",
        to: "return value",
        noticed_by: Script("bytes_that_are_no_entry_are_never_found"),
    },
    Weakening {
        name: "a number that cannot be one is a sequence",
        file: lua!("prelude"),
        from: "return found >= 0 and found <= micros() + 86400000000 and math.floor(found) or 0",
        to: "return found",
        noticed_by: Redis("hostile::nothing_that_lies_under_our_names_stops_a_script"),
    },
    Weakening {
        name: "a full server is asked to write before it may let go",
        file: lua!("tags"),
        from: "redis.call('UNLINK', KEYS[1] .. '~')\nif",
        to: "if",
        noticed_by: Redis("hostile::a_full_server_takes_every_invalidation"),
    },
    Weakening {
        name: "a sweep takes whatever its pattern fits",
        file: "crates/larder-redis/src/sweep.rs",
        from: ".filter(|key| key.starts_with(prefix.as_bytes()))",
        to: ".filter(|key| key.starts_with(prefix.as_bytes()) || key.len() > 60)",
        noticed_by: Script("a_sweep_leaves_everything_else_alone"),
    },
    Weakening {
        name: "any layout will do",
        file: "crates/larder-redis/src/check.rs",
        from: "if found == layout {",
        to: "if !found.is_empty() {",
        noticed_by: Redis("starting::another_layout_is_refused"),
    },
    Weakening {
        name: "a script that was forgotten is not told again",
        file: "crates/larder-redis/src/call.rs",
        from: "Err(error) if is_unknown(&error) =>",
        to: "Err(error) if is_unknown(&error) && self.keys.is_empty() =>",
        noticed_by: Redis(
            "hostile::a_script_that_the_server_has_forgotten_is_told_again_to_everyone_at_once",
        ),
    },
    Weakening {
        name: "who runs out of time raises no doubt",
        file: "crates/larder-link/src/line.rs",
        from: "        if !self.is_answered {\n            self.shared.doubt.notify_one();",
        to: "        if !self.is_answered {",
        noticed_by: Redis("hazards::h3_a_half_open_connection_for_calls_is_found_out"),
    },
    Weakening {
        name: "a server that cannot prove who it is is only out of reach",
        file: "crates/larder-link/src/error.rs",
        from: "_ if is_unproven(&error) => ErrorKind::Refused,",
        to: "_ if is_unproven(&error) => ErrorKind::Unavailable,",
        noticed_by: Redis("starting::another_authority_is_refused"),
    },
    Weakening {
        name: "the error of an address quotes it",
        file: "crates/larder-link/src/target.rs",
        from: ".map_err(|_| invalid(\"it cannot be read\"))?",
        to: ".map_err(|error| invalid(\"it cannot be read\").because(format!(\"{url} {error}\")))?",
        noticed_by: Link("address::tests::what_cannot_be_an_address_is_refused_and_not_quoted"),
    },
    Weakening {
        name: "the queue of the bus has no end",
        file: "crates/larder-bus/src/inbox.rs",
        from: "        if self.bytes > MOST {\n            self.queue.clear();",
        to: "        if self.bytes == usize::MAX {\n            self.queue.clear();",
        noticed_by: Bus("inbox::tests::an_overflow_becomes_one_loss_and_takes_no_more_room"),
    },
    Weakening {
        name: "what a cluster has forgotten is taken for what came since",
        file: "crates/larder-bus/src/inbox.rs",
        from: "if before <= *told {",
        to: "if before >= Sequence::ZERO {",
        noticed_by: Bus(
            "inbox::tests::what_came_after_the_question_is_in_order_and_what_was_forgotten_is_told",
        ),
    },
    Weakening {
        name: "a message that cannot be read is nothing",
        file: "crates/larder-bus/src/listener.rs",
        from: "                self.inbox.push(BusEvent::Lost(wire::chain_of(message)));\n",
        to: "",
        noticed_by: Redis("interop::a_message_of_a_wrong_length_is_counted_and_only_flushes"),
    },
    Weakening {
        name: "a bus on which nothing is heard will do",
        file: "crates/larder-bus/src/listener.rs",
        from: "Err(_) => Err(if is_called { silent() } else { late() }),",
        to: "Err(_) => Err(late()),",
        noticed_by: Redis("hazards::a_server_on_which_nothing_is_heard_is_refused_at_the_start"),
    },
    Weakening {
        name: "a log with a gap is believed",
        file: "crates/larder-bus/src/log.rs",
        from: "        if previous != at {\n            return None;\n        }\n",
        to: "        let _ = previous;\n",
        noticed_by: Bus("log::tests::only_what_leads_all_the_way_is_complete"),
    },
];
