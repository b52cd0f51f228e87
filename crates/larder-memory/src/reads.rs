//! What was read, by cache and season.

use std::cmp::Ordering;
use std::collections::HashMap;

use larder_core::{CacheName, Fading, Moment, Reads, Season};

/// The counts of all caches of an app.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadCounts {
    counts: HashMap<(CacheName, Season), Counts>,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    by_key: HashMap<String, Fading>,
    most: usize,
    until: Moment,
}

impl ReadCounts {
    pub(crate) fn add(
        &mut self,
        cache: &CacheName,
        season: Season,
        reads: &[Reads],
        most: u32,
        now: Moment,
        unix_millis: u64,
    ) {
        self.counts.retain(|_, counts| now < counts.until);
        let counts = self.counts.entry((cache.clone(), season)).or_default();
        counts.until = now.after(season.kept().as_duration());
        for Reads { key, count, .. } in reads {
            let read = Fading::new(season, *count, unix_millis);
            counts.by_key.entry(key.clone()).and_modify(|before| *before = before.and(read)).or_insert(read);
        }
        counts.most = most as usize;
        // Not each time: it takes a look at all of them.
        if counts.by_key.len() > counts.most + counts.most / 4 {
            counts.trim();
        }
    }

    pub(crate) fn most(
        &mut self,
        cache: &CacheName,
        season: Season,
        skip: u32,
        most: u32,
        now: Moment,
        unix_millis: u64,
    ) -> Vec<Reads> {
        let counts = self.counts.get_mut(&(cache.clone(), season)).filter(|counts| now < counts.until);
        let ranked = counts.map(|counts| counts.ranked()).unwrap_or_default().into_iter();
        let reads = |(key, count): (&String, Fading)| Reads::new(key, count.left(season, unix_millis));
        ranked.skip(skip as usize).take(most as usize).map(reads).collect()
    }
}

impl Counts {
    /// Those that were read most come first, and of equals those whose text comes last, as on Redis.
    fn ranked(&mut self) -> Vec<(&String, Fading)> {
        self.trim();
        let mut ranked: Vec<_> = self.by_key.iter().map(|(key, count)| (key, *count)).collect();
        ranked.sort_unstable_by(by_rank);
        ranked
    }

    /// Keeps those that were read most.
    fn trim(&mut self) {
        let (most, mut all) = (self.most, Vec::from_iter(std::mem::take(&mut self.by_key)));
        if all.len() > most && most > 0 {
            all.select_nth_unstable_by(most - 1, |(key, count), (other, other_count)| {
                by_rank(&(key, *count), &(other, *other_count))
            });
        }
        all.truncate(most);
        self.by_key.extend(all);
    }
}

fn by_rank((key, count): &(&String, Fading), (other, other_count): &(&String, Fading)) -> Ordering {
    other_count.partial_cmp(count).unwrap_or(Ordering::Equal).then_with(|| other.cmp(key))
}
