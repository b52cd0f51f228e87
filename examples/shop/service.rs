//! One instance of the service, of whichever build: it reads products, and changes some, until it is told to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use larder::codec::Envelope;
use larder::{Cache, Cacheable, Larder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Outcome;
use crate::clock::now;
use crate::counts::{Counts, Line};
use crate::database::Client;
use crate::pace::Pace;

/// The app of all builds.
pub const APP: &str = "prod.shop";

const READERS: usize = 4;
/// How long a reader thinks, in microseconds, at most: an instance has about 700 reads a second.
const THINKS: u64 = 10_000;
/// The time from one change to the next, in milliseconds, at most.
const CHANGES: u64 = 300;
/// One read in so many has its age told by the database.
const CHECKED: u64 = 8;

/// What an instance can make of a row, and recognise again: each product says what it is, and what it was when it was read.
pub trait Sold: Cacheable + Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// What the row of a product says.
    fn of(id: u64, version: u64) -> Self;
    /// Of which version of the row it was made.
    fn revision(&self) -> u64;
    /// Whether it could have been made of a row of this product.
    fn is_of(&self, id: u64) -> bool;
}

/// How a build stores its products.
#[derive(Debug)]
pub struct Stock<V: 'static> {
    /// The name of the cache.
    pub cache: &'static str,
    /// What it reads and writes.
    pub envelope: Envelope<V>,
}

/// Where an instance is, as the stage tells it.
#[derive(Debug)]
pub struct Place<'a> {
    /// The URL of the shared tier.
    pub redis: &'a str,
    /// Where the database listens.
    pub database: &'a str,
    /// How much there is to read.
    pub pace: Pace,
}

impl<'a> Place<'a> {
    /// From three words of a command line.
    pub fn read(words: &[&'a str]) -> Option<Self> {
        let [redis, database, pace] = *words else { return None };
        Some(Self { redis, database, pace: Pace::named(pace)? })
    }
}

/// Runs until the stage closes its end of the standard input, and ends in order: no read is given up.
pub async fn serve<V: Sold>(stock: Stock<V>, place: Place<'_>) -> Outcome<()> {
    let larder = Larder::builder(APP).redis(place.redis).build().await?;
    let outcome = match Service::open(&larder, stock, &place).await {
        Ok(service) => Arc::new(service).work().await,
        Err(error) => Err(error),
    };
    larder.shut_down().await;
    outcome
}

struct Service<V> {
    products: Cache<u64, V>,
    database: Mutex<Client>,
    counts: Counts,
    count: u64,
    is_over: AtomicBool,
}

impl<V: Sold> Service<V> {
    async fn open(larder: &Larder, stock: Stock<V>, place: &Place<'_>) -> Outcome<Self> {
        let rows = Arc::new(Mutex::new(Client::connect(place.database).await?));
        let products = larder
            .cache(stock.cache)
            .time_to_live(place.pace.time_to_live)
            .refresh_ahead(0.7)
            .envelope(stock.envelope)
            .loader(move |id: u64| {
                let rows = rows.clone();
                async move {
                    let version = rows.lock().await.ask(&format!("read {id}")).await?;
                    Ok::<_, std::io::Error>(V::of(id, version))
                }
            })
            .build()?;
        Ok(Self {
            products,
            database: Mutex::new(Client::connect(place.database).await?),
            counts: Counts::default(),
            count: place.pace.products,
            is_over: AtomicBool::new(false),
        })
    }

    async fn work(self: Arc<Self>) -> Outcome<()> {
        let mut tasks = JoinSet::new();
        for _ in 0..READERS {
            tasks.spawn(self.clone().read());
        }
        tasks.spawn(self.clone().change());
        tokio::select! {
            () = self.tell() => {}
            () = hung_up() => {}
        }
        self.is_over.store(true, Ordering::Relaxed);
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        println!("{}", self.line().write());
        Ok(())
    }

    fn line(&self) -> Line {
        self.counts.line(self.products.stats().unreadable)
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    async fn read(self: Arc<Self>) -> Outcome<()> {
        for number in 0_u64.. {
            if self.is_over() {
                break;
            }
            let (id, asked) = (fastrand::u64(0..self.count), now());
            match self.products.load(&id).await {
                Ok(product) => {
                    self.counts.answered(product.tier(), product.is_of(id));
                    if number % CHECKED == 0 {
                        let given = format!("given {id} {} {}", product.revision(), asked.as_micros());
                        self.database.lock().await.ask(&given).await?;
                    }
                }
                Err(_) => self.counts.failed(),
            }
            sleep(Duration::from_micros(fastrand::u64(0..THINKS))).await;
        }
        Ok(())
    }

    async fn change(self: Arc<Self>) -> Outcome<()> {
        while !self.is_over() {
            sleep(Duration::from_millis(fastrand::u64(0..CHANGES))).await;
            let id = fastrand::u64(0..self.count);
            let version = self.database.lock().await.ask(&format!("write {id}")).await?;
            // That was the COMMIT. Now the others may know.
            if !self.products.invalidate(&id).await?.is_deferred() {
                self.database.lock().await.ask(&format!("told {id} {version}")).await?;
            }
        }
        Ok(())
    }

    /// Tells the stage how it goes, a line at a time.
    async fn tell(&self) {
        loop {
            println!("{}", self.line().write());
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Waits until the stage wants it to end, or is gone.
async fn hung_up() {
    let wait = || std::io::stdin().read_line(&mut String::new());
    let _ = tokio::task::spawn_blocking(wait).await;
}
