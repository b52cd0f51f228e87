//! Two nodes, and the model of what they may know.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder::{Answer, Cache, ErrorKind, Hit, Inserted, Larder, Result, Tag, Tier, Version};
use tokio::time::{Instant, advance, sleep, timeout};

use super::super::rig::{Broken, Loading, Rig, exact, millis, secs, settle};
use super::{Act, KEYS};

/// How long a value lives, and a copy. Short, so that both happen within a case.
const LIFE: Duration = Duration::from_secs(20);
const STAY: Duration = Duration::from_secs(6);

pub(super) struct World {
    /// What happens just now, for the message.
    pub(super) step: String,
    larders: Vec<Larder>,
    caches: Vec<Cache<u64, u64>>,
    truths: Vec<Truth>,
}

/// What the model knows of one key.
#[derive(Default)]
struct Truth {
    /// The true number.
    now: Arc<AtomicU64>,
    /// When each number below it ceased to be true.
    ceased: Vec<Instant>,
    /// The number that was true at the last invalidation; none below it may be served at all.
    gone: u64,
    /// The same at the last expiry; those below may be served only marked as stale.
    expired: u64,
}

impl Truth {
    fn now(&self) -> u64 {
        self.now.load(Ordering::SeqCst)
    }

    fn commit(&mut self) -> u64 {
        self.ceased.push(Instant::now());
        self.now.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Why a number must not be served, if so.
    fn objection(&self, number: u64, is_stale: bool) -> Option<&'static str> {
        let ceased = usize::try_from(number).ok().and_then(|number| self.ceased.get(number));
        if number > self.now() {
            Some("it has never been true")
        } else if number < self.gone {
            Some("it was invalidated")
        } else if number < self.expired && !is_stale {
            Some("it was expired")
        } else if ceased.is_some_and(|ceased| ceased.elapsed() > LIFE) {
            Some("it has outlived its time")
        } else {
            None
        }
    }
}

fn tag(parity: usize) -> Tag {
    Tag::of("parity", &u64::try_from(parity).unwrap()).unwrap()
}

/// The answer of the origin: the number with its version and its tag.
fn answer(key: usize, number: u64) -> Answer<u64> {
    Answer::value(number).version(Version::new(number + 1)).tag(&tag(key % 2))
}

fn name(key: usize) -> u64 {
    u64::try_from(key).unwrap()
}

impl World {
    pub(super) async fn new() -> Self {
        let rig = Rig::new();
        let larders = vec![rig.node().await, rig.node().await];
        let open = |larder| {
            // Without rests: what is served of a key whose load has failed is for another test.
            let cache = exact(larder, "number").capacity(8).time_to_live(LIFE);
            cache.local_time_to_live(STAY).rest_after_error(Duration::ZERO).build().unwrap()
        };
        let caches = larders.iter().map(open).collect();
        let truths = (0..KEYS).map(|_| Truth::default()).collect();
        Self { step: String::new(), larders, caches, truths }
    }

    pub(super) async fn act(&mut self, act: Act) {
        let acted = timeout(secs(100), self.do_it(act)).await;
        assert!(acted.is_ok(), "it hangs");
        // So that every notice has been heard.
        settle().await;
    }

