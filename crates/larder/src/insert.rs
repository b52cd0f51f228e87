//! Versioned writes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use larder_core::{
    Error, ErrorKind, Key, Label, Lifetime, Lookup, Notice, Put, Refused, Result, Tags, Token, Version,
};
use tokio::time::timeout;

use crate::answer::{Answer, Content, Kept};
use crate::intent::{Intent, Step};
use crate::receipt::Receipt;
use crate::store::Store;
use crate::upstream::Upstream;

/// What became of a versioned write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub enum Inserted {
    /// It is stored, or will be as far as [the receipt](Receipt::is_deferred) says.
    Stored(Receipt),
    /// A newer version is there, or has been, and the write changed nothing.
    Outdated,
    /// A newer build's entry was there, which this one cannot write over. It was invalidated instead.
    Foreign(Receipt),
}

impl<V: Send + Sync + 'static> Store<V> {
    /// Stores a value in a version.
    pub(crate) async fn insert(
        self: Arc<Self>,
        key: Key,
        answer: Answer<V>,
        version: Version,
    ) -> Result<Inserted> {
        if version.is_none() {
            return Err(Error::new(ErrorKind::Invalid, "a value without a version cannot be inserted")
                .with("cache", &self.name));
        }
        let (value, label) = self.written(answer, version)?;
        let upstream = self.node.upstream.clone();
        match (upstream, &self.envelope) {
            (Some(upstream), Some(envelope)) if self.plan.tiers.has_remote() => {
                let sealed = envelope.seal(key.hash(), &label, value.as_ref())?;
                self.insert_remote(upstream, key, sealed, label).await
            }
            _ => self.insert_local(key, value, label).await,
        }
    }

    fn written(&self, answer: Answer<V>, version: Version) -> Result<(Option<V>, Label)> {
        if answer.wishes.kept() == Kept::Nowhere {
            return Err(Error::new(ErrorKind::Invalid, "a value that is not to be kept cannot be inserted")
                .with("cache", &self.name));
        }
        let value = match answer.content {
            Content::Value(value) => Some(value),
            Content::Missing => None,
            Content::NotModified => {
                return Err(
                    Error::new(ErrorKind::Invalid, "there is nothing to insert").with("cache", &self.name)
                );
            }
        };
        let usual = if value.is_some() { self.plan.lifetime } else { Lifetime::new(self.plan.negative_life) };
        let lifetime = self.plan.jitter.shorten(answer.wishes.lifetime(usual)?, fastrand::f64());
        let label = Label::new(lifetime)
            .birth(self.node.coherence.ledger.seen())
            .tags(Tags::new(answer.wishes.tags)?)
            .version(version)
            .made_at(self.node.clock.unix_millis());
        Ok((value, label))
    }

    /// Writes through the shared tier. No copy is left here: the next read fetches one, in its place in the order.
    async fn insert_remote(
        self: Arc<Self>,
        upstream: Upstream,
        key: Key,
        sealed: Bytes,
        label: Label,
    ) -> Result<Inserted> {
        self.node.coherence.shelves.evict(&[key.hash()]);
        let store = self.clone();
        self.node.in_task(async move { store.put(&upstream, key, sealed, label).await }).await
    }

    async fn put(&self, upstream: &Upstream, key: Key, sealed: Bytes, label: Label) -> Inserted {
        let (node, notice) = (&self.node, Notice::Keys(key.hash().partition(), vec![key.hash()]));
        let (version, life) = (label.version, label.lifetime.time_to_live());
        let supersede = [Intent::Supersede(key.clone(), version)];
        let put = async {
            let put = upstream.remote.put(&key, version, sealed, life, &upstream.frame(&notice)).await?;
            if let Put::Stored(announced) = put {
                upstream.announce(&notice, announced).await?;
            }
            Ok::<_, Error>(put)
        };
        let Some(pass) = node.circuit.enter() else {
            return Inserted::Stored(node.announce(supersede).await);
        };
        let now = node.clock.now();
        node.sends(&supersede, now);
        let put = node.wait_as_writer(put, Some(pass)).await;
        node.coherence.shelves.evict(&[key.hash()]);
        match put {
            Ok(Ok(Put::Stored(announced))) => {
                node.hear_of_step(&notice, announced, now);
                let token = Token::new(notice.chain(), announced.sequence);
                Inserted::Stored(Receipt::new([token], false))
            }
            Ok(Ok(Put::Outdated)) => Inserted::Outdated,
            Ok(Ok(Put::Foreign)) => Inserted::Foreign(node.announce(supersede).await),
            // What cannot be stored must not leave the old value there either.
            Ok(Err(_)) => Inserted::Stored(node.announce(supersede).await),
            // A server that has not answered is not waited for a second time.
            Err(_) => {
                node.defer(Step::Supersede(key, version));
                Inserted::Stored(Receipt::deferred())
            }
        }
    }

    /// Writes into this process's memory alone, and lets the others drop what they have.
    async fn insert_local(self: Arc<Self>, key: Key, value: Option<V>, label: Label) -> Result<Inserted> {
        if self.has_newer(&key, label.version) {
            return Ok(Inserted::Outdated);
        }
        if self.node.upstream.is_none() {
            return Ok(self.put_local(key, value, label, Receipt::default()));
        }
        let store = self.clone();
        let write = async move {
            let receipt = store.node.announce([Intent::Supersede(key.clone(), label.version)]).await;
            // Its own notice would take away what is put there before it comes back.
            let _late = timeout(store.node.patience.read, store.node.heard_of(&receipt)).await;
            store.put_local(key, value, label, receipt)
        };
        self.node.in_task(write).await
    }

    fn put_local(&self, key: Key, value: Option<V>, label: Label, receipt: Receipt) -> Inserted {
        if !self.plan.tiers.has_local() {
            return Inserted::Stored(receipt);
        }
        match self.shelf.put(self.copy(key, value, label, Duration::ZERO, self.shelf.now())) {
            Err(Refused::Outdated) => Inserted::Outdated,
            _ => Inserted::Stored(receipt),
        }
    }

    fn has_newer(&self, key: &Key, version: Version) -> bool {
        match self.shelf.find(key) {
            Lookup::Fresh(entry) | Lookup::Due(entry) | Lookup::Stale(entry) | Lookup::Suspect(entry) => {
                entry.version() > version
            }
            Lookup::Absent => false,
        }
    }
}
