//! An outbox in Postgres.
//!
//! The one who leads holds an advisory lock. It belongs to a connection, and all that a relay says it says over that one
//! connection: a relay that has lost its lock without knowing has lost its way to the rows too.

mod statements;

use std::sync::Arc;
use std::time::Duration;

use larder::{Error, ErrorKind, Result};
use sqlx::pool::Pool;
use sqlx::postgres::{PgConnection, PgListener, PgPoolOptions, PgRow};
use sqlx::{Postgres, Row as _, query, query_scalar, raw_sql};
use tokio::time::timeout;

use crate::backlog::{Backlog, Unreadable, milliseconds};
use crate::database::{Row, Rows, Sealed, Session, whole_milliseconds};
use crate::error::database;
pub(crate) use statements::statements;

/// Where relays listen. What is said there is the table.
pub(crate) const CHANNEL: &str = "larder_outbox";

/// How long a connection may take to come about.
const TO_CONNECT: Duration = Duration::from_secs(5);

/// So that a server finds out within some ten seconds that a relay's machine is gone, and lets go of its lock.
const KEEPALIVE: &str =
    "SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3";

/// The lock of this table and app, as the database numbers it.
const LOCK: &str = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))";

impl Sealed for Postgres {
    type Session = PostgresSession;
    const POLL: Duration = Duration::from_secs(1);

    async fn migrate(pool: &Pool<Self>, rows: &Rows) -> Result<()> {
        let mut transaction = pool.begin().await.map_err(database("begin"))?;
        // Of several processes that start at once, each would find no table and make it.
        let lock = query("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))").bind(rows.table.plain());
        lock.execute(&mut *transaction).await.map_err(database("lock the schema"))?;
        let schema = raw_sql(rows.statements.schema.get());
        schema.execute(&mut *transaction).await.map_err(database("make the table"))?;
        transaction.commit().await.map_err(database("commit"))
    }

    async fn write(
        connection: &mut PgConnection,
        rows: &Rows,
        touched: &str,
        again_after: Option<i64>,
    ) -> Result<()> {
        let write =
            query(rows.statements.write.get()).bind(rows.app.as_str()).bind(touched).bind(again_after);
        write.execute(connection).await.map(drop).map_err(database("write a row"))
    }

    async fn backlog(pool: &Pool<Self>, rows: &Rows) -> Result<Backlog> {
        let count = query(rows.statements.backlog.get()).bind(rows.app.as_str());
        let row = count.fetch_one(pool).await.map_err(database("count"))?;
        let read = || Ok(Backlog::new(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?));
        read().map_err(database("count"))
    }

    async fn unreadable(pool: &Pool<Self>, rows: &Rows) -> Result<Vec<Unreadable>> {
        let read = query(rows.statements.unreadable.get()).bind(rows.app.as_str()).try_map(|row: PgRow| {
            Ok(Unreadable { id: row.try_get(0)?, touched: row.try_get(1)?, reason: row.try_get(2)? })
        });
        read.fetch_all(pool).await.map_err(database("read what was set aside"))
    }

    async fn open(pool: &Pool<Self>, rows: Arc<Rows>) -> Result<PostgresSession> {
        let options = (*pool.connect_options()).clone().application_name("larder-outbox");
        // One connection beside those of the user, whose pool may be exhausted just when something has to be told.
        let own = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let own = own.acquire_timeout(TO_CONNECT).connect_lazy_with(options);
        let mut listener = PgListener::connect_with(&own).await.map_err(database("connect"))?;
        listener.eager_reconnect(false);
        raw_sql(KEEPALIVE).execute(&mut listener).await.map_err(database("connect"))?;
        Ok(PostgresSession { listener, rows, is_leader: false })
    }
}

/// The connection of a relay.
#[derive(Debug)]
pub struct PostgresSession {
    listener: PgListener,
    rows: Arc<Rows>,
    is_leader: bool,
}

fn announcement(row: &PgRow) -> sqlx::Result<Row> {
    let (is_repeated, is_repetition) = (row.try_get(2)?, row.try_get(3)?);
    Ok(Row { id: row.try_get(0)?, touched: row.try_get(1)?, is_repeated, is_repetition })
}

impl Session for PostgresSession {
    async fn lead(&mut self) -> Result<bool> {
        if !self.is_leader {
            let name = format!("larder-outbox {} {}", self.rows.table.plain(), self.rows.app);
            let lock = query_scalar(LOCK).bind(name);
            self.is_leader = lock.fetch_one(&mut self.listener).await.map_err(database("take the lock"))?;
            if self.is_leader {
                // Before it looks for the first time: what is written from then on is told.
                self.listener.listen(CHANNEL).await.map_err(database("listen"))?;
            }
        }
        Ok(self.is_leader)
    }

    async fn due(&mut self, most: i64) -> Result<Vec<Row>> {
        let read = query(self.rows.statements.due.get()).bind(self.rows.app.as_str()).bind(most);
        let rows = read.fetch_all(&mut self.listener).await.map_err(database("read what is due"))?;
        rows.iter().map(announcement).collect::<sqlx::Result<_>>().map_err(database("read what is due"))
    }

    async fn next(&mut self) -> Result<Option<Duration>> {
        let read = query_scalar(self.rows.statements.next.get()).bind(self.rows.app.as_str());
        read.fetch_one(&mut self.listener)
            .await
            .map(milliseconds)
            .map_err(database("read when the next is due"))
    }

    async fn settle(&mut self, remove: &[i64], repeat: &[i64]) -> Result<()> {
        let statements = &self.rows.statements;
        for (statement, rows) in [(&statements.remove, remove), (&statements.repeat, repeat)] {
            if !rows.is_empty() {
                let settle = query(statement.get()).bind(rows);
                settle.execute(&mut self.listener).await.map_err(database("settle rows"))?;
            }
        }
        Ok(())
    }

    async fn postpone(&mut self, rows: &[i64], by: Duration) -> Result<()> {
        let postpone = query(self.rows.statements.postpone.get()).bind(rows).bind(whole_milliseconds(by));
        postpone.execute(&mut self.listener).await.map(drop).map_err(database("postpone rows"))
    }

    async fn set_aside(&mut self, row: i64, reason: &str) -> Result<()> {
        let set = query(self.rows.statements.set_aside.get()).bind(row).bind(reason);
        set.execute(&mut self.listener).await.map(drop).map_err(database("set a row aside"))
    }

    async fn take_back(&mut self) -> Result<()> {
        let take = query(self.rows.statements.take_back.get()).bind(self.rows.app.as_str());
        take.execute(&mut self.listener).await.map(drop).map_err(database("take rows back"))
    }

    async fn wait(&mut self, limit: Duration) -> Result<()> {
        match timeout(limit, self.listener.try_recv()).await {
            Err(_elapsed) => Ok(()),
            Ok(Ok(Some(_notification))) => {
                // One look is enough for all that was said.
                while self.listener.next_buffered().is_some() {}
                Ok(())
            }
            Ok(Ok(None)) => Err(Error::new(ErrorKind::Unavailable, "the connection of the relay is lost")),
            Ok(Err(error)) => Err(database("listen")(error)),
        }
    }

    async fn step_down(mut self) -> Result<()> {
        let unlock = query("SELECT pg_advisory_unlock_all()");
        unlock.execute(&mut self.listener).await.map(drop).map_err(database("let go of the lock"))
    }
}
