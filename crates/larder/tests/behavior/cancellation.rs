//! Every public async function, polled so many times and dropped, for all such numbers until it completes.
//!
//! The shared tier yields before and after each step, so that a future is dropped in each of its states.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use larder::{Answer, DomainEvent, Larder, Load, Receipt, Tag, Tier, Tiers, Touched, Version};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::rig::{Broken, Loading, Origin, Rig, Users, check, millis, secs, settle, store, users};
use super::yielding::yielding;

type Operation = Pin<Box<dyn Future<Output = ()>>>;

/// More polls than any of them needs.
const MOST_POLLS: usize = 500;

/// Polls a future so many times, with a turn for every task after each. Returns whether it has completed.
async fn poll_and_drop(mut operation: Operation, polls: usize) -> bool {
    for _ in 0..polls {
        let polled = poll_fn(|context| Poll::Ready(operation.as_mut().poll(context))).await;
        if polled.is_ready() {
            return true;
        }
        yield_now().await;
    }
    false
}

fn slowly<A: Send + 'static>(answer: A) -> Loading<A> {
    Box::pin(async {
        for _ in 0..5 {
            yield_now().await;
        }
        Ok(answer)
    })
}

fn name(_: String) -> Loading<String> {
    slowly("loaded".to_owned())
}

fn names(keys: Vec<String>) -> Loading<Vec<(String, String)>> {
    slowly(keys.into_iter().map(|key| (key, "loaded".to_owned())).collect())
}

/// A node whose every step takes a few polls, and another that watches.
struct Stage {
    larder: Larder,
    users: Users,
    other: Users,
}

impl Stage {
    async fn set(tiers: Tiers) -> Self {
        let rig = Rig::new();
        let larder = yielding(&rig, 1).await;
        let users = users(&larder).tiers(tiers).loader(name).build().unwrap();
        Self { larder, users, other: rig.users().await }
    }

    /// Whether everything works, whatever was dropped in the middle.
    async fn check_sound(&self, context: &str) {
        let rounds = async {
            for round in 0..2 {
                for key in ["ada", "bob"] {
                    let _receipt = self.users.invalidate(key).await.unwrap();
                    let fresh = format!("fresh {round}");
                    let hit = self.users.get_or_load(key, Origin::new().gives(fresh.clone())).await.unwrap();
                    check(&hit, &fresh, Tier::Origin);
                    assert_eq!(self.users.get(key).await.unwrap().unwrap().as_str(), fresh);
                    let there =
                        self.other.get_or_load(key, Origin::new().gives(fresh.clone())).await.unwrap();
                    assert_eq!(there.as_str(), fresh);
                }
                let hits = self.users.get_many_or_load(["ada", "bob", "eve"], names).await.unwrap();
                assert!(hits.iter().all(Option::is_some));
            }
        };
        timeout(secs(30), rounds).await.unwrap_or_else(|_| panic!("{context}: it hangs"));
    }
}

/// Drops an operation in each of its states.
async fn check_cancelled(context: &str, operation: impl Fn(Larder, Users) -> Operation) {
    for polls in 0..MOST_POLLS {
        let stage = Stage::set(Tiers::BOTH).await;
        let has_completed = poll_and_drop(operation(stage.larder.clone(), stage.users.clone()), polls).await;
        stage.check_sound(&format!("{context} after {polls} polls")).await;
        if has_completed {
            return;
        }
    }
    panic!("{context} does not end");
}

