//! The deploy guard, on real servers.

use std::time::Duration;

use larder::redis::Address;
use larder::{Cache, Cause, DeployGuard, ErrorKind, Larder};
use larder_testkit::redis::{RedisCluster, RedisServer, Reply};
use tokio::time::{Instant, sleep};

use crate::acl;

const APP: &str = "test.shop";

async fn process(address: &Address, app: &str, guard: DeployGuard) -> Larder {
    let builder = Larder::builder(app).redis(address.clone()).require_upstream().deploy_guard(guard);
    // The machine may have other work.
    let patience = Duration::from_secs(5);
    builder.read_budget(patience).write_deadline(patience).build().await.unwrap()
}

/// Until whoever looks at it finds that a build of before has noted itself.
async fn until_noted(address: &Address) {
    let looking = process(address, APP, DeployGuard::Off).await;
    let began = Instant::now();
    while looking.drift().await.unwrap().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(20), "nothing was noted");
        sleep(Duration::from_millis(20)).await;
    }
}

/// A build runs; one of another type is refused, one of another name is told, and the same once more is welcome.
async fn is_on_guard(address: Address) {
    let old = process(&address, APP, DeployGuard::Warn).await;
    let _users: Cache<u64, String> = old.cache("user").build().unwrap();
    until_noted(&address).await;

    let new = process(&address, APP, DeployGuard::Refuse).await;
    let refused = new.cache::<u64, u32>("user").build().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused, "{refused}");
    let _users: Cache<u64, String> = new.cache("user").build().unwrap();
    assert!(new.drift().await.unwrap().is_empty());

    let renamed = process(&address, "test.shop-b", DeployGuard::Off).await;
    let _users: Cache<u64, String> = renamed.cache("user").build().unwrap();
    let drift = renamed.drift().await.unwrap();
    let other = Cause::AppRenamed { other: APP.parse().unwrap() };
    assert_eq!(drift.findings().iter().map(|finding| &finding.cause).collect::<Vec<_>>(), [&other]);
}

#[tokio::test]
async fn on_a_single_server() {
    let server = RedisServer::start().unwrap();
    is_on_guard(server.url().parse().unwrap()).await;
    let noted = ["larder:{pT}:test.shop~y", "larder:{pT}~a"];
    for key in noted {
        let Reply::Integer(left) = server.command(&["PTTL", key]).unwrap() else { panic!("no time") };
        assert!(left > 49 * 24 * 3_600_000, "{key} ends in {left} ms");
    }
}

#[tokio::test]
async fn on_a_cluster() {
    let cluster = RedisCluster::start().unwrap();
    is_on_guard(cluster.url().parse().unwrap()).await;
}

/// Who may not see other apps is warned of all but these; and what lies in a register is nobody's harm.
#[tokio::test]
async fn where_an_app_sees_its_own_keys_alone() {
    let narrow = format!("~larder:{{*}}:{APP}:* ~larder:{{*}}:{APP}~*");
    let server = RedisServer::secured([&*acl::rule(APP).replace("~larder:*", &narrow)]).unwrap();
    server.command(&["SET", "larder:{pT}:test.shop~y", "garbage"]).unwrap();
    let address: Address = server.url_for(APP, acl::PASSWORD).parse().unwrap();
    let old = process(&address, APP, DeployGuard::Warn).await;
    let _users: Cache<u64, String> = old.cache("user").build().unwrap();
    until_noted(&address).await;
    let new = process(&address, APP, DeployGuard::Off).await;
    let _users: Cache<u64, u32> = new.cache("user").build().unwrap();
    assert!(new.drift().await.unwrap().costs_hits());
}
