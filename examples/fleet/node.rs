//! One process of the service: it reads products, changes some, and announces that it did.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder::{Cache, CacheKey, Cacheable, DomainEvent, Event, Larder, Observer, Tier, Touched};
use serde::{Deserialize, Serialize};
use shop::clock::now;
use shop::database::Client;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

#[derive(Clone, Copy, PartialEq, Eq, Hash, CacheKey)]
struct ProductId(u64);

#[derive(Clone, Debug, Serialize, Deserialize, Cacheable)]
struct Product {
    name: String,
    version: u64,
}

/// What happens in the domain, and what it touches.
struct ProductChanged {
    id: ProductId,
}

impl DomainEvent for ProductChanged {
    fn touches(&self, touched: &mut Touched) {
        touched.key("product", &self.id);
    }
}

const PRODUCTS: u64 = 300;
const READERS: usize = 8;

/// One read in so many has its answer checked by the database.
const CHECKED: u64 = 8;

/// What is counted, since the process was started.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    reads: AtomicU64,
    local: AtomicU64,
    remote: AtomicU64,
    loads: AtomicU64,
    errors: AtomicU64,
    flushes: AtomicU64,
    /// The slowest read since the last line, in microseconds.
    slowest: AtomicU64,
}

/// Counts how often something that was heard made copies suspect.
#[derive(Debug)]
struct Flushes(Arc<Counts>);

impl Observer for Flushes {
    fn observe(&self, event: &Event<'_>) {
        if matches!(event, Event::Flushed { .. }) {
            self.0.flushes.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[derive(Clone)]
struct Service {
    larder: Larder,
    products: Cache<ProductId, Product>,
    database: Arc<Mutex<Client>>,
    counts: Arc<Counts>,
}

/// Runs until the stage closes its end of the standard input.
pub(crate) async fn serve(redis: &str, database: &str) -> Result<(), Box<dyn Error>> {
    let counts = Arc::new(Counts::default());
    let larder = Larder::builder("prod.shop").redis(redis).observer(Flushes(counts.clone())).build().await?;
    let loader = Arc::new(Mutex::new(Client::connect(database).await?));
    let products = larder
        .cache("product")
        .time_to_live(Duration::from_secs(600))
        .loader(move |id: ProductId| {
            let loader = loader.clone();
            async move { find(&loader, id).await }
        })
        .build()?;
    let database = Arc::new(Mutex::new(Client::connect(database).await?));
    let service = Service { larder, products, database, counts };
    for _ in 0..READERS {
        tokio::spawn(service.clone().read());
    }
    tokio::spawn(service.clone().change());
    tokio::select! {
        () = service.tell() => {}
        () = hung_up() => {}
    }
    service.larder.shut_down().await;
    Ok(())
}

async fn find(database: &Mutex<Client>, id: ProductId) -> std::io::Result<Product> {
    let version = database.lock().await.ask(&format!("read {}", id.0)).await?;
    Ok(Product { name: format!("product {}", id.0), version })
}

impl Service {
    async fn read(self) {
        for number in 0_u64.. {
            // Some are asked for more often than others.
            let id = fastrand::u64(0..PRODUCTS).min(fastrand::u64(0..PRODUCTS));
            let (asked, began) = (now(), Instant::now());
            let answer = self.products.load(&ProductId(id)).await;
            let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.counts.slowest.fetch_max(took, Ordering::Relaxed);
            self.counts.reads.fetch_add(1, Ordering::Relaxed);
            match answer {
                Ok(product) => {
                    self.count(product.tier());
                    if number % CHECKED == 0 {
                        let given = format!("given {id} {} {}", product.version, asked.as_micros());
                        let _ = self.database.lock().await.ask(&given).await;
                    }
                }
                Err(_) => {
                    self.counts.errors.fetch_add(1, Ordering::Relaxed);
                }
            }
            sleep(Duration::from_micros(fastrand::u64(0..2_000))).await;
        }
    }

    fn count(&self, tier: Tier) {
        let counter = match tier {
            Tier::Local => &self.counts.local,
            Tier::Remote => &self.counts.remote,
            _ => &self.counts.loads,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    async fn change(self) {
        let mut deferred = Vec::new();
        loop {
            sleep(Duration::from_millis(fastrand::u64(5..40))).await;
            let id = ProductId(fastrand::u64(0..PRODUCTS));
            let Ok(version) = self.database.lock().await.ask(&format!("write {}", id.0)).await else {
                return;
            };
            // That was the COMMIT. Now the others may know.
            match self.larder.announce(&ProductChanged { id }).await {
                Ok(receipt) if !receipt.is_deferred() => self.told(id, version).await,
                _ => deferred.push((id, version)),
            }
            if self.larder.deferred() == 0 {
                for (id, version) in deferred.drain(..) {
                    self.told(id, version).await;
                }
            }
        }
    }

    async fn told(&self, id: ProductId, version: u64) {
        let _ = self.database.lock().await.ask(&format!("told {} {version}", id.0)).await;
    }

    /// Tells the stage how it goes, a line at a time.
    async fn tell(&self) {
        loop {
            let Counts { reads, local, remote, loads, errors, flushes, slowest } = &*self.counts;
            let counted =
                [reads, local, remote, loads, errors, flushes].map(|count| count.load(Ordering::Relaxed));
            let counted: Vec<String> = counted.iter().map(ToString::to_string).collect();
            println!(
                "{} {} {} {}",
                counted.join(" "),
                slowest.swap(0, Ordering::Relaxed),
                self.larder.deferred(),
                u8::from(self.larder.is_in_sync()),
            );
            sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Waits until the stage is gone, however it went.
async fn hung_up() {
    let wait = || std::io::stdin().read_line(&mut String::new());
    let _ = tokio::task::spawn_blocking(wait).await;
}
