//! Removing the values of a cache for real.
//!
//! `SCAN` goes through all keys of a server a few at a time, so that nobody waits for it; what it finds is unlinked, which the
//! server does beside its other work. Its pattern only spares us keys to look at: which ones are removed is decided here,
//! to the letter.

use larder_core::{AppName, CacheName, Chain, Error, ErrorKind, Partition, Result, SweepPosition, Swept};
use larder_link::{Server, Slot, hash_tag, slot_of};
use redis::Cmd;

use crate::remote::RedisRemote;
use crate::reply;
use crate::span;
use crate::verdicts;

/// Where a walk is: at a server, and at a place in its keys.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct At<'a> {
    server: &'a str,
    cursor: u64,
}

pub(crate) async fn sweep(
    remote: &RedisRemote,
    cache: &CacheName,
    from: Option<&SweepPosition>,
    most: u32,
) -> Result<Swept> {
    let (found, next) = walk(remote, cache, from, most).await?;
    Ok(Swept::new(unlink(remote, cache, &found).await?, u64::from(most), next))
}

/// Goes through some keys of all. Returns those that may be values of the cache, and where to go on.
pub(crate) async fn walk(
    remote: &RedisRemote,
    cache: &CacheName,
    from: Option<&SweepPosition>,
    most: u32,
) -> Result<(Vec<Vec<u8>>, Option<SweepPosition>)> {
    let servers = remote.link.servers();
    let at = from.map(At::read).transpose()?;
    // Servers are in the order of their names. If the one is gone, the next goes on from its beginning.
    let here = |server: &Server| at.as_ref().is_none_or(|at| *server.name() >= *at.server);
    let mut servers = servers.iter().skip_while(|server| !here(server));
    let Some(server) = servers.next() else {
        return Ok((Vec::new(), None));
    };
    let cursor = at.as_ref().filter(|at| at.server == server.name()).map_or(0, |at| at.cursor);
    let (cursor, found) = scan(server, &pattern(&remote.app, cache), cursor, most).await?;
    let next = match cursor {
        0 => servers.next().map(|next| At { server: &next.name(), cursor: 0 }.write()),
        cursor => Some(At { server: &server.name(), cursor }.write()),
    };
    Ok((found, next))
}

async fn scan(server: &Server, pattern: &str, cursor: u64, most: u32) -> Result<(u64, Vec<Vec<u8>>)> {
    let mut command = redis::cmd("SCAN");
    command.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(most.max(1));
    verdicts::scanned(span::within(span::command("SCAN"), server.call(&command)).await?)
}

/// Removes those that are values of the cache. Keys of one slot go together.
async fn unlink(remote: &RedisRemote, cache: &CacheName, found: &[Vec<u8>]) -> Result<u64> {
    let mut commands: Vec<(Slot, Cmd)> = Vec::new();
    for partition in Partition::all() {
        let prefix = prefix(&remote.app, cache, partition);
        let keys: Vec<&Vec<u8>> = found.iter().filter(|key| key.starts_with(prefix.as_bytes())).collect();
        if !keys.is_empty() {
            let mut command = redis::cmd("UNLINK");
            command.arg(keys);
            commands.push((slot_of(Chain::Keys(partition)), command));
        }
    }
    let (mut removed, span) = (0, span::batch("UNLINK", commands.len()));
    for answer in span::within_all(span, remote.link.call_each(commands)).await {
        removed += u64::try_from(reply::number(&answer?)?).unwrap_or(0);
    }
    Ok(removed)
}

/// What all values of a cache in a partition begin with, and nothing else does.
pub(crate) fn prefix(app: &AppName, cache: &CacheName, partition: Partition) -> String {
    format!("larder:{{{}}}:{app}:{cache}:", hash_tag(Chain::Keys(partition)))
}

/// A pattern that fits all values of a cache. What means more than itself in a pattern is escaped.
fn pattern(app: &AppName, cache: &CacheName) -> String {
    format!("larder:{{p*}}:{}:{}:*", escape(app.as_str()), escape(cache.as_str()))
}

fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, character| {
        if matches!(character, '*' | '?' | '[' | ']' | '^' | '-' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
        escaped
    })
}

impl<'a> At<'a> {
    pub(crate) fn read(position: &'a SweepPosition) -> Result<Self> {
        let parts = position.as_str().rsplit_once(' ');
        let at = parts.and_then(|(server, cursor)| Some(Self { server, cursor: cursor.parse().ok()? }));
        at.ok_or_else(|| {
            Error::new(ErrorKind::Invalid, "no sweep has been at that position").with("position", position)
        })
    }

    pub(crate) fn write(&self) -> SweepPosition {
        SweepPosition::new(format!("{} {}", self.server, self.cursor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_more_than_itself_is_escaped() {
        assert_eq!(escape("a*b?[c]\\"), "a\\*b\\?\\[c\\]\\\\");
        assert_eq!(escape("product.price_v2"), "product.price_v2");
    }

    #[test]
    fn a_position_is_read_as_it_was_written() {
        let at = At { server: "[::1]:7000", cursor: u64::MAX };
        assert_eq!(At::read(&at.write()).unwrap(), at);
        for text in ["", "7", "host 7 x", "host -7"] {
            assert!(At::read(&SweepPosition::new(text)).is_err(), "{text}");
        }
    }
}
