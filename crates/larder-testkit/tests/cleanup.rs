//! Nothing remains: no process, and no file. Processes are counted where Linux shows them.

#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs, panic, process, thread};

use larder_testkit::redis::{RedisCluster, RedisSentinel, RedisServer, TlsRedisServer};

use crate::rig::eventually;

/// What a server leaves in the world: its process, a watchdog that names its folder, and the folder.
#[derive(Debug)]
struct Traces {
    server: u32,
    folder: PathBuf,
}

impl Traces {
    fn of(server: &RedisServer) -> Self {
        let folder = server.socket().parent().unwrap().to_owned();
        Self { server: server.process_id().unwrap(), folder }
    }

    fn of_all<'a>(servers: impl IntoIterator<Item = &'a RedisServer>) -> Vec<Self> {
        servers.into_iter().map(Self::of).collect()
    }

    /// How many processes there are of this server.
    fn processes(&self) -> usize {
        let ids = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
        ids.filter(|&id| is_alive(id) && (id == self.server || names(id, &self.folder))).count()
    }

    #[track_caller]
    fn assert_there(&self) {
        assert_eq!((self.processes(), self.folder.exists()), (2, true), "{self:?}");
    }

    #[track_caller]
    fn assert_gone(&self) {
        assert_eq!((self.processes(), self.folder.exists()), (0, false), "{self:?}");
    }
}

/// Whether there is such a process that is not just waited for.
fn is_alive(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

fn names(id: u32, folder: &Path) -> bool {
    let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    line.split(|&byte| byte == 0).any(|word| word == folder.as_os_str().as_encoded_bytes())
}

#[test]
fn a_drop_leaves_nothing() {
    let server = RedisServer::start().unwrap();
    let traces = Traces::of(&server);
    traces.assert_there();
    drop(server);
    traces.assert_gone();
}

#[test]
fn a_drop_of_a_paused_server_leaves_nothing() {
    let server = RedisServer::start().unwrap();
    let traces = Traces::of(&server);
    server.pause().unwrap();
    drop(server);
    traces.assert_gone();
}

#[test]
fn neither_a_kill_nor_a_restart_leaves_anything() {
    let server = RedisServer::start().unwrap();
    let first = Traces::of(&server);
    server.kill().unwrap();
    assert_eq!(first.processes(), 1, "the watchdog stays");
    server.restart().unwrap();
    let second = Traces::of(&server);
    second.assert_there();
    assert!(!is_alive(first.server));
    server.stop().unwrap();
    drop(server);
    second.assert_gone();
}

#[test]
fn a_panic_leaves_nothing() {
    let (tell, told) = std::sync::mpsc::channel();
    let thread = thread::spawn(move || {
        let server = RedisServer::start().unwrap();
        tell.send(Traces::of(&server)).unwrap();
        // Unlike a panic it writes nothing into the test's output.
        panic::resume_unwind(Box::new("a failed assertion"));
    });
    assert!(thread.join().is_err());
    told.recv().unwrap().assert_gone();
}

#[test]
fn a_failed_start_leaves_nothing() {
    let ours = |entry: &fs::DirEntry| fs::read_to_string(entry.path().join("log")).unwrap_or_default();
    assert!(RedisServer::with(["--a-unique-mistake", "yes"]).is_err());
    let mut folders = fs::read_dir(env::temp_dir()).unwrap().map(Result::unwrap);
    let prefix = format!("larder-{}-", process::id());
    assert!(!folders.any(|entry| {
        entry.file_name().to_string_lossy().starts_with(&prefix) && ours(&entry).contains("a-unique-mistake")
    }));
}

#[test]
fn tls_leaves_nothing() {
    let server = TlsRedisServer::start().unwrap();
    let traces = Traces::of(server.server());
    traces.assert_there();
    drop(server);
    traces.assert_gone();
}

#[test]
fn a_cluster_leaves_nothing() {
    let cluster = RedisCluster::start().unwrap();
    let traces = Traces::of_all(cluster.nodes());
    assert_eq!(traces.len(), 6);
    traces.iter().for_each(Traces::assert_there);
    drop(cluster);
    traces.iter().for_each(Traces::assert_gone);
}

#[test]
fn sentinels_leave_nothing() {
    let group = RedisSentinel::start().unwrap();
    let traces = Traces::of_all(group.servers().iter().chain(group.sentinels()));
    assert_eq!(traces.len(), 5);
    traces.iter().for_each(Traces::assert_there);
    drop(group);
    traces.iter().for_each(Traces::assert_gone);
}

const ROLE: &str = "LARDER_TESTKIT_VICTIM";

/// Runs this very test in another process, in which it starts a server, tells of it, and ends as it is told.
fn victim(test: &str, end: &str) -> (Child, Traces) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(ROLE, end);
    let mut victim = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let told = lines.map_while(Result::ok).find_map(|line| {
        let (_, words) = line.split_once("victim ")?;
        let (server, folder) = words.split_once(' ')?;
        Some(Traces { server: server.parse().ok()?, folder: folder.into() })
    });
    (victim, told.unwrap())
}

/// The victim's part.
#[expect(clippy::print_stdout, reason = "the other process reads it")]
fn suffer(end: &str) {
    let server = RedisServer::start().unwrap();
    let Traces { server: id, folder } = Traces::of(&server);
    println!("victim {id} {}", folder.display());
    // Until it is killed, or until the other process has looked.
    _ = std::io::stdin().read_line(&mut String::new());
    if end == "exit" {
        process::exit(0);
    }
}

#[test]
fn a_test_that_is_killed_leaves_nothing() {
    if let Ok(end) = env::var(ROLE) {
        return suffer(&end);
    }
    let (mut victim, traces) = victim("cleanup::a_test_that_is_killed_leaves_nothing", "kill");
    traces.assert_there();
    victim.kill().unwrap();
    victim.wait().unwrap();
    eventually("nothing is left", || traces.processes() == 0 && !traces.folder.exists());
}

#[test]
fn a_test_that_exits_leaves_nothing() {
    if let Ok(end) = env::var(ROLE) {
        return suffer(&end);
    }
    let (mut victim, traces) = victim("cleanup::a_test_that_exits_leaves_nothing", "exit");
    traces.assert_there();
    drop(victim.stdin.take());
    assert!(victim.wait().unwrap().success());
    eventually("nothing is left", || traces.processes() == 0 && !traces.folder.exists());
}
