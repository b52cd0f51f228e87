//! What a proxy takes out of a stream, and what it puts in.

use std::io::{Read, Write};

use larder_testkit::redis::{Direction, Loss, Proxy, RedisServer, Traffic};

use crate::proxy::ends;
use crate::rig::Client;

struct Rig {
    server: RedisServer,
    proxy: Proxy,
    client: Client,
}

impl Rig {
    /// A client that has subscribed to two channels.
    fn new(version: u8) -> Self {
        let server = RedisServer::start().unwrap();
        let proxy = Proxy::to(&server).unwrap();
        let mut client = Client::connect_to(proxy.port());
        client.send(&format!("HELLO {version}"));
        client.listen();
        client.send("SUBSCRIBE app:notices app:probes");
        assert_eq!(client.listen(), "subscribe app:notices :1");
        assert_eq!(client.listen(), "subscribe app:probes :2");
        Self { server, proxy, client }
    }

    fn publish(&self, channel: &str, text: &str) {
        self.server.command(&["PUBLISH", channel, text]).unwrap();
    }

    /// Publishes ten notices with a probe after each, and returns which of them came.
    fn come(&mut self) -> (Vec<u32>, Vec<u32>) {
        for number in 1..=10 {
            self.publish("app:notices", &number.to_string());
            self.publish("app:probes", &number.to_string());
        }
        // Comes after all that was not lost.
        self.client.send("PING");
        let (mut notices, mut probes) = (Vec::new(), Vec::new());
        loop {
            let heard = self.client.listen();
            match heard.rsplit_once(' ') {
                Some(("message app:notices", number)) => notices.push(number.parse().unwrap()),
                Some(("message app:probes", number)) => probes.push(number.parse().unwrap()),
                _ => {
                    assert!(["+PONG", "pong "].contains(&&*heard), "{heard}");
                    return (notices, probes);
                }
            }
        }
    }
}

/// All but these.
fn but(lost: &[u32]) -> Vec<u32> {
    (1..=10).filter(|number| !lost.contains(number)).collect()
}

#[test]
fn messages_are_lost_in_either_version() {
    for version in [2, 3] {
        let mut rig = Rig::new(version);
        rig.proxy.lose(Loss::next(3));
        assert_eq!(rig.come(), (but(&[1, 2]), but(&[1])));
        assert_eq!(rig.proxy.counts().lost(), 3);
        assert_eq!(rig.come(), (but(&[]), but(&[])));
    }
}

#[test]
fn notices_are_lost_and_probes_are_not() {
    let losses = [
        Loss::next(2).on("app:notices"),
        Loss::next(2).on_suffix(":notices"),
        Loss::next(2).on_prefix("app:n"),
    ];
    for loss in losses {
        let mut rig = Rig::new(3);
        rig.proxy.lose(loss);
        assert_eq!(rig.come(), (but(&[1, 2]), but(&[])));
    }
}

#[test]
fn losses_add_up() {
    let mut rig = Rig::new(3);
    rig.proxy.lose(Loss::next(1).on("app:notices"));
    rig.proxy.lose(Loss::every(3).on("app:notices"));
    rig.proxy.lose(Loss::share(1.0, 7).on("app:probes"));
    // The first one was taken before it was counted.
    assert_eq!(rig.come(), (but(&[1, 4, 7, 10]), vec![]));
    assert_eq!(rig.proxy.counts().lost(), 14);
}

#[test]
fn a_loss_ends_when_the_bus_is_healed() {
    let mut rig = Rig::new(3);
    rig.proxy.lose(Loss::every(1));
    rig.proxy.on(Traffic::Data).heal();
    assert_eq!(rig.come(), (vec![], vec![]));
    rig.proxy.on(Traffic::Bus).heal();
    assert_eq!(rig.come(), (but(&[]), but(&[])));
}

#[test]
fn what_only_looks_like_a_message_is_never_lost() {
    let Rig { server, proxy, client: mut third } = Rig::new(3);
    proxy.lose(Loss::every(1));
    server.command(&["RPUSH", "list", "message", "app:notices", "x"]).unwrap();
    let mut second = Client::connect_to(proxy.port());
    for client in [&mut second, &mut third] {
        client.send("LRANGE list 0 -1");
        assert_eq!(client.listen(), "message app:notices x");
    }
    // Also to one who was a subscriber.
    second.send("SUBSCRIBE a");
    assert_eq!(second.listen(), "subscribe a :1");
    second.send("UNSUBSCRIBE");
    assert_eq!(second.listen(), "unsubscribe a :0");
    second.send("LRANGE list 0 -1");
    assert_eq!(second.listen(), "message app:notices x");
    assert_eq!(proxy.counts().lost(), 0);
}

#[test]
fn a_message_to_a_pattern_is_not_lost() {
    for version in [2, 3] {
        let mut rig = Rig::new(version);
        rig.client.send("PSUBSCRIBE app:*");
        assert_eq!(rig.client.listen(), "psubscribe app:* :3");
        rig.proxy.lose(Loss::every(1));
        rig.publish("app:notices", "x");
        assert_eq!(rig.client.listen(), "pmessage app:* app:notices x");
    }
}

#[test]
fn what_is_injected_comes_to_those_who_are_meant() {
    let mut rig = Rig::new(3);
    let mut data = Client::connect_to(rig.proxy.port());
    data.ask("PING");
    let bytes = ">4\r\n+message\r\n+app:notices\r\n+foreign\r\n:1\r\n";
    assert_eq!(rig.proxy.on(Traffic::Bus).inject(Direction::ToClient, bytes), 1);
    assert_eq!(rig.client.listen(), "+message +app:notices +foreign :1");
    assert_eq!(data.ask("PING"), "+PONG");
    assert_eq!(rig.proxy.inject(Direction::ToClient, b"what?\r\n"), 2);
    assert_eq!(data.hear().unwrap(), "what?");
    assert_eq!(rig.client.hear().unwrap(), "what?");
}

#[test]
fn the_server_too_can_be_sent_what_nobody_said() {
    let mut rig = Rig::new(3);
    assert_eq!(rig.proxy.inject(Direction::ToServer, b"ECHO hello\r\n"), 1);
    assert_eq!(rig.client.listen(), "hello");
}

#[test]
fn an_injection_tears_no_frame() {
    let (proxy, [mut client, mut server]) = ends();
    server.write_all(b"$6\r\nabc").unwrap();
    proxy.inject(Direction::ToClient, b"+HERE\r\n");
    server.write_all(b"def\r\n").unwrap();
    let mut heard = [0; 19];
    client.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"+HERE\r\n$6\r\nabcdef\r\n");
}

#[test]
fn a_frozen_client_gets_what_was_injected_when_it_is_healed() {
    let mut rig = Rig::new(3);
    rig.proxy.freeze(Direction::ToClient);
    rig.proxy.inject(Direction::ToClient, b"+HERE\r\n");
    assert!(rig.client.hears_nothing());
    rig.proxy.heal();
    assert_eq!(rig.client.hear().unwrap(), "+HERE");
}

#[test]
fn what_is_injected_is_swallowed_like_everything() {
    let mut rig = Rig::new(3);
    rig.proxy.swallow(Direction::ToClient);
    rig.proxy.inject(Direction::ToClient, b"+HERE\r\n");
    assert!(rig.client.hears_nothing());
    rig.proxy.heal();
    assert!(rig.client.is_closed());
}
