//! A cluster: its shape, and who takes over from whom.

use larder_testkit::redis::{Error, RedisCluster, RedisServer, Reply};

use crate::rig::{eventually, role};

fn ports(nodes: &[&RedisServer]) -> Vec<u16> {
    nodes.iter().map(|node| node.port()).collect()
}

/// Sends a command to whoever has the key.
fn command(cluster: &RedisCluster, words: &[&str]) -> Reply {
    for node in cluster.masters().unwrap() {
        match node.command(words) {
            Err(Error::Refused { reason, .. }) if reason.starts_with("MOVED") => {}
            outcome => return outcome.unwrap(),
        }
    }
    unreachable!("every slot has its master")
}

#[test]
fn it_has_three_masters_with_one_replica_each() {
    let cluster = RedisCluster::start().unwrap();
    let masters = cluster.masters().unwrap();
    assert_eq!(masters.len(), 3);
    for master in &masters {
        assert_eq!(role(master), "master");
        let replica = cluster.replica_of(master).unwrap();
        assert_eq!(role(replica), "slave");
        assert_eq!(replica.command(&["ROLE"]).unwrap().items()[2], Reply::Integer(master.port().into()));
    }
    assert_eq!(cluster.nodes().len(), 6);
    assert_eq!(cluster.urls()[5], cluster.nodes()[5].url());
}

#[test]
fn every_key_has_a_place() {
    let cluster = RedisCluster::with(["--maxmemory", "8mb"]).unwrap();
    for number in 0..100 {
        let key = number.to_string();
        assert_eq!(command(&cluster, &["SET", &key, &key]).text(), Some("OK"));
    }
    for node in cluster.masters().unwrap() {
        assert!(node.command(&["DBSIZE"]).unwrap().integer() > Some(0));
        assert_eq!(node.command(&["CONFIG", "GET", "maxmemory"]).unwrap().items()[1].text(), Some("8388608"));
    }
}

#[test]
fn a_failover_changes_the_roles_and_loses_nothing() {
    let cluster = RedisCluster::start().unwrap();
    command(&cluster, &["SET", "name", "Ada"]);
    let before = cluster.masters().unwrap();
    for master in &before {
        let promoted = cluster.fail_over(master).unwrap();
        assert_eq!(role(promoted), "master");
        eventually("the master that was is a replica", || role(master) == "slave");
    }
    let after = cluster.masters().unwrap();
    assert!(ports(&after).iter().all(|port| !ports(&before).contains(port)));
    assert_eq!(command(&cluster, &["GET", "name"]).text(), Some("Ada"));

    // And back, once the new replica is one.
    let back = cluster.fail_over(after[0]).unwrap();
    assert!(ports(&before).contains(&back.port()));
}

#[test]
fn a_dead_or_paused_master_is_replaced() {
    let cluster = RedisCluster::start().unwrap();
    let masters = cluster.masters().unwrap();
    masters[0].kill().unwrap();
    let promoted = cluster.fail_over(masters[0]).unwrap();
    assert_eq!(role(promoted), "master");

    masters[1].pause().unwrap();
    let promoted = cluster.fail_over(masters[1]).unwrap();
    assert_eq!(role(promoted), "master");
    masters[1].resume().unwrap();
    eventually("the master that slept is a replica", || role(masters[1]) == "slave");

    masters[0].restart().unwrap();
    eventually("the master that was dead is a replica", || role(masters[0]) == "slave");
}

#[test]
fn a_dead_master_is_replaced_by_itself() {
    let cluster = RedisCluster::start().unwrap();
    let masters = cluster.masters().unwrap();
    let replica = cluster.replica_of(masters[0]).unwrap();
    masters[0].kill().unwrap();
    eventually("the replica takes over", || role(replica) == "master");
}
