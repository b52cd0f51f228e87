//! Stored values that change their form while a fleet runs, on a real server.

use std::time::Duration;

use larder::codec::{Bare, Bincode, Envelope, Json, Old, Postcard};
use larder::{Cache, Cacheable, Larder, Tier};
use larder_core::{AppName, CacheName, Chain, Key, Namespace};
use larder_link::hash_tag;
use larder_testkit::redis::{RedisCluster, RedisServer, Reply};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Cacheable)]
struct UserV1 {
    name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Cacheable)]
#[cacheable(version = 1)]
struct User {
    nickname: Option<String>,
    name: String,
}

impl From<UserV1> for User {
    fn from(old: UserV1) -> Self {
        Self { nickname: None, name: old.name }
    }
}

impl From<&User> for UserV1 {
    fn from(new: &User) -> Self {
        Self { name: new.name.clone() }
    }
}

const KEY: u64 = 7;
const ADA: &str = "Ada";

/// A cache of its own instance, with this envelope.
async fn cache<V>(url: &str, envelope: Envelope<V>) -> Cache<u64, V>
where
    V: Cacheable + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    let larder = Larder::builder("test.shop").redis(url).build().await.unwrap();
    let cache = larder.cache("user").time_to_live(Duration::from_secs(600)).jitter(0);
    cache.envelope(envelope).build().unwrap()
}

async fn tier_of<V: Send + Sync + 'static>(cache: &Cache<u64, V>, value: V) -> Tier {
    let load = async move |_| Ok::<_, std::io::Error>(value);
    let load = move |id| Box::pin(load(id));
    cache.get_or_load(&KEY, load).await.unwrap().tier()
}

fn old_user() -> UserV1 {
    UserV1 { name: ADA.to_owned() }
}

fn user() -> User {
    old_user().into()
}

/// Both the type and the format change, from deploy to deploy, and nobody loads what another has stored.
async fn all_deploys(url: &str) {
    let old = || Old::<UserV1>::new(Bincode);
    let new = || Envelope::<User>::new(Postcard);
    let before = cache(url, Envelope::<UserV1>::new(Bincode)).await;
    assert_eq!(tier_of(&before, old_user()).await, Tier::Origin);
    assert_eq!(tier_of(&cache(url, new().still_writes(old())).await, user()).await, Tier::Remote);
    assert_eq!(tier_of(&cache(url, new().reads(old())).await, user()).await, Tier::Remote);

    // The first deploy writes what the one before it reads.
    let _receipt = before.invalidate(&KEY).await.unwrap();
    assert_eq!(tier_of(&cache(url, new().still_writes(old())).await, user()).await, Tier::Origin);
    assert_eq!(tier_of(&cache(url, Envelope::<UserV1>::new(Bincode)).await, old_user()).await, Tier::Remote);

    // The second writes what the one before and the one after it read.
    let second = cache(url, new().reads(old())).await;
    let mut survey = second.survey().unwrap();
    survey.run(1_000_000).await.unwrap();
    assert_eq!((survey.entries(), survey.old()), (1, 1), "{survey}");
    let left = survey.old_ends_in().unwrap();
    assert!((Duration::from_secs(500)..=Duration::from_secs(600)).contains(&left), "{left:?}");
    let _receipt = second.invalidate(&KEY).await.unwrap();
    assert_eq!(tier_of(&second, user()).await, Tier::Origin);
    assert_eq!(tier_of(&cache(url, new().still_writes(old())).await, user()).await, Tier::Remote);
    assert_eq!(tier_of(&cache(url, new()).await, user()).await, Tier::Remote);
    let mut survey = second.survey().unwrap();
    survey.run(1_000_000).await.unwrap();
    assert_eq!((survey.entries(), survey.old()), (1, 0), "{survey}");

    // Who was left behind loads for itself, and leaves it there.
    let late = cache(url, Envelope::<UserV1>::new(Bincode)).await;
    assert_eq!(tier_of(&late, old_user()).await, Tier::Origin);
    assert_eq!(late.stats().unreadable_by_reason, [("newer_schema", 1)]);
    assert_eq!(tier_of(&cache(url, new()).await, user()).await, Tier::Remote);
}

#[tokio::test]
async fn on_one_server() {
    all_deploys(&RedisServer::start().expect("redis-server is installed").url()).await;
}

#[tokio::test]
async fn on_a_cluster() {
    all_deploys(&RedisCluster::start().expect("redis-server is installed").url()).await;
}

/// The name of the value on the server.
fn name() -> String {
    let namespace = Namespace::new(AppName::new("test.shop").unwrap(), CacheName::new("user").unwrap());
    let key = Key::new(&namespace, &KEY).unwrap();
    format!("larder:{{{}}}:test.shop:user:7", hash_tag(Chain::Keys(key.hash().partition())))
}

/// Another library has stored JSON under our name, longer than a header and shorter.
#[tokio::test]
async fn a_bare_value_is_read_until_it_ends_is_invalidated_or_replaced() {
    let server = RedisServer::start().expect("redis-server is installed");
    let envelope = || Envelope::<User>::new(Bincode).reads_bare(Bare::<UserV1>::new(Json));
    let users = cache(&server.url(), envelope()).await;
    let is_there = || server.command(&["EXISTS", &name()]).unwrap() == Reply::Integer(1);
    for ada in [ADA.to_owned(), ADA.repeat(50)] {
        let json = format!(r#"{{"name":"{ada}"}}"#);
        let found = async || users.get(&KEY).await.unwrap().map(|hit| hit.name.clone());
        let put = || server.command(&["SET", &name(), &json, "PX", "60000"]).unwrap();
        put();
        assert_eq!(tier_of(&users, user()).await, Tier::Remote);
        assert_eq!(found().await.as_ref(), Some(&ada));
        assert!(!users.contains_local(&KEY), "nobody would hear of its end");
        let mut survey = users.survey().unwrap();
        survey.run(1_000_000).await.unwrap();
        let [bare] = survey.forms() else { panic!("{survey}") };
        assert!(bare.form.is_none() && bare.longest.unwrap() <= Duration::from_secs(60), "{survey}");

        server.command(&["UNLINK", &name()]).unwrap();
        assert_eq!(found().await, None);
        put();
        let _receipt = users.invalidate(&KEY).await.unwrap();
        assert_eq!((found().await, is_there()), (None, false));
        put();
        let _receipt = users.expire(&KEY).await.unwrap();
        assert_eq!((found().await, is_there()), (None, false));
        put();
        users.refresh_with(&KEY, async |_| Ok::<_, std::io::Error>(user())).await.unwrap();
        assert_eq!(
            tier_of(&cache(&server.url(), Envelope::<User>::new(Bincode)).await, user()).await,
            Tier::Remote
        );
        let _receipt = users.invalidate(&KEY).await.unwrap();
    }
    server.command(&["SET", &name(), r#"{"name":"late"}"#]).unwrap();
    let mut survey = users.survey().unwrap();
    survey.run(1_000_000).await.unwrap();
    assert_eq!(survey.old_ends_in(), None, "it never ends");
    let _receipt = users.clear().await.unwrap();
    // Whether it is younger than that nobody can say.
    let fresh = cache(&server.url(), envelope()).await;
    assert!(fresh.get(&KEY).await.unwrap().is_none());
    server.command(&["UNLINK", &name()]).unwrap();
    server.command(&["RPUSH", &name(), "no string"]).unwrap();
    let mut survey = fresh.survey().unwrap();
    survey.run(1_000_000).await.unwrap();
    assert_eq!(survey.entries(), 0, "{survey}");
}
