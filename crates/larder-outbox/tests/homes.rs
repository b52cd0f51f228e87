//! The databases that have an outbox, each for one test.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, process};

use larder_outbox::{Database, Outbox};
use larder_testkit::postgres::PostgresServer;
use sqlx::pool::Pool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Sqlite, SqlitePool, raw_sql};

use crate::rig::APP;

/// A database with an outbox.
pub(crate) trait Home: Sized {
    type D: Database;

    /// A new one, with the table.
    async fn start() -> Self;

    /// Where another process finds it.
    fn place(&self) -> String;

    /// The outbox at such a place.
    async fn find(place: &str) -> (Pool<Self::D>, Outbox<Self::D>);

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
    async fn connect(place: &str) -> SqlitePool {
        let options = SqliteConnectOptions::new()
            .filename(place)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        SqlitePoolOptions::new().max_connections(4).connect_with(options).await.unwrap()
    }
}

impl Home for OnSqlite {
    type D = Sqlite;

    async fn start() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("larder-outbox-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        let pool = Self::connect(folder.join("db").to_str().unwrap()).await;
        let outbox = Outbox::sqlite(pool.clone(), APP).unwrap();
        outbox.migrate().await.unwrap();
        Self { folder, pool, outbox }
    }

    fn place(&self) -> String {
        self.folder.join("db").to_str().unwrap().to_owned()
    }

    async fn find(place: &str) -> (SqlitePool, Outbox<Sqlite>) {
        let pool = Self::connect(place).await;
        (pool.clone(), Outbox::sqlite(pool, APP).unwrap())
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
