//! What is published of what is counted.

mod recorder;

use larder::codec::{Bincode, Envelope, Old};
use larder::{BreakerState, CacheStats, ErrorKind, Health, Larder, Position, Schema, Stats, WarmStart};
use metrics::set_default_local_recorder;
use tokio::time::sleep;

use super::rig::{Origin, Rig, exact, kind_of, millis, secs, settle, users};
use recorder::Published;

/// One of each number that a cache has, by the name that it is to be published under.
fn of_cache(stats: &CacheStats) -> Vec<(String, f64)> {
    let reads = [
        ("local", stats.local_hits),
        ("remote", stats.remote_hits),
        ("stale", stats.stale_hits),
        ("loaded", stats.loaded),
        ("missing", stats.missing),
        ("miss", stats.misses),
        ("failed", stats.failed),
    ];
    let loads = [("loaded", stats.loads), ("failed", stats.load_errors), ("shed", stats.loads_shed)];
    let others = [
        ("early_refreshes_total", stats.early_refreshes),
        ("unsealed_total", stats.unsealed),
        ("degraded_total", stats.degraded),
        ("entries", stats.entries),
        ("weight", stats.weight),
        ("evictions_total", stats.evictions),
        ("load_seconds_count", stats.load_time.count()),
        ("remote_seconds_count", stats.remote_time.count()),
    ];
    let named = |name: &str, label: &str| format!("larder_{name}{{app=test.shop,cache=user{label}}}");
    let labelled = |name: &'static str, label: &'static str, values: &[(&'static str, u64)]| {
        let values = values.iter().map(|(of, value)| (named(name, &format!(",{label}={of}")), *value));
        values.collect::<Vec<_>>()
    };
    let mut values = labelled("reads_total", "outcome", &reads);
    values.extend(labelled("loads_total", "outcome", &loads));
    values.extend(labelled("refused_total", "reason", &stats.refused_by_reason));
    values.extend(labelled("unreadable_total", "reason", &stats.unreadable_by_reason));
    for reads in &stats.read_by_form {
        let schema = reads.form.schema().unwrap().number();
        let labels = format!(",format={},schema={schema},outcome=opened", reads.form.codec());
        values.push((named("read_forms_total", &labels), reads.count));
    }
    values.extend(others.map(|(name, value)| (named(name, ""), value)));
    let mut values: Vec<_> = values.into_iter().map(|(name, value)| (name, as_f64(value))).collect();
    values.push((named("load_seconds_sum", ""), stats.load_time.total().as_secs_f64()));
    values.push((named("remote_seconds_sum", ""), stats.remote_time.total().as_secs_f64()));
    values
}

/// The same of the process.
fn of_process(stats: &Stats, health: &Health) -> Vec<(String, f64)> {
    let state = |state| f64::from(u8::from(health.breaker.state == state));
    let lag = health.chains.iter().map(Position::lag).max().unwrap();
    let values = [
        ("steps_total", "", as_f64(stats.sent)),
        ("steps_deferred_total", "", as_f64(stats.deferred)),
        ("invalidations_heard_total", "", as_f64(stats.heard)),
        ("flushes_total", ",cause=gap", as_f64(stats.gaps)),
        ("flushes_total", ",cause=loss", as_f64(stats.losses)),
        ("breaker_opened_total", "", as_f64(stats.breaker_opened)),
        ("in_sync", "", f64::from(u8::from(health.is_in_sync))),
        ("probe_age_seconds", "", health.probe_age.unwrap().as_secs_f64()),
        ("trusted_seconds", "", health.trusted_for.unwrap().as_secs_f64()),
        ("deferred", "", as_f64(health.deferred as u64)),
        ("drift", "", as_f64(health.drift as u64)),
        ("breaker", ",state=closed", state(BreakerState::Closed)),
        ("breaker", ",state=open", state(BreakerState::Open)),
        ("breaker", ",state=probing", state(BreakerState::Probing)),
        ("breaker_age_seconds", "", health.breaker.age.as_secs_f64()),
        ("connections", ",purpose=data,state=up", 0.0),
        ("connections", ",purpose=data,state=down", 0.0),
        ("connections", ",purpose=bus,state=up", 0.0),
        ("connections", ",purpose=bus,state=down", 0.0),
        ("connections_made_total", ",purpose=data", 0.0),
        ("connections_made_total", ",purpose=bus", 0.0),
        ("chains_behind", "", as_f64(health.behind() as u64)),
        ("chain_lag_seconds", "", lag.as_secs_f64()),
    ];
    values.map(|(name, labels, value)| (format!("larder_{name}{{app=test.shop{labels}}}"), value)).to_vec()
}

fn as_f64(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// A node on which everything has happened that a test can bring about in a few lines.
async fn busy() -> (Larder, larder::Cache<String, String>) {
    let rig = Rig::unreliable();
    let larder = rig.node().await;
    let users = users(&larder).build().unwrap();
    let origin = Origin::new();
    for key in ["mallory", "mallory", "mallory 2"] {
        users.get_or_load(key, origin.takes(millis(10), Ok("Mal".to_owned()))).await.unwrap();
    }
    assert!(users.get("mallory 3").await.unwrap().is_none());
    assert!(users.reading().skip_local().get("mallory").await.unwrap().is_some());
    assert_eq!(kind_of(users.get_or_load("mallory 4", origin.fails()).await), ErrorKind::Load);
    let loading = users.get_or_load("mallory 5", origin.takes(secs(1), Ok("Mal".to_owned())));
    let invalidating = async {
        sleep(millis(500)).await;
        users.invalidate("mallory 5").await.unwrap()
    };
    let (loaded, _receipt) = tokio::join!(loading, invalidating);
    loaded.unwrap();
    settle().await;
    (larder, users)
}

#[tokio::test(start_paused = true)]
async fn every_number_is_published_and_nothing_else() {
    let (larder, users) = busy().await;
    let published = Published::default();
    let _guard = set_default_local_recorder(&published);
    larder.publish_metrics();
    let stats = users.stats();
    assert_eq!((stats.local_hits, stats.misses, stats.load_errors, stats.refused), (1, 1, 1, 1), "{stats}");
    assert_eq!(stats.read_by_form.len(), 1);
    let mut expected = of_cache(&stats);
    expected.extend(of_process(&larder.stats(), &larder.health()));
    for (name, value) in &expected {
        assert_eq!(published.value(name), Some(*value), "{name}");
    }
    let mut names = published.names();
    names.retain(|name| !name.contains("_bucket{"));
    assert_eq!(names.len(), expected.len(), "{names:#?}");
    assert!(!format!("{published:?}").contains("mallory"));
}

#[tokio::test(start_paused = true)]
async fn forms_that_differ_in_nothing_that_is_told_are_published_as_one() {
    let rig = Rig::new();
    let old = |shape| Old::<String>::with_schema(Bincode, Schema::from_parts(1, shape));
    for shape in [7, 8] {
        let envelope = Envelope::with_schema(Bincode, Schema::from_parts(1, shape));
        let users = users(&rig.node().await).envelope(envelope).build().unwrap();
        let key = format!("mallory {shape}");
        users.get_or_load(&key, Origin::new().gives("Mal".to_owned())).await.unwrap();
    }
    let larder = rig.node().await;
    let envelope = Envelope::new(Bincode).reads(old(7)).reads(old(8));
    let users = users(&larder).envelope(envelope).build().unwrap();
    for key in ["mallory 7", "mallory 8"] {
        assert!(users.get(key).await.unwrap().is_some());
    }
    let published = Published::default();
    let _guard = set_default_local_recorder(&published);
    larder.publish_metrics();
    let labels = "app=test.shop,cache=user,format=bincode,schema=1,outcome=upgraded";
    assert_eq!(published.value(&format!("larder_read_forms_total{{{labels}}}")), Some(2.0));
}

#[tokio::test(start_paused = true)]
async fn a_histogram_counts_in_each_bucket_what_took_no_longer() {
    let (larder, _users) = busy().await;
    let published = Published::default();
    let _guard = set_default_local_recorder(&published);
    larder.publish_metrics();
    let within = |le: &str| {
        published.value(&format!("larder_load_seconds_bucket{{app=test.shop,cache=user,le={le}}}")).unwrap()
    };
    // One fails at once, two take ten milliseconds and one takes a second.
    assert_eq!((within("0.000128"), within("0.008192"), within("0.016384")), (1.0, 1.0, 3.0));
    assert_eq!(
        (within("0.524288"), within("1.048576"), within("67.108864"), within("+Inf")),
        (3.0, 4.0, 4.0, 4.0)
    );
    let buckets =
        published.names().into_iter().filter(|name| name.starts_with("larder_load_seconds_bucket{"));
    assert_eq!(buckets.count(), 21);
}

#[tokio::test(start_paused = true)]
async fn all_that_is_published_is_described_once() {
    let (larder, _users) = busy().await;
    let published = Published::default();
    let _guard = set_default_local_recorder(&published);
    larder.publish_metrics();
    let mut described = published.described.lock().unwrap().clone();
    for name in published.names() {
        let name = name.split('{').next().unwrap().to_owned();
        assert!(described.contains(&name), "{name}");
    }
    published.forget();
    larder.publish_metrics();
    assert_eq!(*published.described.lock().unwrap(), described);
    described.sort_unstable();
    described.dedup();
    assert_eq!(published.described.lock().unwrap().len(), described.len());
}

#[tokio::test(start_paused = true)]
async fn who_wants_it_has_it_published_from_time_to_time_until_the_end() {
    let published = Published::default();
    let _guard = set_default_local_recorder(&published);
    let larder = Larder::builder("test.shop").embedded().metrics_every(secs(10)).build().await.unwrap();
    let is_published = || published.value("larder_in_sync{app=test.shop}").is_some();
    for _ in 0..3 {
        settle().await;
        assert!(is_published());
        published.forget();
        sleep(secs(9)).await;
        assert!(!is_published());
        sleep(millis(1_100)).await;
    }
    published.forget();
    assert!(larder.shut_down().await);
    sleep(secs(60)).await;
    assert!(!is_published());
    let never = Larder::builder("test.shop").metrics_every(secs(0)).build().await;
    assert_eq!(kind_of(never), ErrorKind::Invalid);
}

#[tokio::test(start_paused = true)]
async fn a_warm_start_is_published_by_caches_that_have_one() {
    let rig = Rig::new();
    let warm = async || {
        let larder = rig.node().await;
        let users = users(&larder).warm_start(WarmStart::default()).build().unwrap();
        let _cold = exact::<String, String>(&larder, "cold").build().unwrap();
        larder.ready().await;
        (larder, users)
    };
    let (old, users) = warm().await;
    for name in ["ada", "bob", "eve"] {
        users.get_or_load(name, Origin::new().gives(name.to_owned())).await.unwrap();
    }
    assert!(old.shut_down().await);
    let (new, users) = warm().await;
    let published = Published::default();
    let _guard = set_default_local_recorder(&published);
    new.publish_metrics();
    let warmth = users.stats().warmth.unwrap();
    let expected = [("wanted", warmth.wanted), ("found", warmth.found), ("kept", warmth.kept), ("loaded", 0)];
    for (of, keys) in expected {
        let name = format!("larder_warm_keys{{app=test.shop,cache=user,of={of}}}");
        assert_eq!(published.value(&name), Some(as_f64(keys)), "{name}");
    }
    assert_eq!(warmth.kept, 3);
    assert_eq!(published.value("larder_warm{app=test.shop,cache=user}"), Some(1.0));
    let took = published.value("larder_warm_seconds{app=test.shop,cache=user}");
    assert_eq!(took, Some(warmth.took.as_secs_f64()));
    assert!(!published.names().iter().any(|name| name.starts_with("larder_warm") && name.contains("cold")));
}
