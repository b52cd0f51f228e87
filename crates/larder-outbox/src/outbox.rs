//! The outbox, as writers see it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use larder::{AppName, DomainEvent, Receipt, Result, Touched};
use sqlx::Transaction;
use sqlx::pool::Pool;

use crate::backlog::{Backlog, Unreadable};
use crate::database::{Database, Rows, whole_milliseconds};
use crate::error::database;
use crate::table::Table;
use crate::voice::Voice;

/// The table, unless it is [named](Outbox::postgres_table).
const TABLE: &str = "larder_outbox";

/// A table of a database in which writers note, within their transactions, what the fleet has to be told.
///
/// Cloning it copies pointers. The page of the [crate](crate) shows it at work.
pub struct Outbox<D: Database> {
    pub(crate) pool: Pool<D>,
    pub(crate) rows: Arc<Rows>,
    again_after: Option<Duration>,
}

#[cfg(feature = "postgres")]
impl Outbox<sqlx::Postgres> {
    /// The outbox of an app in the table `larder_outbox` of a Postgres.
    ///
    /// # Errors
    ///
    /// If the app is not named [as it must be](AppName::new).
    pub fn postgres(pool: sqlx::PgPool, app: impl AsRef<str>) -> Result<Self> {
        Self::postgres_table(pool, app, TABLE)
    }

    /// The same in a table of another name, maybe with a schema: `billing.cache_outbox`.
    ///
    /// # Errors
    ///
    /// As [`postgres`](Self::postgres), and `Invalid` if a name is not made of lower-case letters, digits and underscores.
    pub fn postgres_table(pool: sqlx::PgPool, app: impl AsRef<str>, table: &str) -> Result<Self> {
        Self::new(pool, app.as_ref(), table, |table| crate::postgres::statements(table, true))
    }

    /// Tells no relay of a new row; they find it when they [look](crate::Relay::look_every) the next time.
    ///
    /// Telling is a `NOTIFY`, and Postgres commits such transactions one after the other. Only where a database commits
    /// thousands of them each second that begins to matter.
    #[must_use]
    pub fn silent(self) -> Self {
        let Rows { app, table, .. } = &*self.rows;
        let statements = crate::postgres::statements(table, false);
        let rows = Rows { app: app.clone(), table: table.clone(), statements };
        Self { rows: Arc::new(rows), ..self }
    }
}

#[cfg(feature = "sqlite")]
impl Outbox<sqlx::Sqlite> {
    /// The outbox of an app in the table `larder_outbox` of a SQLite.
    ///
    /// # Errors
    ///
    /// If the app is not named [as it must be](AppName::new).
    pub fn sqlite(pool: sqlx::SqlitePool, app: impl AsRef<str>) -> Result<Self> {
        Self::sqlite_table(pool, app, TABLE)
    }

    /// The same in a table of another name, maybe of an attached database: `billing.cache_outbox`.
    ///
    /// # Errors
    ///
    /// As [`sqlite`](Self::sqlite), and `Invalid` if a name is not made of lower-case letters, digits and underscores.
    pub fn sqlite_table(pool: sqlx::SqlitePool, app: impl AsRef<str>, table: &str) -> Result<Self> {
        Self::new(pool, app.as_ref(), table, crate::sqlite::statements)
    }
}

impl<D: Database> Outbox<D> {
    fn new(
        pool: Pool<D>,
        app: &str,
        table: &str,
        statements: impl FnOnce(&Table) -> crate::database::Statements,
    ) -> Result<Self> {
        let (app, table) = (AppName::new(app)?, Table::new(table)?);
        let rows = Rows { app, statements: statements(&table), table };
        Ok(Self { pool, rows: Arc::new(rows), again_after: None })
    }

    /// Has what is written from now on announced twice: at once, and so much later again. It is a row all the while, so
    /// that whoever leads then announces it.
    ///
    /// For loaders that read a replica of the database. One that lags behind gives them what was there before the write, and
    /// they keep it, although the fleet was told. The second announcement removes that. It has to come later than a replica
    /// ever lags; what is read from one that lags more stays for its time to live.
    #[must_use]
    pub fn again_after(self, delay: Duration) -> Self {
        Self { again_after: Some(delay), ..self }
    }

