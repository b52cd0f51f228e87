//! What was read, by cache and season.

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
        counts.trim(most as usize);
    }

    pub(crate) fn most(
        &self,
        cache: &CacheName,
        season: Season,
        skip: u32,
        most: u32,
        now: Moment,
        unix_millis: u64,
    ) -> Vec<Reads> {
        let counts = self.counts.get(&(cache.clone(), season)).filter(|counts| now < counts.until);
        let ranked = counts.map(Counts::ranked).unwrap_or_default().into_iter();
        let reads = |(key, count): (&String, Fading)| Reads::new(key, count.left(season, unix_millis));
        ranked.skip(skip as usize).take(most as usize).map(reads).collect()
    }
}

impl Counts {
    /// Those that were read most come first, and of equals those whose text comes last, as on Redis.
    fn ranked(&self) -> Vec<(&String, Fading)> {
        let mut ranked: Vec<_> = self.by_key.iter().map(|(key, count)| (key, *count)).collect();
        ranked.sort_by(|(key, count), (other, other_count)| {
            other_count.partial_cmp(count).unwrap_or(std::cmp::Ordering::Equal).then(other.cmp(key))
        });
        ranked
    }

    fn trim(&mut self, most: usize) {
        if self.by_key.len() > most {
            let beyond: Vec<String> =
                self.ranked().into_iter().skip(most).map(|(key, _)| key.clone()).collect();
            for key in &beyond {
                self.by_key.remove(key);
            }
        }
    }
}
