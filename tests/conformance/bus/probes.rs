//! Sync points in between.

use std::collections::HashMap;
use std::time::Duration;

use larder_core::{Assurance, BusEvent, Chain, Invalidation, Sequence};
use tokio::time::timeout;

use crate::conformance::backend::{Backend, Rig, key, tag};

use super::listener::{Listener, PATIENCE};

pub(super) async fn it_says_within_which_time_a_loss_is_noticed<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let assurance = rig.node.bus.assurance();
    assert!(matches!(assurance, Assurance::Within(bound) if bound > Duration::ZERO), "{assurance:?}");
}

pub(super) async fn sync_points_come_by_themselves<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let mut listener = Listener::new(&rig.node).await;
    for _ in 0..3 {
        let before = rig.backend.clock().now();
        let point = listener.sync_point().await;
        assert!((before..=rig.backend.clock().now()).contains(&point.asked));
        assert_eq!(point.at, rig.node.remote.sequences().await.unwrap());
    }
}

pub(super) async fn sync_points_come_through_a_flood_of_notices<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let mut listener = Listener::new(&rig.node).await;
    let flood = async {
        let mut points = 0;
        while points < 3 {
            rig.node.drop_key(&key("ada")).await;
            points += u32::from(matches!(listener.next().await, BusEvent::SyncPoint { .. }));
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, flood).await.expect("sync points come");
}

pub(super) async fn a_sync_point_stands_behind_what_it_speaks_of<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let mut listener = Listener::subscribe(&rig.node).await;
    let mut seen: HashMap<Chain, Sequence> = listener.sync_point().await.at.into_iter().collect();
    let (mut points, mut number) = (0, 0);
    while points < 4 {
        assert!(number < 1_000_000, "sync points come");
        // More is written than is heard, so that notices wait when the server is asked.
        for _ in 0..2 {
            number += 1;
            rig.node.drop_key(&key(&format!("user-{}", number % 20))).await;
            rig.another().await.invalidate(Invalidation::Tags(&[tag(number)])).await;
        }
        match listener.next().await {
            BusEvent::Noticed { notice, sequence, .. } => {
                seen.insert(notice.chain(), sequence);
            }
            BusEvent::SyncPoint { at, .. } => {
                assert_eq!(seen, at.into_iter().collect());
                points += 1;
            }
            other => panic!("nothing is lost: {other:?}"),
        }
        tokio::task::yield_now().await;
    }
}
