//! From one form of stored values to another: builds of all deploys beside each other, and values that others have stored.

use bytes::Bytes;
use larder::codec::{Bare, Bincode, Bincode1, Envelope, Form, Old};
use larder::{AppName, Cache, Cacheable, ErrorKind, FormReads, Schema, Tier, Tiers};
use larder_core::{
    CacheName, CodecId, Fill, Filled, Key, Lease, LeaseMode, LeaseReply, LeaseRequest, Namespace, Remote, Ttl,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::rig::{Origin, Rig, Users, check, check_get, exact, kind_of, secs, settle, store, users};

/// What was a string before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Cacheable)]
#[cacheable(version = 1)]
struct Person {
    given: String,
    family: String,
}

impl From<String> for Person {
    fn from(name: String) -> Self {
        let (given, family) = name.split_once(' ').unwrap_or((&name, ""));
        Self { given: given.to_owned(), family: family.to_owned() }
    }
}

impl From<&Person> for String {
    fn from(person: &Person) -> Self {
        format!("{} {}", person.given, person.family)
    }
}

impl From<Person> for String {
    fn from(person: Person) -> Self {
        (&person).into()
    }
}

/// The build of before, and those of the three deploys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Build {
    Before,
    First,
    Second,
    Third,
}
use Build::{Before, First, Second, Third};
use Tier::{Origin as Loaded, Remote as Shared};

