//! The rules, each a look into a table that was made once.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use larder_core::Moment;

use super::{Contract, History, Read, Rule, Staleness, Verdict, Violation, Write};

pub(super) fn judge<K: Clone + Eq + Hash>(history: &History<K>, contract: &Contract) -> Verdict<K> {
    let tables = Tables::new(history);
    let start = history.start();
    let mut staleness = Staleness::default();
    let mut phases: Vec<_> =
        contract.phases().iter().map(|phase| (phase.name().to_owned(), Staleness::default())).collect();
    let mut violations = Vec::new();
    for read in history.reads() {
        let facts = tables.facts(read);
        violations.extend(facts.violation(contract).map(|(rule, expected)| Violation {
            rule,
            at: read.began.since(start),
            read: read.clone(),
            expected: expected.cloned(),
        }));
        if read.is_marked_stale {
            continue;
        }
        let stale = facts.staleness();
        staleness.add(stale);
        for (phase, (_, of_phase)) in contract.phases().iter().zip(&mut phases) {
            if phase.has(read) {
                of_phase.add(stale);
            }
        }
    }
    Verdict { violations, staleness, phases }
}

/// What the reads are looked up in.
struct Tables<'a, K> {
    keys: HashMap<&'a K, Versions<'a, K>>,
    /// What a node has acknowledged of a key.
    own: HashMap<(&'a K, usize), Demands>,
    /// What a node has shown of a key.
    seen: HashMap<(&'a K, usize), Demands>,
}

impl<'a, K: Eq + Hash> Tables<'a, K> {
    fn new(history: &'a History<K>) -> Self {
        let mut keys: HashMap<&K, Versions<'_, K>> = HashMap::new();
        let mut own: HashMap<_, Demands> = HashMap::new();
        for write in history.writes() {
            keys.entry(&write.key).or_default().writes.push(write);
            if let Some(then) = [write.returned, write.acknowledged].into_iter().flatten().min() {
                own.entry((&write.key, write.node)).or_default().push(then, write.version);
            }
        }
        keys.values_mut().for_each(Versions::sort);
        let mut seen: HashMap<_, Demands> = HashMap::new();
        for read in history.reads() {
            let write = keys.get(&read.key).and_then(|versions| versions.get(read.version));
            let direct = write.filter(|write| !write.is_indirect);
            if direct.and_then(|write| write.acknowledged).is_some_and(|then| then <= read.began) {
                seen.entry((&read.key, read.node)).or_default().push(read.ended, read.version);
            }
        }
        own.values_mut().chain(seen.values_mut()).for_each(Demands::sort);
        Self { keys, own, seen }
    }

    fn facts(&self, read: &'a Read<K>) -> Facts<'a, '_, K> {
        let place = (&read.key, read.node);
        Facts {
            read,
            versions: self.keys.get(&read.key),
            own: self.own.get(&place).map_or(0, |demands| demands.at(read.began)),
            seen: self.seen.get(&place).map_or(0, |demands| demands.at(read.began)),
        }
    }
}

/// The writes of one key by their versions.
struct Versions<'a, K> {
    writes: Vec<&'a Write<K>>,
    /// For each of them, where the first to be acknowledged of it and all later ones lies.
    first_acknowledged: Vec<Option<usize>>,
}

impl<K> Default for Versions<'_, K> {
    fn default() -> Self {
        Self { writes: Vec::new(), first_acknowledged: Vec::new() }
    }
}

impl<'a, K> Versions<'a, K> {
    fn sort(&mut self) {
        self.writes.sort_by_key(|write| write.version);
        let mut first: Option<(Moment, usize)> = None;
        let mut found: Vec<_> = self
            .writes
            .iter()
            .enumerate()
            .rev()
            .map(|(place, write)| {
                let this = write.acknowledged.map(|then| (then, place));
                first = [first, this].into_iter().flatten().min();
                first.map(|(_, place)| place)
            })
            .collect();
        found.reverse();
        self.first_acknowledged = found;
    }

