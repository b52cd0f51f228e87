//! What no server in memory can be brought to do.

use larder_core::{AppName, CacheName, Key, KeyHash, Namespace, Partition};

use super::*;

const FAR: Sequence = Sequence::new(1_000);

/// Nobody is told.
#[derive(Debug)]
struct Deaf;

impl Observer for Deaf {
    fn observe(&self, _: &Event<'_>) {}
}

fn coherence() -> Coherence {
    Coherence::new(Assurance::Within(Duration::from_secs(1)), Arc::new(Deaf))
}

fn hash() -> KeyHash {
    let namespace = Namespace::new(AppName::new("test.shop").unwrap(), CacheName::new("user").unwrap());
    Key::new(&namespace, &7_u64).unwrap().hash()
}

/// A sync point at which the chain of a partition is at `position`, and all others at the beginning.
fn sync_point(partition: Partition, position: u64) -> BusEvent {
    let at = Chains::all().map(|chain| {
        let is_it = chain == Chain::Keys(partition);
        (chain, if is_it { Sequence::new(position) } else { Sequence::ZERO })
    });
    BusEvent::SyncPoint { asked: Moment::ORIGIN, at: at.collect() }
}

#[test]
fn a_number_that_a_new_server_gives_out_again_hides_nothing() {
    let (coherence, hash) = (coherence(), hash());
    let partition = hash.partition();
    coherence.hear(sync_point(partition, 1), FAR);
    let notice = Notice::Keys(partition, vec![hash]);
    let (previous, sequence) = (Sequence::new(1), Sequence::new(2));
    coherence.hear(BusEvent::Noticed { notice, previous, sequence }, FAR);

    // The new server had not heard of that. A load begins, and somebody writes the key: its number is the same again.
    coherence.hear(BusEvent::Reincarnated, FAR);
    let stamp = coherence.fence.stamp();
    coherence.hear(sync_point(partition, 2), FAR);

    assert!(coherence.fence.has_overtaken(hash, stamp));
}
