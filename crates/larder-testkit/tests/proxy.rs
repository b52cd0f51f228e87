//! A proxy that does nothing: what goes through it, and what is left of it.

use std::fmt::Debug;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use larder_testkit::redis::{Counts, Lane, Loss, Proxy, RedisServer, SplittingProxy, Traffic};

use crate::rig::{Client, eventually};

/// How many connections of clients the server has. The test's own come through the unix socket, and are not counted.
pub(crate) fn clients(server: &RedisServer) -> usize {
    let list = server.command(&["CLIENT", "LIST"]).unwrap();
    list.text().unwrap().lines().filter(|client| client.contains(" addr=127.0.0.1:")).count()
}

#[test]
fn it_is_found_by_its_port() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::to(&server).unwrap();
    assert_ne!(proxy.port(), server.port());
    assert_eq!(proxy.url(), format!("redis://127.0.0.1:{}", proxy.port()));
    let mut client = Client::connect_to(proxy.port());
    assert_eq!(client.ask("SET name Ada"), "+OK");
    assert_eq!(server.command(&["GET", "name"]).unwrap().text(), Some("Ada"));
}

#[test]
fn both_versions_of_the_protocol_go_through() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::to(&server).unwrap();
    let mut client = Client::connect_to(proxy.port());
    for version in [2, 3, 2, 3] {
        client.send(&format!("HELLO {version}"));
        assert!(client.listen().contains(&format!("proto :{version} ")));
        client.send("CONFIG GET save");
        assert_eq!(client.listen(), "save ");
    }
}

/// Bytes of which none tells what the next is.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn a_large_value_is_the_same_behind_it() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::to(&server).unwrap();
    let value = noise(20 << 20);
    let mut client = Client::connect_to(proxy.port());
    let mut writer = client.stream().try_clone().unwrap();
    let request = [format!("*3\r\n$3\r\nSET\r\n$1\r\na\r\n${}\r\n", value.len()).as_bytes(), &value].concat();
    let writes = thread::spawn(move || writer.write_all(&[&request[..], b"\r\nGET a\r\n"].concat()).unwrap());
    assert_eq!(client.hear().unwrap(), "+OK");
    assert_eq!(client.hear().unwrap(), format!("${}", value.len()));
    let mut answer = vec![0; value.len()];
    client.read_exact(&mut answer);
    assert!(answer == value);
    writes.join().unwrap();
}

#[test]
fn many_clients_get_their_own_answers() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::to(&server).unwrap();
    thread::scope(|scope| {
        for number in 0..8 {
            let mut client = Client::connect_to(proxy.port());
            scope.spawn(move || {
                for round in 0..50 {
                    let echoes: Vec<_> = (0..50).map(|echo| format!("{number}-{round}-{echo}")).collect();
                    client.send(&format!("ECHO {}", echoes.join("\r\nECHO ")));
                    for echo in echoes {
                        assert_eq!(client.listen(), echo);
                    }
                }
            });
        }
    });
    assert_eq!(proxy.counts().command("echo"), 8 * 50 * 50);
}

#[test]
fn a_client_that_reads_late_misses_nothing() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::to(&server).unwrap();
    let mut client = Client::connect_to(proxy.port());
    client.send("SUBSCRIBE news");
    client.listen();
    // More than the proxy keeps, and less than the server does.
    let payload = "x".repeat(1 << 20);
    for number in 0..24 {
        server.command(&["PUBLISH", "news", &format!("{number}:{payload}")]).unwrap();
    }
    for number in 0..24 {
        let message = client.listen();
        assert!(message.starts_with(&format!("message news {number}:x")), "{}", &message[..30]);
    }
}

/// Both ends of a connection through a proxy, in the hands of the test.
pub(crate) fn ends() -> (Proxy, [TcpStream; 2]) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let proxy = Proxy::to_port(listener.local_addr().unwrap().port()).unwrap();
    let client = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    let (server, _) = listener.accept().unwrap();
    for end in [&client, &server] {
        end.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    }
    (proxy, [client, server])
}

/// Says something at one end, and waits until it comes to the other.
#[track_caller]
pub(crate) fn say(bytes: &[u8], from: &mut TcpStream, to: &mut TcpStream) {
    from.write_all(bytes).unwrap();
    let mut heard = vec![0; bytes.len()];
    to.read_exact(&mut heard).unwrap();
    assert_eq!(heard, bytes);
}

