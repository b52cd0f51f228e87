//! What is kept under one key.

use bytes::Bytes;
use larder_core::{Guard, Lease, Moment, Peek, Sample, Sequence, Ttl, Version};

/// All that one key has, each part with an end of its own.
#[derive(Clone, Default)]
pub(crate) struct Record {
    value: Option<Until<Bytes>>,
    /// Who may fill.
    lease: Option<Until<Held>>,
    /// The guarded writes under way. While there is one, nobody is granted a lease and nothing is stored.
    guards: Vec<Until<Guard>>,
    /// The highest version that was ever put or named, which outlives the value.
    highest: Option<Until<Version>>,
}

/// A lease that was granted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) name: Lease,
    /// What its load knew of tag invalidations.
    pub(crate) birth: Sequence,
}

/// Something that ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until<T> {
    pub(crate) what: T,
    /// The first moment at which it is gone.
    pub(crate) end: Moment,
}

impl<T> Until<T> {
    fn is_alive(&self, now: Moment) -> bool {
        now < self.end
    }
}

impl Record {
    /// Puts a value in place of any other, which it returns.
    pub(crate) fn set_value(&mut self, value: Option<Until<Bytes>>) -> Option<Bytes> {
        std::mem::replace(&mut self.value, value).map(|until| until.what)
    }

    /// Whether there is a value, which may have ended.
    pub(crate) fn has_value(&self) -> bool {
        self.value.is_some()
    }

    /// Sets the stale mark of the value in place, so that it keeps its end.
    pub(crate) fn mark_stale(&mut self, now: Moment) {
        if let Some(value) = self.value.as_mut().filter(|value| value.is_alive(now)) {
            let mut marked = value.what.to_vec();
            if Peek::mark_stale(&mut marked) {
                value.what = marked.into();
            }
        }
    }

    /// Drops what has ended. Returns the value, if it has.
    pub(crate) fn drop_ended(&mut self, now: Moment) -> Option<Bytes> {
        self.lease = self.lease(now);
        self.guards.retain(|guard| guard.is_alive(now));
        self.highest = self.highest.filter(|highest| highest.is_alive(now));
        let ended = self.value.take_if(|value| !value.is_alive(now));
        ended.map(|value| value.what)
    }

    pub(crate) fn grant(&mut self, held: Held, end: Moment) {
        self.lease = Some(Until { what: held, end });
    }

    pub(crate) fn set_lease_end(&mut self, end: Moment) {
        if let Some(lease) = &mut self.lease {
            lease.end = end;
        }
    }

    pub(crate) fn end_lease(&mut self) {
        self.lease = None;
    }

    /// Lets a guard last until `end`, whether or not it is there already.
    pub(crate) fn begin_guard(&mut self, guard: Guard, end: Moment, now: Moment) {
        self.guards.retain(|other| other.is_alive(now) && other.what != guard);
        self.guards.push(Until { what: guard, end });
    }

    pub(crate) fn end_guard(&mut self, guard: Guard) {
        self.guards.retain(|other| other.what != guard);
    }

    /// Remembers a version until `end`, or a higher one, or one that is remembered for longer.
    pub(crate) fn remember(&mut self, version: Version, end: Moment, now: Moment) {
        let known = self.highest.filter(|known| known.is_alive(now));
        self.highest = Some(match known {
            Some(known) => Until { what: known.what.max(version), end: known.end.max(end) },
            None => Until { what: version, end },
        });
    }

    pub(crate) fn value(&self, now: Moment) -> Option<&Bytes> {
        self.value.as_ref().filter(|value| value.is_alive(now)).map(|value| &value.what)
    }

    /// The value as far as a survey looks at it.
    pub(crate) fn sample(&self, now: Moment) -> Option<Sample> {
        let value = self.value.as_ref().filter(|value| value.is_alive(now))?;
        let head = value.what.slice(..value.what.len().min(Sample::HEAD));
        let left = u32::try_from(value.end.since(now).as_millis()).unwrap_or(u32::MAX);
        Some(Sample::new(head, Some(Ttl::from_millis(left).unwrap_or(Ttl::MIN))))
    }

    pub(crate) fn lease(&self, now: Moment) -> Option<Until<Held>> {
        self.lease.filter(|lease| lease.is_alive(now))
    }

    pub(crate) fn is_held_by(&self, name: Lease, now: Moment) -> bool {
        self.lease(now).is_some_and(|lease| lease.what.name == name)
    }

    pub(crate) fn is_guarded(&self, now: Moment) -> bool {
        self.guards.iter().any(|guard| guard.is_alive(now))
    }

    /// The highest version that is remembered; [`Version::NONE`] if there is none.
    pub(crate) fn highest(&self, now: Moment) -> Version {
        self.highest.filter(|known| known.is_alive(now)).map_or(Version::NONE, |known| known.what)
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { value, lease, guards, highest } = self;
        value.is_none() && lease.is_none() && guards.is_empty() && highest.is_none()
    }
}
