//! What befalls the calls of one node.

use std::time::Duration;

use larder_core::{Bus, BusEvent, ErrorKind, Notice, Remote, Result, Sequence};
use tokio::time::{sleep, timeout};

use crate::rig::{LONG, Rig, app, drop_key, entry, get, key, notices, store};

fn check_unavailable<T: std::fmt::Debug>(result: Result<T>) {
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_frozen_call_has_its_effect_when_it_is_thawed() {
    let rig = Rig::new();
    store(&rig.link, &key("ada"), &entry("Ada", 0), LONG).await.unwrap();
    rig.faults().freeze();
    let other = rig.server.connect(&app());
    let watch = async {
        sleep(Duration::from_secs(60)).await;
        let before = get(&other, &key("ada")).await;
        rig.faults().thaw();
        before
    };
    let ada = key("ada");
    let (dropped, before) = tokio::join!(drop_key(&rig.link, &ada), watch);
    assert!(before.is_some());
    dropped.unwrap();
    assert_eq!(get(&other, &key("ada")).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_frozen_call_that_is_dropped_has_no_effect() {
    let rig = Rig::new();
    store(&rig.link, &key("ada"), &entry("Ada", 0), LONG).await.unwrap();
    rig.faults().freeze();
    timeout(Duration::from_secs(1), drop_key(&rig.link, &key("ada"))).await.unwrap_err();
    rig.faults().thaw();
    assert_eq!(get(&rig.link, &key("ada")).await, Some(entry("Ada", 0)));
}

#[tokio::test(start_paused = true)]
async fn so_many_calls_fail_without_effect() {
    let rig = Rig::new();
    store(&rig.link, &key("ada"), &entry("Ada", 0), LONG).await.unwrap();
    rig.faults().fail(2);
    check_unavailable(drop_key(&rig.link, &key("ada")).await);
    check_unavailable(rig.link.remote().sequences().await);
    assert_eq!(get(&rig.link, &key("ada")).await, Some(entry("Ada", 0)));
}

#[tokio::test(start_paused = true)]
async fn so_many_calls_have_their_effect_and_lose_their_answer() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    store(&rig.link, &key("ada"), &entry("Ada", 0), LONG).await.unwrap();
    rig.faults().fail_after(1);
    check_unavailable(drop_key(&rig.link, &key("ada")).await);
    assert_eq!(get(&rig.link, &key("ada")).await, None);
    assert_eq!(notices(&listener.at_once().await).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_that_fail_come_before_those_that_lose_their_answer() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    rig.faults().fail_after(1);
    rig.faults().fail(1);
    for expected in [0, 1] {
        check_unavailable(drop_key(&rig.link, &key("ada")).await);
        assert_eq!(notices(&listener.at_once().await).len(), expected);
    }
    drop_key(&rig.link, &key("ada")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_published_fails_like_any_call() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    let told = rig.write(&key("ada")).await;
    rig.faults().fail(1);
    check_unavailable(rig.link.bus().publish(&Notice::Everything, told).await);
    rig.link.bus().publish(&Notice::Everything, told).await.unwrap();
    let events = listener.at_once().await;
    let is_published =
        |event: &BusEvent| matches!(event, BusEvent::Noticed { notice: Notice::Everything, .. });
    assert_eq!(events.iter().filter(|event| is_published(event)).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_of_another_node_work() {
    let rig = Rig::new();
    rig.faults().freeze();
    rig.faults().fail(9);
    assert!(rig.write(&key("ada")).await.sequence > Sequence::ZERO);
}
