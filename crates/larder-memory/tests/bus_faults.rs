//! What befalls the bus of one node.

use larder_core::{Bus, BusEvent, ErrorKind};

use crate::rig::{INTERVAL, Listener, Rig, app, drop_key, is_sync_point, key, notices, stands};

#[tokio::test(start_paused = true)]
async fn so_many_notices_are_lost_and_the_next_is_not() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    rig.faults().lose(2);
    let told = rig.write_many(4).await;
    assert_eq!(notices(&listener.at_once().await), told[2..]);
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_shows_in_the_next_sync_point_only() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    rig.faults().lose_all();
    let told = rig.write_many(3).await;
    let events = listener.within(INTERVAL + INTERVAL / 2).await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(stands(&events[0], &key("ada")), told[2]);
    rig.faults().lose_none();
    let told = rig.write_many(1).await;
    assert_eq!(notices(&listener.at_once().await), told);
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_one_node_is_none_of_another() {
    let rig = Rig::new();
    let (mut listener, mut other) = (rig.listen().await, Listener::new(&rig.server.connect(&app())).await);
    rig.faults().lose_all();
    rig.faults().hold();
    rig.faults().cut();
    let told = rig.write_many(3).await;
    assert_eq!(notices(&other.at_once().await), told);
    assert_eq!(listener.at_once().await, [BusEvent::Lost(None)]);
}

#[tokio::test(start_paused = true)]
async fn a_fault_concerns_every_subscription_of_the_node() {
    let rig = Rig::new();
    let mut listeners = [rig.listen().await, rig.listen().await];
    rig.faults().lose(1);
    let told = rig.write_many(2).await;
    for listener in &mut listeners {
        assert_eq!(notices(&listener.at_once().await), told[1..]);
    }
}

#[tokio::test(start_paused = true)]
async fn so_many_notices_come_twice() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    rig.faults().duplicate(2);
    let told = rig.write_many(3).await;
    assert_eq!(notices(&listener.at_once().await), [told[0], told[0], told[1], told[1], told[2]]);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_arrives_in_its_order_sync_points_too() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    let arrived = rig.write_many(1).await;
    rig.faults().hold();
    let before = rig.write_many(2).await;
    // What has arrived can be taken. The probe that is due meanwhile is answered, and waits with the rest.
    let events = listener.within(INTERVAL * 2).await;
    assert_eq!((notices(&events), events.len()), (arrived, 1));
    let after = rig.write_many(1).await;
    rig.faults().release();
    let events = listener.at_once().await;
    assert_eq!(events.len(), 4, "{events:?}");
    assert_eq!(notices(&events[..2]), before);
    assert_eq!(stands(&events[2], &key("ada")), before[1]);
    assert_eq!(notices(&events[3..]), after);
}

#[tokio::test(start_paused = true)]
async fn a_hold_reports_the_moment_that_was_asked_and_not_that_of_arrival() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    rig.faults().hold();
    let before = rig.clock.clock().now();
    assert_eq!(listener.within(INTERVAL * 5).await, []);
    rig.faults().release();
    let BusEvent::SyncPoint { asked, .. } = listener.next().await else {
        panic!("the probe was answered");
    };
    assert_eq!(asked.since(before), INTERVAL);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_woken_by_the_end_of_a_hold() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    rig.faults().hold();
    let told = rig.write_many(1).await;
    let (event, ()) = tokio::join!(listener.next(), async { rig.faults().release() });
    assert_eq!(notices(&[event]), told);
}

#[tokio::test(start_paused = true)]
async fn a_shuffled_release_changes_the_order_of_notices_alone_and_by_its_seed_alone() {
    let mut orders = Vec::new();
    for seed in [1, 1, 2] {
        let rig = Rig::new();
        let mut listener = rig.listen().await;
        rig.faults().hold();
        let mut told = rig.write_many(10).await;
        assert_eq!(listener.within(INTERVAL * 2).await, []);
        told.extend(rig.write_many(10).await);
        rig.faults().release_shuffled(seed);
        let events = listener.at_once().await;
        assert!(is_sync_point(&events[10]), "{events:?}");
        let mut heard = notices(&events);
        assert_ne!(heard, told);
        orders.push(heard.iter().map(|one| told.iter().position(|other| one == other)).collect::<Vec<_>>());
        heard.sort_unstable();
        assert_eq!(heard, told);
    }
    assert_eq!(orders[0], orders[1]);
    assert_ne!(orders[0], orders[2]);
}

#[tokio::test(start_paused = true)]
async fn a_cut_takes_what_was_queued_says_so_and_says_no_more() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    rig.write_many(2).await;
    rig.faults().cut();
    rig.faults().cut();
    rig.write_many(2).await;
    assert_eq!(listener.within(INTERVAL * 3).await, [BusEvent::Lost(None)]);
    let error = rig.link.bus().subscribe().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_mended_cut_begins_with_a_sync_point() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    rig.faults().cut();
    let lost = rig.write_many(2).await;
    assert_eq!(listener.at_once().await, [BusEvent::Lost(None)]);
    rig.faults().mend();
    let told = rig.write_many(1).await;
    let events = listener.at_once().await;
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(stands(&events[0], &key("ada")), lost[1]);
    assert_eq!(notices(&events[1..]), told);
}

#[tokio::test(start_paused = true)]
async fn a_mended_cut_that_nobody_saw_is_told_first() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    rig.write_many(1).await;
    rig.faults().cut();
    rig.faults().mend();
    let told = rig.write_many(1).await;
    let events = listener.at_once().await;
    assert_eq!(events[0], BusEvent::Lost(None));
    assert!(is_sync_point(&events[1]));
    assert_eq!(notices(&events[2..]), told);
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_tells_nothing_until_it_is_mended() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    rig.faults().silence();
    let lost = rig.write_many(2).await;
    assert_eq!(listener.within(INTERVAL * 5).await, []);
    rig.faults().mend();
    let told = rig.write_many(1).await;
    let events = listener.within(INTERVAL * 2).await;
    assert_eq!(notices(&events[..1]), told, "and the loss is not told: {lost:?}");
    assert_eq!(stands(&events[1], &key("ada")), told[0]);
}

#[tokio::test(start_paused = true)]
async fn a_broken_bus_is_no_broken_remote() {
    let rig = Rig::new();
    for breakage in [larder_memory::Faults::cut, larder_memory::Faults::silence] {
        breakage(&rig.faults());
        drop_key(&rig.link, &key("ada")).await.unwrap();
        rig.faults().mend();
    }
}

#[test]
fn a_reliable_server_has_no_faults() {
    let server = larder_memory::MemoryServer::new(larder_core::Clock::coarse());
    assert!(server.faults().is_none());
    assert!(server.connect(&app()).faults().is_none());
}
