//! What a proxy does to whole connections.

use std::time::Duration;

use larder_core::Clock;
use larder_testkit::redis::{Direction, Proxy, RedisServer, Reply, Traffic};

use crate::proxy::clients;
use crate::rig::{Client, eventually};

const AN_HOUR: Duration = Duration::from_secs(3_600);

fn start() -> (RedisServer, Proxy) {
    let server = RedisServer::start().unwrap();
    let proxy = Proxy::to(&server).unwrap();
    (server, proxy)
}

/// A connection that is of the data.
fn data(proxy: &Proxy) -> Client {
    let mut client = Client::connect_to(proxy.port());
    assert_eq!(client.ask("PING"), "+PONG");
    client
}

/// A connection that is of the bus, and speaks the third version.
fn bus(proxy: &Proxy) -> Client {
    let mut client = Client::connect_to(proxy.port());
    client.send("HELLO 3");
    client.listen();
    client.send("SUBSCRIBE news");
    assert_eq!(client.listen(), "subscribe news :1");
    client
}

fn publish(server: &RedisServer, text: &str) -> Option<i64> {
    server.command(&["PUBLISH", "news", text]).unwrap().integer()
}

#[test]
fn a_frozen_command_reaches_the_server_when_it_is_healed() {
    let (server, proxy) = start();
    let mut client = data(&proxy);
    proxy.freeze(Direction::ToServer);
    client.send("INCR n");
    assert!(client.hears_nothing());
    assert_eq!(server.command(&["GET", "n"]).unwrap(), Reply::Nil);
    proxy.heal();
    assert_eq!(client.hear().unwrap(), ":1");
}

#[test]
fn a_frozen_reply_reaches_the_client_when_it_is_healed() {
    let (server, proxy) = start();
    let mut client = data(&proxy);
    proxy.freeze(Direction::ToClient);
    client.send("INCR n");
    eventually("the server has done it", || server.command(&["GET", "n"]).unwrap().text() == Some("1"));
    assert!(client.hears_nothing());
    proxy.heal();
    assert_eq!(client.hear().unwrap(), ":1");
}

#[test]
fn a_frozen_connection_does_not_end() {
    let (server, proxy) = start();
    let mut client = data(&proxy);
    proxy.freeze(Direction::Both);
    server.kill().unwrap();
    assert!(client.hears_nothing());
    proxy.heal();
    assert!(client.is_closed());

    server.restart().unwrap();
    let client = data(&proxy);
    proxy.freeze(Direction::ToServer);
    drop(client);
    assert_eq!(clients(&server), 1);
    proxy.heal();
    eventually("the server is told", || clients(&server) == 0);
}

#[test]
fn a_new_connection_is_as_frozen_as_the_others() {
    let (_server, proxy) = start();
    proxy.freeze(Direction::Both);
    let mut client = Client::connect_to(proxy.port());
    client.send("PING");
    assert!(client.hears_nothing());
    proxy.heal();
    assert_eq!(client.hear().unwrap(), "+PONG");
}

#[test]
fn a_frozen_bus_leaves_the_data_alone() {
    let (server, proxy) = start();
    let (mut data, mut bus) = (data(&proxy), bus(&proxy));
    proxy.on(Traffic::Bus).freeze(Direction::ToClient);
    for number in 1..=3 {
        assert_eq!(publish(&server, &number.to_string()), Some(1));
    }
    assert_eq!(data.ask("PING"), "+PONG");
    assert!(bus.hears_nothing());
    // It is not the data that suffers, and healing it changes nothing.
    proxy.on(Traffic::Data).heal();
    assert!(bus.hears_nothing());
    proxy.on(Traffic::Bus).heal();
    for number in 1..=3 {
        assert_eq!(bus.listen(), format!("message news {number}"));
    }
}

#[test]
fn frozen_data_leave_the_bus_alone_and_let_a_new_one_be_made() {
    let (server, proxy) = start();
    let mut data = data(&proxy);
    proxy.on(Traffic::Data).freeze(Direction::Both);
    data.send("PING");
    let mut bus = bus(&proxy);
    publish(&server, "1");
    assert_eq!(bus.listen(), "message news 1");
    assert!(data.hears_nothing());
}

#[test]
fn a_connection_that_becomes_a_bus_suffers_with_its_first_subscription() {
    let (server, proxy) = start();
    proxy.on(Traffic::Bus).freeze(Direction::ToServer);
    let mut client = data(&proxy);
    client.send("SUBSCRIBE news");
    assert!(client.hears_nothing());
    assert_eq!(publish(&server, "1"), Some(0));
    proxy.heal();
    assert_eq!(client.listen(), "subscribe news :1");
}

#[test]
fn of_a_swallowed_connection_neither_side_knows_that_the_other_is_gone() {
    let (server, proxy) = start();
    let mut client = bus(&proxy);
    let gone = bus(&proxy);
    proxy.swallow(Direction::Both);
    drop(gone);
    assert!(client.hears_nothing());
    assert_eq!(publish(&server, "1"), Some(2));
    server.kill().unwrap();
    assert!(client.hears_nothing());
}

#[test]
fn what_is_swallowed_does_not_come_back() {
    let (server, proxy) = start();
    let mut client = data(&proxy);
    proxy.swallow(Direction::ToServer);
    client.send("INCR n");
    assert!(client.hears_nothing());
    proxy.heal();
    assert!(client.is_closed());
    assert_eq!(server.command(&["GET", "n"]).unwrap(), Reply::Nil);

    let mut client = data(&proxy);
    proxy.swallow(Direction::ToClient);
    client.send("INCR n");
    eventually("the server has done it", || server.command(&["GET", "n"]).unwrap().text() == Some("1"));
    assert!(client.hears_nothing());
    proxy.heal();
    assert!(client.is_closed());
}

