//! What a writer wants invalidated, and the steps in which that is done.

use std::collections::BTreeMap;

use larder_core::{CacheName, Guard, Invalidation, Key, Moment, Notice, Partition, TagHash, Ttl, Version};

/// As many keys as one step takes, so that a server is not held up by one writer.
pub(crate) const MOST_KEYS: usize = 512;

/// One thing to invalidate everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Intent {
    Invalidate(Key),
    Expire(Key),
    /// Invalidates, and refuses older versions from then on.
    Supersede(Key, Version),
    /// Invalidates before a write, and lets nothing be kept until the write is finished, or until then.
    Guard(Key, Guard, Moment),
    /// Invalidates after a write, and ends its guard.
    Finish(Key, Guard),
    Tag(TagHash),
    Cache(CacheName),
    Everything,
}

impl Intent {
    /// Where it comes in an order of its kind, which is the same in every process: names by chance do not count.
    pub(crate) fn rank(&self) -> (u8, u128, u64) {
        let of = |key: &Key| u128::from_le_bytes(key.hash().to_bytes());
        let named = |name: &str| {
            name.bytes().fold(0_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()))
        };
        match self {
            Self::Everything => (0, 0, 0),
            Self::Cache(cache) => (1, 0, named(cache.as_str())),
            Self::Tag(tag) => (2, tag.to_bits().into(), 0),
            Self::Guard(key, _, until) => (3, of(key), until.as_nanos()),
            Self::Finish(key, _) => (4, of(key), 0),
            Self::Supersede(key, version) => (5, of(key), version.get()),
            Self::Invalidate(key) => (6, of(key), 0),
            Self::Expire(key) => (7, of(key), 0),
        }
    }
}

/// What the server does at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Invalidate(Partition, Vec<Key>),
    Expire(Partition, Vec<Key>),
    Supersede(Key, Version),
    Guard(Partition, Vec<Key>, Guard, Moment),
    Finish(Partition, Vec<Key>, Guard),
    Tags(Vec<TagHash>),
    Cache(CacheName),
    Everything,
}

impl Step {
    /// Gathers intents into as few steps as the server allows.
    pub(crate) fn gather(intents: impl IntoIterator<Item = Intent>) -> Vec<Self> {
        let (mut invalidated, mut expired) = (BTreeMap::new(), BTreeMap::new());
        let (mut guarded, mut finished) = (BTreeMap::new(), BTreeMap::new());
        let (mut tags, mut others) = (Vec::new(), Vec::new());
        for intent in intents {
            match intent {
                Intent::Invalidate(key) => sort_in(&mut invalidated, (), key),
                Intent::Expire(key) => sort_in(&mut expired, (), key),
                Intent::Guard(key, guard, until) => sort_in(&mut guarded, (until, guard.get()), key),
                Intent::Finish(key, guard) => sort_in(&mut finished, guard.get(), key),
                Intent::Supersede(key, version) => others.push(Self::Supersede(key, version)),
                Intent::Tag(tag) => tags.push(tag),
                Intent::Cache(cache) => others.push(Self::Cache(cache)),
                Intent::Everything => others.push(Self::Everything),
            }
        }
        let guard = |partition, (until, guard), keys| Self::Guard(partition, keys, Guard::new(guard), until);
        let tags = tags.chunks(MOST_KEYS).map(|tags| (0, Self::Tags(tags.to_vec())));
        let mut steps: Vec<_> =
            in_rounds(invalidated, |partition, (), keys| Self::Invalidate(partition, keys))
                .chain(in_rounds(expired, |partition, (), keys| Self::Expire(partition, keys)))
                .chain(in_rounds(guarded, guard))
                .chain(in_rounds(finished, |partition, guard, keys| {
                    Self::Finish(partition, keys, Guard::new(guard))
                }))
                .chain(tags)
                .chain(others.into_iter().map(|step| (0, step)))
                .collect();
        // First one of each partition: those of one partition are taken one after the other.
        steps.sort_by_key(|(round, _)| *round);
        steps.into_iter().map(|(_, step)| step).collect()
    }