    fn get(&self, version: u64) -> Option<&'a Write<K>> {
        let place = self.writes.binary_search_by_key(&version, |write| write.version).ok()?;
        self.writes.get(place).copied()
    }

    /// Of the writes of later versions the one that was acknowledged first.
    fn first_after(&self, version: u64) -> Option<&'a Write<K>> {
        let later = self.writes.partition_point(|write| write.version <= version);
        let place = self.first_acknowledged.get(later).copied().flatten()?;
        self.writes.get(place).copied()
    }

    /// The latest of all, and the latest that was acknowledged.
    fn last(&self) -> (Option<&'a Write<K>>, Option<&'a Write<K>>) {
        let acknowledged = self.writes.iter().rev().find(|write| write.acknowledged.is_some());
        (self.writes.last().copied(), acknowledged.copied())
    }
}

/// From when on which version must be seen.
#[derive(Default)]
struct Demands(Vec<(Moment, u64)>);

impl Demands {
    fn push(&mut self, from: Moment, version: u64) {
        self.0.push((from, version));
    }

    /// By time, each with the highest so far.
    fn sort(&mut self) {
        self.0.sort_unstable();
        let mut highest = 0;
        for (_, version) in &mut self.0 {
            highest = highest.max(*version);
            *version = highest;
        }
    }

    fn at(&self, moment: Moment) -> u64 {
        let until = self.0.partition_point(|(from, _)| *from <= moment);
        self.0.get(..until).and_then(<[_]>::last).map_or(0, |(_, version)| *version)
    }
}

/// A read, and what is known of its key.
struct Facts<'a, 't, K> {
    read: &'a Read<K>,
    versions: Option<&'t Versions<'a, K>>,
    /// What the same node had acknowledged before.
    own: u64,
    /// What the same node had shown before, of what was acknowledged by then.
    seen: u64,
}

impl<'a, K: Eq> Facts<'a, '_, K> {
    /// The first rule that it breaks, from the grossest to the finest, and the write it should have shown.
    fn violation(&self, contract: &Contract) -> Option<(Rule, Option<&'a Write<K>>)> {
        let read = self.read;
        if read.found != read.key {
            return Some((Rule::OtherKey, None));
        }
        if read.version > 0 && self.get(read.version).is_none_or(|write| write.began > read.ended) {
            return Some((Rule::Unwritten, self.get(read.version)));
        }
        if read.is_marked_stale {
            return None;
        }
        let demanded = self.demanded();
        let broken = (!contract.forgives(read))
            .then(|| demanded.into_iter().find(|(_, version)| read.version < *version));
        if let Some((rule, version)) = broken.flatten() {
            return Some((rule, self.get(version)));
        }
        if let Some(expected) = self.divergence(contract) {
            return Some((Rule::Divergent, Some(expected)));
        }
        let rule = if read.version == 0 { Rule::Unseen } else { Rule::Stale };
        let is_late = self.staleness() > contract.bound_of(read);
        is_late.then(|| (rule, self.overdue()))
    }

    /// The least version by each of the rules that know no bound.
    fn demanded(&self) -> [(Rule, u64); 3] {
        [(Rule::OwnWrite, self.own), (Rule::Receipt, self.read.at_least), (Rule::Backwards, self.seen)]
    }

    /// Once all is quiet, a read has the last version. One that the fleet was never told of may be seen, or not.
    fn divergence(&self, contract: &Contract) -> Option<&'a Write<K>> {
        let (last, acknowledged) = self.versions?.last();
        let is_behind = |write: &&Write<K>| self.read.version < write.version;
        let expected = acknowledged.filter(is_behind).and(last);
        expected.filter(|_| contract.is_quiet_at(self.read.began))
    }

    fn staleness(&self) -> Duration {
        let since = self.overdue().and_then(|write| write.acknowledged);
        since.map_or(Duration::ZERO, |then| self.read.began.since(then))
    }

    /// The later version that was acknowledged first.
    fn overdue(&self) -> Option<&'a Write<K>> {
        self.versions?.first_after(self.read.version)
    }

    fn get(&self, version: u64) -> Option<&'a Write<K>> {
        self.versions?.get(version)
    }
}