#[test]
fn what_is_no_frame_is_passed_on() {
    let (proxy, [mut client, mut server]) = ends();
    for said in [&b"\x16\x03\x01\x02\x00"[..], b"*1\r\n?", b"what?"] {
        say(said, &mut client, &mut server);
        say(said, &mut server, &mut client);
    }
    assert_eq!(proxy.counts().commands().len(), 0);
}

#[test]
fn whoever_sends_to_one_that_does_not_read_has_to_wait() {
    const FRAME: usize = 1 << 16;
    let (_proxy, [mut client, mut server]) = ends();
    server.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let frame = format!("+{}\r\n", "x".repeat(FRAME - 3));
    let mut sent = 0;
    // Where a frame was cut off, the next piece goes on.
    while let Ok(length) = server.write(&frame.as_bytes()[sent % FRAME..]) {
        sent += length;
        assert!(sent < 200 << 20, "the proxy keeps everything");
    }
    let mut heard = vec![0; sent - sent % FRAME];
    client.read_exact(&mut heard).unwrap();
    assert!(heard.chunks(FRAME).all(|heard| heard == frame.as_bytes()));
}

#[test]
fn what_is_cut_off_is_passed_on() {
    let (_proxy, [mut client, mut server]) = ends();
    client.write_all(b"*2\r\n$3\r\nGET\r\n$9").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut heard = String::new();
    server.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "*2\r\n$3\r\nGET\r\n$9");
}

#[test]
fn a_replica_may_be_behind_it() {
    // From a file, which has a length and no end of its own. Nothing comes after it that would push it through.
    let master =
        RedisServer::with(["--repl-diskless-sync", "no", "--repl-ping-replica-period", "3600"]).unwrap();
    master.command(&["SET", "early", "1"]).unwrap();
    let proxy = Proxy::to(&master).unwrap();
    let port = proxy.port().to_string();
    let replica = RedisServer::with(["--replicaof", "127.0.0.1", &port]).unwrap();
    let has = |key| replica.command(&["EXISTS", key]).unwrap().integer() == Some(1);
    eventually("the replica has all that was there", || has("early"));
    master.command(&["SET", "late", "1"]).unwrap();
    eventually("the replica hears of what comes later", || has("late"));
}

#[test]
fn an_answer_comes_also_to_whoever_has_no_more_to_say() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::to(&server).unwrap();
    let mut client = Client::connect_to(proxy.port());
    client.send("PING");
    client.stream().shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.hear().unwrap(), "+PONG");
    assert!(client.is_closed());
}

#[test]
fn when_a_client_goes_the_server_is_told() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::to(&server).unwrap();
    let mut client = Client::connect_to(proxy.port());
    client.ask("PING");
    assert_eq!((clients(&server), proxy.counts().open(Traffic::All)), (1, 1));
    drop(client);
    eventually("the connection is closed", || clients(&server) == 0);
    eventually("the proxy has forgotten it", || proxy.counts().open(Traffic::All) == 0);
}

#[test]
fn when_the_server_goes_the_client_is_told() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::to(&server).unwrap();
    let mut client = Client::connect_to(proxy.port());
    client.ask("PING");
    server.kill().unwrap();
    assert!(client.is_closed());
    assert!(Client::connect_to(proxy.port()).is_closed());
    server.restart().unwrap();
    assert_eq!(Client::connect_to(proxy.port()).ask("PING"), "+PONG");
}

#[test]
fn with_its_drop_all_connections_are_closed() {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::to(&server).unwrap();
    let port = proxy.port();
    let mut client = Client::connect_to(port);
    client.ask("PING");
    drop(proxy);
    assert!(client.is_closed());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    eventually("the server has no clients", || clients(&server) == 0);
}

#[test]
#[cfg(target_os = "linux")]
fn with_its_drop_its_thread_is_gone() {
    use std::fs;
    let proxy = Proxy::to_port(1).unwrap();
    let name = format!("proxy {}\n", proxy.port());
    let is_there = || {
        let mut threads = fs::read_dir("/proc/self/task").unwrap();
        threads.any(|thread| {
            fs::read_to_string(thread.unwrap().path().join("comm")).is_ok_and(|found| found == name)
        })
    };
    eventually("it has begun", is_there);
    drop(proxy);
    eventually("there is no such thread", || !is_there());
}

#[test]
fn all_of_it_can_be_shared_between_threads() {
    fn check<T: Debug + Send + Sync>() {}
    check::<Proxy>();
    check::<Lane<'_>>();
    check::<Counts>();
    check::<Loss>();
    check::<SplittingProxy>();
}
