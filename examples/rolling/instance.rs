//! One instance of the service: it reads products, and changes some, until it is told to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use larder::codec::{Bincode, Envelope};
use larder::{Cache, Larder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Outcome;
use crate::build::Build;
use crate::clock::now;
use crate::counts::{Counts, Line};
use crate::database::Client;
use crate::pace::Pace;
use crate::product::{ProductV1, Sold};

pub(crate) const APP: &str = "prod.shop";

const READERS: usize = 4;
/// How long a reader thinks, in microseconds, at most: an instance has about 700 reads a second.
const THINKS: u64 = 10_000;
/// The time from one change to the next, in milliseconds, at most.
const CHANGES: u64 = 300;
/// One read in so many has its age told by the database.
const CHECKED: u64 = 8;

struct Service<V> {
    products: Cache<u64, V>,
    database: Mutex<Client>,
    counts: Counts,
    count: u64,
    is_over: AtomicBool,
}

/// Runs until the stage closes its end of the standard input, and ends in order: no read is given up.
pub(crate) async fn serve(build: &str, redis: &str, database: &str, pace: &str) -> Outcome<()> {
    let build = Build::named(build).ok_or("no such build")?;
    let pace = Pace::named(pace).ok_or("no such pace")?;
    let larder = Larder::builder(APP).redis(redis).build().await?;
    let outcome = if build == Build::Before {
        run(&larder, build, Envelope::<ProductV1>::new(Bincode), database, pace).await
    } else {
        run(&larder, build, build.envelope(), database, pace).await
    };
    larder.shut_down().await;
    outcome
}

async fn run<V: Sold + Serialize + DeserializeOwned>(
    larder: &Larder,
    build: Build,
    envelope: Envelope<V>,
    database: &str,
    pace: Pace,
) -> Outcome<()> {
    let rows = Arc::new(Mutex::new(Client::connect(database).await?));
    let products = larder
        .cache(build.cache())
        .time_to_live(pace.time_to_live)
        .refresh_ahead(0.7)
        .envelope(envelope)
        .loader(move |id: u64| {
            let rows = rows.clone();
            async move {
                let version = rows.lock().await.ask(&format!("read {id}")).await?;
                Ok::<_, std::io::Error>(V::of(id, version))
            }
        })
        .build()?;
    let service = Arc::new(Service {
        products,
        database: Mutex::new(Client::connect(database).await?),
        counts: Counts::default(),
        count: pace.products,
        is_over: AtomicBool::new(false),
    });
    service.work().await
}

impl<V: Sold> Service<V> {
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
