//! What the fleet reads.

use std::time::Duration;

use larder_core::{AppName, CacheName, Reads, Season, SweepPosition, WeekHour};

use crate::conformance::backend::{Backend, Node, Rig, entry, key};

const HOUR: Season = Season::Hour(WeekHour::at(0));

/// More than any test wants kept.
const MANY: u32 = 1_000;

fn users() -> CacheName {
    CacheName::new("user").unwrap()
}

async fn add(node: &Node, season: Season, reads: &[(&str, f64)]) {
    let reads: Vec<_> = reads.iter().map(|(key, count)| Reads::new(*key, *count)).collect();
    node.remote.add_reads(&users(), season, &reads, MANY).await.unwrap();
}

/// Counts are estimates, and have faded a little since they were added.
async fn check(node: &Node, season: Season, expected: &[(&str, f64)]) {
    let found = node.remote.most_read(&users(), season, 0, MANY).await.unwrap();
    let keys: Vec<&str> = found.iter().map(|reads| &*reads.key).collect();
    assert_eq!(keys, expected.iter().map(|(key, _)| *key).collect::<Vec<_>>());
    for (found, (_, expected)) in found.iter().zip(expected) {
        assert!((found.count / expected - 1.0).abs() < 0.02, "{found:?} {expected}");
    }
}

pub(super) async fn what_was_never_read_is_in_no_working_set<B: Backend>() {
    let rig = Rig::<B>::new().await;
    check(&rig.node, Season::Recent, &[]).await;
    check(&rig.node, HOUR, &[]).await;
    add(&rig.node, HOUR, &[]).await;
    check(&rig.node, HOUR, &[]).await;
}

pub(super) async fn reads_of_all_nodes_add_up<B: Backend>() {
    let (rig, mut counts) = (Rig::<B>::new().await, [1.0, 64.0]);
    let other = rig.another().await;
    for node in [&rig.node, &other, &rig.node] {
        add(node, Season::Recent, &[("ada", counts[0]), ("bob", counts[1])]).await;
        counts = [counts[0] * 100.0, counts[1]];
    }
    check(&other, Season::Recent, &[("ada", 10_101.0), ("bob", 192.0)]).await;
}

pub(super) async fn what_was_read_most_comes_first_and_in_pieces<B: Backend>() {
    let rig = Rig::<B>::new().await;
    add(&rig.node, HOUR, &[("b", 2.0), ("d", 4.0), ("a", 1.0), ("c", 3.0)]).await;
    check(&rig.node, HOUR, &[("d", 4.0), ("c", 3.0), ("b", 2.0), ("a", 1.0)]).await;
    let (mut skip, mut seen) = (0, Vec::new());
    loop {
        let piece = rig.node.remote.most_read(&users(), HOUR, skip, 3).await.unwrap();
        assert!(piece.len() <= 3);
        if piece.is_empty() {
            break;
        }
        skip += 3;
        seen.extend(piece.into_iter().map(|reads| reads.key));
    }
    assert_eq!(seen, ["d", "c", "b", "a"]);
    assert_eq!(rig.node.remote.most_read(&users(), HOUR, 0, 0).await.unwrap(), []);
}

/// A server's time cannot be turned, so this asks for as little of it as can be told from none.
pub(super) async fn counts_fade_with_time<B: Backend>() {
    let rig = Rig::<B>::new().await;
    add(&rig.node, Season::Recent, &[("ada", 1e9)]).await;
    add(&rig.node, HOUR, &[("ada", 1e9)]).await;
    let left = async |season| rig.node.remote.most_read(&users(), season, 0, 1).await.unwrap()[0].count;
    let before = [left(Season::Recent).await, left(HOUR).await];
    rig.backend.pass(Duration::from_millis(900)).await;
    let after = [left(Season::Recent).await, left(HOUR).await];
    // A thousandth of a half-life, or more if the machine is slow.
    let share = after[0] / before[0];
    assert!(share < 0.5_f64.powf(0.000_9) && share > 0.9, "{before:?} {after:?}");
    // A week's half-life hardly notices.
    let share = after[1] / before[1];
    assert!(share < 1.0 && share > 0.999_9, "{before:?} {after:?}");
}

