//! What is traced of loads and of calls of the shared tier.
use larder::{Error, ErrorKind};
use tracing::{Instrument, Level};

use super::recorder::{Seen, Spans};
use super::rig::{Broken, Origin, Rig, alone, kind_of, settle, store, users};

/// A key that nothing else could be taken for.
const KEY: &str = "mallory-4711";

/// What a span of a load says: cache, keys, outcome, and its error.
fn load(span: &Seen) -> [&str; 5] {
    ["cache", "keys", "outcome", "error.type", "otel.status_code"].map(|field| span.field(field))
}

fn check_loads(spans: &Spans, expected: &[[&str; 5]]) {
    let loads = spans.named("larder.load");
    assert_eq!(loads.iter().map(load).collect::<Vec<_>>(), expected);
    assert!(spans.all().iter().all(|span| span.level == Level::DEBUG));
    assert!(!spans.text().contains("mallory"), "{}", spans.text());
}

#[tokio::test(start_paused = true)]
async fn a_load_says_what_became_of_it_and_a_hit_says_nothing() {
    let users = alone().await;
    let (spans, _guard) = Spans::begin();
    let origin = Origin::new();
    users.get_or_load(KEY, origin.gives("Mal".to_owned())).await.unwrap();
    check_loads(&spans, &[["user", "1", "loaded", "", ""]]);
    let before = spans.all().len();
    users.get_or_load(KEY, origin.gives("never".to_owned())).await.unwrap();
    users.get(KEY).await.unwrap().unwrap();
    users.get_many([KEY]).await.unwrap();
    assert_eq!(spans.all().len(), before);
    let missing = users.get_or_load("mallory-nobody", origin.gives(None::<String>)).await;
    assert_eq!(kind_of(missing), ErrorKind::Missing);
    check_loads(&spans, &[["user", "1", "loaded", "", ""], ["user", "1", "missing", "", ""]]);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_fails_marks_its_span_even_if_something_stale_is_served() {
    let rig = Rig::new();
    let users = rig.users().await;
    let (spans, _guard) = Spans::begin();
    assert_eq!(kind_of(users.get_or_load("mallory-x", Origin::new().fails()).await), ErrorKind::Load);
    let failed = ["user", "1", "failed", "Load", "ERROR"];
    check_loads(&spans, &[failed]);
    store(&users, KEY, "Mal").await;
    let _receipt = users.expire(KEY).await.unwrap();
    settle().await;
    assert!(users.get_or_load(KEY, Origin::new().fails()).await.unwrap().is_stale());
    check_loads(&spans, &[failed, ["user", "1", "loaded", "", ""], failed]);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_aborted_marks_its_span() {
    let rig = Rig::new();
    let larder = rig.node().await;
    let users = users(&larder).build().unwrap();
    let (spans, _guard) = Spans::begin();
    let never = |_: String| std::future::pending::<Result<String, Broken>>();
    let reader = tokio::spawn(async move { users.get_or_load(KEY, never).await.map(drop) });
    settle().await;
    check_loads(&spans, &[["user", "1", "", "", ""]]);
    larder.shut_down().await;
    assert_eq!(kind_of(reader.await.unwrap()), ErrorKind::Closed);
    check_loads(&spans, &[["user", "1", "failed", "Closed", "ERROR"]]);
}

#[tokio::test(start_paused = true)]
async fn a_load_of_many_keys_is_one_span() {
    let users = alone().await;
    let (spans, _guard) = Spans::begin();
    let load = |keys: Vec<String>| async move {
        Ok::<_, Error>(keys.into_iter().map(|key| (key.clone(), key)).collect::<Vec<_>>())
    };
    users.get_many_or_load([KEY, "mallory-2", "mallory-3"], load).await.unwrap();
    let failing = |_: Vec<String>| async { Err::<Vec<(String, String)>, _>(Broken("origin")) };
    users.get_many_or_load(["mallory-4", "mallory-5"], failing).await.unwrap_err();
    check_loads(&spans, &[["user", "3", "loaded", "", ""], ["user", "2", "failed", "Load", "ERROR"]]);
}

#[tokio::test(start_paused = true)]
async fn a_load_is_a_part_of_what_its_caller_does() {
    let users = alone().await;
    let (spans, _guard) = Spans::begin();
    let request = tracing::info_span!(target: "larder::test", "request");
    users.get_or_load(KEY, Origin::new().gives("Mal".to_owned())).instrument(request).await.unwrap();
    let [load] = &spans.named("larder.load")[..] else { panic!("{}", spans.text()) };
    assert_eq!(spans.all()[load.parent.unwrap()].name, "request");
}

#[cfg(all(feature = "redis", unix))]
mod calls {
    use larder::redis::{Address, RedisRemote};
    use larder::{AppName, Cache, Larder};
    use larder_core::{Partition, Remote};
    use larder_testkit::redis::RedisServer;

    use super::*;

    async fn connected(url: &str) -> (Larder, Cache<String, String>) {
        let larder = Larder::builder("test.shop").redis(url).build().await.unwrap();
        let users = users(&larder).build().unwrap();
        (larder, users)
    }

    /// What a span of a call says: name, operation, script, and its error.
    fn call(span: &Seen) -> [&str; 5] {
        ["otel.name", "db.operation.name", "db.stored_procedure.name", "error.type", "otel.status_code"]
            .map(|field| span.field(field))
    }

    /// The calls that this one made, in their order: none of a background task.
    fn parts(spans: &Spans, parent: &str) -> Vec<Seen> {
        let all = spans.all();
        let is_part = |span: &&Seen| span.parent.is_some_and(|parent_of| all[parent_of].name == parent);
        let parts: Vec<Seen> = all.iter().filter(is_part).cloned().collect();
        for part in parts.iter().filter(|part| part.name == "larder.redis") {
            assert_eq!((part.field("otel.kind"), part.field("db.system.name")), ("client", "redis"));
        }
        assert!(all.iter().filter(|span| span.name != "request").all(|span| span.level == Level::DEBUG));
        assert!(!spans.text().contains("mallory"), "{}", spans.text());
        parts
    }

    #[tokio::test]
    async fn each_call_is_a_part_of_the_load_that_makes_it() {
        let server = RedisServer::start().expect("redis-server is installed");
        let (larder, users) = connected(&server.url()).await;
        let (spans, _guard) = Spans::begin();
        let request = tracing::info_span!(target: "larder::test", "request");
        users.get_or_load(KEY, Origin::new().gives("Mal".to_owned())).instrument(request).await.unwrap();
        let [read, load] = &parts(&spans, "request")[..] else { panic!("{}", spans.text()) };
        assert_eq!(call(read), ["GET", "GET", "", "", ""]);
        assert_eq!(read.field("db.operation.batch.size"), "");
        assert_eq!(load.field("outcome"), "loaded");
        let calls = parts(&spans, "larder.load");
        assert_eq!(
            calls.iter().map(call).collect::<Vec<_>>(),
            [["EVALSHA lease", "EVALSHA", "lease", "", ""], ["EVALSHA fill", "EVALSHA", "fill", "", ""]]
        );
        let _receipt = users.invalidate(KEY).await.unwrap();
        let mut sweep = larder.sweep("user").unwrap();
        while sweep.step().await.unwrap().is_some() {}
        parts(&spans, "larder.load");
    }

    #[tokio::test]
    async fn several_commands_at_once_are_a_batch_and_many_keys_of_one_are_none() {
        // Nobody is there, and what was to be sent is known all the same.
        let address: Address = "redis://127.0.0.1:1".parse().unwrap();
        let remote = RedisRemote::open(address, AppName::new("test.shop").unwrap());
        let (spans, _guard) = Spans::begin();
        remote.sequences().await.unwrap_err();
        remote.get(&[]).await.unwrap();
        remote.get_and_tags(&[]).await.unwrap_err();
        let [batch, many] = &spans.all()[..] else { panic!("{}", spans.text()) };
        assert_eq!(call(batch), ["PIPELINE GET", "PIPELINE GET", "", "Unavailable", "ERROR"]);
        assert_eq!(batch.field("db.operation.batch.size"), (Partition::all().count() + 1).to_string());
        assert_eq!(call(many), ["MGET", "MGET", "", "Unavailable", "ERROR"]);
        assert_eq!(many.field("db.operation.batch.size"), "");
    }

    #[tokio::test]
    async fn a_call_that_is_refused_says_what_the_server_called_it() {
        let server = RedisServer::start().expect("redis-server is installed");
        let (_larder, users) = connected(&server.url()).await;
        server.command(&["ACL", "SETUSER", "default", "-get"]).unwrap();
        let (spans, _guard) = Spans::begin();
        let request = tracing::info_span!(target: "larder::test", "request");
        users.get_or_load(KEY, Origin::new().gives("Mal".to_owned())).instrument(request).await.unwrap();
        let [read, ..] = &parts(&spans, "request")[..] else { panic!("{}", spans.text()) };
        assert_eq!(call(read), ["GET", "GET", "", "NOPERM", "ERROR"]);
        assert_eq!(read.field("db.response.status_code"), "NOPERM");
    }

    #[tokio::test]
    async fn a_call_that_is_given_up_is_marked_as_cancelled() {
        let server = RedisServer::start().expect("redis-server is installed");
        let (_larder, users) = connected(&server.url()).await;
        server.pause().unwrap();
        let (spans, _guard) = Spans::begin();
        let request = tracing::info_span!(target: "larder::test", "request");
        users.get_or_load(KEY, Origin::new().gives("Mal".to_owned())).instrument(request).await.unwrap();
        server.resume().unwrap();
        let [read, ..] = &parts(&spans, "request")[..] else { panic!("{}", spans.text()) };
        assert_eq!(call(read), ["GET", "GET", "", "cancelled", "ERROR"]);
    }
}
