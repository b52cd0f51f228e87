//! The names of everything on the server.
//!
//! ```text
//!   larder:{p07k}:prod.shop:user:7       a value
//!   larder:{p07k}:prod.shop:user~l:7     its lease
//!   larder:{p07k}:prod.shop:user~q:7     the guards of the writes of it that are under way
//!   larder:{p07k}:prod.shop:user~w:7     the newest version that it has had
//!   larder:{p07k}:prod.shop:user~r       what was read most of late, if the cache begins warm
//!   larder:{p07k}:prod.shop:user~h37     the same in one hour of the week
//!   larder:{p07k}:prod.shop~s            the last sequence of the partition
//!   larder:{p07k}:prod.shop~x            its last notices, if somebody keeps a log
//!   larder:{pT}:prod.shop~s              the last sequence of tags and clears
//!   larder:{pT}:prod.shop~t              the tags, by their last invalidation
//!   larder:{pT}:prod.shop~n              the caches, by their last clear
//!   larder:{pT}:prod.shop~p              how all of this is laid out
//!   larder:{pT}:prod.shop~y              how the values of its caches are, by when a build said so
//!   larder:{pT}:prod.shop~z              its processes, by when they said so
//!   larder:{pT}~a                        the caches of all apps, by when one of their builds said so
//! ```
//!
//! Names of apps and caches contain neither colons nor tildes nor braces, so that no two of these are the same.

use larder_core::{AppName, CacheName, Chain, Key, Register, Season};
use larder_link::hash_tag;

pub(crate) fn value(key: &Key) -> String {
    of_key(key, "")
}

pub(crate) fn lease(key: &Key) -> String {
    of_key(key, "~l")
}

pub(crate) fn guards(key: &Key) -> String {
    of_key(key, "~q")
}

pub(crate) fn version(key: &Key) -> String {
    of_key(key, "~w")
}

pub(crate) fn tags(app: &AppName) -> String {
    of_tags(app, "~t")
}

pub(crate) fn clears(app: &AppName) -> String {
    of_tags(app, "~n")
}

/// What was read of a cache, in the slot of that chain.
pub(crate) fn reads(app: &AppName, cache: &CacheName, season: Season, home: Chain) -> String {
    let tag = hash_tag(home);
    match season {
        Season::Hour(hour) => format!("larder:{{{tag}}}:{app}:{cache}~h{}", hour.index()),
        _ => format!("larder:{{{tag}}}:{app}:{cache}~r"),
    }
}

pub(crate) fn layout(app: &AppName) -> String {
    of_tags(app, "~p")
}

pub(crate) fn register(register: Register, app: &AppName) -> String {
    match register {
        Register::Layouts => of_tags(app, "~y"),
        Register::Processes => of_tags(app, "~z"),
        Register::Caches => format!("larder:{{{}}}~a", hash_tag(Chain::Tags)),
    }
}

/// What lies there for a moment, at the start of a process.
pub(crate) fn checks(app: &AppName) -> [String; 2] {
    ["~c", "~d"].map(|kind| of_tags(app, kind))
}

fn of_key(key: &Key, kind: &str) -> String {
    let namespace = key.namespace();
    let tag = hash_tag(Chain::Keys(key.hash().partition()));
    let (app, cache) = (namespace.app().as_str(), namespace.cache().as_str());
    // Not formatted, for this is done on every read.
    ["larder:{", tag, "}:", app, ":", cache, kind, ":", key.text()].concat()
}

fn of_tags(app: &AppName, kind: &str) -> String {
    format!("larder:{{{}}}:{app}{kind}", hash_tag(Chain::Tags))
}
