//! Two environments, compared by how long what they store has left.

use std::time::Duration;

use larder::{Comparison, Larder};
use larder_testkit::redis::RedisServer;

const VALUES: u64 = 5_000;

/// An environment whose cache keeps values for so long, and nothing else.
async fn environment(app: &str, time_to_live: Duration) -> (RedisServer, Larder) {
    let server = RedisServer::start().unwrap();
    let larder = Larder::builder(app).redis(server.url()).require_upstream();
    // The machine may have other work.
    let larder = larder.read_budget(Duration::from_secs(5)).build().await.unwrap();
    let users = larder.cache::<u64, String>("user").time_to_live(time_to_live).build().unwrap();
    let load = |ids: Vec<u64>| async move {
        Ok::<_, std::io::Error>(ids.into_iter().map(|id| (id, format!("user {id}"))).collect::<Vec<_>>())
    };
    users.get_many_or_load(&(0..VALUES).collect::<Vec<_>>(), load).await.unwrap();
    (server, larder)
}

async fn compare(one: &Larder, other: &Larder) -> Comparison {
    let (mut here, mut there) = (one.survey("user").unwrap(), other.survey("user").unwrap());
    here.run(100_000).await.unwrap();
    there.run(100_000).await.unwrap();
    assert_eq!([here.lifetimes().counted(), there.lifetimes().counted()], [VALUES, VALUES]);
    here.lifetimes().compare(there.lifetimes())
}

#[tokio::test]
async fn a_time_to_live_that_differs_shows_and_the_same_one_does_not() {
    let hour = Duration::from_hours(1);
    let (_a, staging) = environment("staging.shop", hour).await;
    let (_b, production) = environment("prod.shop", hour).await;
    let (_c, moved) = environment("prod.shop", hour / 6).await;
    let alike = compare(&staging, &production).await;
    assert!(!alike.differs(), "{alike}");
    let differing = compare(&production, &moved).await;
    assert!(differing.differs() && differing.distance() > 0.999, "{differing}");
    let (_, here, there) = differing.rows()[2];
    let ratio = here.unwrap().as_secs_f64() / there.unwrap().as_secs_f64();
    assert!((5.0..7.0).contains(&ratio), "{differing}");
}
