//! A node whose every step takes a few polls, one that only announces, one that watches, and what troubles them.

use std::sync::Arc;

use larder::memory::{Faults, Link};
use larder::{
    Answer, AppName, BreakerState, GuardedWrite, Hit, Larder, LarderBuilder, Publisher, Result, Tier,
};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::super::rig::{Origin, Rig, Users, millis, secs, settle, store, users};
use super::super::yielding::yielding_on;
use super::operations::{name, names, vip};

/// What befalls the node and the publisher while an operation is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    None,
    /// Each call of the shared tier fails.
    Failing,
    /// Each call has its effect, and its answer is lost.
    Unanswered,
    /// No call is answered.
    Frozen,
    /// What would need memory is refused.
    Full,
    /// The keys are being loaded by another node.
    Busy,
    /// The keys are being written by another node.
    Quarantined,
    /// Nothing is heard on the bus.
    OutOfSync,
}

/// What has to be ended by who began a trouble.
pub(super) enum Ending {
    Heal,
    Loads(Vec<JoinHandle<Result<Hit<String>>>>),
    Write(GuardedWrite),
}

#[derive(Clone)]
pub(super) struct Stage {
    pub(super) larder: Larder,
    pub(super) users: Users,
    pub(super) publisher: Publisher,
    pub(super) other: Users,
    rig: Arc<Rig>,
    faults: [Faults; 2],
}

impl Stage {
    /// With an old value of `ada` in every tier.
    pub(super) async fn set() -> Self {
        let rig = Arc::new(Rig::unreliable());
        let links = [link(&rig), link(&rig)];
        let larder = yielding_on(&rig, &links[0], 1).build().await.unwrap();
        let publisher = yielding_on(&rig, &links[1], 1).publisher().await.unwrap();
        let users = users(&larder).loader(name).build().unwrap();
        let faults = links.map(|link| link.faults().unwrap());
        let stage = Self { larder, users, publisher, other: rig.users().await, rig, faults };
        stage.other.get_or_load("ada", Origin::new().gives(old())).await.unwrap();
        stage.users.get("ada").await.unwrap().unwrap();
        stage
    }

    /// Another node by the same server, not yet started.
    pub(super) fn builder(&self) -> LarderBuilder {
        yielding_on(&self.rig, &link(&self.rig), 1)
    }

    pub(super) async fn begin(&self, trouble: Trouble) -> Ending {
        let faults = self.faults.iter();
        match trouble {
            Trouble::None => {}
            Trouble::Failing => faults.for_each(|faults| faults.fail(usize::MAX)),
            Trouble::Unanswered => faults.for_each(|faults| faults.fail_after(usize::MAX)),
            Trouble::Frozen => faults.for_each(Faults::freeze),
            Trouble::OutOfSync => faults.for_each(Faults::cut),
            Trouble::Full => self.rig.server.faults().unwrap().fill_up(),
            Trouble::Busy => return Ending::Loads(self.load_elsewhere().await),
            Trouble::Quarantined => {
                return Ending::Write(self.other.begin_write(["ada", "bob"]).await.unwrap());
            }
        }
        Ending::Heal
    }

    /// Loads what is old by the time it comes.
    async fn load_elsewhere(&self) -> Vec<JoinHandle<Result<Hit<String>>>> {
        let _receipt = self.other.invalidate_many(["ada", "bob"]).await.unwrap();
        let load = |key: &'static str| {
            let other = self.other.clone();
            tokio::spawn(async move { other.get_or_load(key, Origin::new().takes(secs(1), Ok(old()))).await })
        };
        let loads = ["ada", "bob"].map(load);
        settle().await;
        loads.into()
    }

    /// Ends all trouble, and waits until nothing of it is left.
    pub(super) async fn end(&self, ending: Ending) {
        self.heal(ending).await;
        self.is_well().await;
    }

    async fn heal(&self, ending: Ending) {
        for faults in &self.faults {
            faults.fail(0);
            faults.fail_after(0);
            faults.thaw();
            faults.mend();
        }
        self.rig.server.faults().unwrap().make_room();
        match ending {
            Ending::Heal => {}
            Ending::Write(write) => drop(write.finish().await.unwrap()),
            Ending::Loads(loads) => {
                for load in loads {
                    let _loaded = load.await.unwrap().unwrap();
                }
            }
        }
    }

    async fn is_well(&self) {
        let began = Instant::now();
        // While its breaker is open a write is deferred, and the other node may be served what it replaces.
        let is_used = || self.larder.health().breaker.state == BreakerState::Closed;
        let are_told = || self.larder.deferred() + self.publisher.deferred() == 0;
        while !(are_told() && self.larder.is_in_sync() && is_used()) {
            assert!(began.elapsed() < secs(20), "{}", self.larder.health());
            sleep(millis(10)).await;
        }
        // A load whose caller was dropped may still wait for the other node's, and begin only then.
        sleep(secs(3)).await;
    }

    /// That nobody has the value any more that was there at the beginning.
    pub(super) async fn check_dropped(&self, context: &str) {
        for users in [&self.users, &self.other] {
            let left = users.get("ada").await.unwrap();
            assert!(left.as_deref().is_none_or(|left| left != "old"), "{context}: {left:?}");
        }
    }

    /// Whether everything works, whatever was dropped in the middle.
    pub(super) async fn check_sound(&self, context: &str) {
        let rounds = async {
            for round in 0..2 {
                for key in ["ada", "bob"] {
                    self.check_round(key, &format!("fresh {round}"), context).await;
                }
                let hits = self.users.get_many_or_load(["ada", "bob", "eve"], names).await.unwrap();
                assert!(hits.iter().all(Option::is_some), "{context}");
            }
        };
        timeout(secs(30), rounds).await.unwrap_or_else(|_| panic!("{context}: it hangs"));
    }

    /// Whether whatever has been left of a node that was to end answers, and the others do not mind.
    pub(super) async fn check_others(&self, ending: Ending, context: &str) {
        self.heal(ending).await;
        let reads = async {
            let _maybe = self.users.get_or_load("ada", Origin::new().fails()).await;
            let _maybe = self.users.invalidate("ada").await;
            store(&self.other, "ada", "Ada").await;
        };
        timeout(secs(30), reads).await.unwrap_or_else(|_| panic!("{context}: it hangs"));
    }

    async fn check_round(&self, key: &str, fresh: &str, context: &str) {
        let _receipt = self.users.invalidate(key).await.unwrap();
        let hit = self.users.get_or_load(key, Origin::new().gives(fresh.to_owned())).await.unwrap();
        assert_eq!((hit.as_str(), hit.tier()), (fresh, Tier::Origin), "{context}");
        assert_eq!(
            self.users.get(key).await.unwrap().as_deref().map(String::as_str),
            Some(fresh),
            "{context}"
        );
        let there = self.other.get_or_load(key, Origin::new().gives(fresh.to_owned())).await.unwrap();
        assert_eq!(there.as_str(), fresh, "{context}");
    }
}

fn link(rig: &Rig) -> Link {
    rig.server.connect(&AppName::new("test.shop").unwrap())
}

fn old() -> Answer<String> {
    Answer::value("old".to_owned()).tag(&vip())
}
