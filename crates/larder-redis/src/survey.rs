//! Looking at how the values of a cache are stored: the head of each, and how long it has left.

use bytes::Bytes;
use larder_core::{CacheName, Chain, Error, Partition, Result, Sample, Sampled, SweepPosition, Ttl};
use larder_link::{Slot, slot_of};
use redis::{Cmd, Value};

use crate::remote::RedisRemote;
use crate::reply;
use crate::span;
use crate::sweep::{prefix, walk};

pub(crate) async fn sample(
    remote: &RedisRemote,
    cache: &CacheName,
    from: Option<&SweepPosition>,
    most: u32,
) -> Result<Sampled> {
    let (found, next) = walk(remote, cache, from, most).await?;
    let mut commands: Vec<(Slot, Cmd)> = Vec::new();
    for partition in Partition::all() {
        let (prefix, slot) = (prefix(&remote.app, cache, partition), slot_of(Chain::Keys(partition)));
        for key in found.iter().filter(|key| key.starts_with(prefix.as_bytes())) {
            let mut head = redis::cmd("GETRANGE");
            head.arg(key).arg(0).arg(Sample::HEAD - 1);
            let mut left = redis::cmd("PTTL");
            left.arg(key);
            commands.extend([(slot, head), (slot, left)]);
        }
    }
    let span = span::batch("GETRANGE", commands.len());
    let mut answers = span::within_all(span, remote.link.call_each(commands)).await.into_iter();
    let mut entries = Vec::new();
    while let (Some(head), Some(left)) = (answers.next(), answers.next()) {
        if !head.as_ref().is_err_and(is_no_string) {
            entries.extend(read(&head?, &left?)?);
        }
    }
    Ok(Sampled::new(entries, u64::from(most), next))
}

/// Whether something else lies there, which no build of ours has stored.
fn is_no_string(error: &Error) -> bool {
    error.context().any(|(name, value)| name == "code" && value == "WRONGTYPE")
}

/// What is told of one key; nothing, if it is gone by now.
pub(crate) fn read(head: &Value, left: &Value) -> Result<Option<Sample>> {
    /// What the server says of the time of a key that is not there, and of one that never ends.
    const GONE: i64 = -2;
    const ENDLESS: i64 = -1;
    let head = match head {
        Value::BulkString(bytes) => Bytes::copy_from_slice(bytes),
        _ => return Err(reply::out_of_place("the head of a value")),
    };
    Ok(match reply::number(left)? {
        GONE => None,
        ENDLESS => Some(Sample::new(head, None)),
        left => {
            let left = u32::try_from(left).unwrap_or(u32::MAX);
            Some(Sample::new(head, Some(Ttl::from_millis(left).unwrap_or(Ttl::MIN))))
        }
    })
}