    /// What the server is asked to do, if it is asked now.
    pub(crate) fn invalidation(&self, now: Moment) -> Invalidation<'_> {
        match self {
            Self::Invalidate(partition, keys) => Invalidation::Keys(*partition, keys, None),
            Self::Expire(partition, keys) => Invalidation::Expire(*partition, keys),
            Self::Supersede(key, version) => Invalidation::Version(key, *version),
            Self::Guard(partition, keys, guard, until) => {
                // If it comes too late to guard anything, it still removes what it was to keep away.
                let left = Ttl::new(until.since(now)).unwrap_or(Ttl::MIN);
                Invalidation::Guard(*partition, keys, *guard, left)
            }
            Self::Finish(partition, keys, guard) => Invalidation::Keys(*partition, keys, Some(*guard)),
            Self::Tags(tags) => Invalidation::Tags(tags),
            Self::Cache(cache) => Invalidation::Cache(cache),
            Self::Everything => Invalidation::Everything,
        }
    }

    /// What the other nodes are told.
    pub(crate) fn notice(&self) -> Notice {
        let hashes = |keys: &[Key]| keys.iter().map(Key::hash).collect();
        match self {
            Self::Invalidate(partition, keys)
            | Self::Guard(partition, keys, ..)
            | Self::Finish(partition, keys, _) => Notice::Keys(*partition, hashes(keys)),
            Self::Expire(partition, keys) => Notice::Expired(*partition, hashes(keys)),
            Self::Supersede(key, _) => Notice::Keys(key.hash().partition(), vec![key.hash()]),
            Self::Tags(tags) => Notice::Tags(tags.clone()),
            Self::Cache(cache) => Notice::Cache(cache.clone()),
            Self::Everything => Notice::Everything,
        }
    }

    /// What is wanted by it, one by one.
    pub(crate) fn into_intents(self) -> Vec<Intent> {
        match self {
            Self::Invalidate(_, keys) => keys.into_iter().map(Intent::Invalidate).collect(),
            Self::Expire(_, keys) => keys.into_iter().map(Intent::Expire).collect(),
            Self::Supersede(key, version) => vec![Intent::Supersede(key, version)],
            Self::Guard(_, keys, guard, until) => {
                keys.into_iter().map(|key| Intent::Guard(key, guard, until)).collect()
            }
            Self::Finish(_, keys, guard) => keys.into_iter().map(|key| Intent::Finish(key, guard)).collect(),
            Self::Tags(tags) => tags.into_iter().map(Intent::Tag).collect(),
            Self::Cache(cache) => vec![Intent::Cache(cache)],
            Self::Everything => vec![Intent::Everything],
        }
    }
}

/// Keys by their partition, and by what else those of one step must have in common.
type Sorted<C> = BTreeMap<(Partition, C), Vec<Key>>;

fn sort_in<C: Ord>(sorted: &mut Sorted<C>, common: C, key: Key) {
    sorted.entry((key.hash().partition(), common)).or_default().push(key);
}

/// Cuts what is too much for one step, and numbers the steps of each partition.
fn in_rounds<C: Copy>(
    sorted: Sorted<C>,
    step: impl Fn(Partition, C, Vec<Key>) -> Step,
) -> impl Iterator<Item = (usize, Step)> {
    sorted.into_iter().flat_map(move |((partition, common), keys)| {
        let steps = keys.chunks(MOST_KEYS).map(|keys| step(partition, common, keys.to_vec()));
        steps.enumerate().collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use larder_core::{AppName, Namespace, PARTITIONS};

    use super::*;

    fn keys(count: usize) -> Vec<Key> {
        let users = Namespace::new(AppName::new("test.shop").unwrap(), CacheName::new("user").unwrap());
        (0..count).map(|number| Key::new(&users, &number).unwrap()).collect()
    }

    #[test]
    fn a_step_holds_keys_of_one_partition_and_not_too_many() {
        let keys = keys(100_000);
        let steps = Step::gather(keys.iter().cloned().map(Intent::Invalidate));
        let mut seen = 0;
        for step in &steps {
            let Step::Invalidate(partition, keys) = step else { panic!("{step:?}") };
            assert!(keys.len() <= MOST_KEYS && keys.iter().all(|key| key.hash().partition() == *partition));
            seen += keys.len();
        }
        assert_eq!(seen, keys.len());
        assert!(steps.len() <= 64 * 4 + 64, "{}", steps.len());
    }

    #[test]
    fn the_first_steps_are_of_as_many_partitions_as_there_are() {
        let steps = Step::gather(keys(100_000).into_iter().map(Intent::Invalidate));
        let partition = |step: &Step| match step {
            Step::Invalidate(partition, _) => *partition,
            step => panic!("{step:?}"),
        };
        let first: BTreeSet<_> = steps.iter().take(PARTITIONS).map(partition).collect();
        assert_eq!(first.len(), PARTITIONS);
    }

    #[test]
    fn nothing_is_lost_on_the_way_to_steps_and_back() {
        let [ada, bob, eve] = keys(3).try_into().unwrap();
        let soon = Moment::from_nanos(7);
        let intents = [
            Intent::Guard(ada.clone(), Guard::new(1), soon),
            Intent::Guard(ada.clone(), Guard::new(1), Moment::NEVER),
            Intent::Guard(ada.clone(), Guard::new(2), soon),
            Intent::Finish(ada.clone(), Guard::new(1)),
            Intent::Finish(ada.clone(), Guard::new(2)),
            Intent::Invalidate(ada),
            Intent::Expire(bob),
            Intent::Supersede(eve, Version::new(7)),
            Intent::Tag(TagHash::from_bits(1)),
            Intent::Tag(TagHash::from_bits(2)),
            Intent::Cache(CacheName::new("user").unwrap()),
            Intent::Everything,
        ];
        let steps = Step::gather(intents.clone());
        assert_eq!(steps.len(), 11);
        let back: Vec<Intent> = steps.into_iter().flat_map(Step::into_intents).collect();
        assert!(back.len() == intents.len() && intents.iter().all(|intent| back.contains(intent)));
    }
}
