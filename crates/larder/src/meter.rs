//! What is counted, told to the facade `metrics`.
//!
//! Nothing is told while it happens: a hit that went through the facade would cost several. What the counters have come to
//! is told when somebody asks, or from time to time.

mod names;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{BreakerState, Purpose};
use metrics::{IntoF64, Label, SharedString};
use tokio::time::sleep;

use crate::health::{BreakerHealth, Health, Position};
use crate::node::Node;
use crate::stats::{CacheStats, FormReads, Latency, Stats};
use crate::warm::Warmth;

/// The upper bounds of a histogram's buckets, in powers of two, in microseconds: from an eighth of a millisecond to a minute.
/// What is counted has bounds there, too, so that nothing is guessed.
const BOUNDS: std::ops::RangeInclusive<u32> = 7..=26;

/// Tells all there is at this moment.
pub(crate) fn publish(node: &Node) {
    node.described.call_once(names::describe);
    let page = Page::default().with("app", node.app.as_str().to_owned());
    let stats = Stats::of(node);
    for (name, cache) in &stats.caches {
        page.with("cache", name.as_str().to_owned()).cache(cache);
    }
    page.process(&stats);
    page.health(&Health::of(node));
}

/// Tells it again and again, until this process's part is shut down.
pub(crate) async fn publish_every(node: Arc<Node>, interval: Duration) {
    let publish = async {
        loop {
            publish(&node);
            sleep(interval).await;
        }
    };
    tokio::select! {
        biased;
        () = node.closed() => {}
        () = publish => {}
    }
}

/// Numbers that have these labels in common.
#[derive(Clone, Default)]
struct Page(Vec<Label>);

impl Page {
    /// The same with one label more.
    fn with(&self, name: &'static str, value: impl Into<SharedString>) -> Self {
        let mut labels = self.0.clone();
        labels.push(Label::new(name, value));
        Self(labels)
    }

    fn counter(&self, name: &'static str, value: u64) {
        metrics::counter!(name, self.0.clone()).absolute(value);
    }

    fn gauge(&self, name: &'static str, value: impl IntoF64) {
        metrics::gauge!(name, self.0.clone()).set(value);
    }

