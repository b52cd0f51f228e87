//! A load that somebody's write overtakes, with and without the fence.
//!
//! `cargo run --release --example overtaken`

#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::error::Error;
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;

use larder_codec::{Bincode, Envelope};
use larder_core::{
    AppName, CacheKey, CacheName, Cacheable, Capacity, Fence, Label, Lifetime, Loaded, Lookup, Namespace,
    Schema, Shelf, Tag, TagLedger, Tags, Ttl,
};
use larder_moka::MokaLocal;
use serde::{Deserialize, Serialize};

#[derive(Clone, CacheKey)]
struct UserId(u64);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Cacheable)]
struct User {
    name: String,
    city: String,
}

/// The database: one user, who moves and marries while we watch.
struct Database(Mutex<User>);

impl Database {
    fn read(&self) -> User {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn rename(&self, name: &str) {
        name.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).name);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let database = Database(Mutex::new(User { name: "Ada Byron".into(), city: "London".into() }));

    println!("1. A load reads the database, and somebody renames the user before the load is done.\n");
    println!(
        "   moka by itself  the cache says {:?}, the database says {:?}",
        naive(&database),
        database.read().name
    );
    database.rename("Ada Byron");
    println!(
        "   behind a fence  the cache says {}, the database says {:?}",
        fenced(&database)?,
        database.read().name
    );

    println!("\n2. A tag invalidates all that carries it, however many entries there are.\n");
    tagged()?;

    println!("\n3. Stored bytes that a build should not read are a miss, never a wrong value.\n");
    stored()
}

/// What one would write without Larder. The invalidation finds nothing to drop; the load then stores the old value.
fn naive(database: &Database) -> String {
    let cache = moka::sync::Cache::<u64, User>::new(100);
    let load = |pause: &dyn Fn()| {
        let user = database.read();
        pause();
        cache.insert(7, user);
    };
    overtake(load, || {
        database.rename("Ada King");
        cache.invalidate(&7);
    });
    cache.get(&7).map_or("nothing".into(), |user| user.name)
}

/// The same on a shelf. The load takes a stamp first, and is refused when it comes back with it.
fn fenced(database: &Database) -> Result<String, Box<dyn Error>> {
    let cache = shelf(Arc::default())?;
    let key = cache.key(&UserId(7))?;
    let load = |pause: &dyn Fn()| {
        let stamp = cache.stamp();
        let user = database.read();
        pause();
        let loaded = Loaded::new(key.clone(), Some(user), label(), cache.now());
        if let Err(refused) = cache.insert(stamp, loaded) {
            println!("                   the load is not kept: {refused}");
        }
    };
    overtake(load, || {
        database.rename("Ada King");
        cache.evict(key.hash());
    });
    Ok(show(&cache.get(&UserId(7))))
}

/// Lets `write` happen between the load's reading and its storing.
fn overtake(load: impl Fn(&dyn Fn()) + Sync, write: impl FnOnce()) {
    let (has_read, may_store) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            load(&|| {
                has_read.wait();
                may_store.wait();
            });
        });
        has_read.wait();
        write();
        may_store.wait();
    });
}

fn tagged() -> Result<(), Box<dyn Error>> {
    let tags = Arc::new(TagLedger::new());
    let cache = shelf(tags.clone())?;
    let london = Tag::of("city", "London")?;
    for id in 0..1_000 {
        let user = User { name: format!("user {id}"), city: "London".into() };
        let label = label().birth(tags.seen()).tags(Tags::new([london.hash()])?);
        cache.insert(cache.stamp(), Loaded::new(cache.key(&UserId(id))?, Some(user), label, cache.now()))?;
    }
    println!("   before  user 123 is {}", show(&cache.get(&UserId(123))));
    // In a fleet the server gives out the sequence, and the bus brings it to every node.
    tags.invalidate(london.hash(), larder_core::Sequence::new(1));
    println!("   after   user 123 is {}", show(&cache.get(&UserId(123))));
    Ok(())
}

/// The type as a careless colleague leaves it: two fields of one type have changed places.
#[derive(Debug, PartialEq, Serialize, Deserialize, Cacheable)]
struct Swapped {
    city: String,
    name: String,
}

fn stored() -> Result<(), Box<dyn Error>> {
    let key = namespace()?;
    let key = larder_core::Key::new(&key, &UserId(7))?.hash();
    let ada = User { name: "Ada King".into(), city: "London".into() };

    let no_shape = Schema::version(0);
    let plain = Envelope::with_schema(Bincode, no_shape).seal(key, &label(), Some(&ada))?;
    let wrong: Swapped =
        Envelope::with_schema(Bincode, no_shape).open(key, &plain)?.value.ok_or("it has a value")?;
    println!("   without a shape  {wrong:?}");

    let sealed = Envelope::new(Bincode).seal(key, &label(), Some(&ada))?;
    let reader: Envelope<Swapped> = Envelope::new(Bincode);
    println!(
        "   with a shape     {}",
        reader.open(key, &sealed).err().map_or("read".into(), |e| e.to_string())
    );

    let mut damaged = sealed.to_vec();
    damaged.iter_mut().skip(70).take(1).for_each(|byte| *byte ^= 1);
    let reader: Envelope<User> = Envelope::new(Bincode);
    println!(
        "   one bit flipped  {}",
        reader.open(key, &damaged).err().map_or("read".into(), |e| e.to_string())
    );
    Ok(())
}

fn shelf(tags: Arc<TagLedger>) -> larder_core::Result<Shelf<User>> {
    let local = Arc::new(MokaLocal::new(Capacity::Entries(10_000)));
    Ok(Shelf::new(namespace()?, local, Arc::new(Fence::new())).tags(tags))
}

fn namespace() -> larder_core::Result<Namespace> {
    Ok(Namespace::new(AppName::new("dev.example")?, CacheName::new("user")?))
}

fn label() -> Label {
    Label::new(Lifetime::new(Ttl::seconds(60)))
}

fn show(lookup: &Lookup<User>) -> String {
    match lookup {
        Lookup::Fresh(entry) => {
            entry.value().map_or("known to be missing".into(), |user| format!("{:?}", user.name))
        }
        _ => "nothing".into(),
    }
}
