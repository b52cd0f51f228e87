//! The databases that have an outbox, each for one test.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, process};

use larder_outbox::{Database, Outbox};
use larder_testkit::postgres::PostgresServer;
use sqlx::pool::Pool;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Sqlite, SqlitePool, query_scalar, raw_sql};

use crate::rig::{APP, until};

/// A database with an outbox.
pub(crate) trait Home: Sized {
    type D: Database;

    /// A new one, with the table.
    async fn start() -> Self;

    /// Where another process finds it.
    fn place(&self) -> String;

    /// The outbox at such a place.
    async fn find(place: &str) -> (Pool<Self::D>, Outbox<Self::D>);

    /// The same outbox by a pool of one connection: what comes next has that which somebody has left.
    async fn narrow(&self) -> (Pool<Self::D>, Outbox<Self::D>);

    /// Waits for as long as a relay leads that is gone.
    async fn lapse(&self);

    fn pool(&self) -> &Pool<Self::D>;

    fn outbox(&self) -> &Outbox<Self::D>;

    /// The same table for another app.
    fn outbox_of(&self, app: &str) -> Outbox<Self::D>;

    async fn execute(&self, statement: &str);
}

pub(crate) struct OnPostgres {
    pub(crate) server: PostgresServer,
    pub(crate) pool: PgPool,
    outbox: Outbox<Postgres>,
}

impl Home for OnPostgres {
    type D = Postgres;

    async fn start() -> Self {
        let server = PostgresServer::start().unwrap();
        let pool = PgPool::connect(&server.url()).await.unwrap();
        let outbox = Outbox::postgres(pool.clone(), APP).unwrap();
        outbox.migrate().await.unwrap();
        Self { server, pool, outbox }
    }

    fn place(&self) -> String {
        self.server.url()
    }

    async fn find(place: &str) -> (PgPool, Outbox<Postgres>) {
        let pool = PgPool::connect(place).await.unwrap();
        (pool.clone(), Outbox::postgres(pool, APP).unwrap())
    }

    async fn narrow(&self) -> (PgPool, Outbox<Postgres>) {
        let pool = PgPoolOptions::new().max_connections(1).connect(&self.server.url()).await.unwrap();
        (pool.clone(), Outbox::postgres(pool, APP).unwrap())
    }

    async fn lapse(&self) {
        until("the lock is free", async || {
            let held = query_scalar("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'");
            let held: i64 = held.fetch_one(&self.pool).await.unwrap();
            held == 0
        })
        .await;
    }

    fn pool(&self) -> &PgPool {
        &self.pool
    }

    fn outbox(&self) -> &Outbox<Postgres> {
        &self.outbox
    }

    fn outbox_of(&self, app: &str) -> Outbox<Postgres> {
        Outbox::postgres(self.pool.clone(), app).unwrap()
    }

    async fn execute(&self, statement: &str) {
        raw_sql(AssertSqlSafe(statement.to_owned())).execute(&self.pool).await.unwrap();
    }
}

pub(crate) struct OnSqlite {
    folder: PathBuf,
    pool: SqlitePool,
    outbox: Outbox<Sqlite>,
}

impl OnSqlite {
    async fn connect(place: &str, connections: u32) -> SqlitePool {
        let options = SqliteConnectOptions::new()
            .filename(place)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        SqlitePoolOptions::new().max_connections(connections).connect_with(options).await.unwrap()
    }
}

impl Home for OnSqlite {
    type D = Sqlite;

    async fn start() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("larder-outbox-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        let pool = Self::connect(folder.join("db").to_str().unwrap(), 4).await;
        let outbox = Outbox::sqlite(pool.clone(), APP).unwrap();
        outbox.migrate().await.unwrap();
        Self { folder, pool, outbox }
    }

    fn place(&self) -> String {
        self.folder.join("db").to_str().unwrap().to_owned()
    }

    async fn find(place: &str) -> (SqlitePool, Outbox<Sqlite>) {
        let pool = Self::connect(place, 4).await;
        (pool.clone(), Outbox::sqlite(pool, APP).unwrap())
    }

    async fn narrow(&self) -> (SqlitePool, Outbox<Sqlite>) {
        let pool = Self::connect(&self.place(), 1).await;
        (pool.clone(), Outbox::sqlite(pool, APP).unwrap())
    }

    /// Its lease is over at once: a test has no time to wait for that again and again.
    async fn lapse(&self) {
        self.execute("UPDATE larder_outbox_leader SET until = 0").await;
    }

    fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    fn outbox(&self) -> &Outbox<Sqlite> {
        &self.outbox
    }

    fn outbox_of(&self, app: &str) -> Outbox<Sqlite> {
        Outbox::sqlite(self.pool.clone(), app).unwrap()
    }

    async fn execute(&self, statement: &str) {
        raw_sql(AssertSqlSafe(statement.to_owned())).execute(&self.pool).await.unwrap();
    }
}

impl Drop for OnSqlite {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// The same claims on both.
macro_rules! on_both {
    ($($claim:ident),* $(,)?) => {
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                super::$claim::<crate::homes::OnPostgres>().await;
            })*
        }

        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                super::$claim::<crate::homes::OnSqlite>().await;
            })*
        }
    };
}
pub(crate) use on_both;
