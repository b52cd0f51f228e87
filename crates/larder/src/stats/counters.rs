//! Where is counted. All of it is always on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder_codec::Form;
use larder_core::{ErrorKind, Result, Usage};

use super::CacheStats;
use super::forms::Forms;
use super::latency::Histogram;
use super::reasons::Reasons;
use super::striped::Striped;
use crate::hit::{Hit, Tier};
use crate::warm::Sketch;

/// A count that is seldom added to, beside what it counts.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Apart, so that caches which count nothing of the kind are spared all but a look.
#[inline(never)]
fn sample<V>(reads: &Sketch, count: u64, hit: Option<&Hit<V>>) {
    if let Some(hit) = hit
        && reads.picks(count)
    {
        reads.add_hit(hit.key_text());
    }
}

/// What one cache counts.
#[derive(Debug)]
pub(crate) struct Counters {
    local_hits: Striped,
    missing: Striped,
    remote_hits: Count,
    stale_hits: Count,
    loaded: Count,
    misses: Count,
    failed: Count,
    loads: Count,
    load_errors: Count,
    loads_shed: Count,
    pub(crate) early_refreshes: Count,
    pub(crate) refused: Reasons,
    pub(crate) unreadable: Reasons,
    pub(crate) forms: Forms,
    pub(crate) unsealed: Count,
    pub(crate) degraded: Count,
    load_time: Histogram,
    pub(crate) remote_time: Histogram,
    /// What is read, if the cache begins warm.
    reads: Option<Arc<Sketch>>,
}

impl Counters {
    /// Counts for a cache that reads these forms, and what is read of it if that is wanted.
    pub(crate) fn new(forms: impl IntoIterator<Item = Form>, reads: Option<Arc<Sketch>>) -> Self {
        Self {
            local_hits: Striped::default(),
            missing: Striped::default(),
            remote_hits: Count::default(),
            stale_hits: Count::default(),
            loaded: Count::default(),
            misses: Count::default(),
            failed: Count::default(),
            loads: Count::default(),
            load_errors: Count::default(),
            loads_shed: Count::default(),
            early_refreshes: Count::default(),
            refused: Reasons::default(),
            unreadable: Reasons::default(),
            forms: Forms::new(forms),
            unsealed: Count::default(),
            degraded: Count::default(),
            load_time: Histogram::new(),
            remote_time: Histogram::new(),
            reads,
        }
    }

    /// Counts what this process could answer by itself at once. All that most reads are.
    #[inline]
    pub(crate) fn hit<V>(&self, hit: Option<&Hit<V>>) {
        let count = if hit.is_some() { &self.local_hits } else { &self.missing }.add_one();
        if let Some(reads) = &self.reads {
            sample(reads, count, hit);
        }
    }

    /// Those that cost more than a lock are counted one by one.
    fn sample_one<V>(&self, hit: &Hit<V>) {
        if let Some(reads) = &self.reads {
            reads.add(hit.key_text());
        }
    }

    /// Counts a read that does not load.
    pub(crate) fn looked<V>(&self, hit: Option<&Hit<V>>) {
        match hit {
            Some(hit) => self.answered(hit),
            None => self.misses.add_one(),
        }
    }

    /// Counts a read that loads what it does not find.
    pub(crate) fn fetched<V>(&self, result: &Result<Hit<V>>) {
        match result {
            Ok(hit) => self.answered(hit),
            Err(error) if error.kind() == ErrorKind::Missing => self.missing(),
            Err(_) => self.failed.add_one(),
        }
    }

    /// The same for one of many keys.
    pub(crate) fn fetched_one<V>(&self, hit: Option<&Hit<V>>) {
        match hit {
            Some(hit) => self.answered(hit),
            None => self.missing(),
        }
    }

    fn missing(&self) {
        self.missing.add_one();
    }

    pub(crate) fn failed(&self) {
        self.failed.add_one();
    }

    fn answered<V>(&self, hit: &Hit<V>) {
        match hit.tier() {
            _ if hit.is_stale() => self.stale_hits.add_one(),
            Tier::Local => self.hit(Some(hit)),
            Tier::Remote => {
                self.remote_hits.add_one();
                self.sample_one(hit);
            }
            Tier::Origin => {
                self.loaded.add_one();
                self.sample_one(hit);
            }
        }
    }

    /// Counts a load of so many values that took so long.
    pub(crate) fn load<A>(&self, answer: &Result<A>, values: usize, took: Duration) {
        match answer {
            Err(error) if error.kind() == ErrorKind::Overloaded => return self.loads_shed.add(values),
            Err(_) => self.load_errors.add(values),
            Ok(_) => self.loads.add(values),
        }
        self.load_time.record(took);
    }

    pub(crate) fn snapshot(&self, usage: Usage) -> CacheStats {
        CacheStats {
            local_hits: self.local_hits.sum(),
            remote_hits: self.remote_hits.get(),
            stale_hits: self.stale_hits.get(),
            loaded: self.loaded.get(),
            missing: self.missing.sum(),
            misses: self.misses.get(),
            failed: self.failed.get(),
            loads: self.loads.get(),
            load_errors: self.load_errors.get(),
            loads_shed: self.loads_shed.get(),
            early_refreshes: self.early_refreshes.get(),
            refused: self.refused.sum(),
            refused_by_reason: self.refused.snapshot(),
            unreadable: self.unreadable.sum(),
            unreadable_by_reason: self.unreadable.snapshot(),
            read_by_form: self.forms.snapshot(),
            unsealed: self.unsealed.get(),
            degraded: self.degraded.get(),
            entries: usage.entries,
            weight: usage.weight,
            evictions: usage.evictions,
            load_time: self.load_time.snapshot(),
            remote_time: self.remote_time.snapshot(),
            warmth: None,
        }
    }
}

/// What the process counts besides.
#[derive(Debug, Default)]
pub(crate) struct NodeCounters {
    pub(crate) sent: Count,
    pub(crate) deferred: Count,
    pub(crate) heard: Count,
    pub(crate) gaps: Count,
    pub(crate) losses: Count,
}

impl NodeCounters {
    /// What has been counted, without the caches and the breaker, which count for themselves.
    pub(crate) fn snapshot(&self) -> super::Stats {
        super::Stats {
            caches: Vec::new(),
            sent: self.sent.get(),
            deferred: self.deferred.get(),
            heard: self.heard.get(),
            gaps: self.gaps.get(),
            losses: self.losses.get(),
            breaker_opened: 0,
        }
    }
}