    async fn do_it(&mut self, act: Act) {
        match act {
            Act::Commit(key) => drop(self.truths[key].commit()),
            Act::Get(node, key) => {
                let hit = self.caches[node].get(&name(key)).await.unwrap();
                self.check(key, hit.as_ref());
            }
            Act::GetMany(node) => {
                let names: Vec<u64> = (0..KEYS).rev().map(name).collect();
                let hits = self.caches[node].get_many(&names).await.unwrap();
                (0..KEYS).rev().zip(hits).for_each(|(key, hit)| self.check(key, hit.as_ref()));
            }
            Act::Load(node, key) => self.load(node, key).await,
            Act::LoadMany(node) => self.load_many(node).await,
            Act::Refresh(node, key) => {
                let hit = self.caches[node].refresh_with(&name(key), self.origin(key)).await.unwrap();
                assert_eq!((*hit, hit.tier()), (self.truths[key].now(), Tier::Origin), "{}", self.step);
            }
            Act::Fail(node, key) => self.fail(node, key).await,
            Act::Insert(node, key) => self.insert(node, key).await,
            Act::InsertLate(node, key) => self.insert_late(node, key).await,
            Act::Overtake(node, key) => self.overtake(node, key).await,
            Act::Flood(node) => self.flood(node).await,
            Act::Pass(tenths) => advance(millis(u64::from(tenths) * 100)).await,
            Act::Expire(node, key) => {
                let _receipt = self.caches[node].expire(&name(key)).await.unwrap();
                self.truths[key].expired = self.truths[key].now();
            }
            _ => self.invalidate(act).await,
        }
    }

    async fn invalidate(&mut self, act: Act) {
        let (receipt, is_gone): (_, fn(usize, usize) -> bool) = match act {
            Act::Invalidate(node, key) => {
                (self.caches[node].invalidate(&name(key)).await, |act, key| act == key)
            }
            Act::InvalidateMany(node) => {
                let names: Vec<u64> = (0..KEYS).map(name).collect();
                (self.caches[node].invalidate_many(&names).await, |_, _| true)
            }
            Act::InvalidateTag(node, parity) => {
                (self.larders[node].invalidate_tag(&tag(parity)).await, |act, key| act == key % 2)
            }
            Act::Clear(node) => (self.caches[node].clear().await, |_, _| true),
            Act::ClearAll(node) => (self.larders[node].clear_all().await, |_, _| true),
            _ => unreachable!("it is no invalidation"),
        };
        assert!(!receipt.unwrap().is_deferred());
        let what = match act {
            Act::Invalidate(_, what) | Act::InvalidateTag(_, what) => what,
            _ => 0,
        };
        for (_, truth) in self.truths.iter_mut().enumerate().filter(|(key, _)| is_gone(what, *key)) {
            truth.gone = truth.now();
        }
        // The writer sees its own write at once, before anything has been heard.
        let (Act::Invalidate(node, _)
        | Act::InvalidateMany(node)
        | Act::InvalidateTag(node, _)
        | Act::Clear(node)
        | Act::ClearAll(node)) = act
        else {
            return;
        };
        for key in 0..KEYS {
            let hit = self.caches[node].get(&name(key)).await.unwrap();
            self.check(key, hit.as_ref());
        }
    }

    /// The origin at this moment.
    fn origin(&self, key: usize) -> impl FnOnce(u64) -> Loading<Answer<u64>> + Send + use<> {
        let now = self.truths[key].now.clone();
        move |_| Box::pin(async move { Ok(answer(key, now.load(Ordering::SeqCst))) })
    }

    async fn load(&self, node: usize, key: usize) {
        let hit = self.caches[node].get_or_load(&name(key), self.origin(key)).await.unwrap();
        assert!(!hit.is_stale(), "{}", self.step);
        self.check(key, Some(&hit));
        // It was kept: nothing has happened since.
        let again = self.caches[node].get(&name(key)).await.unwrap();
        assert_eq!(again.as_deref(), Some(&*hit), "{}", self.step);
    }

    async fn load_many(&self, node: usize) {
        let truths: Vec<_> = self.truths.iter().map(|truth| truth.now.clone()).collect();
        let load = move |names: Vec<u64>| {
            let answers: Vec<_> = names
                .into_iter()
                .map(|name| {
                    let key = usize::try_from(name).unwrap();
                    (name, answer(key, truths[key].load(Ordering::SeqCst)))
                })
                .collect();
            async move { Ok::<_, Broken>(answers) }
        };
        let names: Vec<u64> = (0..KEYS).chain(0..KEYS).map(name).collect();
        let hits = self.caches[node].get_many_or_load(&names, load).await.unwrap();
        for (name, hit) in names.iter().zip(hits) {
            self.check(usize::try_from(*name).unwrap(), Some(&hit.expect("it was loaded")));
        }
    }