    /// One counter that is told apart by a label.
    fn counters(&self, name: &'static str, label: &'static str, values: &[(&'static str, u64)]) {
        for (of, value) in values {
            self.with(label, *of).counter(name, *value);
        }
    }

    fn cache(&self, stats: &CacheStats) {
        let reads = [
            ("local", stats.local_hits),
            ("remote", stats.remote_hits),
            ("stale", stats.stale_hits),
            ("loaded", stats.loaded),
            ("missing", stats.missing),
            ("miss", stats.misses),
            ("failed", stats.failed),
        ];
        self.counters("larder_reads_total", "outcome", &reads);
        let loads = [("loaded", stats.loads), ("failed", stats.load_errors), ("shed", stats.loads_shed)];
        self.counters("larder_loads_total", "outcome", &loads);
        self.counter("larder_early_refreshes_total", stats.early_refreshes);
        self.counters("larder_refused_total", "reason", &stats.refused_by_reason);
        self.counters("larder_unreadable_total", "reason", &stats.unreadable_by_reason);
        self.forms(&stats.read_by_form);
        self.counter("larder_unsealed_total", stats.unsealed);
        self.counter("larder_degraded_total", stats.degraded);
        self.gauge("larder_entries", as_f64(stats.entries));
        self.gauge("larder_weight", as_f64(stats.weight));
        self.counter("larder_evictions_total", stats.evictions);
        self.latency(names::LOAD, &stats.load_time);
        self.latency(names::REMOTE, &stats.remote_time);
        stats.warmth.iter().for_each(|warmth| self.warmth(warmth));
    }

    fn warmth(&self, warmth: &Warmth) {
        let keys = [
            ("wanted", warmth.wanted),
            ("found", warmth.found),
            ("kept", warmth.kept),
            ("loaded", warmth.loaded),
        ];
        for (of, keys) in keys {
            self.with("of", of).gauge("larder_warm_keys", as_f64(keys));
        }
        self.gauge("larder_warm_seconds", warmth.took);
        self.gauge("larder_warm", flag(warmth.is_over));
    }

    /// Forms that differ in nothing that is told are one.
    fn forms(&self, reads: &[FormReads]) {
        let mut sums: BTreeMap<_, u64> = BTreeMap::new();
        for reads in reads {
            *sums.entry((reads.format(), reads.schema(), reads.outcome())).or_default() += reads.count;
        }
        for ((format, schema, outcome), count) in sums {
            let page = self.with("format", format).with("schema", schema).with("outcome", outcome);
            page.counter("larder_read_forms_total", count);
        }
    }

    /// A histogram as Prometheus wants it: each bucket counts what took no longer. The facade's own takes each observation by
    /// itself, and these were counted long ago.
    fn latency(&self, [bucket, count, sum]: [&'static str; 3], latency: &Latency) {
        for bound in BOUNDS.map(|doublings| Duration::from_micros(1 << doublings)) {
            let within = latency.buckets().take_while(|(most, _)| *most <= bound).map(|(_, times)| times);
            self.with("le", bound.as_secs_f64().to_string()).counter(bucket, within.sum());
        }
        self.with("le", "+Inf").counter(bucket, latency.count());
        self.counter(count, latency.count());
        self.gauge(sum, latency.total());
    }

    fn process(&self, stats: &Stats) {
        self.counter("larder_steps_total", stats.sent);
        self.counter("larder_steps_deferred_total", stats.deferred);
        self.counter("larder_invalidations_heard_total", stats.heard);
        self.counters("larder_flushes_total", "cause", &[("gap", stats.gaps), ("loss", stats.losses)]);
        self.counter("larder_breaker_opened_total", stats.breaker_opened);
    }

    fn health(&self, health: &Health) {
        self.gauge("larder_in_sync", flag(health.is_in_sync));
        if let Some(age) = health.probe_age {
            self.gauge("larder_probe_age_seconds", age);
        }
        if let Some(left) = health.trusted_for {
            self.gauge("larder_trusted_seconds", left);
        }
        self.gauge("larder_deferred", as_f64(health.deferred as u64));
        self.gauge("larder_drift", as_f64(health.drift as u64));
        self.breaker(health.breaker);
        for (name, purpose) in [("data", Purpose::Data), ("bus", Purpose::Bus)] {
            let connections = health.connections.iter().filter(|connection| connection.purpose == purpose);
            let page = self.with("purpose", name);
            let up = connections.clone().filter(|connection| connection.is_up).count();
            page.with("state", "up").gauge("larder_connections", as_f64(up as u64));
            let down = connections.clone().count() - up;
            page.with("state", "down").gauge("larder_connections", as_f64(down as u64));
            page.counter(
                "larder_connections_made_total",
                connections.map(|connection| connection.made).sum(),
            );
        }
        self.gauge("larder_chains_behind", as_f64(health.behind() as u64));
        let lag = health.chains.iter().map(Position::lag).max();
        self.gauge("larder_chain_lag_seconds", lag.unwrap_or_default());
    }

    fn breaker(&self, breaker: BreakerHealth) {
        for (name, state) in [
            ("closed", BreakerState::Closed),
            ("open", BreakerState::Open),
            ("probing", BreakerState::Probing),
        ] {
            self.with("state", name).gauge("larder_breaker", flag(breaker.state == state));
        }
        self.gauge("larder_breaker_age_seconds", breaker.age);
    }
}

fn flag(is_set: bool) -> f64 {
    f64::from(u8::from(is_set))
}

#[expect(clippy::cast_precision_loss, reason = "the facade has floats for what goes up and down")]
fn as_f64(count: u64) -> f64 {
    count as f64
}
