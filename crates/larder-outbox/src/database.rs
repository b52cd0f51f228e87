//! What an outbox needs of a database.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use larder::{AppName, Result};
use sqlx::AssertSqlSafe;
use sqlx::pool::Pool;

use crate::backlog::{Backlog, Unreadable};
use crate::table::Table;

/// A database that can have an outbox: `sqlx::Postgres` and `sqlx::Sqlite`, by the features of their names.
pub trait Database: Sealed {}

impl<D: Sealed> Database for D {}

/// A statement that was made from nothing but this crate's text and the name of a table.
#[derive(Clone, Debug)]
pub(crate) struct Statement(Arc<str>);

impl Statement {
    pub(crate) fn get(&self) -> AssertSqlSafe<Arc<str>> {
        AssertSqlSafe(self.0.clone())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Statement {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// Whose rows are meant, and the statements about them.
#[derive(Debug)]
pub struct Rows {
    pub(crate) app: AppName,
    pub(crate) table: Table,
    pub(crate) statements: Statements,
}

/// What is said to a database, each in its own dialect.
#[derive(Debug)]
pub(crate) struct Statements {
    /// Makes the table: the only one that is several.
    pub(crate) schema: Statement,
    /// Writes a row: app, text, milliseconds until it is announced again.
    pub(crate) write: Statement,
    /// Reads what is due: app, how many rows.
    pub(crate) due: Statement,
    /// Milliseconds until the next row is due: app.
    pub(crate) next: Statement,
    /// Removes rows: their ids.
    pub(crate) remove: Statement,
    /// Has rows announced again in their own time: their ids.
    pub(crate) repeat: Statement,
    /// Has rows wait: their ids, milliseconds.
    pub(crate) postpone: Statement,
    /// Sets a row aside: id, reason.
    pub(crate) set_aside: Statement,
    /// Takes back what was set aside: app.
    pub(crate) take_back: Statement,
    /// Counts: app.
    pub(crate) backlog: Statement,
    /// Reads what was set aside: app.
    pub(crate) unreadable: Statement,
}

/// Something to announce.
#[derive(Debug)]
pub struct Row {
    pub(crate) id: i64,
    pub(crate) touched: String,
    /// Whether it is to be announced once more after this.
    pub(crate) is_repeated: bool,
    /// Whether it was announced before.
    pub(crate) is_repetition: bool,
}

/// Only this crate knows how to keep an outbox in a database.
pub trait Sealed: sqlx::Database {
    /// A relay's own way to it.
    type Session: Session;
    /// How often a relay looks whether there is something to do, if nobody tells it.
    const POLL: Duration;

    fn migrate(pool: &Pool<Self>, rows: &Rows) -> impl Future<Output = Result<()>> + Send;

    fn write(
        connection: &mut Self::Connection,
        rows: &Rows,
        touched: &str,
        again_after: Option<i64>,
    ) -> impl Future<Output = Result<()>> + Send;

    fn backlog(pool: &Pool<Self>, rows: &Rows) -> impl Future<Output = Result<Backlog>> + Send;

    fn unreadable(pool: &Pool<Self>, rows: &Rows) -> impl Future<Output = Result<Vec<Unreadable>>> + Send;

    fn open(pool: &Pool<Self>, rows: Arc<Rows>) -> impl Future<Output = Result<Self::Session>> + Send;
}

/// A relay's own way to its database. After an error it is of no use any more.
pub trait Session: Send {
    /// Whether this relay is the one that announces, from now until the next call at least.
    fn lead(&mut self) -> impl Future<Output = Result<bool>> + Send;

    /// What is due, the longest due first.
    fn due(&mut self, most: i64) -> impl Future<Output = Result<Vec<Row>>> + Send;

    /// When the next row is due.
    fn next(&mut self) -> impl Future<Output = Result<Option<Duration>>> + Send;

    /// The fleet was told. Some rows are removed, others are to be announced again.
    fn settle(&mut self, remove: &[i64], repeat: &[i64]) -> impl Future<Output = Result<()>> + Send;

    /// Has rows wait.
    fn postpone(&mut self, rows: &[i64], by: Duration) -> impl Future<Output = Result<()>> + Send;

    fn set_aside(&mut self, row: i64, reason: &str) -> impl Future<Output = Result<()>> + Send;

    /// What was set aside is looked at again.
    fn take_back(&mut self) -> impl Future<Output = Result<()>> + Send;

    /// Waits until there may be something to do, and no longer than this.
    fn wait(&mut self, limit: Duration) -> impl Future<Output = Result<()>> + Send;

    /// Lets another relay lead at once.
    fn step_down(self) -> impl Future<Output = Result<()>> + Send;
}

/// For a database that counts time in whole milliseconds.
pub(crate) fn whole_milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
