//! Every tier's view of one key.

use std::fmt;
use std::time::Duration;

use larder_codec::Header;
use larder_core::{Chain, Key, Lookup, Sequence, Stamp};

use crate::route::Route;
use crate::store::{Found, Store};

/// What every tier has under a key, and why that is or is not served. Made by [`Cache::explain`](crate::Cache::explain).
///
/// It is displayed in several lines, and shows no value.
#[derive(Clone, Debug)]
pub struct Explanation {
    key: Key,
    local: String,
    remote: String,
    is_in_sync: bool,
    position: Option<Sequence>,
    tags: Sequence,
    floor: Stamp,
    is_loading: bool,
}

impl Explanation {
    /// What this process has.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// What the shared tier has.
    pub fn remote(&self) -> &str {
        &self.remote
    }

    /// Whether this process hears of all invalidations at present.
    pub fn is_in_sync(&self) -> bool {
        self.is_in_sync
    }

    /// Whether this process is loading the key.
    pub fn is_loading(&self) -> bool {
        self.is_loading
    }
}

impl<V: Send + Sync + 'static> Store<V> {
    pub(crate) async fn explain(&self, key: &Key) -> Explanation {
        let coherence = &self.node.coherence;
        let partition = key.hash().partition();
        Explanation {
            local: self.explain_local(key),
            remote: self.explain_remote(key).await,
            is_in_sync: coherence.is_in_sync(self.shelf.now()),
            position: coherence.chains.position(Chain::Keys(partition)),
            tags: coherence.ledger.known(),
            floor: coherence.fence.floor(partition),
            is_loading: self.flights.bearings_of(key).is_some(),
            key: key.clone(),
        }
    }

    fn explain_local(&self, key: &Key) -> String {
        if !self.plan.tiers.has_local() {
            return "not used by this cache".to_owned();
        }
        let (entry, judgement) = match self.shelf.find(key) {
            Lookup::Fresh(entry) => (entry, "served"),
            Lookup::Due(entry) => (entry, "served, and refreshed meanwhile if it is read with a loader"),
            Lookup::Stale(entry) => (entry, "past its fresh time, or expired: loaded anew by who reads it"),
            Lookup::Suspect(entry) => (entry, "may have been invalidated unheard: read anew by who reads it"),
            Lookup::Absent => return "nothing that could be served".to_owned(),
        };
        let now = self.shelf.now();
        let kind = if entry.value().is_some() { "a value" } else { "the knowledge that there is none" };
        let provisional = if entry.is_provisional() { ", kept only for the bound" } else { "" };
        let (age, left) = (round(entry.age(now)), round(entry.remaining(now)));
        format!("{kind}: {judgement} (age {age:?}, {left:?} left, {:?}{provisional})", entry.stamp())
    }

    async fn explain_remote(&self, key: &Key) -> String {
        let Some(remote) = self.remote(key, Route::of(self.plan.tiers)) else {
            let is_pending = self.node.recovery.doubts(key);
            let reason =
                if is_pending { "not used: an invalidation is pending" } else { "not used by this cache" };
            return reason.to_owned();
        };
        let asked = self.shelf.now();
        let stored = match self.ask(&**remote, std::slice::from_ref(key), asked, &mut self.budget()).await {
            Ok(mut stored) => stored.pop().flatten(),
            Err(error) => return format!("no answer: {error}"),
        };
        let Some(stored) = stored else {
            return "nothing".to_owned();
        };
        let bytes = stored.len();
        let header = match Header::read(&stored) {
            Ok((header, _)) => {
                format!("{} {:?}, born at {}", header.codec, header.schema, header.label.birth)
            }
            Err(unreadable) => format!("no header of ours: {}", unreadable.name()),
        };
        let judgement = match self.judge_unkept(key, stored, asked) {
            Found::Usable(_) => "served",
            Found::Stale(..) => "past its fresh time, or expired",
            Found::Useless(..) => "unreadable, or outdated by a tag or a clear",
            Found::Foreign => "written by a newer build",
            Found::Nothing => "nothing",
        };
        format!("{bytes} bytes: {judgement} ({header})")
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cache, hash) = (self.key.namespace().cache(), self.key.hash());
        writeln!(f, "{cache}:{} (hash {hash}, partition {})", self.key.text(), hash.partition().index())?;
        writeln!(f, "  local:  {}", self.local)?;
        writeln!(f, "  remote: {}", self.remote)?;
        let sync = if self.is_in_sync { "in sync" } else { "out of sync" };
        let position = self.position.map_or("unknown".to_owned(), |position| position.to_string());
        writeln!(
            f,
            "  bus:    {sync}, partition at {position}, tags at {}, floor {:?}",
            self.tags, self.floor
        )?;
        write!(f, "  load:   {}", if self.is_loading { "under way" } else { "none" })
    }
}

fn round(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
