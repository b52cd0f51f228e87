//! A write, in each of the ways.

use larder::{DomainEvent, Inserted, Receipt, Touched, Version};
use sqlx::{PgExecutor, query, query_scalar};
use tokio::time::Instant;

use super::stage::Stage;
use super::{Failure, Pattern};

/// When a write was what.
pub(crate) struct Written {
    pub(crate) began: Instant,
    /// When the database had it, if the writer was told that by itself.
    pub(crate) committed: Option<Instant>,
    pub(crate) answered: Instant,
}

/// A row has another number.
struct Changed(Pattern, i64);

impl DomainEvent for Changed {
    fn touches(&self, touched: &mut Touched) {
        touched.key(self.0.cache(), &self.1);
    }
}

impl Stage {
    pub(crate) async fn write(&self, pattern: Pattern, id: i64, number: i64) -> Result<Written, Failure> {
        let began = Instant::now();
        let committed = match pattern {
            Pattern::Database => Some(update(&self.writer, id, number).await?),
            Pattern::Transaction => Some(self.in_transaction(id, number).await?),
            Pattern::CacheAside | Pattern::ReadThrough => Some(self.aside(pattern, id, number).await?),
            Pattern::Guarded => Some(self.guarded(id, number).await?),
            Pattern::WriteThrough => Some(self.through(id, number).await?),
            Pattern::WriteBehind => {
                self.queue.put(&id, number).await?;
                None
            }
            Pattern::Outbox => Some(self.outbox(id, number).await?),
            Pattern::OutboxAtOnce => {
                self.outbox_at_once(id, number).await?;
                None
            }
        };
        Ok(Written { began, committed, answered: Instant::now() })
    }

    async fn in_transaction(&self, id: i64, number: i64) -> Result<Instant, Failure> {
        let mut transaction = self.writer.begin().await?;
        update(&mut *transaction, id, number).await?;
        transaction.commit().await?;
        Ok(Instant::now())
    }

    async fn aside(&self, pattern: Pattern, id: i64, number: i64) -> Result<Instant, Failure> {
        let committed = update(&self.writer, id, number).await?;
        told(&self.ours.cache(pattern).invalidate(&id).await?)?;
        Ok(committed)
    }

    async fn guarded(&self, id: i64, number: i64) -> Result<Instant, Failure> {
        let write = self.ours.cache(Pattern::Guarded).begin_write([&id]).await?;
        let committed = update(&self.writer, id, number).await?;
        told(&write.finish().await?)?;
        Ok(committed)
    }

    async fn through(&self, id: i64, number: i64) -> Result<Instant, Failure> {
        let update = "UPDATE numbers SET number = $2, version = version + 1 WHERE id = $1 RETURNING version";
        let version: i64 = query_scalar(update).bind(id).bind(number).fetch_one(&self.writer).await?;
        let (committed, version) = (Instant::now(), Version::new(version.try_into()?));
        match self.ours.cache(Pattern::WriteThrough).insert(&id, number, version).await? {
            Inserted::Stored(receipt) => told(&receipt)?,
            other => return Err(format!("it is not stored: {other:?}").into()),
        }
        Ok(committed)
    }

    async fn outbox(&self, id: i64, number: i64) -> Result<Instant, Failure> {
        let mut transaction = self.writer.begin().await?;
        update(&mut *transaction, id, number).await?;
        self.outbox.announce(&mut transaction, &Changed(Pattern::Outbox, id)).await?;
        transaction.commit().await?;
        Ok(Instant::now())
    }

    async fn outbox_at_once(&self, id: i64, number: i64) -> Result<(), Failure> {
        let mut transaction = self.writer.begin().await?;
        update(&mut *transaction, id, number).await?;
        let event = Changed(Pattern::OutboxAtOnce, id);
        let receipt = self.outbox.commit(transaction, &self.ours.larder, &event).await?;
        told(&receipt.ok_or("nobody could be told")?)
    }
}

async fn update(to: impl PgExecutor<'_>, id: i64, number: i64) -> Result<Instant, Failure> {
    let update = query("UPDATE numbers SET number = $2, version = version + 1 WHERE id = $1");
    let changed = update.bind(id).bind(number).execute(to).await?.rows_affected();
    if changed == 1 { Ok(Instant::now()) } else { Err(format!("there is no row {id}").into()) }
}

/// What is deferred has not been measured.
fn told(receipt: &Receipt) -> Result<(), Failure> {
    if receipt.is_deferred() { Err("the shared tier did not answer".into()) } else { Ok(()) }
}
