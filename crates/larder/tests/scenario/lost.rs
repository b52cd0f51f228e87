//! Notices that do not come, come twice, or in another order.

use std::time::Duration;

use tokio::time::sleep;

use super::rig::*;
use larder::Tier;

/// Two nodes that both have Ada, and of which the first does not hear of a write of her.
async fn one_lost() -> (Fleet, [Node; 2]) {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    for key in [ADA, BOB] {
        writer.read(key).await;
        reader.read(key).await;
    }
    reader.faults.lose(1);
    let _lost = writer.write(ADA).await;
    settle().await;
    assert_eq!(reader.read(ADA).await, 1, "nobody has told it yet");
    (fleet, [reader, writer])
}

#[tokio::test(start_paused = true)]
async fn r3_a_lost_notice_shows_at_the_next_one_of_its_partition() {
    let (_fleet, [reader, writer]) = one_lost().await;
    let _tells = writer.users.invalidate(&sibling(ADA)).await.unwrap();
    settle().await;
    assert_eq!(reader.read(ADA).await, 2);
    assert_eq!(reader.ears.flushes().len(), 1);
    assert_eq!(reader.tier(BOB).await, Some(Tier::Local), "another partition");
}

#[tokio::test(start_paused = true)]
async fn r3_a_notice_of_another_partition_shows_nothing() {
    let (_fleet, [reader, writer]) = one_lost().await;
    let _tells_nothing = writer.users.invalidate(&BOB).await.unwrap();
    settle().await;
    assert_eq!(reader.read(ADA).await, 1);
    assert!(reader.ears.flushes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn r3_a_lost_notice_shows_at_the_next_probe_if_all_is_quiet() {
    let (_fleet, [reader, _writer]) = one_lost().await;
    sleep(interval()).await;
    settle().await;
    assert_eq!(reader.read(ADA).await, 2);
    assert_eq!(reader.ears.flushes().len(), 1);
    assert_eq!(reader.tier(BOB).await, Some(Tier::Local));
    assert!(reader.larder.is_in_sync());
}

#[tokio::test(start_paused = true)]
async fn r3_after_a_lost_notice_a_silent_link_ends_trust_within_the_bound() {
    let (_fleet, [reader, _writer]) = one_lost().await;
    reader.faults.silence();
    sleep(bound()).await;
    settle().await;
    assert!(!reader.larder.is_in_sync());
    assert_eq!(reader.read(ADA).await, 2);
    assert_ne!(reader.ears.flushes().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn trust_lasts_as_long_as_probes_are_answered_and_not_a_bound_longer() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    sleep(10 * bound()).await;
    assert!(node.larder.is_in_sync());
    node.faults.silence();
    sleep(bound() + ms(2)).await;
    assert!(!node.larder.is_in_sync());
    node.faults.mend();
    sleep(interval()).await;
    settle().await;
    assert!(node.larder.is_in_sync());
}

#[tokio::test(start_paused = true)]
async fn trust_counts_from_the_question_and_not_from_a_late_answer() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    reader.read(ADA).await;
    // The next question is asked, and its answer held up on its way.
    reader.faults.hold();
    sleep(interval() + ms(2)).await;
    reader.faults.lose(1);
    let _lost = writer.write(ADA).await;
    sleep(bound().saturating_sub(interval() + ms(20))).await;
    assert!(reader.larder.is_in_sync());
    reader.faults.release();
    reader.faults.silence();
    settle().await;
    assert!(reader.larder.is_in_sync());
    sleep(interval() + ms(20)).await;
    assert!(!reader.larder.is_in_sync());
    assert_eq!(reader.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_flush_fences_what_is_being_loaded() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    // Without a lease, so that nothing but the flush can find the load out.
    reader.faults.fail(1);
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    reader.faults.lose(1);
    let _lost = writer.write(ADA).await;
    sleep(interval()).await;
    settle().await;

    assert_eq!(slow.end().await, 1);
    assert_eq!(reader.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn nobody_boards_a_load_from_before_a_flush() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    reader.faults.fail(1);
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    reader.faults.lose(1);
    let _lost = writer.write(ADA).await;
    sleep(interval()).await;
    settle().await;
    assert_eq!(reader.read(ADA).await, 2, "it does not wait for the other");
    assert_eq!(slow.end().await, 1);
    assert_eq!(reader.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_comes_twice_changes_nothing() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    reader.faults.duplicate(10);
    reader.read(BOB).await;
    for version in 2..12 {
        reader.read(ADA).await;
        let _receipt = writer.write(ADA).await;
        settle().await;
        assert_eq!(reader.read(ADA).await, version);
    }
    sleep(interval()).await;
    assert!(reader.ears.flushes().is_empty());
    assert_eq!(reader.tier(BOB).await, Some(Tier::Local));
}

#[tokio::test(start_paused = true)]
async fn notices_in_any_order_leave_nothing_old() {
    for seed in 0..50 {
        let fleet = Fleet::new();
        let [reader, writer] = fleet.nodes().await;
        let keys = [ADA, sibling(ADA), sibling(sibling(ADA)), BOB];
        for key in keys {
            fleet.database.commit(key);
            reader.read(key).await;
        }
        reader.faults.hold();
        for key in keys.iter().chain(&keys) {
            let _receipt = writer.write(*key).await;
        }
        reader.faults.release_shuffled(seed);
        settle().await;
        for key in keys {
            assert_eq!(reader.read(key).await, writer.read(key).await, "seed {seed}");
        }
        sleep(interval()).await;
        assert!(reader.larder.is_in_sync(), "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_is_noticed_at_once_and_so_is_its_end() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    reader.faults.cut();
    settle().await;
    assert!(!reader.larder.is_in_sync());
    let _missed = writer.write(ADA).await;
    reader.faults.mend();
    settle().await;
    assert!(reader.larder.is_in_sync());
    assert_eq!(reader.read(ADA).await, 2);
    assert!(reader.users.contains_local(&ADA));
    sleep(Duration::from_secs(10)).await;
    assert_eq!(reader.tier(ADA).await, Some(Tier::Local));
}

#[tokio::test(start_paused = true)]
async fn trust_that_only_a_repair_could_give_ends_within_the_bound_too() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    reader.faults.cut();
    settle().await;
    let _missed = writer.larder.invalidate_tag(&tag("other")).await.unwrap();
    // The sync point shows that a tag was missed. Until it has been asked for there is no trust, and nothing to end.
    reader.faults.mend();
    settle().await;
    assert!(reader.larder.is_in_sync());
    reader.faults.silence();
    assert_eq!(reader.read(ADA).await, 1);
    let _unheard = writer.write(ADA).await;
    sleep(bound() + ms(2)).await;
    assert_eq!(reader.read(ADA).await, 2);
}
