//! An outbox in SQLite.
//!
//! There are no advisory locks. The one who leads has a lease, a row of a second table, and renews it.

mod statements;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use larder::Result;
use sqlx::pool::Pool;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row as _, Sqlite, query, query_scalar, raw_sql};
use tokio::time::{Instant, sleep};

use crate::backlog::{Backlog, Unreadable, milliseconds};
use crate::database::{Row, Rows, Sealed, Session, Statement, whole_milliseconds};
use crate::error::database;
pub(crate) use statements::{Lease, statements};

/// How long a lease lasts, and with it how long the others wait for a leader who is dead.
const LEASE: Duration = Duration::from_secs(2);

impl Sealed for Sqlite {
    type Session = SqliteSession;
    /// Nobody tells of a new row, and to look costs some ten microseconds.
    const POLL: Duration = Duration::from_millis(100);

    async fn migrate(pool: &Pool<Self>, rows: &Rows) -> Result<()> {
        raw_sql(rows.statements.schema.get())
            .execute(pool)
            .await
            .map(drop)
            .map_err(database("make the table"))
    }

    async fn write(
        connection: &mut SqliteConnection,
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
        let read =
            query(rows.statements.unreadable.get()).bind(rows.app.as_str()).try_map(|row: SqliteRow| {
                Ok(Unreadable { id: row.try_get(0)?, touched: text(&row, 1)?, reason: text(&row, 2)? })
            });
        read.fetch_all(pool).await.map_err(database("read what was set aside"))
    }

    async fn open(pool: &Pool<Self>, rows: Arc<Rows>) -> Result<SqliteSession> {
        let lease = Lease::new(&rows.table);
        let holder = format!("{:032x}", fastrand::u128(..));
        Ok(SqliteSession { pool: pool.clone(), rows, lease, holder, until: None })
    }
}

/// What is in a column, though it be no text at all: a table of SQLite takes anything.
fn text(row: &SqliteRow, column: usize) -> sqlx::Result<String> {
    row.try_get::<Vec<u8>, _>(column).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// A relay's share of its user's pool, which a database in memory cannot do without.
#[derive(Debug)]
pub struct SqliteSession {
    pool: Pool<Sqlite>,
    rows: Arc<Rows>,
    lease: Lease,
    /// The name of this relay, by chance.
    holder: String,
    /// When to renew the lease, if there is one.
    until: Option<Instant>,
}

impl SqliteSession {
    async fn change(&self, statement: &Statement, rows: &[i64], attempt: &'static str) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let change = query(statement.get()).bind(list(rows));
        change.execute(&self.pool).await.map(drop).map_err(database(attempt))
    }
}

fn announcement(row: &SqliteRow) -> sqlx::Result<Row> {
    let (is_repeated, is_repetition) = (row.try_get(2)?, row.try_get(3)?);
    Ok(Row { id: row.try_get(0)?, touched: text(row, 1)?, is_repeated, is_repetition })
}

impl Session for SqliteSession {
    async fn lead(&mut self) -> Result<bool> {
        // It writes to the disk, so not at every look.
        if self.until.is_some_and(|until| Instant::now() < until) {
            return Ok(true);
        }
        let until = Instant::now() + LEASE / 2;
        let take = query(self.lease.take.get())
            .bind(self.rows.app.as_str())
            .bind(&self.holder)
            .bind(whole_milliseconds(LEASE));
        let taken = take.execute(&self.pool).await.map_err(database("take the lease"))?;
        self.until = (taken.rows_affected() > 0).then_some(until);
        Ok(self.until.is_some())
    }

    async fn due(&mut self, most: i64) -> Result<Vec<Row>> {
        let read = query(self.rows.statements.due.get()).bind(self.rows.app.as_str()).bind(most);
        let rows = read.fetch_all(&self.pool).await.map_err(database("read what is due"))?;
        rows.iter().map(announcement).collect::<sqlx::Result<_>>().map_err(database("read what is due"))
    }

    async fn next(&mut self) -> Result<Option<Duration>> {
        let read = query_scalar(self.rows.statements.next.get()).bind(self.rows.app.as_str());
        read.fetch_one(&self.pool).await.map(milliseconds).map_err(database("read when the next is due"))
    }

    async fn settle(&mut self, remove: &[i64], repeat: &[i64]) -> Result<()> {
        self.change(&self.rows.statements.remove, remove, "remove rows").await?;
        self.change(&self.rows.statements.repeat, repeat, "settle rows").await
    }

    async fn postpone(&mut self, rows: &[i64], by: Duration) -> Result<()> {
        let postpone =
            query(self.rows.statements.postpone.get()).bind(list(rows)).bind(whole_milliseconds(by));
        postpone.execute(&self.pool).await.map(drop).map_err(database("postpone rows"))
    }

    async fn set_aside(&mut self, row: i64, reason: &str) -> Result<()> {
        let set = query(self.rows.statements.set_aside.get()).bind(row).bind(reason);
        set.execute(&self.pool).await.map(drop).map_err(database("set a row aside"))
    }

    async fn take_back(&mut self) -> Result<()> {
        let take = query(self.rows.statements.take_back.get()).bind(self.rows.app.as_str());
        take.execute(&self.pool).await.map(drop).map_err(database("take rows back"))
    }

    async fn wait(&mut self, limit: Duration) -> Result<()> {
        sleep(limit).await;
        Ok(())
    }

    async fn step_down(self) -> Result<()> {
        let leave = query(self.lease.leave.get()).bind(self.rows.app.as_str()).bind(&self.holder);
        leave.execute(&self.pool).await.map(drop).map_err(database("let go of the lease"))
    }
}

/// Ids as JSON, which SQLite takes for a table.
fn list(rows: &[i64]) -> String {
    let mut list = String::from("[");
    for (index, row) in rows.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(list, "{comma}{row}").expect("a string takes all that is written");
    }
    list + "]"
}