#[tokio::test(start_paused = true)]
async fn reads_may_be_dropped_at_any_time() {
    check_cancelled("get", |_, users| Box::pin(async move { drop(users.get("ada").await) })).await;
    check_cancelled("get_or_load", |_, users| {
        Box::pin(async move { drop(users.get_or_load("ada", name).await) })
    })
    .await;
    check_cancelled("load", |_, users| Box::pin(async move { drop(users.load("ada").await) })).await;
    check_cancelled("refresh", |_, users| Box::pin(async move { drop(users.refresh("ada").await) })).await;
    check_cancelled("refresh_with", |_, users| {
        Box::pin(async move { drop(users.refresh_with("ada", name).await) })
    })
    .await;
    check_cancelled("get_or_revalidate", |_, users| {
        let load = |load: Load<String, String>| name(load.key().clone());
        Box::pin(async move { drop(users.get_or_revalidate("ada", load).await) })
    })
    .await;
    check_cancelled("explain", |_, users| Box::pin(async move { drop(users.explain("ada").await) })).await;
}

#[tokio::test(start_paused = true)]
async fn reads_of_many_keys_may_be_dropped_at_any_time() {
    check_cancelled("get_many", |_, users| {
        Box::pin(async move { drop(users.get_many(["ada", "bob"]).await) })
    })
    .await;
    check_cancelled("get_many_or_load", |_, users| {
        Box::pin(async move { drop(users.get_many_or_load(["ada", "bob"], names).await) })
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn reads_that_go_otherwise_may_be_dropped_at_any_time() {
    check_cancelled("skip_local", |_, users| {
        Box::pin(async move { drop(users.reading().skip_local().get_or_load("ada", name).await) })
    })
    .await;
    check_cancelled("skip_remote", |_, users| {
        Box::pin(async move { drop(users.reading().skip_remote().get_or_load("ada", name).await) })
    })
    .await;
    check_cancelled("at_least", |_, users| {
        // As if there had been an invalidation of a tag that this node has not heard of.
        let receipt: Receipt = "t.99999999999999999".parse().unwrap();
        Box::pin(async move { drop(users.reading().at_least(&receipt).get_or_load("ada", name).await) })
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_others_wait_for_may_be_dropped_at_any_time() {
    for polls in 0..MOST_POLLS {
        let stage = Stage::set(Tiers::BOTH).await;
        let (leader, follower) = (stage.users.clone(), stage.users.clone());
        let mut leading: Operation = Box::pin(async move { drop(leader.get_or_load("ada", name).await) });
        // The leader boards first.
        let first = poll_fn(|context| Poll::Ready(leading.as_mut().poll(context))).await;
        let following = tokio::spawn(async move { follower.get_or_load("ada", name).await });
        yield_now().await;
        let has_completed = first.is_ready() || poll_and_drop(leading, polls).await;
        let followed = timeout(secs(30), following).await.expect("nobody may hang").unwrap();
        assert_eq!(followed.unwrap().as_str(), "loaded");
        stage.check_sound(&format!("a leader after {polls} polls")).await;
        if has_completed {
            return;
        }
    }
    panic!("the leader does not end");
}

/// The same for a write, which takes place all the same once it was polled.
async fn check_written(context: &str, operation: impl Fn(Larder, Users) -> Operation) {
    for polls in 0..MOST_POLLS {
        let stage = Stage::set(Tiers::BOTH).await;
        let tagged = Answer::value("old".to_owned()).tag(&Tag::new("vip").unwrap());
        stage.other.get_or_load("ada", Origin::new().gives(tagged)).await.unwrap();
        let _hit = stage.users.get("ada").await.unwrap().unwrap();
        let has_completed = poll_and_drop(operation(stage.larder.clone(), stage.users.clone()), polls).await;
        if polls > 0 {
            tokio::time::sleep(millis(1)).await;
            for users in [&stage.users, &stage.other] {
                let left = users.get("ada").await.unwrap();
                let is_old = left.as_ref().is_some_and(|hit| hit.as_str() == "old");
                assert!(!is_old, "{context} after {polls} polls: {left:?}");
            }
        }
        stage.check_sound(&format!("{context} after {polls} polls")).await;
        if has_completed {
            return;
        }
    }
    panic!("{context} does not end");
}

struct Renamed;

impl DomainEvent for Renamed {
    fn touches(&self, touched: &mut Touched) {
        touched.key("user", "ada").tag("members", &3_u8);
    }
}

#[tokio::test(start_paused = true)]
async fn writes_that_were_polled_once_take_place() {
    check_written("invalidate", |_, users| Box::pin(async move { drop(users.invalidate("ada").await) }))
        .await;
    check_written("invalidate_many", |_, users| {
        Box::pin(async move { drop(users.invalidate_many(["bob", "ada"]).await) })
    })
    .await;
    check_written("expire", |_, users| Box::pin(async move { drop(users.expire("ada").await) })).await;
    check_written("clear", |_, users| Box::pin(async move { drop(users.clear().await) })).await;
    check_written("clear_all", |larder, _| Box::pin(async move { drop(larder.clear_all().await) })).await;
    check_written("invalidate_tag", |larder, _| {
        Box::pin(async move { drop(larder.invalidate_tag(&Tag::new("vip").unwrap()).await) })
    })
    .await;
    check_written("announce", |larder, _| Box::pin(async move { drop(larder.announce(&Renamed).await) }))
        .await;
    check_written("insert", |_, users| {
        Box::pin(async move { drop(users.insert("ada", "new".to_owned(), Version::new(1)).await) })
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_insert_into_the_process_s_memory_that_was_polled_once_takes_place() {
    for polls in 1..MOST_POLLS {
        let stage = Stage::set(Tiers::LOCAL).await;
        let users = stage.users.clone();
        let insert = async move { drop(users.insert("ada", "new".to_owned(), Version::new(1)).await) };
        let has_completed = poll_and_drop(Box::pin(insert), polls).await;
        tokio::time::sleep(millis(1)).await;
        let kept = stage.users.get("ada").await.unwrap();
        assert_eq!(kept.as_deref().map(String::as_str), Some("new"), "after {polls} polls");
        if has_completed {
            return;
        }
    }
    panic!("it does not end");
}

#[tokio::test(start_paused = true)]
async fn the_beginning_of_a_guarded_write_that_is_dropped_guards_no_longer_than_its_time() {
    for polls in 0..MOST_POLLS {
        let stage = Stage::set(Tiers::BOTH).await;
        let users = stage.users.clone();
        let begin = async move { drop(users.begin_write_within(secs(5), ["ada", "bob"]).await) };
        let has_completed = poll_and_drop(Box::pin(begin), polls).await;
        tokio::time::sleep(secs(6)).await;
        stage.check_sound(&format!("after {polls} polls")).await;
        if has_completed {
            return;
        }
    }
    panic!("it does not end");
}

#[tokio::test(start_paused = true)]
async fn a_guarded_write_whose_end_was_polled_once_is_finished() {
    for polls in 1..MOST_POLLS {
        let stage = Stage::set(Tiers::BOTH).await;
        let write = stage.users.begin_write(["ada", "bob"]).await.unwrap();
        let finish = async move { drop(write.finish().await) };
        let has_completed = poll_and_drop(Box::pin(finish), polls).await;
        tokio::time::sleep(millis(1)).await;
        stage.check_sound(&format!("after {polls} polls")).await;
        if has_completed {
            return;
        }
    }
    panic!("it does not end");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_may_be_dropped_at_any_time() {
    for polls in 0..MOST_POLLS {
        let stage = Stage::set(Tiers::BOTH).await;
        store(&stage.users, "ada", "Ada").await;
        let larder = stage.larder.clone();
        let end: Operation = Box::pin(async move { assert!(larder.shut_down().await) });
        let has_completed = poll_and_drop(end, polls).await;
        settle().await;
        // Whatever has been left of it answers, and the other instance does not mind.
        let reads = async {
            let _maybe = stage.users.get_or_load("ada", |_| async { Err::<String, _>(Broken("test")) }).await;
            let _maybe = stage.users.invalidate("ada").await;
            store(&stage.other, "ada", "Ada").await;
        };
        timeout(secs(30), reads).await.expect("nobody may hang");
        if has_completed {
            return;
        }
    }
    panic!("it does not end");
}
