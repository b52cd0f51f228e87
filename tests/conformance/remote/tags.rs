//! What is remembered of invalidated tags and caches.

use larder_core::{CacheName, Invalidation, Sequence, TagDelta, TagHash};

use crate::conformance::backend::{Backend, Node, Rig, key, seq, tag};

/// How many tags are remembered.
const MOST: u64 = 65_536;

async fn invalidate(node: &Node, tags: &[TagHash]) -> Sequence {
    node.invalidate(Invalidation::Tags(tags)).await.sequence
}

async fn clear(node: &Node, cache: &str) -> Sequence {
    node.invalidate(Invalidation::Cache(&CacheName::new(cache).unwrap())).await.sequence
}

/// All that is remembered after `since`, in the order of the tags.
async fn delta(node: &Node, since: Sequence) -> TagDelta {
    let mut delta = node.remote.invalidated_tags(since).await.unwrap();
    delta.tags.sort_unstable();
    delta.caches.sort_unstable();
    delta
}

fn tags(from: u64, to: u64) -> Vec<TagHash> {
    (from..to).map(tag).collect()
}

pub(super) async fn an_invalidated_tag_is_told_with_its_sequence<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let nothing = delta(&rig.node, Sequence::ZERO).await;
    assert_eq!(nothing, TagDelta::default());
    let both = invalidate(&rig.node, &[tag(0), tag(u64::MAX)]).await;
    let third = invalidate(&rig.node, &[tag(7)]).await;
    let told = delta(&rig.another().await, Sequence::ZERO).await;
    assert_eq!(told.tags, [(tag(0), both), (tag(7), third), (tag(u64::MAX), both)]);
    assert_eq!(told.floor, Sequence::ZERO);
}

pub(super) async fn a_tag_is_told_once_with_its_latest_sequence<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let first = invalidate(&rig.node, &[tag(1), tag(1)]).await;
    assert_eq!(delta(&rig.node, Sequence::ZERO).await.tags, [(tag(1), first)]);
    let second = invalidate(&rig.node, &[tag(1)]).await;
    assert_eq!(delta(&rig.node, Sequence::ZERO).await.tags, [(tag(1), second)]);
}

pub(super) async fn only_what_came_later_is_told<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let first = invalidate(&rig.node, &[tag(1), tag(u64::MAX)]).await;
    let second = invalidate(&rig.node, &[tag(2)]).await;
    assert_eq!(delta(&rig.node, seq(first.get() - 1)).await.tags.len(), 3);
    assert_eq!(delta(&rig.node, first).await.tags, [(tag(2), second)]);
    assert_eq!(delta(&rig.node, second).await.tags, []);
    assert_eq!(delta(&rig.node, seq(u64::MAX)).await.tags, []);
}

pub(super) async fn a_delta_tells_how_far_it_goes<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let last = invalidate(&rig.node, &[tag(1)]).await;
    assert_eq!(delta(&rig.node, Sequence::ZERO).await.seen, last);
    let last = clear(&rig.node, "user").await;
    assert_eq!(delta(&rig.node, last).await.seen, last);
    rig.node.drop_key(&key("ada")).await;
    assert_eq!(delta(&rig.node, Sequence::ZERO).await.seen, last);
}

pub(super) async fn cleared_caches_are_always_told<B: Backend>() {
    let rig = Rig::<B>::new().await;
    clear(&rig.node, "user").await;
    let order = clear(&rig.node, "order").await;
    let user = clear(&rig.node, "user").await;
    let told = delta(&rig.node, user).await;
    let [first, second] = ["order", "user"].map(|cache| CacheName::new(cache).unwrap());
    assert_eq!(told.caches, [(first, order), (second, user)]);
    assert_eq!((told.everything, told.tags), (Sequence::ZERO, vec![]));
}

pub(super) async fn that_everything_was_cleared_is_always_told<B: Backend>() {
    let rig = Rig::<B>::new().await;
    for _ in 0..2 {
        let at = rig.node.invalidate(Invalidation::Everything).await.sequence;
        let told = delta(&rig.node, at).await;
        assert_eq!((told.everything, told.caches, told.seen), (at, vec![], at));
    }
}

pub(super) async fn as_many_tags_as_are_promised_are_remembered<B: Backend>() {
    let rig = Rig::<B>::new().await;
    for start in (0..MOST).step_by(8_192) {
        invalidate(&rig.node, &tags(start, start + 8_192)).await;
    }
    let told = delta(&rig.node, Sequence::ZERO).await;
    assert_eq!((told.tags.len(), told.floor), (65_536, Sequence::ZERO));
}

pub(super) async fn the_oldest_tags_are_forgotten_and_the_floor_says_so<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let mut sequences = Vec::new();
    for number in 0..3 {
        sequences.push(invalidate(&rig.node, &[tag(number)]).await);
    }
    // The first is the youngest now.
    sequences.push(invalidate(&rig.node, &[tag(0)]).await);
    for start in (10..10 + MOST - 2).step_by(8_191) {
        invalidate(&rig.node, &tags(start, (start + 8_191).min(10 + MOST - 2))).await;
    }
    let told = delta(&rig.node, Sequence::ZERO).await;
    assert_eq!((told.tags.len(), told.floor), (65_536, sequences[1]));
    let first: Vec<TagHash> = told.tags.iter().map(|(tag, _)| *tag).take(3).collect();
    assert_eq!(first, [tag(0), tag(2), tag(10)]);
    invalidate(&rig.node, &[tag(1)]).await;
    let told = delta(&rig.node, Sequence::ZERO).await;
    assert_eq!((told.tags.len(), told.floor), (65_536, sequences[2]));
    assert_eq!(told.tags[0], (tag(0), sequences[3]));
}

pub(super) async fn clears_are_never_forgotten<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let user = clear(&rig.node, "user").await;
    let everything = rig.node.invalidate(Invalidation::Everything).await.sequence;
    for start in (0..MOST + 8_192).step_by(8_192) {
        invalidate(&rig.node, &tags(start, start + 8_192)).await;
    }
    let told = delta(&rig.node, Sequence::ZERO).await;
    assert!(told.floor > everything);
    assert_eq!(told.caches, [(CacheName::new("user").unwrap(), user)]);
    assert_eq!(told.everything, everything);
}

pub(super) async fn no_tags_at_all_are_a_link<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let first = invalidate(&rig.node, &[]).await;
    let told = rig.node.invalidate(Invalidation::Tags(&[])).await;
    assert_eq!(told.previous, first);
    let nothing = delta(&rig.node, Sequence::ZERO).await;
    assert_eq!((nothing.tags, nothing.seen), (vec![], told.sequence));
}
