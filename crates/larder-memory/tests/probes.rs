//! Sync points by the clock.

use larder_core::{Assurance, Bus, BusEvent, Clock};
use larder_memory::{MemoryServer, Probe};
use tokio::time::{Duration, Instant, sleep, timeout};

use crate::rig::{INTERVAL, Listener, Rig, app, drop_key, is_sync_point, key, notices, stands};

#[tokio::test(start_paused = true)]
async fn a_subscription_probes_at_its_interval() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    let began = Instant::now();
    for number in 1..4 {
        let asked_at = rig.clock.clock().now();
        let BusEvent::SyncPoint { asked, .. } = listener.next().await else {
            panic!("nothing else was sent");
        };
        assert_eq!(began.elapsed(), INTERVAL * number);
        assert_eq!(asked.since(asked_at), INTERVAL);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_late_is_probed_for_at_once_and_behind_what_is_queued() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    let told = rig.write_many(3).await;
    sleep(INTERVAL * 10).await;
    let events = listener.at_once().await;
    assert_eq!(events.len(), 4, "one probe, not ten: {events:?}");
    assert_eq!(notices(&events[..3]), told);
    assert_eq!(stands(&events[3], &key("ada")), told[2]);
}

#[tokio::test(start_paused = true)]
async fn the_bound_is_the_interval_and_the_timeout() {
    let clock = Clock::coarse();
    let probe = Probe::new(Duration::from_secs(2), Duration::from_secs(3));
    let link = MemoryServer::unreliable(clock.clone(), probe).connect(&app());
    assert_eq!(link.bus().assurance(), Assurance::Within(Duration::from_secs(5)));
    let link = MemoryServer::new(clock).connect(&app());
    assert_eq!(link.bus().assurance(), Assurance::Lossless);
}

#[tokio::test(start_paused = true)]
async fn a_lossless_server_is_not_probed() {
    let link = MemoryServer::new(Clock::coarse()).connect(&app());
    let mut listener = Listener::new(&link).await;
    assert_eq!(listener.within(INTERVAL * 100).await, []);
}

/// It needs no runtime at all, let alone timers.
#[test]
fn a_lossless_server_runs_without_timers() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let link = MemoryServer::new(Clock::coarse()).connect(&app());
        let mut listener = Listener::new(&link).await;
        let told = drop_key(&link, &key("ada")).await.unwrap();
        let event = listener.at_hand().await.expect("it is queued");
        assert_eq!(notices(&[event]), [told.sequence]);
    });
}

#[tokio::test(start_paused = true)]
async fn a_probe_survives_a_dropped_future() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    for _ in 0..9 {
        timeout(INTERVAL / 10, listener.next()).await.unwrap_err();
    }
    let event = timeout(INTERVAL / 10, listener.next()).await;
    assert!(is_sync_point(&event.expect("the probe is due")));
}
