//! Those who only read: the next one has an answer to its own question.

use super::moments::{Moment, poll_until};
use super::stage::Stage;
use crate::homes::Home;
use crate::rig::until;

pub(super) async fn check_backlog<H: Home>(stage: &Stage<H>, moment: Moment, polls: usize) -> bool {
    let ended = poll_until(moment, stage.outbox.backlog(), polls).await.map(Result::unwrap);
    assert!(stage.outbox.unreadable().await.unwrap().is_empty());
    stage.check_sound(&[], &format!("dropped {moment:?} after {polls} polls")).await;
    ended.is_some()
}

pub(super) async fn check_unreadable<H: Home>(stage: &Stage<H>, moment: Moment, polls: usize) -> bool {
    stage.home.execute("DELETE FROM larder_outbox").await;
    stage.write(1).await;
    stage.home.execute("UPDATE larder_outbox SET set_aside = 'the test is about this'").await;
    let ended = poll_until(moment, stage.outbox.unreadable(), polls).await.map(Result::unwrap);
    let backlog = stage.outbox.backlog().await.unwrap();
    assert_eq!((backlog.pending, backlog.unreadable), (0, 1));
    assert_eq!(stage.outbox.unreadable().await.unwrap().len(), 1);
    stage.home.execute("DELETE FROM larder_outbox").await;
    stage.check_sound(&[], &format!("dropped {moment:?} after {polls} polls")).await;
    ended.is_some()
}

pub(super) async fn check_stats<H: Home>(stage: &Stage<H>, moment: Moment, polls: usize) -> bool {
    let relay = stage.relay();
    let ended = poll_until(moment, relay.stats(), polls).await.map(Result::unwrap);
    until("it leads", async || relay.stats().await.unwrap().is_leader).await;
    relay.stop().await;
    stage.check_sound(&[], &format!("dropped {moment:?} after {polls} polls")).await;
    ended.is_some()
}

pub(super) async fn check_metrics<H: Home>(stage: &Stage<H>, moment: Moment, polls: usize) -> bool {
    let relay = stage.relay();
    let ended = poll_until(moment, relay.publish_metrics(), polls).await.map(Result::unwrap);
    relay.publish_metrics().await.unwrap();
    until("it leads", async || relay.is_leader()).await;
    relay.stop().await;
    stage.check_sound(&[], &format!("dropped {moment:?} after {polls} polls")).await;
    ended.is_some()
}
