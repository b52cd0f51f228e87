//! What a proxy counts.

use larder_testkit::redis::{Direction, Proxy, RedisServer, Traffic};

use crate::proxy::{ends, say};
use crate::rig::{Client, eventually};

fn start() -> (RedisServer, Proxy, Client) {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::to(&server).unwrap();
    let client = Client::connect_to(proxy.port());
    (server, proxy, client)
}

#[test]
fn commands_are_counted_by_their_names() {
    let (_server, proxy, mut client) = start();
    client.ask("get a");
    client.ask("*2\r\n$3\r\nGet\r\n$1\r\na");
    client.ask("\r\nPING");
    let counts = proxy.counts();
    let names: Vec<_> = counts.commands().iter().map(|(name, count)| format!("{name} {count}")).collect();
    assert_eq!(names, ["GET 2", "PING 1"]);
    assert_eq!((counts.command("get"), counts.command("SET")), (2, 0));
}

#[test]
fn counts_begin_anew_when_they_are_reset() {
    let (_server, proxy, mut client) = start();
    client.ask("PING");
    proxy.reset_counts();
    let counts = proxy.counts();
    assert_eq!((counts.commands().len(), counts.round_trips(), counts.made()), (0, 0, 0));
    assert_eq!(counts.open(Traffic::All), 1);
    client.ask("PING");
    assert_eq!(proxy.counts().command("PING"), 1);
}

#[test]
fn a_command_counts_when_it_reaches_the_server() {
    let (_server, proxy, mut client) = start();
    client.ask("PING");
    proxy.freeze(Direction::ToServer);
    client.send("GET a");
    assert_eq!(proxy.counts().command("GET"), 0);
    proxy.heal();
    assert_eq!(client.hear().unwrap(), "$-1");
    assert_eq!(proxy.counts().command("GET"), 1);
    proxy.swallow(Direction::ToServer);
    client.send("GET a");
    assert_eq!(proxy.counts().command("GET"), 1);
}

#[test]
fn a_pipeline_makes_one_round_trip() {
    let (_server, proxy, mut client) = start();
    client.send("GET a\r\nGET b\r\nGET c");
    (0..3).for_each(|_| assert_eq!(client.hear().unwrap(), "$-1"));
    assert_eq!(proxy.counts().round_trips(), 1);
    for trips in 2..=4 {
        client.ask("GET a");
        assert_eq!(proxy.counts().round_trips(), trips);
    }
}

#[test]
fn a_message_ends_no_round_trip() {
    for start in ['*', '>'] {
        let (proxy, [mut client, mut server]) = ends();
        say(b"SUBSCRIBE a\r\n", &mut client, &mut server);
        say(format!("{start}3\r\n+subscribe\r\n+a\r\n:1\r\n").as_bytes(), &mut server, &mut client);
        say(b"SUBSCRIBE b\r\n", &mut client, &mut server);
        assert_eq!(proxy.counts().round_trips(), 2);
        for kind in ["message", "pmessage"] {
            say(format!("{start}3\r\n+{kind}\r\n+a\r\n+x\r\n").as_bytes(), &mut server, &mut client);
        }
        say(b"SUBSCRIBE c\r\n", &mut client, &mut server);
        assert_eq!(proxy.counts().round_trips(), 2);
    }
}

#[test]
fn connections_are_counted_by_their_kinds() {
    let (_server, proxy, mut client) = start();
    let open = || {
        let counts = proxy.counts();
        [Traffic::All, Traffic::Data, Traffic::Bus].map(|traffic| counts.open(traffic))
    };
    assert_eq!(open(), [1, 0, 0]);
    client.ask("PING");
    assert_eq!(open(), [1, 1, 0]);
    let mut bus = Client::connect_to(proxy.port());
    bus.send("PSUBSCRIBE a*");
    bus.listen();
    assert_eq!(open(), [2, 1, 1]);
    drop(client);
    eventually("one is closed", || open() == [1, 0, 1]);
    assert_eq!(proxy.counts().made(), 2);
}

#[test]
fn a_refused_connection_was_made() {
    let (_server, proxy, _client) = start();
    proxy.refuse();
    assert!(Client::connect_to(proxy.port()).is_closed());
    assert_eq!((proxy.counts().made(), proxy.counts().open(Traffic::All)), (2, 1));
}
