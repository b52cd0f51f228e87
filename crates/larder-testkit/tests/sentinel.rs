//! Sentinels, and what they do when the master is gone.

use larder_testkit::redis::RedisSentinel;

use crate::rig::{Client, eventually, role};

#[test]
fn three_sentinels_watch_a_master_with_a_replica() {
    let group = RedisSentinel::start().unwrap();
    let roles: Vec<_> = group.servers().iter().map(role).collect();
    assert_eq!(roles, ["master", "slave"]);
    assert_eq!(group.master().unwrap().port(), group.servers()[0].port());
    assert_eq!(group.sentinel_urls().len(), 3);
    for (sentinel, url) in group.sentinels().iter().zip(group.sentinel_urls()) {
        assert_eq!(sentinel.url(), url);
        let quorum = Client::connect(sentinel).ask(&format!("SENTINEL CKQUORUM {}", group.master_name()));
        assert!(quorum.starts_with("+OK 3 usable Sentinels"), "{quorum}");
    }
}

#[test]
fn a_failover_goes_there_and_back() {
    let group = RedisSentinel::start().unwrap();
    let master = group.master().unwrap();
    master.command(&["SET", "name", "Ada"]).unwrap();
    eventually("the replica has it too", || {
        group.servers()[1].command(&["EXISTS", "name"]).unwrap().integer() == Some(1)
    });

    let promoted = group.fail_over().unwrap();
    assert_ne!(promoted.port(), master.port());
    assert_eq!(role(promoted), "master");
    assert_eq!(promoted.command(&["GET", "name"]).unwrap().text(), Some("Ada"));

    assert_eq!(group.fail_over().unwrap().port(), master.port());
}

#[test]
fn a_killed_master_is_replaced_and_returns_as_a_replica() {
    let group = RedisSentinel::start().unwrap();
    let killed = group.kill_master().unwrap();
    assert!(killed.command(&["PING"]).is_err());
    let promoted = group.promoted(killed).unwrap();
    assert_eq!(role(promoted), "master");
    assert_eq!(group.master().unwrap().port(), promoted.port());

    killed.restart().unwrap();
    group.settle().unwrap();
    // On a machine that is busy the sentinels may have replaced the other by now.
    let master = group.master().unwrap();
    let other = group.servers().iter().find(|server| server.port() != master.port()).unwrap();
    assert_eq!((role(master), role(other)), ("master".to_owned(), "slave".to_owned()));
}

#[test]
fn two_sentinels_are_enough() {
    let group = RedisSentinel::start().unwrap();
    group.sentinels()[0].kill().unwrap();
    let killed = group.kill_master().unwrap();
    assert_ne!(group.promoted(killed).unwrap().port(), killed.port());
}

/// As if nobody had ever told it otherwise.
#[test]
fn a_master_that_is_restarted_is_one_whoever_it_was_at_first() {
    let group = RedisSentinel::start().unwrap();
    let promoted = group.fail_over().unwrap();
    group.sentinels().iter().for_each(|sentinel| sentinel.kill().unwrap());
    promoted.kill().unwrap();
    promoted.restart().unwrap();
    assert_eq!(role(promoted), "master");
}
