//! A gateway: whoever came through it is sent to no server but through it.

use larder_testkit::redis::{Direction, Gateway, RedisCluster, RedisSentinel, RedisServer};

use crate::rig::Client;

/// The port of the proxy to a server.
fn proxy(gateway: &Gateway, server: &RedisServer) -> u16 {
    gateway.proxy_to(server).unwrap().port()
}

#[test]
fn sentinels_name_the_proxy_of_whoever_is_the_master() {
    let group = RedisSentinel::start().unwrap();
    let gateway = Gateway::to_sentinel(&group).unwrap();
    let ports: Vec<String> =
        gateway.proxies().iter().map(|proxy| format!("127.0.0.1:{}", proxy.port())).collect();
    assert_eq!(gateway.url(), format!("redis+sentinel://{}/{}", ports[..3].join(","), group.master_name()));
    let ask = |sentinel: &RedisServer| {
        let question = format!("SENTINEL GET-MASTER-ADDR-BY-NAME {}", group.master_name());
        let mut client = Client::connect_to(proxy(&gateway, sentinel));
        client.send(&question);
        client.listen()
    };
    let named = |master: &RedisServer| format!("127.0.0.1 {}", proxy(&gateway, master));
    for sentinel in group.sentinels() {
        assert_eq!(ask(sentinel), named(&group.servers()[0]));
    }
    let promoted = group.fail_over().unwrap();
    assert_eq!(ask(&group.sentinels()[0]), named(promoted));
    assert_eq!(Client::connect_to(proxy(&gateway, promoted)).ask("SET name Ada"), "+OK");
}

#[test]
fn nodes_of_a_cluster_name_the_proxies_of_each_other() {
    let cluster = RedisCluster::start().unwrap();
    let gateway = Gateway::to_cluster(&cluster).unwrap();
    let masters = cluster.masters().unwrap();
    let mut client = Client::connect_to(proxy(&gateway, masters[0]));

    client.send("CLUSTER SLOTS");
    let slots = client.listen();
    for node in &masters {
        assert!(slots.contains(&format!("127.0.0.1 :{} ", proxy(&gateway, node))), "{slots}");
        assert!(!slots.contains(&format!(":{} ", node.port())), "{slots}");
    }

    // The slot of `foo` is the last master's.
    assert_eq!(client.ask("GET foo"), format!("-MOVED 12182 127.0.0.1:{}", proxy(&gateway, masters[2])));
    assert_eq!(Client::connect_to(proxy(&gateway, masters[2])).ask("SET foo bar"), "+OK");
}

#[test]
fn what_is_broken_on_one_way_is_whole_on_the_others_until_all_are_healed() {
    let cluster = RedisCluster::start().unwrap();
    let [one, other] = [(); 2].map(|()| Gateway::to_cluster(&cluster).unwrap());
    let master = cluster.masters().unwrap()[0];
    let mut cut_off = Client::connect_to(proxy(&one, master));
    let mut unharmed = Client::connect_to(proxy(&other, master));
    one.proxy_to(master).unwrap().freeze(Direction::ToClient);
    cut_off.send("PING");
    assert!(cut_off.hears_nothing());
    assert_eq!(unharmed.ask("PING"), "+PONG");
    one.heal();
    assert_eq!(cut_off.hear().unwrap(), "+PONG");
}