#[test]
fn a_connection_of_which_nothing_vanished_survives() {
    let (_server, proxy) = start();
    let mut client = data(&proxy);
    proxy.swallow(Direction::Both);
    proxy.heal();
    assert_eq!(client.ask("PING"), "+PONG");
}

#[test]
fn a_swallowed_bus_can_only_be_told_by_its_silence() {
    let (server, proxy) = start();
    let (mut data, mut half_open) = (data(&proxy), bus(&proxy));
    proxy.on(Traffic::Bus).swallow(Direction::Both);
    assert_eq!(publish(&server, "1"), Some(1));
    half_open.send("PING");
    assert!(half_open.hears_nothing());
    assert_eq!(data.ask("PING"), "+PONG");
    // A new bus is greeted, and nothing more.
    let mut next = Client::connect_to(proxy.port());
    next.send("HELLO 3");
    assert!(next.listen().contains("proto :3"));
    next.send("SUBSCRIBE news");
    assert!(next.hears_nothing());

    proxy.on(Traffic::Bus).heal();
    assert!(half_open.is_closed());
    assert!(next.is_closed());
    let mut healed = bus(&proxy);
    publish(&server, "2");
    assert_eq!(healed.listen(), "message news 2");
    assert_eq!(data.ask("PING"), "+PONG");
}

#[test]
fn a_delay_is_as_long_as_it_was_said_to_be() {
    let (_server, proxy) = start();
    let mut client = data(&proxy);
    let delay = Duration::from_millis(30);
    let clock = Clock::precise();
    for (direction, times) in [(Direction::ToServer, 1), (Direction::ToClient, 2), (Direction::Both, 2)] {
        proxy.delay(direction, delay);
        let began = clock.now();
        assert_eq!(client.ask("PING"), "+PONG");
        assert!(clock.now().since(began) >= delay * times, "{direction:?}");
    }
}

#[test]
fn what_is_delayed_keeps_its_order() {
    let (server, proxy) = start();
    let mut bus = bus(&proxy);
    proxy.on(Traffic::Bus).delay(Direction::ToClient, Duration::from_millis(20));
    for number in 0..100 {
        publish(&server, &number.to_string());
    }
    for number in 0..100 {
        assert_eq!(bus.listen(), format!("message news {number}"));
    }
}

#[test]
fn a_delay_is_not_awaited_once_it_is_healed() {
    let (server, proxy) = start();
    let (mut bus, mut data) = (bus(&proxy), data(&proxy));
    proxy.on(Traffic::Bus).delay(Direction::Both, AN_HOUR);
    publish(&server, "1");
    assert_eq!(data.ask("PING"), "+PONG");
    assert!(bus.hears_nothing());
    proxy.heal();
    assert_eq!(bus.listen(), "message news 1");
}

#[test]
fn the_latest_fault_counts() {
    let (_server, proxy) = start();
    let mut client = data(&proxy);
    proxy.delay(Direction::ToServer, AN_HOUR);
    proxy.freeze(Direction::ToServer);
    client.send("PING");
    assert!(client.hears_nothing());
    proxy.delay(Direction::ToServer, Duration::ZERO);
    assert_eq!(client.hear().unwrap(), "+PONG");
}

#[test]
fn a_cut_closes_what_is_there_and_nothing_else() {
    let (server, proxy) = start();
    let (mut data, mut bus) = (data(&proxy), bus(&proxy));
    let mut idle = Client::connect_to(proxy.port());
    proxy.cut();
    assert!(data.is_closed() && bus.is_closed() && idle.is_closed());
    eventually("the server is told", || clients(&server) == 0);
    assert_eq!(Client::connect_to(proxy.port()).ask("PING"), "+PONG");
}

#[test]
fn a_cut_can_be_of_one_kind() {
    let (_server, proxy) = start();
    let (mut first, mut second) = (bus(&proxy), bus(&proxy));
    let mut data = data(&proxy);
    let mut new = Client::connect_to(proxy.port());
    proxy.on(Traffic::Data).cut();
    assert!(data.is_closed());
    // The third version lets a subscriber ping.
    assert_eq!(first.ask("PING"), "+PONG");
    proxy.on(Traffic::Bus).cut();
    assert!(first.is_closed() && second.is_closed());
    assert_eq!(new.ask("PING"), "+PONG");
}

#[test]
fn who_is_refused_is_let_go_at_once() {
    let (server, proxy) = start();
    let mut old = data(&proxy);
    proxy.refuse();
    for _ in 0..3 {
        assert!(Client::connect_to(proxy.port()).is_closed());
    }
    assert_eq!(clients(&server), 1);
    assert_eq!(old.ask("PING"), "+PONG");
    proxy.heal();
    data(&proxy);
}

#[test]
fn a_refused_bus_is_let_go_when_it_subscribes() {
    let (server, proxy) = start();
    let mut old = bus(&proxy);
    proxy.on(Traffic::Bus).refuse();
    let mut client = data(&proxy);
    client.send("SUBSCRIBE news");
    assert!(client.is_closed());
    assert_eq!(publish(&server, "1"), Some(1));
    assert_eq!(old.listen(), "message news 1");
    proxy.on(Traffic::Bus).heal();
    bus(&proxy);
}
