//! The servers, and two instances in front of them.

use std::path::PathBuf;
use std::time::Duration;

use larder::{Answer, Cache, Larder, Version};
use larder_outbox::{Outbox, Relay, RunningRelay};
use larder_queue::{Batch, WriteBehind};
use larder_testkit::postgres::PostgresServer;
use larder_testkit::redis::RedisServer;
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Postgres, query, query_as, query_scalar, raw_sql};
use tokio::time::{Instant, sleep};

use super::pattern::PATTERNS;
use super::{Failure, Pattern};

pub(crate) const ROWS: usize = 1_000;
pub(crate) const APP: &str = "bench.shop";

/// How long anything may take on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(20);

/// One process, as far as the fleet can tell.
pub(crate) struct Instance {
    pub(crate) larder: Larder,
    caches: Vec<Cache<i64, i64>>,
}

/// Everything there is.
pub(crate) struct Stage {
    /// The instance that writes, and the one that wants to know.
    pub(crate) ours: Instance,
    pub(crate) theirs: Instance,
    /// One connection for all that writers say, so that it can be told from what others say.
    pub(crate) writer: PgPool,
    /// For loaders and for the sink.
    pub(crate) others: PgPool,
    /// For looking on.
    pub(crate) watcher: PgPool,
    pub(crate) outbox: Outbox<Postgres>,
    pub(crate) queue: WriteBehind<i64, i64>,
    relay: RunningRelay<Postgres>,
    folder: PathBuf,
    pub(crate) postgres: PostgresServer,
    pub(crate) redis: RedisServer,
}

impl Stage {
    pub(crate) async fn start(settings: &[&str]) -> Result<Self, Failure> {
        let (postgres, redis) = (PostgresServer::with(settings)?, RedisServer::start()?);
        let connect = async |most| PgPoolOptions::new().max_connections(most).connect(&postgres.url()).await;
        let (writer, others, watcher) = (connect(1).await?, connect(4).await?, connect(1).await?);
        let outbox = Outbox::postgres(writer.clone(), APP)?;
        outbox.migrate().await?;
        make_rows(&watcher).await?;
        let ours = Instance::start(&redis, &others).await?;
        let theirs = Instance::start(&redis, &others).await?;
        let relay = Relay::new(&outbox, &theirs.larder)?.spawn();
        let folder = std::env::temp_dir().join(format!("larder-writepatterns-{}", std::process::id()));
        let queue = queue(&folder, &ours, &others).await?;
        let stage =
            Self { ours, theirs, writer, others, watcher, outbox, queue, relay, folder, postgres, redis };
        until("a relay leads", async || Ok(stage.relay.is_leader())).await?;
        Ok(stage)
    }

    /// Waits until nothing is left to do of what was written.
    pub(crate) async fn settle(&self) -> Result<(), Failure> {
        until("all is written and told", async || {
            let rows: i64 =
                query_scalar("SELECT count(*) FROM larder_outbox").fetch_one(&self.watcher).await?;
            Ok(rows == 0 && self.queue.stats().pending == 0)
        })
        .await
    }

    /// Has the database log each statement from now on.
    pub(crate) async fn log_statements(&self) -> Result<(), Failure> {
        raw_sql("ALTER SYSTEM SET log_statement = 'all'").execute(&self.watcher).await?;
        raw_sql("SELECT pg_reload_conf()").execute(&self.watcher).await?;
        until("the writer's connection heard of it", async || {
            let set: String = query_scalar("SHOW log_statement").fetch_one(&self.writer).await?;
            Ok(set == "all")
        })
        .await
    }

    pub(crate) async fn end(self) -> Result<(), Failure> {
        self.queue.shut_down(PATIENCE).await?;
        self.relay.stop().await;
        self.ours.larder.shut_down().await;
        self.theirs.larder.shut_down().await;
        std::fs::remove_dir_all(self.folder)?;
        Ok(())
    }
}

impl Instance {
    async fn start(redis: &RedisServer, others: &PgPool) -> Result<Self, Failure> {
        let larder = Larder::builder(APP).redis(redis.url()).require_upstream().build().await?;
        let cache = |pattern: Pattern| {
            let pool = others.clone();
            larder.cache(pattern.cache()).loader(move |id| load(pool.clone(), id)).build()
        };
        let caches = PATTERNS.into_iter().map(cache).collect::<larder::Result<_>>()?;
        until("it is in sync", async || Ok(larder.is_in_sync())).await?;
        Ok(Self { larder, caches })
    }

    /// The cache of this way, and of no other.
    pub(crate) fn cache(&self, pattern: Pattern) -> &Cache<i64, i64> {
        self.caches.get(pattern as usize).expect("each way has its cache")
    }
}

/// What the database has: a number, and its version.
pub(crate) async fn select(pool: &PgPool, id: i64) -> Result<(i64, i64), Failure> {
    let read = query_as("SELECT number, version FROM numbers WHERE id = $1").bind(id);
    Ok(read.fetch_one(pool).await?)
}

/// The same, for a cache.
pub(crate) async fn load(pool: PgPool, id: i64) -> Result<Answer<i64>, Failure> {
    let (number, version) = select(&pool, id).await?;
    Ok(Answer::value(number).version(Version::new(version.try_into()?)))
}

async fn make_rows(pool: &PgPool) -> Result<(), Failure> {
    let schema =
        "CREATE TABLE numbers (id bigint PRIMARY KEY, number bigint NOT NULL, version bigint NOT NULL)";
    raw_sql(schema).execute(pool).await?;
    let rows = query("INSERT INTO numbers SELECT id, 0, 1 FROM generate_series(0, $1) AS id");
    rows.bind(i64::try_from(ROWS)?).execute(pool).await?;
    Ok(())
}

async fn queue(folder: &PathBuf, ours: &Instance, others: &PgPool) -> Result<WriteBehind<i64, i64>, Failure> {
    let pool = others.clone();
    let sink = move |batch| {
        let pool = pool.clone();
        async move { store(&pool, &batch).await }
    };
    let cache = ours.cache(Pattern::WriteBehind).clone();
    Ok(WriteBehind::open(folder).through(cache).build(sink).await?)
}

/// One statement for a batch of whatever size.
async fn store(pool: &PgPool, batch: &Batch<i64, i64>) -> Result<(), Failure> {
    let column = |of: fn(&larder_queue::Write<i64, i64>) -> i64| batch.iter().map(of).collect::<Vec<_>>();
    let update = query(
        "UPDATE numbers SET number = new.number, version = new.version \
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS new (id, number, version) \
         WHERE numbers.id = new.id AND numbers.version < new.version",
    );
    let update = update.bind(column(|write| *write.key())).bind(column(|write| *write.value()));
    let versions = column(|write| i64::try_from(write.version().get()).unwrap_or(i64::MAX));
    update.bind(versions).execute(pool).await?;
    Ok(())
}

/// Looks again and again.
pub(crate) async fn until(
    awaited: &str,
    look: impl AsyncFn() -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let began = Instant::now();
    while !look().await? {
        if began.elapsed() > PATIENCE {
            return Err(format!("waited in vain: {awaited}").into());
        }
        sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}
