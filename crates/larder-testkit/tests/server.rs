//! One server: where it is found, and what can be done to it.

use std::collections::HashSet;
use std::fmt::Debug;
use std::io::Read;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use larder_testkit::redis::{Error, RedisCluster, RedisSentinel, RedisServer, Reply, TlsRedisServer};

use crate::rig::{Client, eventually};

#[test]
fn it_is_found_by_its_port() {
    let server = RedisServer::start().unwrap();
    assert_eq!(server.url(), format!("redis://127.0.0.1:{}", server.port()));
    assert_eq!(Client::connect(&server).ask("PING"), "+PONG");
}

#[test]
fn it_is_found_by_its_socket() {
    let server = RedisServer::start().unwrap();
    let path = server.unix_url().strip_prefix("redis+unix://").unwrap().to_owned();
    assert_eq!(path, server.socket().display().to_string());
    // Commands go this way.
    assert_eq!(server.command(&["PING"]).unwrap(), Reply::Status("PONG".into()));
}

#[test]
fn both_ways_lead_to_the_same_server() {
    let server = RedisServer::start().unwrap();
    server.command(&["SET", "name", "Ada"]).unwrap();
    assert_eq!(Client::connect(&server).ask("STRLEN name"), ":3");
}

#[test]
fn its_arguments_are_heard() {
    let server = RedisServer::with(["--maxmemory", "1mb"]).unwrap();
    let reply = server.command(&["CONFIG", "GET", "maxmemory"]).unwrap();
    assert_eq!(reply.items()[1].text(), Some("1048576"));
}

/// The loader of programs complains about what is not there; the server itself writes over its variables.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn its_variables_are_heard() {
    let variables = [("LD_PRELOAD", "/nowhere/clock.so")];
    let server = RedisServer::with_variables(variables, ["--maxmemory", "1mb"]).unwrap();
    for _ in 0..2 {
        assert!(server.log().contains("/nowhere/clock.so"), "{}", server.log());
        server.restart().unwrap();
    }
}

#[test]
fn it_has_no_disk() {
    let server = RedisServer::start().unwrap();
    for (name, value) in [("save", ""), ("appendonly", "no")] {
        let reply = server.command(&["CONFIG", "GET", name]).unwrap();
        assert_eq!(reply.items()[1].text(), Some(value), "{name}");
    }
}

#[test]
fn who_was_a_replica_comes_back_empty_all_the_same() {
    let [master, replica] = [(); 2].map(|()| RedisServer::start().unwrap());
    master.command(&["SET", "name", "Ada"]).unwrap();
    replica.command(&["REPLICAOF", "127.0.0.1", &master.port().to_string()]).unwrap();
    eventually("it has what the master has", || {
        replica.command(&["EXISTS", "name"]).unwrap().integer() == Some(1)
    });
    replica.command(&["REPLICAOF", "NO", "ONE"]).unwrap();

    replica.kill().unwrap();
    replica.restart().unwrap();
    assert_eq!(replica.command(&["DBSIZE"]).unwrap().integer(), Some(0));
}

#[test]
fn a_value_may_be_any_text() {
    let server = RedisServer::start().unwrap();
    let value = "two words\r\nand \"quotes\" ä".repeat(10_000);
    server.command(&["SET", "key", &value]).unwrap();
    assert_eq!(server.command(&["GET", "key"]).unwrap().text(), Some(&*value));
}

#[test]
fn a_refusal_names_command_and_reason() {
    let server = RedisServer::start().unwrap();
    let error = server.command(&["INCR"]).unwrap_err();
    let Error::Refused { command, reason } = &error else { unreachable!("{error:?}") };
    assert_eq!(command, "INCR");
    assert!(reason.starts_with("ERR wrong number of arguments"), "{reason}");
}

#[test]
fn a_server_that_does_not_start_says_why() {
    let error = RedisServer::with(["--no-such-option", "yes"]).unwrap_err();
    assert!(matches!(error, Error::Exited { .. }), "{error:?}");
    assert!(error.to_string().contains("no-such-option"), "{error}");
}

#[test]
fn a_paused_server_keeps_its_connections_and_says_nothing() {
    let server = RedisServer::start().unwrap();
    let mut client = Client::connect(&server);
    assert_eq!(client.ask("PING"), "+PONG");

    server.pause().unwrap();
    client.patience(Duration::from_millis(50));
    client.send("INCR n");
    assert_eq!(client.hear(), None);

    server.resume().unwrap();
    client.patience(Duration::from_secs(5));
    assert_eq!(client.hear().unwrap(), ":1");
}

