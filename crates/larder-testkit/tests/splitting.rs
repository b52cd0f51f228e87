//! A proxy that splits each connection in two.

use std::time::Duration;

use larder_testkit::redis::{RedisServer, SplittingProxy};

use crate::proxy::clients;
use crate::rig::{Client, eventually};

fn start() -> (RedisServer, SplittingProxy) {
    let server = RedisServer::start().unwrap();
    let proxy = SplittingProxy::to(&server).unwrap();
    (server, proxy)
}

/// A client that has said hello.
fn connect(proxy: &SplittingProxy, version: u8) -> Client {
    let mut client = Client::connect_to(proxy.port());
    client.send(&format!("HELLO {version}"));
    assert!(client.listen().contains(&format!("proto :{version} ")));
    client
}

#[test]
fn it_seems_to_be_one_connection() {
    for version in [2, 3] {
        let (_server, proxy) = start();
        assert_eq!(proxy.url(), format!("redis://127.0.0.1:{}", proxy.port()));
        let mut client = connect(&proxy, version);
        assert_eq!(client.ask("SET a 1"), "+OK");
        client.send("SUBSCRIBE news other");
        assert_eq!(client.listen(), "subscribe news :1");
        assert_eq!(client.hear().unwrap(), if version == 2 { "*3" } else { ">3" });
        assert_eq!([client.listen(), client.listen(), client.listen()], ["subscribe", "other", ":2"]);
        // In the second version, a server would refuse that on one connection.
        client.send("GET a");
        assert_eq!(client.listen(), "1");
        client.send("PUBLISH news x");
        let mut heard = [client.listen(), client.listen()];
        heard.sort();
        assert_eq!(heard, [":1", "message news x"]);
        client.send("UNSUBSCRIBE");
        let mut heard = [client.listen(), client.listen()];
        heard.sort();
        assert!(heard[0].starts_with("unsubscribe") && heard[1].starts_with("unsubscribe"), "{heard:?}");
        assert_eq!(client.ask("PING"), "+PONG");
    }
}

#[test]
fn the_server_sees_two_for_each_client() {
    let (server, proxy) = start();
    let clients_of_proxy = [connect(&proxy, 3), connect(&proxy, 2)];
    assert_eq!(clients(&server), 4);
    drop(clients_of_proxy);
    eventually("all are closed", || clients(&server) == 0);
}

#[test]
fn a_greeting_is_answered_once() {
    let (_server, proxy) = start();
    let mut client = connect(&proxy, 3);
    for version in [2, 3] {
        client.send(&format!("SUBSCRIBE {version}"));
        // And meant by both.
        assert_eq!(client.listen(), format!("subscribe {version} :1"));
        client.send("RESET");
        assert_eq!(client.listen(), "+RESET");
        client.send(&format!("HELLO {version}\r\nPING"));
        assert!(client.listen().contains(&format!("proto :{version} ")));
        assert_eq!(client.listen(), "+PONG");
        assert!(client.hears_nothing());
    }
}

#[test]
fn a_message_is_not_taken_for_the_answer_to_a_greeting() {
    for version in [2, 3] {
        let (server, proxy) = start();
        let mut client = connect(&proxy, version);
        client.send("SUBSCRIBE news");
        client.listen();
        proxy.delay_messages(Duration::from_secs(3_600));
        server.command(&["PUBLISH", "news", "x"]).unwrap();
        client.send(&format!("HELLO {version}"));
        assert!(client.listen().contains(&format!("proto :{version} ")));
        proxy.delay_messages(Duration::ZERO);
        assert_eq!(client.listen(), "message news x");
        assert!(client.hears_nothing());
    }
}

#[test]
fn a_password_is_given_on_both() {
    let server = RedisServer::secured(["ada on >engine ~* &* +@all"]).unwrap();
    let proxy = SplittingProxy::to(&server).unwrap();
    let mut client = Client::connect_to(proxy.port());
    client.send("SUBSCRIBE news");
    assert!(client.listen().starts_with("-NOAUTH"));
    assert!(client.ask("AUTH ada wrong").starts_with("-WRONGPASS"));
    assert_eq!(client.ask("AUTH ada engine"), "+OK");
    client.send("SUBSCRIBE news");
    assert_eq!(client.listen(), "subscribe news :1");
    assert!(client.hears_nothing());
}

#[test]
fn messages_are_late_and_replies_are_not() {
    for version in [2, 3] {
        let (server, proxy) = start();
        let mut client = connect(&proxy, version);
        client.send("SUBSCRIBE news");
        client.listen();
        proxy.delay_messages(Duration::from_secs(3_600));
        for number in 1..=3 {
            server.command(&["PUBLISH", "news", &number.to_string()]).unwrap();
        }
        client.send("GET a");
        assert!(client.listen().ends_with(if version == 2 { "$-1" } else { "_" }));
        assert!(client.hears_nothing());
        proxy.delay_messages(Duration::ZERO);
        for number in 1..=3 {
            assert_eq!(client.listen(), format!("message news {number}"));
        }
    }
}

#[test]
fn a_message_comes_when_it_is_due() {
    let (server, proxy) = start();
    let mut client = connect(&proxy, 3);
    client.send("SUBSCRIBE news");
    client.listen();
    proxy.delay_messages(Duration::from_millis(20));
    server.command(&["PUBLISH", "news", "x"]).unwrap();
    assert_eq!(client.listen(), "message news x");
}

#[test]
fn when_the_server_goes_the_client_of_both_is_told() {
    let (server, proxy) = start();
    let mut client = connect(&proxy, 3);
    server.kill().unwrap();
    assert!(client.is_closed());
    assert!(Client::connect_to(proxy.port()).is_closed());
    server.restart().unwrap();
    assert_eq!(connect(&proxy, 3).ask("PING"), "+PONG");
}

#[test]
fn with_its_drop_the_client_is_let_go() {
    let (server, proxy) = start();
    let mut client = connect(&proxy, 3);
    drop(proxy);
    assert!(client.is_closed());
    eventually("the server is told", || clients(&server) == 0);
}

#[test]
fn much_goes_through_both() {
    let (server, proxy) = start();
    let mut client = connect(&proxy, 3);
    client.send("SUBSCRIBE news");
    client.listen();
    let payload = "x".repeat(1 << 20);
    server.command(&["SET", "a", &payload]).unwrap();
    for _ in 0..12 {
        server.command(&["PUBLISH", "news", &payload]).unwrap();
        client.send("GET a");
    }
    let lengths: Vec<_> = (0..24).map(|_| client.listen().len()).collect();
    let count = |length| lengths.iter().filter(|found| **found == length).count();
    assert_eq!((count(payload.len()), count(payload.len() + "message news ".len())), (12, 12));
}
