//! What the server remembers of tags and clears.

use larder_core::{CacheName, Result, TagDelta, TagHash};
use redis::Value;

use crate::reply;

/// Reads the four answers: the sequence, the tags with their stamps, the floor, and the clears.
pub(crate) fn read(reply: Value) -> Result<TagDelta> {
    let mut replies = reply::list(reply)?.into_iter();
    let mut next = || replies.next().unwrap_or(Value::Nil);
    let seen = reply::sequence(&next());
    let tags = pairs(next())?;
    let floor = reply::sequence(&next());
    let clears = pairs(next())?;
    let mut delta = TagDelta::default();
    (delta.seen, delta.floor) = (seen, floor);
    delta.tags = tags.iter().filter_map(|(tag, at)| Some((tag_of(tag)?, reply::sequence(at)))).collect();
    for (name, at) in &clears {
        match name_of(name) {
            Some("") => delta.everything = reply::sequence(at),
            Some(name) => {
                delta.caches.extend(CacheName::new(name).ok().map(|name| (name, reply::sequence(at))));
            }
            None => {}
        }
    }
    Ok(delta)
}

/// Names and what belongs to them, from one flat list.
fn pairs(reply: Value) -> Result<Vec<(Value, Value)>> {
    let mut items = reply::list(reply)?.into_iter();
    let mut pairs = Vec::new();
    while let (Some(name), Some(value)) = (items.next(), items.next()) {
        pairs.push((name, value));
    }
    Ok(pairs)
}

/// The eight bytes of a tag. The floor, which lies among them, is none.
fn tag_of(member: &Value) -> Option<TagHash> {
    match member {
        Value::BulkString(bytes) => {
            Some(TagHash::from_bits(u64::from_le_bytes(bytes.as_slice().try_into().ok()?)))
        }
        _ => None,
    }
}

fn name_of(field: &Value) -> Option<&str> {
    match field {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}
