//! What the scripts answer, in the words of the engine.

use larder_core::{Announced, Filled, Frame, LeaseReply, Put, Result, Sequence, Ttl};
use redis::Value;

use crate::reply::{self, list, number};

/// The answer to who asked for a lease.
pub(crate) fn leased(answer: Value) -> Result<LeaseReply> {
    let mut parts = list(answer)?.into_iter();
    let verdict = parts.next().map_or(Ok(-1), |verdict| number(&verdict))?;
    Ok(match (verdict, parts.next()) {
        (0, _) => LeaseReply::Granted,
        (1, Some(stored)) => LeaseReply::Found(reply::bytes(stored)?.unwrap_or_default()),
        (2, Some(left)) => LeaseReply::Busy(ttl(number(&left)?)),
        (3, _) => LeaseReply::Quarantined,
        _ => return Err(unknown()),
    })
}

/// The answer to who filled.
pub(crate) fn filled(answer: &Value) -> Result<Filled> {
    match number(answer)? {
        0 => Ok(Filled::Overtaken),
        1 => Ok(Filled::Stored),
        2 => Ok(Filled::Vanished),
        3 => Ok(Filled::Outdated),
        _ => Err(unknown()),
    }
}

/// The answer to who put a version.
pub(crate) fn put(answer: Value, frame: &Frame) -> Result<Put> {
    match list(answer)?.as_slice() {
        [Value::Int(1), previous, sequence] => Ok(Put::Stored(told(previous, sequence, frame))),
        [Value::Int(2)] => Ok(Put::Outdated),
        [Value::Int(3)] => Ok(Put::Foreign),
        _ => Err(unknown()),
    }
}

/// The answer to who invalidated.
pub(crate) fn announced(answer: Value, frame: &Frame) -> Result<Announced> {
    match list(answer)?.as_slice() {
        [previous, sequence] => Ok(told(previous, sequence, frame)),
        _ => Err(unknown()),
    }
}

/// A place on its server, and the keys that a scan has found.
pub(crate) fn scanned(answer: Value) -> Result<(u64, Vec<Vec<u8>>)> {
    let read = <(String, Vec<Vec<u8>>) as redis::FromRedisValue>::from_redis_value(answer).ok();
    let read = read.and_then(|(cursor, keys)| Some((cursor.parse().ok()?, keys)));
    read.ok_or_else(|| reply::out_of_place("a cursor and keys"))
}

fn told(previous: &Value, sequence: &Value, frame: &Frame) -> Announced {
    let [previous, sequence]: [Sequence; 2] = [previous, sequence].map(reply::sequence);
    Announced { previous, sequence, sent: matches!(frame, Frame::Bytes { .. }) }
}

/// What is left of a lease. One that has just ended has a moment.
fn ttl(millis: i64) -> Ttl {
    u32::try_from(millis).ok().and_then(Ttl::from_millis).unwrap_or(Ttl::MIN)
}

fn unknown() -> larder_core::Error {
    reply::out_of_place("an answer of that script")
}