#[test]
fn a_server_can_be_paused_again() {
    let server = RedisServer::start().unwrap();
    let mut client = Client::connect(&server);
    for _ in 0..3 {
        server.pause().unwrap();
        server.pause().unwrap();
        client.patience(Duration::from_millis(20));
        client.send("PING");
        assert_eq!(client.hear(), None);
        server.resume().unwrap();
        client.patience(Duration::from_secs(5));
        assert_eq!(client.hear().unwrap(), "+PONG");
    }
}

#[test]
fn a_killed_server_closes_its_connections() {
    let server = RedisServer::start().unwrap();
    let mut client = Client::connect(&server);
    assert_eq!(client.ask("PING"), "+PONG");
    server.kill().unwrap();
    assert_eq!(client.hear().unwrap_or_default(), "");
    assert!(matches!(server.command(&["PING"]), Err(Error::System { .. })));
    assert_eq!(server.process_id(), None);
}

#[test]
fn a_killed_server_comes_back_empty_where_it_was() {
    let server = RedisServer::start().unwrap();
    let (url, socket) = (server.url(), server.socket());
    server.command(&["SET", "name", "Ada"]).unwrap();
    for _ in 0..3 {
        server.kill().unwrap();
        server.restart().unwrap();
        assert_eq!((server.url(), server.socket()), (url.clone(), socket.clone()));
        assert_eq!(Client::connect(&server).ask("EXISTS name"), ":0");
    }
}

#[test]
fn a_running_server_is_another_process_after_a_restart() {
    let server = RedisServer::with(["--maxmemory", "1mb"]).unwrap();
    let before = server.process_id();
    server.restart().unwrap();
    assert_ne!(server.process_id(), before);
    assert_eq!(server.command(&["CONFIG", "GET", "maxmemory"]).unwrap().items()[1].text(), Some("1048576"));
}

#[test]
fn a_stopped_server_says_goodbye() {
    let server = RedisServer::start().unwrap();
    server.stop().unwrap();
    assert!(server.log().contains("Redis is now ready to exit"), "{}", server.log());
    server.restart().unwrap();
    assert_eq!(Client::connect(&server).ask("PING"), "+PONG");
}

#[test]
fn a_paused_server_can_be_stopped_and_killed() {
    let server = RedisServer::start().unwrap();
    server.pause().unwrap();
    server.stop().unwrap();
    server.restart().unwrap();
    server.pause().unwrap();
    server.kill().unwrap();
    server.restart().unwrap();
    assert_eq!(Client::connect(&server).ask("PING"), "+PONG");
}

#[test]
fn what_is_down_can_be_told_anything() {
    let server = RedisServer::start().unwrap();
    server.kill().unwrap();
    server.kill().unwrap();
    server.stop().unwrap();
    server.pause().unwrap();
    server.resume().unwrap();
}

#[test]
fn a_restart_waits_for_its_port() {
    let server = RedisServer::start().unwrap();
    server.kill().unwrap();
    let thief = TcpListener::bind(("127.0.0.1", server.port())).unwrap();
    thread::scope(|scope| {
        let restart = scope.spawn(|| server.restart());
        // The first attempt connects to nothing here, and ends with its port taken.
        eventually("the first attempt fails", || server.log().contains("already in use"));
        drop(thief);
        restart.join().unwrap().unwrap();
    });
    assert_eq!(Client::connect(&server).ask("PING"), "+PONG");
}

#[test]
fn servers_side_by_side_have_nothing_in_common() {
    let start = |_| thread::spawn(|| RedisServer::start().unwrap());
    let starting: Vec<_> = (0..8).map(start).collect();
    let servers: Vec<_> = starting.into_iter().map(|thread| thread.join().unwrap()).collect();
    for server in &servers {
        assert_eq!(server.command(&["INCR", "n"]).unwrap(), Reply::Integer(1));
    }
    assert_eq!(servers.iter().map(RedisServer::port).collect::<HashSet<_>>().len(), 8);
    assert_eq!(servers.iter().map(RedisServer::socket).collect::<HashSet<_>>().len(), 8);
}

#[test]
fn nobody_else_may_enter_its_folder() {
    use std::os::unix::fs::PermissionsExt;

    let server = RedisServer::start().unwrap();
    let folder = server.socket().parent().unwrap().metadata().unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_connection_that_is_closed_reads_as_its_end() {
    let server = RedisServer::start().unwrap();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", server.port())).unwrap();
    server.stop().unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn all_can_be_shared_by_threads() {
    fn check<T: Debug + Send + Sync>() {}

    check::<RedisServer>();
    check::<TlsRedisServer>();
    check::<RedisCluster>();
    check::<RedisSentinel>();
    check::<Error>();
}
