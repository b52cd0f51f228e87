//! One load at a time, in the process and in the fleet.

use larder::ErrorKind;
use tokio::time::sleep;

use super::pausing::Point;
use super::rig::*;

#[tokio::test(start_paused = true)]
async fn a_thousand_readers_on_four_nodes_load_once() {
    let fleet = Fleet::new();
    let nodes: [Node; 4] = fleet.nodes().await;
    fleet.database.set_latency(ms(200));
    let readers: Vec<_> = (0..1_000).map(|number| nodes[number % 4].reading(ADA)).collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), 1);
    }
    assert_eq!(fleet.database.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_takes_longer_than_a_lease_is_still_the_only_one() {
    let fleet = Fleet::new();
    let nodes: [Node; 4] = fleet.nodes().await;
    fleet.database.set_latency(ms(9_000));
    let readers: Vec<_> = (0..100).map(|number| nodes[number % 4].reading(ADA)).collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), 1);
    }
    assert_eq!(fleet.database.loads(), 1);
    assert_eq!(fleet.shared(ADA).await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_failing_load_is_tried_once_on_each_node_and_never_twice_at_once() {
    let fleet = Fleet::new();
    let nodes: [Node; 4] = fleet.nodes().await;
    fleet.database.set_latency(ms(100));
    fleet.database.shut_down();
    let failing = |number: usize| {
        let (users, database) = (nodes[number % 4].users.clone(), fleet.database.clone());
        tokio::spawn(async move { users.get_or_load(&ADA, move |key| database.load(key)).await })
    };
    let began = fleet.clock.now();
    let readers: Vec<_> = (0..1_000).map(failing).collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap().unwrap_err().kind(), ErrorKind::Load);
    }
    let took = fleet.clock.now().since(began);
    assert!(took < ms(1_000), "{took:?}: the right to load is given back, it does not run out");
    assert_eq!((fleet.database.loads(), fleet.database.most_at_once()), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn a_lease_holder_who_dies_costs_one_lease_time() {
    let fleet = Fleet::new();
    let [dying, heir] = fleet.nodes().await;
    let gate = fleet.database.pause();
    let dead = dying.reading(ADA);
    gate.reached().await;
    dead.abort();
    drop(dead.await);
    drop(dying);
    let began = fleet.clock.now();
    assert_eq!(heir.read(ADA).await, 1);
    let waited = fleet.clock.now().since(began);
    assert!((ms(1_900)..=ms(2_100)).contains(&waited), "{waited:?}");
    assert_eq!(fleet.database.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_slow_to_fill_does_not_replace_what_came_after_its_lease() {
    let fleet = Fleet::new();
    let [slow, heir] = fleet.nodes().await;
    let late = slow.reading_up_to(fleet.database.pause(), ADA).await;
    // Cut off from the server it cannot renew, and nobody hears of it.
    slow.faults.freeze();
    sleep(ms(2_500)).await;
    fleet.database.commit(ADA);
    assert_eq!(heir.read(ADA).await, 2);
    slow.faults.thaw();
    assert_eq!(late.end().await, 1);
    assert_eq!(fleet.shared(ADA).await, Some(2));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_another_nodes_load_gets_what_that_has_filled() {
    let fleet = Fleet::new();
    let [first, second] = fleet.nodes().await;
    let gate = first.remote.pause(Point::BeforeFill);
    let loading = first.reading(ADA);
    gate.reached().await;
    let waiting = second.reading(ADA);
    settle().await;
    gate.open();
    assert_eq!((loading.await.unwrap(), waiting.await.unwrap()), (1, 1));
    assert_eq!(fleet.database.loads(), 1);
    assert!(second.users.contains_local(&ADA));
}

#[tokio::test(start_paused = true)]
async fn a_write_ends_the_wait_for_another_nodes_load() {
    let fleet = Fleet::new();
    let [first, second] = fleet.nodes().await;
    let loading = first.reading_up_to(fleet.database.pause(), ADA).await;
    let waiting = second.reading(ADA);
    sleep(ms(300)).await;
    let _receipt = second.write(ADA).await;
    assert_eq!(waiting.await.unwrap(), 2, "the lease it waited for is gone");
    assert_eq!(loading.end().await, 1);
    assert_eq!(fleet.shared(ADA).await, Some(2));
}
