//! Every public async function, as something that can be begun on a stage.

use std::future::Future;
use std::pin::Pin;

use larder::{DomainEvent, Load, Receipt, Tag, Touched, Version};
use tokio::task::yield_now;

use super::super::rig::{Loading, secs};
use super::stage::Stage;

pub(super) type Running = Pin<Box<dyn Future<Output = ()>>>;

/// A public async function, by type and name.
pub(super) struct Operation {
    pub(super) name: &'static str,
    pub(super) effect: Effect,
    pub(super) begin: fn(&Stage) -> Running,
}

/// What it does to the value of `ada`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing that a later read must see.
    None,
    /// It takes it away from everybody, once it was polled.
    Drops,
    /// The same, and lets nobody keep it until its guard times out.
    Guards,
    /// It ends the process's part.
    Ends,
}

/// An operation that is given a handle, and clones it first.
macro_rules! operation {
    ($name:literal, $effect:ident, |$stage:ident| $call:expr) => {
        Operation {
            name: $name,
            effect: Effect::$effect,
            begin: |stage| {
                let $stage = stage.clone();
                Box::pin(async move {
                    let _done = $call;
                })
            },
        }
    };
}

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("Cache::get", None, |on| on.users.get("ada").await),
    operation!("Cache::get_or_load", None, |on| on.users.get_or_load("ada", name).await),
    operation!("Cache::load", None, |on| on.users.load("ada").await),
    operation!("Cache::get_or_revalidate", None, |on| on
        .users
        .get_or_revalidate("ada", |load: Load<_, _>| name(load.key().clone()))
        .await),
    operation!("Cache::refresh", None, |on| on.users.refresh("ada").await),
    operation!("Cache::refresh_with", None, |on| on.users.refresh_with("ada", name).await),
    operation!("Cache::explain", None, |on| on.users.explain("ada").await),
    operation!("Cache::get_many", None, |on| on.users.get_many(["ada", "bob"]).await),
    operation!("Cache::get_many_or_load", None, |on| on.users.get_many_or_load(["ada", "bob"], names).await),
    operation!("Cache::prime", None, |on| on.users.prime(["ada", "bob"]).await),
    operation!("Reading::get", None, |on| on.users.reading().at_least(&receipt()).get("ada").await),
    operation!("Reading::get_or_load", None, |on| {
        let receipt = receipt();
        on.users.reading().at_least(&receipt).get_or_load("ada", name).await
    }),
    operation!("Reading::load", None, |on| on.users.reading().skip_local().load("ada").await),
    operation!("Reading::get_or_revalidate", None, |on| {
        on.users
            .reading()
            .skip_remote()
            .get_or_revalidate("ada", |load: Load<_, _>| name(load.key().clone()))
            .await
    }),
    operation!("Reading::get_many", None, |on| on
        .users
        .reading()
        .skip_local()
        .get_many(["ada", "bob"])
        .await),
    operation!("Reading::get_many_or_load", None, |on| {
        let receipt = receipt();
        on.users.reading().at_least(&receipt).get_many_or_load(["ada", "bob"], names).await
    }),
    operation!("Cache::insert", Drops, |on| {
        on.users.insert("ada", "new".to_owned(), Version::new(1)).await
    }),
    operation!("Cache::invalidate", Drops, |on| on.users.invalidate("ada").await),
    operation!("Cache::invalidate_version", Drops, |on| {
        on.users.invalidate_version("ada", Version::new(1)).await
    }),
    operation!("Cache::invalidate_many", Drops, |on| on.users.invalidate_many(["bob", "ada"]).await),
    operation!("Cache::expire", Drops, |on| on.users.expire("ada").await),
    operation!("Cache::clear", Drops, |on| on.users.clear().await),
    operation!("Cache::begin_write", Guards, |on| on.users.begin_write(["ada"]).await),
    operation!("Cache::begin_write_within", Guards, |on| {
        on.users.begin_write_within(secs(5), ["ada", "bob"]).await
    }),
    operation!("GuardedWrite::finish", Guards, |on| {
        let write = on.users.begin_write(["ada", "bob"]).await;
        if let Ok(write) = write {
            let _receipt = write.finish().await;
        }
    }),
    operation!("Larder::announce", Drops, |on| on.larder.announce(&Renamed).await),
    operation!("Larder::invalidate_tag", Drops, |on| on.larder.invalidate_tag(&vip()).await),
    operation!("Larder::invalidate_tags", Drops, |on| on
        .larder
        .invalidate_tags([&other_tag(), &vip()])
        .await),
    operation!("Larder::clear_all", Drops, |on| on.larder.clear_all().await),
    operation!("Larder::ready", None, |on| on.larder.ready().await),
    operation!("Larder::shut_down", Ends, |on| on.larder.shut_down().await),
    operation!("Publisher::announce", Drops, |on| on.publisher.announce(&Renamed).await),
    operation!("Publisher::invalidate_tag", Drops, |on| on.publisher.invalidate_tag(&vip()).await),
    operation!("Publisher::shut_down", None, |on| on.publisher.shut_down().await),
    operation!("Sweep::step", None, |on| on.larder.sweep("user").unwrap().step().await),
    operation!("Sweep::run", None, |on| on.larder.sweep("user").unwrap().run(10_000).await),
    operation!("Larder::drift", None, |on| on.larder.drift().await),
    operation!("Survey::step", None, |on| on.users.survey().unwrap().step().await),
    operation!("Survey::run", None, |on| on.users.survey().unwrap().run(10_000).await),
    operation!("LarderBuilder::build", None, |on| on.builder().build().await),
    operation!("LarderBuilder::publisher", None, |on| on.builder().publisher().await),
];

struct Renamed;

impl DomainEvent for Renamed {
    fn touches(&self, touched: &mut Touched) {
        touched.key("user", "ada").tag("members", &3_u8);
    }
}

/// A receipt for an invalidation of a tag that no node has heard of.
fn receipt() -> Receipt {
    "t.99999999999999999".parse().unwrap()
}

/// What the value of `ada` carries that is there at the beginning.
pub(super) fn vip() -> Tag {
    Tag::new("vip").unwrap()
}

fn other_tag() -> Tag {
    Tag::new("other").unwrap()
}

fn slowly<A: Send + 'static>(answer: A) -> Loading<A> {
    Box::pin(async {
        for _ in 0..5 {
            yield_now().await;
        }
        Ok(answer)
    })
}

pub(super) fn name(_: String) -> Loading<String> {
    slowly("loaded".to_owned())
}

pub(super) fn names(keys: Vec<String>) -> Loading<Vec<(String, String)>> {
    slowly(keys.into_iter().map(|key| (key, "loaded".to_owned())).collect())
}
