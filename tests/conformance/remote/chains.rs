//! The server's orders of invalidations.

use std::collections::HashSet;

use larder_core::{Announced, CacheName, Chain, ErrorKind, Invalidation, Partition, Put, Sequence, Version};

use crate::conformance::backend::{
    Backend, LONG, Rig, chain_of, expire, guard, key, keys, keys_of_write, neighbours, seq, strangers, tag,
};

const HOUR: u64 = 3_600 * 1_000_000;

fn check_links(links: &[Announced]) {
    for (index, pair) in links.windows(2).enumerate() {
        assert_eq!(pair[1].previous, pair[0].sequence, "link {index}");
    }
    for link in links {
        assert!(link.sequence > link.previous, "{link:?}");
    }
}

pub(super) async fn every_chain_is_told_once<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.drop_key(&key("ada")).await;
    let all = rig.node.remote.sequences().await.unwrap();
    let chains: HashSet<Chain> = all.iter().map(|(chain, _)| *chain).collect();
    let expected: HashSet<Chain> = Partition::all().map(Chain::Keys).chain([Chain::Tags]).collect();
    assert_eq!((all.len(), chains), (65, expected));
    for (chain, latest) in all {
        assert_eq!(latest > Sequence::ZERO, chain == chain_of(&key("ada")), "{chain}");
    }
}

pub(super) async fn each_link_names_the_one_before<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let all: [_; 2] = neighbours();
    let other = rig.another().await;
    let mut links = Vec::new();
    for round in 1..4 {
        links.push(rig.node.invalidate(keys(&all)).await);
        links.push(other.invalidate(expire(&all)).await);
        links.push(rig.node.invalidate(guard(&all, 1, LONG)).await);
        links.push(other.invalidate(keys_of_write(&all, 1)).await);
        links.push(rig.node.invalidate(Invalidation::Version(&all[0], Version::new(round))).await);
        let Put::Stored(link) = other.put(&all[0], round).await else {
            panic!("nothing is in its way");
        };
        links.push(link);
    }
    check_links(&links);
    assert_eq!(rig.node.latest(chain_of(&all[0])).await, links.last().unwrap().sequence);
}

pub(super) async fn chains_do_not_move_each_other<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let [one, other] = strangers();
    let first = rig.node.drop_key(&one).await;
    let latest = [
        rig.node.drop_key(&other).await.previous,
        rig.node.invalidate(Invalidation::Everything).await.previous,
    ];
    assert_eq!(latest, [Sequence::ZERO; 2]);
    assert_eq!(rig.node.drop_key(&one).await.previous, first.sequence);
}

pub(super) async fn tags_caches_and_everything_share_a_chain<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let users = CacheName::new("user").unwrap();
    let mut links = Vec::new();
    for _ in 0..3 {
        links.push(rig.node.invalidate(Invalidation::Tags(&[tag(1), tag(2)])).await);
        links.push(rig.node.invalidate(Invalidation::Cache(&users)).await);
        links.push(rig.node.invalidate(Invalidation::Everything).await);
    }
    check_links(&links);
    assert_eq!(rig.node.latest(Chain::Tags).await, links.last().unwrap().sequence);
}

/// So that a number is not used again even if the latest is lost.
pub(super) async fn a_chain_goes_by_the_clock<B: Backend>() {
    let rig = Rig::<B>::new().await;
    for what in [keys(&[key("ada")]), Invalidation::Everything] {
        rig.backend.pass(std::time::Duration::from_millis(5)).await;
        let before = rig.backend.micros().await;
        let sequence = rig.node.invalidate(what).await.sequence.get();
        let after = rig.backend.micros().await + 1;
        assert!((before..=after).contains(&sequence), "{before} {sequence} {after}");
    }
}

pub(super) async fn a_chain_goes_on_after_what_it_was_raised_to<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let ahead = seq(rig.backend.micros().await + 20 * HOUR);
    let chain = chain_of(&key("ada"));
    rig.node.remote.raise(chain, ahead).await.unwrap();
    for (other, latest) in rig.node.remote.sequences().await.unwrap() {
        assert_eq!(latest, if other == chain { ahead } else { Sequence::ZERO }, "{other}");
    }
    let link = rig.node.drop_key(&key("ada")).await;
    assert_eq!((link.previous, link.sequence), (ahead, seq(ahead.get() + 1)));
    rig.node.remote.raise(Chain::Tags, ahead).await.unwrap();
    assert_eq!(rig.node.invalidate(Invalidation::Everything).await.previous, ahead);
}

pub(super) async fn a_chain_is_never_lowered<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let link = rig.node.drop_key(&key("ada")).await;
    let chain = chain_of(&key("ada"));
    for lower in [Sequence::ZERO, seq(1), seq(link.sequence.get() - 1), link.sequence] {
        rig.node.remote.raise(chain, lower).await.unwrap();
        assert_eq!(rig.node.latest(chain).await, link.sequence);
    }
}

pub(super) async fn a_chain_is_not_raised_far_ahead_of_the_clock<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let now = rig.backend.micros().await;
    for chain in [chain_of(&key("ada")), Chain::Tags] {
        for ahead in [now + 25 * HOUR, 1 << 53, 1 << 63, u64::MAX] {
            let error = rig.node.remote.raise(chain, seq(ahead)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Refused, "{ahead}");
            assert_eq!(rig.node.latest(chain).await, Sequence::ZERO);
        }
        rig.node.remote.raise(chain, seq(now + 23 * HOUR)).await.unwrap();
    }
}

pub(super) async fn a_read_is_no_link<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &crate::conformance::backend::entry("Ada")).await;
    rig.node.get(&key("ada")).await;
    rig.node.remote.get_and_tags(&[key("ada")]).await.unwrap();
    rig.node.remote.invalidated_tags(Sequence::ZERO).await.unwrap();
    for (chain, latest) in rig.node.remote.sequences().await.unwrap() {
        assert_eq!(latest, Sequence::ZERO, "{chain}");
    }
}
