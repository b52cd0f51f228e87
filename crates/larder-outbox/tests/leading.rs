//! One relay leads, and another takes over.

use larder_outbox::{Relay, RunningRelay};
use larder_testkit::redis::RedisServer;

use crate::homes::{Home, on_both};
use crate::rig::{Node, until, write};

on_both! {
    of_several_relays_one_leads_and_another_takes_over,
}

async fn of_several_relays_one_leads_and_another_takes_over<H: Home>() {
    let (home, redis) = (H::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    let relay = || Relay::new(home.outbox(), &node.larder).unwrap().spawn();
    let mut relays = vec![relay(), relay(), relay()];
    while relays.len() > 1 {
        until("somebody leads", async || relays.iter().any(RunningRelay::is_leader)).await;
        node.load(7).await;
        write(&home, home.outbox(), 7).await;
        node.forgets(7).await;
        let leaders = relays.iter().filter(|relay| relay.is_leader()).count();
        assert_eq!(leaders, 1);
        let leader = relays.iter().position(RunningRelay::is_leader).unwrap();
        relays.remove(leader).stop().await;
    }
    until("the last one leads", async || relays.iter().all(RunningRelay::is_leader)).await;
}