    /// The statements that make the table, for whoever keeps their own migrations.
    pub fn schema(&self) -> &str {
        self.rows.statements.schema.as_str()
    }

    /// Makes the table, unless there is one.
    ///
    /// # Errors
    ///
    /// `Unavailable` or `Refused`, with that of sqlx as its source.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the table may be there or not.
    pub async fn migrate(&self) -> Result<()> {
        D::migrate(&self.pool, &self.rows).await
    }

    /// Notes within a transaction what the fleet has to be told when it is committed. If it is rolled back, there was nothing.
    ///
    /// An event that touches nothing leaves no row.
    ///
    /// # Errors
    ///
    /// If what the event touches has no proper names; and `Unavailable` or `Refused` with that of sqlx as its source, as for
    /// any other statement of the transaction.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the transaction is to be rolled back.
    pub async fn announce(
        &self,
        connection: &mut D::Connection,
        event: &(impl DomainEvent + Sync),
    ) -> Result<()> {
        let touched = Touched::by(&self.rows.app, event);
        self.write(connection, &touched).await
    }

    /// Notes what the fleet has to be told, commits, and then tells it right away, without a detour by the relay. So the
    /// caller has a receipt, and its own process sees the write at once.
    ///
    /// - If it cannot be noted, the transaction is rolled back, and nobody is told.
    /// - If COMMIT fails, there was nothing; unless the answer to it was lost, and then the relay tells.
    /// - If this process dies after COMMIT, the relay tells.
    /// - If the shared tier cannot be reached, the receipt is [deferred](Receipt::is_deferred). This process tells it as soon
    ///   as it can, and so does the relay.
    /// - If this process's part of the fleet was shut down, there is no receipt, and the relay tells.
    ///
    /// The row stays for the relay in any case, which tells the same a moment later. That costs a second load if somebody has
    /// loaded the value in between.
    ///
    /// # Errors
    ///
    /// As [`announce`](Self::announce), `Invalid` if the voice is another app's, and those of COMMIT. None of what comes after
    /// COMMIT.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the transaction may have been committed. If it was, the relay tells.
    pub async fn commit(
        &self,
        mut transaction: Transaction<'_, D>,
        voice: impl Into<Voice>,
        event: &(impl DomainEvent + Sync),
    ) -> Result<Option<Receipt>> {
        let voice = voice.into().of(&self.rows.app)?;
        let touched = Touched::by(&self.rows.app, event);
        self.write(&mut transaction, &touched).await?;
        transaction.commit().await.map_err(database("commit"))?;
        Ok(voice.announce(&touched).await.ok())
    }

    /// Counts what lies in the outbox now, and how late it is. Any process can ask, whoever leads.
    ///
    /// # Errors
    ///
    /// `Unavailable` or `Refused`, with that of sqlx as its source.
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn backlog(&self) -> Result<Backlog> {
        D::backlog(&self.pool, &self.rows).await
    }

    /// The rows that nobody could read. They are in nobody's way, and nobody was told of them.
    ///
    /// Each new leader tries them again: one that a newer build has written is read as soon as a newer build leads. What
    /// nobody ever reads is to be removed by hand.
    ///
    /// # Errors
    ///
    /// As [`backlog`](Self::backlog).
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn unreadable(&self) -> Result<Vec<Unreadable>> {
        D::unreadable(&self.pool, &self.rows).await
    }

    async fn write(&self, connection: &mut D::Connection, touched: &Touched) -> Result<()> {
        let text = touched.to_text()?;
        if touched.is_empty() {
            return Ok(());
        }
        D::write(connection, &self.rows, &text, self.again_after.map(whole_milliseconds)).await
    }
}

impl<D: Database> Clone for Outbox<D> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), rows: self.rows.clone(), again_after: self.again_after }
    }
}

impl<D: Database> fmt::Debug for Outbox<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("app", &self.rows.app)
            .field("table", &self.rows.table.plain())
            .field("again_after", &self.again_after)
            .finish_non_exhaustive()
    }
}
