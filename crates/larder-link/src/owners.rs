//! Which master has which slots.

use std::collections::{BTreeMap, HashMap};

use redis::{FromRedisValue, RedisResult, Value};

use crate::line::{Greeting, Line};
use crate::place::Place;
use crate::slot::Slot;
use crate::target::Target;

/// A master's host and port.
pub(crate) type Seat = (String, u16);

/// How each of the nodes is connected to.
#[derive(Clone)]
pub(crate) struct Login {
    /// Where does not matter.
    pub(crate) target: Target,
    pub(crate) greeting: Greeting,
}

/// What is known of a cluster.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    lines: HashMap<Seat, Line>,
    /// By the last slot of each range: its first one, and whose it is.
    ranges: BTreeMap<u16, (u16, Seat)>,
}

impl Owners {
    /// The line to the master that has the slot.
    pub(crate) fn of(&self, slot: Slot) -> Option<&Line> {
        let (_, (first, seat)) = self.ranges.range(slot.index()..).next()?;
        if *first <= slot.index() { self.lines.get(seat) } else { None }
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.values()
    }

    pub(crate) fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.lines.keys()
    }

    /// The line to that place, which is opened if need be. A server may name one that is not known yet.
    pub(crate) fn at(&mut self, seat: &Seat, login: &Login) -> Line {
        let open = || Line::open(Place::Fixed(login.target.at(&seat.0, seat.1)), login.greeting.clone());
        self.lines.entry(seat.clone()).or_insert_with(open).clone()
    }

    /// Takes over what a node has told. Lines to those who are no masters any more are let go.
    pub(crate) fn learn(&mut self, told: Vec<(u16, u16, Seat)>, login: &Login) {
        self.ranges = told.into_iter().map(|(first, last, seat)| (last, (first, seat))).collect();
        let masters: Vec<Seat> = self.ranges.values().map(|(_, seat)| seat.clone()).collect();
        self.lines.retain(|seat, _| masters.contains(seat));
        for seat in masters {
            self.at(&seat, login);
        }
    }
}

/// Reads the answer to `CLUSTER SLOTS`: ranges with their masters. A master without a host is at the one who was asked.
pub(crate) fn read_slots(answer: Value, asked: &str) -> RedisResult<Vec<(u16, u16, Seat)>> {
    let ranges: Vec<Vec<Value>> = Vec::from_redis_value(answer)?;
    let read = |range: Vec<Value>| {
        let mut parts = range.into_iter();
        let (first, last) = (number(parts.next()?)?, number(parts.next()?)?);
        let mut master = Vec::<Value>::from_redis_value(parts.next()?).ok()?.into_iter();
        let host: Option<String> = FromRedisValue::from_redis_value(master.next()?).ok()?;
        let port = number(master.next()?)?;
        let host = host.filter(|host| !host.is_empty() && host != "?").unwrap_or_else(|| asked.to_owned());
        Some((first, last, (host, port)))
    };
    Ok(ranges.into_iter().filter_map(read).collect())
}

/// The client would cut what does not fit.
fn number(value: Value) -> Option<u16> {
    u16::try_from(i64::from_redis_value(value).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: i64, last: i64, host: Value, port: i64) -> Value {
        let master = Value::Array(vec![host, Value::Int(port), Value::BulkString(b"id".to_vec())]);
        Value::Array(vec![Value::Int(first), Value::Int(last), master])
    }

    #[test]
    fn a_master_without_a_host_is_where_the_answer_came_from() {
        let named = Value::BulkString(b"10.0.0.2".to_vec());
        let answer = Value::Array(vec![range(0, 99, Value::Nil, 7), range(100, 16_383, named, 8)]);
        let expected = [(0, 99, ("10.0.0.1".to_owned(), 7)), (100, 16_383, ("10.0.0.2".to_owned(), 8))];
        assert_eq!(read_slots(answer, "10.0.0.1").unwrap(), expected);
    }

    #[test]
    fn what_is_no_range_is_passed_over() {
        let host = || Value::BulkString(b"h".to_vec());
        let answer = Value::Array(vec![
            Value::Array(vec![Value::Int(1)]),
            range(0, 70_000, host(), 1),
            range(0, 9, host(), -1),
            range(0, 9, host(), 1),
        ]);
        assert_eq!(read_slots(answer, "h").unwrap(), [(0, 9, ("h".to_owned(), 1))]);
        assert!(read_slots(Value::Int(3), "h").is_err());
    }
}
