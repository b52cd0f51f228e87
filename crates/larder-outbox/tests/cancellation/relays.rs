//! Relays that are dropped at whatever they are about: a row goes only after it was told.

use larder_outbox::Relay;

use super::moments::{Moment, poll_until};
use super::stage::Stage;
use crate::homes::Home;
use crate::rig::{Node, until};

/// A relay has no end of its own: its row's is meant.
pub(super) async fn check_relay<H: Home>(stage: &Stage<H>, moment: Moment, polls: usize) -> bool {
    let context = format!("dropped {moment:?} after {polls} polls");
    stage.node.load(1).await;
    stage.write(1).await;
    // It has the connection of the others, in SQLite.
    let relay = Relay::new(&stage.outbox, &stage.node.larder).unwrap();
    let ended = poll_until(moment, relay.run(), polls).await;
    assert!(ended.is_none(), "{context}: it ends by itself");
    stage.home.lapse().await;
    let pending = stage.pending().await;
    let written: &[u64] = if pending == 0 { &[] } else { &[1] };
    if pending == 0 {
        stage.node.forgets(1).await;
    }
    stage.check_sound(written, &context).await;
    pending == 0
}

pub(super) async fn check_unheard_relay<H: Home>(stage: &Stage<H>, moment: Moment, polls: usize) -> bool {
    let context = format!("dropped {moment:?} after {polls} polls");
    let unheard = Node::start(&stage.redis).await;
    unheard.larder.shut_down().await;
    stage.node.load(1).await;
    stage.write(1).await;
    let relay = Relay::new(&stage.outbox, &unheard.larder).unwrap();
    let ended = poll_until(moment, relay.run(), polls).await;
    stage.home.lapse().await;
    stage.check_sound(&[1], &context).await;
    ended.is_some()
}

pub(super) async fn check_stop<H: Home>(stage: &Stage<H>, moment: Moment, polls: usize) -> bool {
    let relay = stage.relay();
    until("it leads", async || relay.is_leader()).await;
    let ended = poll_until(moment, relay.stop(), polls).await;
    let next = stage.relay();
    until("another one leads", async || next.is_leader()).await;
    next.stop().await;
    stage.check_sound(&[], &format!("dropped {moment:?} after {polls} polls")).await;
    ended.is_some()
}
