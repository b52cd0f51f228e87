//! Who may load, and what a load stores.

use bytes::Bytes;
use larder_core::{
    Error, ErrorKind, Fill, Filled, Key, Lease, LeaseMode, LeaseReply, LeaseRequest, Moment, Peek, Result,
    Ttl, Version,
};

use super::{State, full};
use crate::record::{Held, Record, Until};
use crate::records::weight;

impl State {
    pub(crate) fn lease(&mut self, key: &Key, request: &LeaseRequest) -> Result<LeaseReply> {
        self.check_app(key)?;
        let now = self.now();
        let end = now.after(request.hold.as_duration());
        if let Some(record) = self.data.records.get_mut(key)
            && let Some(reply) = standing_in_the_way(record, request, end, now)?
        {
            return Ok(reply);
        }
        self.check_room()?;
        let held = Held { name: request.lease, birth: request.birth };
        self.data.records.edit(key, now).grant(held, end);
        Ok(LeaseReply::Granted)
    }

    pub(crate) fn renew(&mut self, key: &Key, lease: Lease, hold: Ttl) -> Result<bool> {
        let now = self.now();
        let Some(record) = self.held(key, lease, now)? else {
            return Ok(false);
        };
        record.set_lease_end(now.after(hold.as_duration()));
        Ok(true)
    }

    pub(crate) fn release(&mut self, key: &Key, lease: Lease) -> Result<()> {
        let now = self.now();
        if let Some(record) = self.held(key, lease, now)? {
            record.end_lease();
        }
        Ok(())
    }

    pub(crate) fn fill(&mut self, key: &Key, lease: Lease, content: Fill) -> Result<Filled> {
        let now = self.now();
        let Some(record) = self.held(key, lease, now)? else {
            return Ok(Filled::Overtaken);
        };
        let (value, ttl) = match content {
            Fill::Value(value, ttl) => (value, ttl),
            Fill::Header(header, ttl) => {
                let value = record.value(now).and_then(|there| with_header(there, &header));
                let Some(value) = value else {
                    record.end_lease();
                    return Ok(Filled::Vanished);
                };
                (value, ttl)
            }
            _ => return Err(Error::new(ErrorKind::Refused, "the server does not know this kind of fill")),
        };
        if is_outdated(record, &value, now) {
            record.end_lease();
            return Ok(Filled::Outdated);
        }
        self.store(key, value, ttl, now)?;
        Ok(Filled::Stored)
    }

    /// Stores a value, and ends the lease on its key.
    pub(super) fn store(&mut self, key: &Key, value: Bytes, ttl: Ttl, now: Moment) -> Result<()> {
        self.check_room()?;
        let capacity = self.settings.capacity();
        if weight(key, value.len()) > capacity {
            return Err(full().with("bytes", value.len()).with("capacity", capacity));
        }
        let value = Until { what: value, end: now.after(ttl.as_duration()) };
        let records = &mut self.data.records;
        records.store(key, value, capacity, now);
        if let Some(record) = records.get_mut(key) {
            record.end_lease();
        }
        Ok(())
    }

    /// The record of a key, if the lease on it goes by that name.
    fn held(&mut self, key: &Key, lease: Lease, now: Moment) -> Result<Option<&mut Record>> {
        self.check_app(key)?;
        Ok(self.data.records.get_mut(key).filter(|record| record.is_held_by(lease, now)))
    }
}

/// The answer to a request that needs no new lease.
fn standing_in_the_way(
    record: &mut Record,
    request: &LeaseRequest,
    end: Moment,
    now: Moment,
) -> Result<Option<LeaseReply>> {
    if record.is_guarded(now) {
        return Ok(Some(LeaseReply::Quarantined));
    }
    if let Some(value) = record.value(now)
        && is_answer(value, request)?
    {
        return Ok(Some(LeaseReply::Found(value.clone())));
    }
    let Some(lease) = record.lease(now) else {
        return Ok(None);
    };
    if lease.what.name == request.lease {
        // Asked again, since the answer was lost. Whoever asks counts from now on; what is left is never cut.
        record.set_lease_end(lease.end.max(end));
        return Ok(Some(LeaseReply::Granted));
    }
    let is_of_use = lease.what.birth >= request.need_birth;
    Ok(is_of_use.then(|| LeaseReply::Busy(remaining(lease.end, now))))
}

/// Whether a stored value makes the load needless.
fn is_answer(stored: &Bytes, request: &LeaseRequest) -> Result<bool> {
    let is_replaced = match &request.mode {
        LeaseMode::Miss => false,
        LeaseMode::Replace(_) => LeaseMode::replace(stored) == request.mode,
        LeaseMode::Any => true,
        _ => return Err(Error::new(ErrorKind::Refused, "the server does not know this mode of a lease")),
    };
    // Bytes that are no entry have no birth, and answer nothing.
    let is_current = Peek::into(stored).is_some_and(|peek| peek.birth >= request.need_birth);
    Ok(is_current && !is_replaced)
}

/// Whether a loaded value has a version, and a newer one is there or has been.
fn is_outdated(record: &Record, value: &Bytes, now: Moment) -> bool {
    let version = |stored: &Bytes| Peek::into(stored).map_or(Version::NONE, |peek| peek.version);
    let newest = record.value(now).map_or(Version::NONE, version).max(record.highest(now));
    !version(value).is_none() && version(value) < newest
}

/// Another header before what follows the one that is there.
fn with_header(stored: &Bytes, header: &Bytes) -> Option<Bytes> {
    Peek::into(stored)?;
    let payload = stored.get(header.len()..)?;
    Some([header, payload].concat().into())
}

/// What is left of a lease, rounded up, so that who waits for so long does not come too early.
fn remaining(end: Moment, now: Moment) -> Ttl {
    let millis = end.since(now).as_nanos().div_ceil(1_000_000);
    u32::try_from(millis).map_or(Ttl::MAX, |millis| Ttl::from_millis(millis).unwrap_or(Ttl::MIN))
}
