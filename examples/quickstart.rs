//! Three instances of a service in one process: what a read costs, what a write does, and what happens when a message is lost.
//!
//! `cargo run --release --example quickstart`

#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use larder::memory::{Faults, MemoryServer, Probe};
use larder::{AppName, Cache, CacheKey, Cacheable, Clock, DomainEvent, Hit, Larder, Tier, Touched};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

#[derive(Clone, Copy, PartialEq, Eq, Hash, CacheKey)]
struct UserId(u64);

#[derive(Clone, Debug, Serialize, Deserialize, Cacheable)]
struct User {
    name: String,
}

/// What happens in the domain, and what it touches: mapped once, here.
struct UserRenamed {
    id: UserId,
}

impl DomainEvent for UserRenamed {
    fn touches(&self, touched: &mut Touched) {
        touched.key("user", &self.id);
    }
}

const ADA: UserId = UserId(7);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = Database::with(ADA, "Ada Byron");
    let [a, b, c] = &fleet(&database).await?;

    title("A read goes to the first place that has it, and leaves a copy on the way back");
    a.read(&database, "nobody has it: loaded once, and stored for all").await?;
    a.read(&database, "its own memory").await?;
    b.read(&database, "the shared tier, filled by A").await?;
    c.read(&database, "the same").await?;
    c.read(&database, "its own memory").await?;

    title("A domain event drops it on all three");
    database.rename(ADA, "Ada Lovelace"); // COMMIT first …
    let began = Instant::now();
    let _receipt = b.larder.announce(&UserRenamed { id: ADA }).await?; // … then announce.
    until(|| [a, b, c].iter().all(|node| !node.users.contains_local(&ADA))).await;
    say("B", &format!("announced that user 7 was renamed; gone everywhere after {}", shown(began.elapsed())));
    for node in [a, b, c] {
        node.read(&database, "the new name").await?;
    }

    title("C does not get the next message, and finds out");
    c.bus.lose(1);
    database.rename(ADA, "Ada King, Countess of Lovelace");
    let began = Instant::now();
    let _receipt = b.larder.announce(&UserRenamed { id: ADA }).await?;
    a.read(&database, "heard of it").await?;
    c.read(&database, "did not: an old name, and no way to know").await?;
    until(|| !c.users.contains_local(&ADA)).await;
    say(
        "C",
        &format!("asked the server where it stands: a message is missing (after {})", shown(began.elapsed())),
    );
    c.read(&database, "its copy was suspect, so it asked again").await?;

    println!(
        "\nC was wrong for less than 1.5 s. However many messages are lost: that bound is what Larder keeps."
    );
    println!("The database was asked {} times in all.", database.reads());
    for node in [a, b, c] {
        node.larder.shut_down().await;
    }
    Ok(())
}

/// One instance of the service.
struct Node {
    name: &'static str,
    larder: Larder,
    users: Cache<UserId, User>,
    /// What can be broken between it and the others.
    bus: Faults,
}

/// Three instances that share a tier and a bus. In production these are Redis; here they are in this process, so that you
/// need no server and messages can be lost on purpose.
async fn fleet(database: &Database) -> Result<[Node; 3], Box<dyn Error>> {
    let server = MemoryServer::unreliable(Clock::default(), Probe::default());
    let mut nodes = Vec::new();
    for name in ["A", "B", "C"] {
        let link = server.connect(&AppName::new("demo.shop")?);
        let larder = Larder::builder("demo.shop").upstream(link.remote(), link.bus()).build().await?;
        let database = database.clone();
        let users = larder
            .cache("user")
            .time_to_live(Duration::from_secs(600))
            .loader(move |id| {
                let database = database.clone();
                async move { database.find(id).await }
            })
            .build()?;
        nodes.push(Node { name, larder, users, bus: link.faults().ok_or("the server is unreliable")? });
    }
    nodes.try_into().map_err(|_| "there are three".into())
}

impl Node {
    async fn read(&self, database: &Database, why: &str) -> Result<(), larder::Error> {
        let before = database.reads();
        let began = Instant::now();
        let user = self.users.load(&ADA).await?;
        let took = began.elapsed();
        let queries = if database.reads() > before { "one query" } else { "no query" };
        say(
            self.name,
            &format!("{:<33} {:<21} {:>9}  {queries:<9}  {why}", quoted(&user), place(&user), shown(took)),
        );
        Ok(())
    }
}

/// A slow database.
#[derive(Clone)]
struct Database(Arc<Mutex<Tables>>);

struct Tables {
    users: HashMap<UserId, User>,
    reads: usize,
}

impl Database {
    fn with(id: UserId, name: &str) -> Self {
        let users = HashMap::from([(id, User { name: name.to_owned() })]);
        Self(Arc::new(Mutex::new(Tables { users, reads: 0 })))
    }

    async fn find(&self, id: UserId) -> Result<Option<User>, std::io::Error> {
        let user = self.on_tables(|tables| {
            tables.reads += 1;
            tables.users.get(&id).cloned()
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(user)
    }

    fn rename(&self, id: UserId, name: &str) {
        self.on_tables(|tables| tables.users.insert(id, User { name: name.to_owned() }));
    }

    fn reads(&self) -> usize {
        self.on_tables(|tables| tables.reads)
    }

    fn on_tables<R>(&self, act: impl FnOnce(&mut Tables) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn title(text: &str) {
    println!("\n{text}");
}

fn say(who: &str, what: &str) {
    println!("  {who}  {what}");
}

fn quoted(user: &User) -> String {
    format!("\"{}\"", user.name)
}

fn place(hit: &Hit<User>) -> &'static str {
    match hit.tier() {
        Tier::Local => "from its memory",
        Tier::Remote => "from the shared tier",
        _ => "from the database",
    }
}

fn shown(took: Duration) -> String {
    match took.as_micros() {
        0..1_000 => format!("{:.1} µs", took.as_secs_f64() * 1e6),
        1_000..1_000_000 => format!("{:.1} ms", took.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", took.as_secs_f64()),
    }
}

/// Waits until something has become true that the example cannot do anything about.
async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_micros(10)).await;
    }
}
