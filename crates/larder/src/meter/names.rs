//! Every name that is published, and what it means.

use metrics::Unit;

/// The names of a histogram: its buckets, how often, and how long altogether.
pub(super) const LOAD: [&str; 3] =
    ["larder_load_seconds_bucket", "larder_load_seconds_count", "larder_load_seconds_sum"];
pub(super) const REMOTE: [&str; 3] =
    ["larder_remote_seconds_bucket", "larder_remote_seconds_count", "larder_remote_seconds_sum"];

const COUNTERS: &[(&str, &str)] = &[
    ("larder_reads_total", "Reads, by what became of them."),
    ("larder_loads_total", "Values that a loader was asked for, by what became of it."),
    ("larder_early_refreshes_total", "Refreshes ahead of time."),
    ("larder_refused_total", "Values that were returned and not kept, because something had overtaken them."),
    ("larder_unreadable_total", "Stored bytes that could not be read, by what was wrong."),
    (
        "larder_read_forms_total",
        "Stored values that could be read, by their form and whether it is the newest.",
    ),
    ("larder_unsealed_total", "Values that could not be turned into bytes."),
    (
        "larder_evictions_total",
        "Entries that had to make room for others; of all caches if they share one memory.",
    ),
    ("larder_degraded_total", "Steps of reads for which the shared tier was of no help."),
    (LOAD[0], "Loads that took no longer."),
    (LOAD[1], "Loads, as their time counts them."),
    (REMOTE[0], "Answers of the shared tier to reads that took no longer."),
    (REMOTE[1], "Answers of the shared tier to reads."),
    ("larder_steps_total", "Steps by which writes told the shared tier, or tried to."),
    ("larder_steps_deferred_total", "Steps that the shared tier could not be told at once."),
    ("larder_invalidations_heard_total", "Invalidations that were heard of."),
    ("larder_flushes_total", "Times that copies became suspect, because notices may have been missed."),
    ("larder_breaker_opened_total", "Times that the breaker of the shared tier has opened."),
    ("larder_connections_made_total", "Times that connections were made."),
];

const GAUGES: &[(&str, Unit, &str)] = &[
    ("larder_entries", Unit::Count, "Entries in this process."),
    ("larder_warm", Unit::Count, "Whether a warm start is over: 1 or 0."),
    ("larder_warm_keys", Unit::Count, "Keys that a warm start wanted, and what became of them."),
    ("larder_warm_seconds", Unit::Seconds, "How long a warm start took, or has taken so far."),
    ("larder_weight", Unit::Count, "What these weigh: bytes if the capacity is in bytes, else their number."),
    (LOAD[2], Unit::Seconds, "Time of all loads together."),
    (REMOTE[2], Unit::Seconds, "Time of all answers of the shared tier together."),
    ("larder_in_sync", Unit::Count, "Whether the process hears of all invalidations: 1 or 0."),
    (
        "larder_probe_age_seconds",
        Unit::Seconds,
        "Age of the last sync point that agreed with what was heard.",
    ),
    ("larder_trusted_seconds", Unit::Seconds, "For how long copies are trusted if nothing more is heard."),
    ("larder_deferred", Unit::Count, "Invalidations that the servers could not be told yet."),
    ("larder_drift", Unit::Count, "Differences in how builds store their caches that cost hits."),
    ("larder_breaker", Unit::Count, "Whether the breaker of the shared tier is in that state: 1 or 0."),
    ("larder_breaker_age_seconds", Unit::Seconds, "For how long the breaker has been in its state."),
    ("larder_connections", Unit::Count, "Connections, by whether they are up."),
    ("larder_chains_behind", Unit::Count, "Chains of which less was heard than a server has told."),
    ("larder_chain_lag_seconds", Unit::Seconds, "By how much the chain is behind that is so the most."),
];

/// Tells the recorder what each name means.
pub(super) fn describe() {
    for (name, text) in COUNTERS {
        metrics::describe_counter!(*name, Unit::Count, *text);
    }
    for (name, unit, text) in GAUGES {
        metrics::describe_gauge!(*name, *unit, *text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_in_the_guide_and_no_other() {
        let guide = include_str!("../guide/observability.md");
        let rows = guide.lines().filter_map(|line| line.strip_prefix("| `larder_")?.split_once('`'));
        let mut told: Vec<String> = rows.map(|(name, _)| format!("larder_{name}")).collect();
        let gauges = GAUGES.iter().map(|(name, ..)| *name);
        let mut names: Vec<&str> = COUNTERS.iter().map(|(name, _)| *name).chain(gauges).collect();
        told.sort_unstable();
        names.sort_unstable();
        assert_eq!(told, names);
    }
}
