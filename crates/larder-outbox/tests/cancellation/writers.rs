//! Writers: all of a transaction, or nothing of it.

use larder::Larder;
use larder_testkit::redis::RedisServer;

use super::moments::{Moment, poll_until};
use super::stage::Stage;
use crate::homes::Home;
use crate::rig::{Node, Renamed};

pub(super) async fn check_announce<H: Home>(stage: &Stage<H>, moment: Moment, polls: usize) -> bool {
    let context = format!("dropped {moment:?} after {polls} polls");
    let mut transaction = stage.pool.begin().await.unwrap();
    stage.outbox.announce(&mut transaction, &Renamed(1)).await.unwrap();
    let announcing = stage.outbox.announce(&mut transaction, &Renamed(2));
    let ended = poll_until(moment, announcing, polls).await.map(Result::unwrap);
    // Who says nothing rolls back too.
    match moment {
        Moment::AtOnce => drop(transaction),
        Moment::WhenWoken => transaction.rollback().await.unwrap(),
    }
    assert_eq!(stage.pending().await, 0, "{context}");
    stage.check_sound(&[], &context).await;
    ended.is_some()
}

/// Two rows in one transaction, of which the second is noted by what is dropped.
async fn check_commit_by<H: Home>(stage: &Stage<H>, voice: &Larder, moment: Moment, polls: usize) -> bool {
    let context = format!("dropped {moment:?} after {polls} polls");
    for id in [1, 2] {
        stage.node.load(id).await;
    }
    let mut transaction = stage.pool.begin().await.unwrap();
    stage.outbox.announce(&mut transaction, &Renamed(1)).await.unwrap();
    let committing = stage.outbox.commit(transaction, voice, &Renamed(2));
    let ended = poll_until(moment, committing, polls).await.map(Result::unwrap);
    let pending = stage.pending().await;
    assert!(pending == 2 || pending == 0 && ended.is_none(), "{context}: {pending} rows");
    if pending == 0 {
        assert!(stage.node.has(1).await && stage.node.has(2).await, "{context}: nothing was committed");
    }
    let written: &[u64] = if pending == 0 { &[] } else { &[1, 2] };
    stage.check_sound(written, &context).await;
    ended.is_some()
}

pub(super) async fn check_commit<H: Home>(stage: &Stage<H>, moment: Moment, polls: usize) -> bool {
    check_commit_by(stage, &stage.node.larder, moment, polls).await
}

/// The writer's own way to the fleet is lost, but the relay's is not.
pub(super) async fn check_commit_without_redis<H: Home>(
    stage: &Stage<H>,
    moment: Moment,
    polls: usize,
) -> bool {
    let redis = RedisServer::start().unwrap();
    let cut_off = Node::start(&redis).await;
    redis.kill().unwrap();
    check_commit_by(stage, &cut_off.larder, moment, polls).await
}

pub(super) async fn check_migrate<H: Home>(stage: &Stage<H>, moment: Moment, polls: usize) -> bool {
    let context = format!("dropped {moment:?} after {polls} polls");
    stage.home.execute("DROP TABLE larder_outbox").await;
    let ended = poll_until(moment, stage.outbox.migrate(), polls).await.map(Result::unwrap);
    if ended.is_none() {
        stage.outbox.migrate().await.unwrap();
    }
    stage.check_sound(&[], &context).await;
    ended.is_some()
}
