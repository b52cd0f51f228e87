//! A process that is killed a hundred times, at whatever byte it is.
//!
//! The test runs itself as that process: it puts, and says on its standard output what was acknowledged. Its store is a file
//! that every batch is appended to.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use std::{env, io};

use larder_queue::{Batch, Durability, WriteBehind};

use crate::rig::{Folder, PATIENCE};

const KILLS: u32 = 100;
const KEYS: u32 = 12;
/// Is put once, and taken by the store in the very end: what is queued so long is moved from file to file.
const STUCK: u32 = KEYS;
const FOLDER: &str = "LARDER_QUEUE_KILL_FOLDER";
const LIFE: &str = "LARDER_QUEUE_KILL_LIFE";
/// Values of one life, all above those of the life before it.
const VALUES: u64 = 1 << 32;

/// What is known of each key.
type Rows = BTreeMap<u32, u64>;

#[test]
fn a_hundred_kills_lose_nothing_acknowledged_and_never_go_back() {
    if let Some(folder) = env::var_os(FOLDER) {
        return live_until_killed(&PathBuf::from(folder), env::var(LIFE).unwrap().parse().unwrap());
    }
    let folder = Folder::new();
    let mut acknowledged = Rows::new();
    let mut total = 0;
    for life in 0..KILLS {
        let queued = Life::begin(folder.as_ref(), life).end(life, &mut acknowledged, &mut total);
        check_nothing_is_lost(life, &queued.acknowledged_before, &queued.rows, &queued.pending);
    }
    assert!(total > u64::from(KILLS), "{total} puts were acknowledged: it was killed before it did anything");
    finish(folder.as_ref());
    let rows = written(folder.as_ref());
    check_nothing_is_lost(KILLS, &acknowledged, &rows, &Rows::new());
}

fn check_nothing_is_lost(life: u32, acknowledged: &Rows, rows: &Rows, pending: &Rows) {
    for (key, value) in acknowledged {
        let known = rows.get(key).max(pending.get(key));
        assert!(known >= Some(value), "life {life}, key {key}: {value} was acknowledged, {known:?} is known");
    }
}

/// What a process found when it began.
struct Found {
    acknowledged_before: Rows,
    pending: Rows,
    rows: Rows,
}

struct Life {
    child: Child,
    lines: mpsc::Receiver<String>,
    folder: PathBuf,
}

impl Life {
    fn begin(folder: &Path, life: u32) -> Self {
        let name = "kill::a_hundred_kills_lose_nothing_acknowledged_and_never_go_back";
        let mut child = Command::new(env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            .env(LIFE, life.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines, folder: folder.to_owned() }
    }

    /// Kills it some time after it has begun, in every fifth life already while it opens the queue.
    fn end(mut self, life: u32, acknowledged: &mut Rows, total: &mut u64) -> Found {
        let mut found =
            Found { acknowledged_before: acknowledged.clone(), pending: Rows::new(), rows: Rows::new() };
        let is_early = life % 5 == 4;
        if is_early {
            thread::sleep(Duration::from_micros(fastrand::u64(0..20_000)));
        } else {
            found.pending = self.wait_for_beginning();
            found.rows = written(&self.folder);
            thread::sleep(Duration::from_micros(fastrand::u64(0..40_000)));
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        for line in &self.lines {
            if let Some((key, value)) = row(&line, "ack ") {
                acknowledged.insert(key, value);
                *total += 1;
            }
        }
        if is_early {
            found.acknowledged_before.clear();
        }
        found
    }

    fn wait_for_beginning(&self) -> Rows {
        let mut pending = Rows::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("it begins");
            if line == "begun" {
                return pending;
            }
            pending.extend(row(&line, "pending "));
        }
    }
}

/// What is said of a key. A line that the kill has cut is none: each ends with a full stop.
fn row(line: &str, what: &str) -> Option<(u32, u64)> {
    let (key, value) = line.strip_prefix(what)?.strip_suffix('.')?.split_once(' ')?;
    Some((key.parse().ok()?, value.parse().ok()?))
}

/// The last value of each key in the store. Fails if one was ever lower than the one before it.
fn written(folder: &Path) -> Rows {
    let mut rows = Rows::new();
    let Ok(text) = fs::read_to_string(folder.join("store")) else { return rows };
    for (key, value) in text.lines().filter_map(|line| row(line, "row ")) {
        let before = rows.insert(key, value);
        assert!(before <= Some(value), "key {key} went back from {before:?} to {value}");
    }
    rows
}

fn store(
    folder: &Path,
    is_last: bool,
) -> impl Fn(Batch<u32, u64>) -> std::future::Ready<io::Result<()>> + Send + Sync + use<> {
    let path = folder.join("store");
    move |batch| {
        let mut lines = Vec::new();
        for write in &batch {
            if *write.key() == STUCK && !is_last {
                batch.retry(write, "not yet");
            } else {
                lines.push(format!("row {} {}.\n", write.key(), write.value()));
            }
        }
        let open = || File::options().append(true).create(true).open(&path);
        std::future::ready(open().and_then(|mut file| file.write_all(lines.concat().as_bytes())))
    }
}

async fn open(folder: &Path, life: u32, is_last: bool) -> WriteBehind<u32, u64> {
    let within = Durability::Within(Duration::from_millis(5));
    WriteBehind::open(folder)
        .durability(if life.is_multiple_of(2) { Durability::Synced } else { within })
        .file_size(4_096)
        .linger(Duration::from_millis(1))
        .batch(5)
        .attempts(u32::MAX)
        .build(store(folder, is_last))
        .await
        .unwrap()
}

/// What the process does that is killed.
fn live_until_killed(folder: &Path, life: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let queue = open(folder, life, false).await;
        let pending = (0..=STUCK).filter_map(|key| Some((key, *queue.pending(&key).unwrap()?.value())));
        let lines: Vec<String> = pending.map(|(key, value)| format!("pending {key} {value}.\n")).collect();
        say(&format!("\n{}begun\n", lines.concat()));
        let is_stuck = queue.pending(&STUCK).unwrap().is_some();
        let putting = (0..=STUCK).map(|key| {
            let queue = queue.clone();
            let times = if key < STUCK { VALUES } else { u64::from(!is_stuck) };
            tokio::spawn(async move {
                for number in 1..=times {
                    let value = u64::from(life) * VALUES + number;
                    queue.put(&key, value).await.unwrap();
                    say(&format!("ack {key} {value}.\n"));
                }
            })
        });
        for task in putting.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
}

fn say(text: &str) {
    // In one piece: the kill comes before it, or after it.
    let _gone = io::stdout().lock().write_all(text.as_bytes());
    let _gone = io::stdout().flush();
}

/// Opens the queue a last time, and lets it write everything.
fn finish(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let queue = open(folder, 0, true).await;
        let left = queue.shut_down(PATIENCE).await.unwrap();
        assert_eq!((left.pending, left.poisoned), (0, 0));
    });
}
