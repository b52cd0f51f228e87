//! What does a hit in the shared tier cost over the same by hand, and how many round trips does a read take?
//!
//! Ours is `get` on a cache that holds nothing yet: the look at the shelf, GET, the checks of the header, the format, the
//! insert behind the fence. The reference is what one would write: GET, the format, an insert into moka, over a connection
//! with the same settings.

use std::future::Future;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use larder::{Cache, Larder};
use larder_testkit::redis::RedisServer;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::by_hand::ByHand;
use crate::codecs::User;
use crate::hits::ROOM;
use crate::measure::{Comparison, Effort, as_f64, in_turns, now};
use crate::report::Line;
use crate::server;

/// How many values the server has.
const VALUES: u64 = 4_096;
/// How many of them a round reads. Rounds are short and many, so that what else the machine does hits both sides.
const READS: u64 = 1_024;
const LIFE: Duration = Duration::from_secs(3_600);

/// One of the two ways to read.
trait Reads: Clone + Send + Sync + 'static {
    fn read(&self, id: u64) -> impl Future<Output = ()> + Send;
    fn read_many(&self, ids: &[u64]) -> impl Future<Output = ()> + Send;
}

impl Reads for Cache<u64, User> {
    async fn read(&self, id: u64) {
        let user = self.reading().skip_local().get(&id).await.expect("it is a key");
        assert!(user.is_some(), "the server has it");
    }

    async fn read_many(&self, ids: &[u64]) {
        let users = self.reading().skip_local().get_many(ids).await.expect("they are keys");
        assert!(users.iter().all(Option::is_some), "the server has them");
    }
}

impl Reads for ByHand {
    async fn read(&self, id: u64) {
        assert!(self.get(id).await.is_some(), "the server has it");
    }

    async fn read_many(&self, ids: &[u64]) {
        assert!(self.get_many(ids).await.iter().all(Option::is_some), "the server has them");
    }
}

/// Every line about the shared tier.
pub(crate) fn lines(effort: Effort, runtime: &Runtime) -> Vec<Line> {
    let rounds = 4 * effort.rounds;
    let server = server::start();
    let by_hand = runtime.block_on(ByHand::connect(&server.url()));
    runtime.block_on(fill(&server, &by_hand));
    let larder = runtime.block_on(server::node(&server.url()));
    let one_by_one = |in_flight| {
        let users = cold(&larder);
        time_many(runtime, &users);
        time_many(runtime, &by_hand);
        let ours = || time(runtime, &users, in_flight);
        in_turns(rounds, ours, || time(runtime, &by_hand, in_flight))
    };
    let users = cold(&larder);
    let many = in_turns(rounds, || time_many(runtime, &users), || time_many(runtime, &by_hand));
    drop(users);
    let mut lines = vec![
        Line::new("L2 hit / by hand, one at a time", "µs", one_by_one(1)).limit(1.10),
        Line::new("L2 hit / by hand, 64 in flight", "µs", one_by_one(64)).limit(1.10),
        Line::new("get_many of 1,000 L2 hits / by hand", "µs", many).limit(1.2),
    ];
    lines.extend(round_trips(runtime, &server, &larder));
    lines
}

/// Stores the same values in both ways, by a node that ends when that is done.
async fn fill(server: &RedisServer, by_hand: &ByHand) {
    let larder = server::node(&server.url()).await;
    let users = cold(&larder);
    for id in (0..VALUES).map(order) {
        users.get_or_load(&id, |_| async { Ok::<_, io::Error>(User::new()) }).await.expect("it loads");
        by_hand.set(id, LIFE).await;
    }
    larder.shut_down().await;
}

/// A cache with nothing in the process.
fn cold(larder: &Larder) -> Cache<u64, User> {
    larder.cache("user").capacity(ROOM).time_to_live(LIFE).build().expect("no other of its name is open")
}

/// A random order, so that neither side has its values in the order in which it asks for them.
fn order(number: u64) -> u64 {
    number.wrapping_mul(2_654_435_761).wrapping_add(977) % VALUES
}

/// Microseconds a read, each of another key, with so many under way at once.
fn time(runtime: &Runtime, side: &impl Reads, in_flight: u64) -> f64 {
    let each = READS / in_flight;
    let reading = async {
        let mut readers = JoinSet::new();
        for reader in 0..in_flight {
            let side = side.clone();
            readers.spawn(async move {
                for read in 0..each {
                    side.read(order(reader * each + read)).await;
                }
            });
        }
        while let Some(read) = readers.join_next().await {
            read.expect("no read panics");
        }
    };
    let began = now();
    runtime.block_on(reading);
    began.elapsed().as_secs_f64() * 1e6 / as_f64(usize::try_from(READS).unwrap_or_default())
}

/// Microseconds for a thousand keys at once.
fn time_many(runtime: &Runtime, side: &impl Reads) -> f64 {
    let ids: Vec<u64> = (0..1_000).map(order).collect();
    let reader = side.clone();
    let began = now();
    let read = runtime.spawn(async move { reader.read_many(&ids).await });
    runtime.block_on(read).expect("no read panics");
    began.elapsed().as_secs_f64() * 1e6
}

/// How many commands a read sends, one after the other, as the server sees it.
fn round_trips(runtime: &Runtime, server: &RedisServer, larder: &Larder) -> [Line; 2] {
    const SEEN: u64 = 50;
    let users = cold(larder);
    let hits = commands(server, || {
        (0..SEEN).for_each(|id| runtime.block_on(Reads::read(&users, id)));
    });
    let misses = commands(server, || {
        for id in VALUES..VALUES + SEEN {
            let load = |_| async { Ok::<_, io::Error>(User::new()) };
            runtime.block_on(users.get_or_load(&id, load)).expect("it loads");
        }
    });
    let line = |name: &str, commands: usize, allowed: f64| {
        let ours = as_f64(commands) / as_f64(usize::try_from(SEEN).unwrap_or_default());
        Line::new(name, "commands", Comparison::with(ours, allowed)).limit(1.0)
    };
    [
        line("round trips of an L2 hit / allowed", hits, 1.0),
        line("round trips of a miss / allowed", misses, 3.0),
    ]
}

/// How many commands about users come from clients meanwhile. What scripts do is not counted.
fn commands(server: &RedisServer, act: impl FnOnce()) -> usize {
    let mut monitor = TcpStream::connect(("127.0.0.1", server.port())).expect("the server is up");
    monitor.write_all(b"MONITOR\r\n").expect("the server is up");
    let mut lines = BufReader::new(monitor).lines().map(|line| line.expect("the server is up"));
    assert_eq!(lines.next().as_deref(), Some("+OK"));
    act();
    server.command(&["ECHO", "that was all"]).expect("the server is up");
    lines
        .take_while(|line| !line.contains("that was all"))
        .filter(|line| line.contains(":user:") && !line.contains(" lua]"))
        .count()
}
