//! Versioned writes and invalidations, each with its place in a chain.

use bytes::Bytes;
use larder_core::{
    Announced, Chain, Error, ErrorKind, Frame, Invalidation, Key, Moment, Partition, Peek, Put, Result, Ttl,
    Version,
};

use super::State;
use crate::record::Record;

impl State {
    pub(crate) fn put(
        &mut self,
        key: &Key,
        version: Version,
        value: Bytes,
        ttl: Ttl,
        frame: &Frame,
    ) -> Result<Put> {
        self.check_app(key)?;
        let own = own_header(version, &value)?;
        let now = self.now();
        let record = self.data.records.get(key);
        if let Some(verdict) = record.and_then(|record| verdict(record, version, own, now)) {
            return Ok(verdict);
        }
        let is_guarded = record.is_some_and(|record| record.is_guarded(now));
        let end = now.after(ttl.as_duration());
        if is_guarded {
            // Its writer may have died before the write or after it, so the value may be older than what is in the
            // database. That it is at least this old is sure.
            self.check_room()?;
            self.data.records.remember(key, version, end, now);
            return Ok(Put::Outdated);
        }
        self.store(key, value, ttl, now)?;
        self.data.records.remember(key, version, end, now);
        Ok(Put::Stored(self.announce(Chain::Keys(key.hash().partition()), frame)))
    }

    pub(crate) fn invalidate(&mut self, what: &Invalidation<'_>, frame: &Frame) -> Result<Announced> {
        let chain = match *what {
            Invalidation::Keys(partition, keys, _)
            | Invalidation::Expire(partition, keys)
            | Invalidation::Guard(partition, keys, ..) => self.chain_of(partition, keys)?,
            Invalidation::Version(key, _) => {
                self.chain_of(key.hash().partition(), std::slice::from_ref(key))?
            }
            Invalidation::Tags(_) | Invalidation::Cache(_) | Invalidation::Everything => Chain::Tags,
            _ => return Err(Error::new(ErrorKind::Refused, "the server does not know this invalidation")),
        };
        self.drop_from_records(what);
        let announced = self.announce(chain, frame);
        let tags = &mut self.data.tags;
        match *what {
            Invalidation::Tags(hashes) => tags.stamp(hashes, announced.sequence),
            Invalidation::Cache(cache) => tags.clear(cache, announced.sequence),
            Invalidation::Everything => tags.clear_everything(announced.sequence),
            _ => {}
        }
        Ok(announced)
    }

    /// What an invalidation does to keys.
    fn drop_from_records(&mut self, what: &Invalidation<'_>) {
        let now = self.now();
        let records = &mut self.data.records;
        match *what {
            Invalidation::Keys(_, keys, guard) => {
                for key in keys {
                    records.invalidate(key);
                    if let (Some(guard), Some(record)) = (guard, records.get_mut(key)) {
                        record.end_guard(guard);
                    }
                }
            }
            Invalidation::Version(key, version) => {
                records.invalidate(key);
                if !version.is_none() {
                    records.remember(key, version, now.after(Ttl::MAX.as_duration()), now);
                }
            }
            Invalidation::Expire(_, keys) => {
                for key in keys {
                    // What has no place for the mark would be served as if nothing had been said.
                    if records.value(key, now).is_some_and(|value| Peek::into(value).is_none()) {
                        records.drop_value(key);
                    }
                    if let Some(record) = records.get_mut(key) {
                        record.end_lease();
                        record.mark_stale(now);
                    }
                }
            }
            Invalidation::Guard(_, keys, guard, ttl) => {
                for key in keys {
                    records.invalidate(key);
                    records.edit(key, now).begin_guard(guard, now.after(ttl.as_duration()), now);
                }
            }
            _ => {}
        }
    }

    /// Adds a link to a chain, and sends the notice if its kind is known.
    fn announce(&mut self, chain: Chain, frame: &Frame) -> Announced {
        let micros = self.micros();
        let (previous, sequence) = self.data.sequences.advance(chain, micros);
        let announced = Announced { previous, sequence, sent: matches!(frame, Frame::Plain(_)) };
        if let Frame::Plain(notice) = frame {
            self.publish(notice, announced);
        }
        announced
    }

    /// The chain of a partition, if all keys are of it and of this app.
    fn chain_of(&self, partition: Partition, keys: &[Key]) -> Result<Chain> {
        for key in keys {
            self.check_app(key)?;
            let of = key.hash().partition();
            if of != partition {
                return Err(Error::new(ErrorKind::Invalid, "the key is of another partition")
                    .with("partition", partition.index())
                    .with("key's partition", of.index()));
            }
        }
        Ok(Chain::Keys(partition))
    }
}

/// What a server reads of a value that is to be put.
fn own_header(version: Version, value: &[u8]) -> Result<Peek> {
    if version.is_none() {
        return Err(Error::new(ErrorKind::Invalid, "a value without a version cannot be put"));
    }
    Peek::into(value).ok_or_else(|| Error::new(ErrorKind::Invalid, "only an entry can be put"))
}

/// Why a version is not stored, if it is not.
fn verdict(record: &Record, version: Version, own: Peek, now: Moment) -> Option<Put> {
    let stored = record.value(now).and_then(|value| Peek::into(value));
    if stored.is_some_and(|stored| stored.is_newer_than(own)) {
        return Some(Put::Foreign);
    }
    let known = stored.map_or(Version::NONE, |stored| stored.version).max(record.highest(now));
    (known > version).then_some(Put::Outdated)
}
