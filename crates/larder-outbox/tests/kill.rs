//! Processes that are killed: a writer between COMMIT and its announcement, a relay at whatever it is about.
//!
//! A test runs itself as such a process, and hears from it on its standard output.

use std::env;
use std::io::{BufRead, BufReader, Lines, stdin};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use larder::Clock;
use larder_outbox::Relay;
use larder_testkit::redis::RedisServer;

use crate::homes::{Home, on_both};
use crate::rig::{Node, Renamed, emptied, until, write};

on_both! {
    a_writer_killed_after_its_commit_leaves_nothing_stale_for_longer_than_the_relay_takes,
    a_relay_that_is_killed_is_replaced,
    however_often_relays_are_killed_everything_is_told,
}

const DATABASE: &str = "LARDER_OUTBOX_DATABASE";
const REDIS: &str = "LARDER_OUTBOX_REDIS";

/// Another process.
struct Victim {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Victim {
    /// Runs the very test that calls this.
    fn start<H: Home>(claim: &str, home: &H, redis: &RedisServer) -> Self {
        let place = if home.place().starts_with("postgres:") { "on_postgres" } else { "on_sqlite" };
        let mut child = Command::new(env::current_exe().unwrap())
            .args([&format!("kill::{place}::{claim}"), "--exact", "--nocapture"])
            .env(DATABASE, home.place())
            .env(REDIS, redis.url())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn says(&mut self, word: &str) {
        let mut lines = self.lines.by_ref().map_while(Result::ok);
        assert!(lines.any(|line| line.ends_with(word)), "it ended before it said {word}");
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Says a word, and lives until it is killed. If the test is killed instead, it ends too.
#[expect(clippy::print_stdout, reason = "the other process reads it")]
fn say_and_live_on(word: &str) {
    println!("{word}");
    _ = stdin().read_line(&mut String::new());
    std::process::exit(0);
}

/// Where this process finds what it needs, if it is a victim.
fn role() -> Option<(String, String)> {
    Some((env::var(DATABASE).ok()?, env::var(REDIS).ok()?))
}

#[expect(clippy::print_stdout, reason = "the bound is what this shows")]
async fn a_writer_killed_after_its_commit_leaves_nothing_stale_for_longer_than_the_relay_takes<H: Home>() {
    const CLAIM: &str =
        "a_writer_killed_after_its_commit_leaves_nothing_stale_for_longer_than_the_relay_takes";

    if let Some((database, _)) = role() {
        let (pool, outbox) = H::find(&database).await;
        let mut transaction = pool.begin().await.unwrap();
        outbox.announce(&mut transaction, &Renamed(7)).await.unwrap();
        transaction.commit().await.unwrap();
        return say_and_live_on("committed");
    }
    let (home, redis) = (H::start().await, RedisServer::start().unwrap());
    let (ours, theirs) = (Node::start(&redis).await, Node::start(&redis).await);
    let mut longest = Duration::ZERO;

    // Without a relay, the copy is there long after.
    theirs.load(7).await;
    Victim::start(CLAIM, &home, &redis).says("committed");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(theirs.has(7).await);

    let relay = Relay::new(home.outbox(), &ours.larder).unwrap().spawn();
    theirs.forgets(7).await;
    for _ in 0..5 {
        theirs.load(7).await;
        let mut victim = Victim::start(CLAIM, &home, &redis);
        victim.says("committed");
        victim.kill();
        longest = longest.max(theirs.forgets(7).await);
    }
    println!("the longest that a dead writer's old value was there after its death: {longest:?}");
    assert!(longest < Duration::from_secs(3), "{longest:?}");
    relay.stop().await;
}

/// In another process, until it is killed.
async fn relay_until_killed<H: Home>((database, redis): (String, String)) {
    let ((_, outbox), node) = (H::find(&database).await, Node::at(&redis).await);
    let relay = Relay::new(&outbox, &node.larder).unwrap().spawn();
    until("it leads", async || relay.is_leader()).await;
    tokio::task::spawn_blocking(|| say_and_live_on("leads")).await.unwrap();
}

#[expect(clippy::print_stdout, reason = "the bound is what this shows")]
async fn a_relay_that_is_killed_is_replaced<H: Home>() {
    if let Some(role) = role() {
        return relay_until_killed::<H>(role).await;
    }
    let (home, redis) = (H::start().await, RedisServer::start().unwrap());
    let (ours, theirs) = (Node::start(&redis).await, Node::start(&redis).await);
    let mut leader = Victim::start("a_relay_that_is_killed_is_replaced", &home, &redis);
    leader.says("leads");
    let follower = Relay::new(home.outbox(), &ours.larder).unwrap().spawn();
    theirs.load(7).await;
    write(&home, home.outbox(), 7).await;
    theirs.forgets(7).await;
    emptied::<H>(home.outbox()).await;
    assert!(!follower.is_leader());
    theirs.load(7).await;

    leader.kill();
    let clock = Clock::precise();
    let began = clock.now();
    write(&home, home.outbox(), 7).await;
    theirs.forgets(7).await;
    println!(
        "from the death of a leader until its follower has told of a row: {:?}",
        clock.now().since(began)
    );
    assert!(follower.is_leader());
    follower.stop().await;
}

async fn however_often_relays_are_killed_everything_is_told<H: Home>() {
    const ROWS: u64 = 120;

    if let Some(role) = role() {
        return relay_until_killed::<H>(role).await;
    }
    let (home, redis) = (H::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    for id in 0..ROWS {
        node.load(id).await;
    }
    let claim = "however_often_relays_are_killed_everything_is_told";
    for round in 0..3 {
        let mut relay = Victim::start(claim, &home, &redis);
        relay.says("leads");
        for id in 0..ROWS / 3 {
            write(&home, home.outbox(), round * (ROWS / 3) + id).await;
        }
        relay.kill();
    }
    let relay = Relay::new(home.outbox(), &node.larder).unwrap().spawn();
    emptied::<H>(home.outbox()).await;
    for id in 0..ROWS {
        node.forgets(id).await;
    }
    relay.stop().await;
}