impl Build {
    /// Has a new instance of this build read a key, and says where it had to go for that.
    async fn read(self, rig: &Rig) -> (Tier, Vec<(&'static str, u64)>) {
        let old = || Old::<String>::new(Bincode);
        let new = || Envelope::<Person>::new(Bincode);
        match self {
            Before => read(rig, Envelope::<String>::new(Bincode)).await,
            First => read(rig, new().still_writes(old())).await,
            Second => read(rig, new().reads(old())).await,
            Third => read(rig, new()).await,
        }
    }
}

async fn read<V>(rig: &Rig, envelope: Envelope<V>) -> (Tier, Vec<(&'static str, u64)>)
where
    V: From<Person> + Cacheable + Serialize + DeserializeOwned + PartialEq + Send + Sync + 'static,
{
    let ada = || V::from(Person { given: "Ada".to_owned(), family: "Lovelace".to_owned() });
    let users: Cache<String, V> = exact(&rig.node().await, "user").envelope(envelope).build().unwrap();
    let hit = users.get_or_load("ada", Origin::new().gives(ada())).await.unwrap();
    assert!(*hit == ada(), "a value that nobody stored");
    (hit.tier(), users.stats().unreadable_by_reason)
}

/// One build stores a value, another reads it, and then each of them once more: always a new instance, so that only what is
/// shared counts. Returns where these had to go, and why.
async fn beside(one: Build, other: Build) -> ([Tier; 3], Vec<(&'static str, u64)>) {
    let rig = Rig::new();
    assert_eq!(one.read(&rig).await, (Loaded, vec![]));
    let (first, why) = other.read(&rig).await;
    let before = stored(&rig).await;
    let tiers = [first, one.read(&rig).await.0, other.read(&rig).await.0];
    for build in [one, other, one, other] {
        build.read(&rig).await;
    }
    assert_eq!(stored(&rig).await, before, "{one:?} and {other:?} take turns");
    (tiers, why)
}

#[tokio::test(start_paused = true)]
async fn builds_that_run_beside_each_other_read_each_other() {
    for (one, other) in [
        (Before, First),
        (First, Before),
        (First, Second),
        (Second, First),
        // What is still stored in the old form by then is another matter.
        (Second, Third),
        (Third, Second),
    ] {
        assert_eq!(beside(one, other).await, ([Shared; 3], vec![]), "{one:?} {other:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn in_the_wrong_order_there_are_misses_that_are_counted_and_nobody_takes_turns() {
    let newer = || vec![("newer_schema", 1)];
    let older = || vec![("older_schema", 1)];
    // Whoever does not read what may be newer leaves it there, and loads for itself.
    for writer in [Second, Third] {
        assert_eq!(beside(writer, Before).await, ([Loaded, Shared, Loaded], newer()), "{writer:?}");
    }
    // The other way round the older entry is read, or replaced once.
    assert_eq!(beside(Before, Second).await, ([Shared; 3], vec![]));
    assert_eq!(beside(Before, Third).await, ([Loaded, Loaded, Shared], older()));
    // Who still writes the old form reads the new one.
    assert_eq!(beside(First, Third).await, ([Loaded, Shared, Shared], older()));
    assert_eq!(beside(Third, First).await, ([Shared; 3], vec![]));
}

#[tokio::test(start_paused = true)]
async fn forms_that_cannot_be_told_apart_are_refused_when_the_cache_is_built() {
    let larder = Rig::new().node().await;
    let twice = users(&larder).envelope(Envelope::new(Bincode).reads_in(Bincode)).build();
    assert_eq!(kind_of(twice), ErrorKind::Invalid);
    users(&larder).envelope(Envelope::new(Bincode).reads_in(Bincode1)).build().unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_read_is_counted_by_its_form() {
    let rig = Rig::new();
    Before.read(&rig).await;
    let old = Form::new(CodecId::BINCODE, Schema::of::<String>());
    let new = Form::new(CodecId::BINCODE, Schema::of::<Person>());
    let envelope = Envelope::new(Bincode).reads(Old::<String>::new(Bincode));
    let people: Cache<String, Person> =
        exact(&rig.node().await, "user").tiers(Tiers::REMOTE).envelope(envelope).build().unwrap();
    let counts = || people.stats().read_by_form.iter().map(told).collect::<Vec<_>>();
    assert_eq!(counts(), []);
    people.get("ada").await.unwrap().unwrap();
    assert_eq!(counts(), [(old, false, 1)]);
    people.refresh_with("ada", Origin::new().gives(Person::from("Ada".to_owned()))).await.unwrap();
    for _ in 0..2 {
        people.get("ada").await.unwrap().unwrap();
    }
    // A refresh looks at what is there before.
    let [(form, true, 2), upgraded] = counts()[..] else { panic!("{:?}", counts()) };
    assert_eq!((form, upgraded.0, upgraded.1), (new, old, false));
}

fn told(reads: &FormReads) -> (Form, bool, u64) {
    (reads.form, reads.is_newest, reads.count)
}

#[tokio::test(start_paused = true)]
async fn a_survey_tells_what_is_stored_in_which_form_and_for_how_long() {
    let rig = Rig::new();
    let old = users(&rig.node().await).build().unwrap();
    for (age, key) in ["ada", "bob", "eve"].iter().enumerate() {
        store(&old, key, "old").await;
        sleep(secs(100 * u64::from(age < 2))).await;
    }
    let larder = rig.node().await;
    let envelope = || Envelope::new(Bincode).reads(Old::<String>::new(Bincode));
    let people: Cache<String, Person> = exact(&larder, "user").envelope(envelope()).build().unwrap();
    let person = || Origin::new().gives(Person::from("Ada Lovelace".to_owned()));
    people.refresh_with("ada", person()).await.unwrap();
    let others: Cache<String, Person> = exact(&larder, "person").envelope(envelope()).build().unwrap();
    others.get_or_load("ada", person()).await.unwrap();
    sleep(secs(50)).await;

    let mut survey = people.survey().unwrap();
    // Nothing is safe of which nothing is known.
    assert_eq!((survey.is_over(), survey.old_ends_in()), (false, None));
    survey.run(1_000_000).await.unwrap();
    assert_eq!((survey.entries(), survey.old()), (3, 2));
    assert!(survey.is_over());
    // Its pauses take a moment.
    let ends_in = survey.old_ends_in().unwrap();
    assert!(secs(549) < ends_in && ends_in <= secs(550), "{ends_in:?}");
    let text = survey.to_string();
    assert!(text.contains("66.7 % bincode of schema 0 (old, the last ends in 550 s)"), "{text}");
    assert!(text.contains("33.3 % bincode of schema 1 (newest)"), "{text}");
    assert_eq!((survey.lifetimes().counted(), survey.lifetimes().unending()), (3, 0));
    // By its name, from a process that has no such cache: none of its forms is the newest.
    let mut stranger = rig.node().await.survey("user").unwrap();
    stranger.run(1_000_000).await.unwrap();
    assert_eq!((stranger.entries(), stranger.old()), (3, 3));
    assert!(!survey.step().await.unwrap(), "it is over");

    store_bare(&rig).await;
    let mut survey = people.survey().unwrap();
    survey.run(1_000_000).await.unwrap();
    let bare = survey.forms().iter().find(|surveyed| surveyed.form.is_none()).unwrap();
    assert_eq!((bare.entries, bare.is_newest), (1, false));
    assert!(bare.longest.is_some_and(|longest| secs(59) < longest && longest <= secs(60)), "{survey}");

    let local = exact::<String, Person>(&larder, "local").tiers(Tiers::LOCAL).build().unwrap();
    assert_eq!(kind_of(local.survey()), ErrorKind::Invalid);
}

fn key() -> Key {
    let app = AppName::new("test.shop").unwrap();
    Key::new(&Namespace::new(app, CacheName::new("user").unwrap()), "ada").unwrap()
}

fn remote(rig: &Rig) -> impl Remote + use<> {
    rig.server.connect(&AppName::new("test.shop").unwrap()).remote()
}

async fn stored(rig: &Rig) -> Option<Bytes> {
    remote(rig).get(&[key()]).await.unwrap().remove(0)
}

/// What `bincode::serialize` of bincode 1 makes of "Ada", behind a prefix.
const BARE: &[u8] = b"v1:\x03\0\0\0\0\0\0\0Ada";

/// Stores what another library would, which asks nobody.
async fn store_bare(rig: &Rig) {
    let remote = remote(rig);
    let mut request = LeaseRequest::new(Lease::new(1), Ttl::seconds(60));
    request.mode = LeaseMode::Any;
    assert_eq!(remote.lease(&key(), &request).await.unwrap(), LeaseReply::Granted);
    let content = Fill::Value(Bytes::from_static(BARE), Ttl::seconds(60));
    assert_eq!(remote.fill(&key(), Lease::new(1), content).await.unwrap(), Filled::Stored);
}

/// A node that reads such values.
async fn reads_bare(rig: &Rig) -> Users {
    let envelope = Envelope::new(Bincode).reads_bare(Bare::<String>::new(Bincode1).after(b"v1:"));
    users(&rig.node().await).fresh_for(secs(10)).envelope(envelope).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_bare_value_is_read_and_no_copy_of_it_stays_in_the_process() {
    let rig = Rig::new();
    let users = reads_bare(&rig).await;
    store_bare(&rig).await;
    for _ in 0..3 {
        let hit = users.get_or_load("ada", Origin::new().fails()).await.unwrap();
        check(&hit, "Ada", Tier::Remote);
        let many = users.get_many(["ada"]).await.unwrap().remove(0).unwrap();
        check(&many, "Ada", Tier::Remote);
        assert!(!users.contains_local("ada"));
    }
    assert_eq!(users.stats().unreadable, 0);
    // The server lets it go, and so does everybody.
    sleep(secs(60)).await;
    check_get(&users, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn a_bare_value_does_not_outlive_an_invalidation_of_any_kind() {
    let rig = Rig::new();
    let node = rig.node().await;
    let envelope = || Envelope::new(Bincode).reads_bare(Bare::<String>::new(Bincode1).after(b"v1:"));
    let users = users(&node).envelope(envelope()).build().unwrap();
    let found = Some(("Ada", Tier::Remote));
    store_bare(&rig).await;
    check_get(&users, "ada", found).await;
    let _receipt = users.invalidate("ada").await.unwrap();
    check_get(&users, "ada", None).await;
    // It has no place for a mark that says so.
    store_bare(&rig).await;
    let _receipt = users.expire("ada").await.unwrap();
    check_get(&users, "ada", None).await;
    store_bare(&rig).await;
    check_get(&users, "ada", found).await;
    let _receipt = users.clear().await.unwrap();
    check_get(&users, "ada", None).await;
    // Nobody can say of one that comes later that it is younger than the clear.
    store_bare(&rig).await;
    check_get(&users, "ada", None).await;
    settle().await;
    let loaded = users.get_or_load("ada", Origin::new().gives("new".to_owned())).await.unwrap();
    check(&loaded, "new", Tier::Origin);
    check_get(&rig.users().await, "ada", Some(("new", Tier::Remote))).await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_bare_values_replaces_them() {
    let rig = Rig::new();
    store_bare(&rig).await;
    let users = rig.users().await;
    let loaded = users.get_or_load("ada", Origin::new().gives("new".to_owned())).await.unwrap();
    check(&loaded, "new", Tier::Origin);
    assert_eq!(users.stats().unreadable_by_reason, [("foreign", 1)]);
    check_get(&reads_bare(&rig).await, "ada", Some(("new", Tier::Remote))).await;
}
