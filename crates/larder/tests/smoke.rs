use larder::memory::MemoryServer;
use larder::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[tokio::test]
async fn one_node() {
    let larder = Larder::builder("test.shop").embedded().build().await.unwrap();
    assert!(larder.is_in_sync());
    let users: Cache<u64, String> = larder.cache("user").build().unwrap();
    println!("{}", users.configuration());
    let hit = users.get_or_load(&7_u64, |_| async { Ok::<_, Error>("Ada".to_owned()) }).await.unwrap();
    assert_eq!(hit.tier(), Tier::Origin);
    let hit = users.get(&7_u64).await.unwrap().unwrap();
    assert_eq!((hit.as_str(), hit.tier()), ("Ada", Tier::Local));
    println!("{}", users.explain(&7_u64).await.unwrap());
    let hit = users.reading().skip_local().get(&7_u64).await.unwrap().unwrap();
    assert_eq!((hit.as_str(), hit.tier()), ("Ada", Tier::Remote));
    let receipt = users.invalidate(&7_u64).await.unwrap();
    println!("{receipt}");
    assert!(users.get(&7_u64).await.unwrap().is_none());
    println!("{}", users.explain(&7_u64).await.unwrap());
    assert!(larder.shut_down().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes() {
    let server = MemoryServer::new(Clock::default());
    let loads = Arc::new(AtomicUsize::new(0));
    let mut caches = Vec::new();
    let mut larders = Vec::new();
    for _ in 0..4 {
        let larder = Larder::builder("test.shop").embedded_on(&server).build().await.unwrap();
        let users: Cache<u64, String> = larder.cache("user").build().unwrap();
        caches.push(users);
        larders.push(larder);
    }
    let began = std::time::Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for cache in &caches {
        for _ in 0..1000 {
            let (cache, loads) = (cache.clone(), loads.clone());
            tasks.spawn(async move {
                cache
                    .get_or_load(&7_u64, move |_| async move {
                        loads.fetch_add(1, Ordering::SeqCst);
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        Ok::<_, Error>("Ada".to_owned())
                    })
                    .await
                    .unwrap()
            });
        }
    }
    while let Some(hit) = tasks.join_next().await {
        assert_eq!(*hit.unwrap(), "Ada");
    }
    println!("{:?}", began.elapsed());
    assert_eq!(loads.load(Ordering::SeqCst), 1);
    let _ = caches[0].invalidate(&7_u64).await.unwrap();
    assert!(caches[0].get(&7_u64).await.unwrap().is_none());
    tokio::time::sleep(Duration::from_millis(20)).await;
    for c in &caches {
        assert!(c.get(&7_u64).await.unwrap().is_none());
    }
    let hits = caches[1].get_many_or_load(&[1_u64, 2, 3], |ids| async move { Ok::<_, Error>(ids.into_iter().map(|i| (i, format!("u{i}"))).collect::<Vec<_>>()) }).await.unwrap();
    println!("{hits:?}");
}
