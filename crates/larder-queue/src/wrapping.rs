//! Keys and values as bytes, and back: those of this build, and those of builds before it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use larder_codec::{Envelope, Unreadable};
use larder_core::{
    AppName, CacheKey, CacheName, Cacheable, Error, ErrorKind, Key, KeyHash, Label, Lifetime, Namespace,
    Result, Ttl,
};

use crate::settings::LARGEST;

/// Reads what an older build has written.
pub(crate) type Reader<K, V> = Box<dyn Fn(KeyHash, &[u8]) -> Result<(K, V), Unreadable> + Send + Sync>;

/// The key goes into the envelope with the value: its text, by which the queue knows it, cannot be turned back into it.
pub(crate) struct Wrapping<K, V> {
    namespace: Namespace,
    envelope: Envelope<(K, V)>,
    older: Vec<Reader<K, V>>,
}

/// A write on its way into the queue.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) text: Arc<str>,
    pub(crate) bytes: Bytes,
}

impl<K, V> Wrapping<K, V>
where
    K: CacheKey<Owned = K> + 'static,
    V: 'static,
{
    pub(crate) fn new(envelope: Envelope<(K, V)>, older: Vec<Reader<K, V>>) -> Self {
        // One folder is one queue, so one name will do for all.
        let (app, queue) = (AppName::new("local.queue"), CacheName::new("write-behind"));
        let name = "these are names like others";
        Self { namespace: Namespace::new(app.expect(name), queue.expect(name)), envelope, older }
    }

    /// The text that a key is known by.
    pub(crate) fn text<Q: CacheKey + ?Sized>(&self, key: &Q) -> Result<Arc<str>> {
        Ok(Key::new(&self.namespace, key)?.text().into())
    }

    pub(crate) fn seal(&self, pair: &(K, V)) -> Result<Sealed> {
        let key = Key::new(&self.namespace, &pair.0)?;
        let bytes = self.envelope.seal(key.hash(), &Label::new(Lifetime::new(Ttl::MAX)), Some(pair))?;
        if bytes.len() > LARGEST {
            return Err(Error::new(ErrorKind::TooLarge, "the value is larger than a queue can hold")
                .with("bytes", bytes.len())
                .with("limit", LARGEST));
        }
        Ok(Sealed { text: key.text().into(), bytes })
    }

    /// Reads what was sealed by this build, or by one whose values it can also read. What panics while it is read or brought up
    /// to date is unreadable too: it must not take along whoever reads.
    pub(crate) fn open(&self, text: &str, sealed: &[u8]) -> Result<(K, V), Unreadable> {
        let hash = self.namespace.hash(text.as_bytes());
        let open = || {
            let opened = self.envelope.open(hash, sealed);
            let opened = opened.and_then(|opened| opened.value.ok_or(Unreadable::Undecodable));
            opened.or_else(|why| self.older.iter().find_map(|read| read(hash, sealed).ok()).ok_or(why))
        };
        catch_unwind(AssertUnwindSafe(open)).unwrap_or(Err(Unreadable::Undecodable))
    }
}

/// A reader of what another type was written as.
pub(crate) fn reader<K, V, Old: Cacheable + 'static>(
    envelope: Envelope<Old>,
    upgrade: impl Fn(Old) -> (K, V) + Send + Sync + 'static,
) -> Reader<K, V> {
    Box::new(move |hash, sealed| {
        let opened = envelope.open(hash, sealed)?;
        opened.value.map(&upgrade).ok_or(Unreadable::Undecodable)
    })
}

impl<K, V> fmt::Debug for Wrapping<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wrapping").field("older", &self.older.len()).finish_non_exhaustive()
    }
}