    async fn fail(&self, node: usize, key: usize) {
        let fails = |_: u64| async { Err::<u64, _>(Broken("database")) };
        match self.caches[node].get_or_load(&name(key), fails).await {
            Ok(hit) => self.check(key, Some(&hit)),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Load, "{}: {error}", self.step),
        }
    }

    async fn insert(&mut self, node: usize, key: usize) {
        let number = self.truths[key].commit();
        let inserted = self.put(node, key, number).await;
        assert!(matches!(inserted, Ok(Inserted::Stored(_))), "{}: {inserted:?}", self.step);
        self.truths[key].gone = number;
        let hit = self.caches[node].get(&name(key)).await.unwrap().expect("it was stored");
        assert_eq!((*hit, hit.version()), (number, Version::new(number + 1)), "{}", self.step);
    }

    /// A version that is not the newest takes nobody's place. Where nothing is known of a newer one, it is stored.
    async fn insert_late(&mut self, node: usize, key: usize) {
        let truth = &self.truths[key];
        let Some(older) = truth.now().checked_sub(1).filter(|&older| older >= truth.gone.max(truth.expired))
        else {
            return;
        };
        let before = self.caches[node].reading().skip_local().get(&name(key)).await.unwrap();
        let inserted = self.put(node, key, older).await.unwrap();
        // As long as the shared tier has the newer one, the older is refused.
        if before.is_some_and(|hit| *hit > older) {
            assert_eq!(inserted, Inserted::Outdated, "{}", self.step);
        }
        // It has been told only now, so it lives from now on.
        if inserted != Inserted::Outdated {
            let ceased = usize::try_from(older).unwrap();
            self.truths[key].ceased[ceased] = Instant::now();
        }
    }

    async fn put(&self, node: usize, key: usize, number: u64) -> Result<Inserted> {
        self.caches[node].insert(&name(key), answer(key, number), Version::new(number + 1)).await
    }

    async fn overtake(&mut self, node: usize, key: usize) {
        let (here, there) = (self.caches[node].clone(), self.caches[1 - node].clone());
        let now = self.truths[key].now.clone();
        let slow = move |_: u64| async move {
            let number = now.load(Ordering::SeqCst);
            sleep(millis(100)).await;
            Ok::<_, Broken>(answer(key, number))
        };
        let name = name(key);
        let before = self.truths[key].gone;
        let write = async {
            sleep(millis(50)).await;
            let number = self.truths[key].commit();
            let receipt = there.invalidate(&name).await.unwrap();
            settle().await;
            // This reader comes after the write, while the slow load is still under way.
            let load = move |_: u64| async move { Ok::<_, Broken>(answer(key, number)) };
            let after = here.get_or_load(&name, load).await;
            (number, receipt, after)
        };
        let (read, (number, receipt, after)) = tokio::join!(here.get_or_load(&name, slow), write);
        assert!(!receipt.is_deferred() && *read.unwrap() >= before, "{}", self.step);
        assert_eq!(*after.unwrap(), number, "{}", self.step);
        self.truths[key].gone = number;
        let hit = here.get(&name).await.unwrap();
        self.check(key, hit.as_ref());
    }

    async fn flood(&self, node: usize) {
        for other in 100..140_u64 {
            let load = |_: u64| async { Ok::<_, Broken>(0) };
            self.caches[node].get_or_load(&other, load).await.unwrap();
        }
    }

    fn check(&self, key: usize, hit: Option<&Hit<u64>>) {
        let Some(hit) = hit else {
            return;
        };
        let truth = &self.truths[key];
        if let Some(objection) = truth.objection(**hit, hit.is_stale()) {
            panic!(
                "{}: key {key} gave {hit:?}, but {objection}: now {}, gone below {}, expired below {}",
                self.step,
                truth.now(),
                truth.gone,
                truth.expired
            );
        }
        assert!(hit.age() <= LIFE, "{}: {hit:?}", self.step);
    }
}
