//! What the one who leads does: it reads rows, tells the fleet, and only then removes them.
//!
//! - Rows are read by when they are due, and removed by their ids: that of a transaction that was long under way may be below
//!   those of others that are gone already. Their order means nothing, for what is dropped twice is dropped.
//! - A receipt that is deferred is none. The process has noted what it could not tell, but in its memory, and the row is there
//!   for when that is gone. So it stays.
//! - A part of a cluster may be away, and a batch is deferred if one of its rows is. So its rows are tried each by itself, and
//!   those that cannot be told now wait a while: they are in nobody's way.
//! - A row that cannot be read is set aside, for the same reason.

use std::time::Duration;

use larder::{AppName, DomainEvent, Error, Result, Touched};
use tokio::task::JoinSet;

use super::work::{Record, within};
use crate::database::{Row, Session};
use crate::voice::Voice;

/// As many rows as are announced at once.
const MOST: i64 = 256;

/// How long a row waits that could not be told.
const POSTPONED: Duration = Duration::from_secs(1);

/// What a round has come to.
pub(crate) enum Outcome {
    /// There may be more that is due.
    More,
    /// Nothing is due, and this is when something will be.
    Done(Option<Duration>),
    /// Nothing of what is due could be told.
    Deferred,
}

/// The one who leads.
pub(crate) struct Leader<'a, S> {
    pub(crate) session: &'a mut S,
    pub(crate) voice: &'a Voice,
    pub(crate) app: &'a AppName,
    pub(crate) record: &'a Record,
}

/// A row that could be read.
struct Announcement {
    id: i64,
    touched: Touched,
    is_repeated: bool,
    is_repetition: bool,
}

/// Several of them, as one event.
struct Batch<'a>(&'a [Announcement]);

impl DomainEvent for Batch<'_> {
    fn touches(&self, touched: &mut Touched) {
        self.0.iter().for_each(|announcement| announcement.touched.touches(touched));
    }
}

impl<S: Session> Leader<'_, S> {
    pub(crate) async fn round(&mut self) -> Result<Outcome> {
        let rows = within(self.session.due(MOST)).await?;
        if rows.is_empty() {
            return within(self.session.next()).await.map(Outcome::Done);
        }
        let announcements = self.read(rows).await?;
        if self.is_told(&announcements).await? {
            self.settle(&announcements).await?;
            self.record.defer(false);
            return Ok(Outcome::More);
        }
        self.tell_one_by_one(announcements).await
    }

    /// Reads the rows, and sets aside those that cannot be read.
    async fn read(&mut self, rows: Vec<Row>) -> Result<Vec<Announcement>> {
        let mut announcements = Vec::with_capacity(rows.len());
        for Row { id, touched, is_repeated, is_repetition } in rows {
            match Touched::from_text(self.app, &touched) {
                Ok(touched) => announcements.push(Announcement { id, touched, is_repeated, is_repetition }),
                Err(error) => self.set_aside(id, &error).await?,
            }
        }
        Ok(announcements)
    }

    async fn set_aside(&mut self, row: i64, error: &Error) -> Result<()> {
        tracing::error!(app = %self.app, row, %error, "a row of the outbox cannot be announced, and is set aside");
        within(self.session.set_aside(row, &error.to_string())).await
    }

    /// Whether the shared tier was told of all of them.
    async fn is_told(&mut self, announcements: &[Announcement]) -> Result<bool> {
        let receipt = self.voice.announce(&Batch(announcements)).await?;
        Ok(!receipt.is_deferred())
    }

    async fn settle(&mut self, announcements: &[Announcement]) -> Result<()> {
        let ids = |is_repeated| {
            let those = announcements.iter().filter(move |one| one.is_repeated == is_repeated);
            those.map(|one| one.id).collect::<Vec<_>>()
        };
        within(self.session.settle(&ids(false), &ids(true))).await?;
        let repetitions = announcements.iter().filter(|one| one.is_repetition).count();
        self.record.handled(announcements.len() - repetitions, repetitions);
        Ok(())
    }

    /// Tells them each by itself, all at once: it takes as long as one that cannot be told.
    async fn tell_one_by_one(&mut self, announcements: Vec<Announcement>) -> Result<Outcome> {
        let mut trials = JoinSet::new();
        for announcement in announcements {
            let voice = self.voice.clone();
            trials.spawn(async move { (voice.announce(&announcement.touched).await, announcement) });
        }
        let (mut told, mut deferred) = (Vec::new(), Vec::new());
        while let Some(trial) = trials.join_next().await {
            // It can only have panicked, and then it is tried again.
            let Ok((receipt, announcement)) = trial else { continue };
            let is_told = !receipt?.is_deferred();
            if is_told { told.push(announcement) } else { deferred.push(announcement.id) }
        }
        self.settle(&told).await?;
        within(self.session.postpone(&deferred, POSTPONED)).await?;
        self.record.defer(!deferred.is_empty());
        Ok(if told.is_empty() { Outcome::Deferred } else { Outcome::More })
    }
}