pub(super) async fn as_many_keys_as_are_wanted_are_kept<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let reads: Vec<_> = (1..=20_u8).map(|count| Reads::new(count.to_string(), f64::from(count))).collect();
    rig.node.remote.add_reads(&users(), HOUR, &reads, 3).await.unwrap();
    check(&rig.node, HOUR, &[("20", 20.0), ("19", 19.0), ("18", 18.0)]).await;
    rig.node.remote.add_reads(&users(), HOUR, &[Reads::new("1", 19.5)], 3).await.unwrap();
    check(&rig.node, HOUR, &[("20", 20.0), ("1", 19.5), ("19", 19.0)]).await;
}

pub(super) async fn seasons_caches_and_apps_are_counted_apart<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let stock = rig.backend.connect(&AppName::new("test.stock").unwrap()).await;
    let other = CacheName::new("users").unwrap();
    add(&rig.node, Season::Recent, &[("recent", 1.0)]).await;
    add(&rig.node, HOUR, &[("hour", 2.0)]).await;
    add(&rig.node, Season::Hour(WeekHour::at(3_600_000)), &[("next", 3.0)]).await;
    add(&stock, Season::Recent, &[("stock", 4.0)]).await;
    rig.node.remote.add_reads(&other, Season::Recent, &[Reads::new("other", 5.0)], MANY).await.unwrap();
    check(&rig.node, Season::Recent, &[("recent", 1.0)]).await;
    check(&rig.node, HOUR, &[("hour", 2.0)]).await;
    check(&stock, Season::Recent, &[("stock", 4.0)]).await;
    check(&stock, HOUR, &[]).await;
}

pub(super) async fn a_count_that_is_none_does_no_harm<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let odd = [("a", f64::NAN), ("b", f64::INFINITY), ("c", -1.0), ("d", 0.0)];
    for (key, count) in odd {
        add(&rig.node, Season::Recent, &[(key, count), ("ada", 10.0)]).await;
    }
    let found = rig.node.remote.most_read(&users(), Season::Recent, 0, MANY).await.unwrap();
    assert!(found.iter().all(|reads| reads.count.is_finite()), "{found:?}");
    let ada = found.iter().find(|reads| reads.key == "ada").unwrap();
    assert!((ada.count - 40.0).abs() < 0.5, "{ada:?}");
}

pub(super) async fn keys_of_any_text_come_back_as_they_are<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let long = "x".repeat(4_096);
    let texts = ["7", "-1", "+inf", "a:b", r"a\:b", "{p00}", "ä\n\0", "nan", "", &long];
    for text in texts {
        add(&rig.node, HOUR, &[(text, 1.0)]).await;
    }
    let found = rig.node.remote.most_read(&users(), HOUR, 0, MANY).await.unwrap();
    let mut found: Vec<&str> = found.iter().map(|reads| &*reads.key).collect();
    let mut texts = texts.to_vec();
    texts.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, texts);
}

pub(super) async fn a_working_set_is_no_part_of_what_is_cached<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let ada = key("ada");
    rig.node.store(&ada, &entry("Ada")).await;
    let before = rig.node.remote.sequences().await.unwrap();
    add(&rig.node, Season::Recent, &[("ada", 1.0)]).await;
    add(&rig.node, HOUR, &[("ada", 1.0)]).await;
    assert_eq!(rig.node.remote.sequences().await.unwrap(), before);
    assert_eq!(rig.node.get(&ada).await, Some(entry("Ada")));
    // Neither a sweep nor an invalidation of everything forgets what was read: it will be read again.
    rig.node.invalidate(larder_core::Invalidation::Everything).await;
    let mut from: Option<SweepPosition> = None;
    loop {
        from = rig.node.remote.sweep(&users(), from.as_ref(), MANY).await.unwrap().next;
        if from.is_none() {
            break;
        }
    }
    check(&rig.node, Season::Recent, &[("ada", 1.0)]).await;
    check(&rig.node, HOUR, &[("ada", 1.0)]).await;
}
