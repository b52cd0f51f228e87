//! The log of notices, from which a listener catches up that was away for a moment.
//!
//! Without it, whoever loses its connection takes all copies for suspect, and fetches anew what it needs. With it, a server
//! keeps the last notices of each partition in a stream, written by the same scripts that announce them, and who comes back
//! reads what it missed. The streams are there only as long as somebody who reads them renews them.
//!
//! What was lost of tags and clears need not be in a log: these are states, and the engine asks for them.

use std::time::Duration;

use larder_core::{AppName, BusEvent, Chain, Partition, Result, Sequence};
use larder_link::{Link, Slot, log_key, slot_of};
use redis::{Cmd, FromRedisValue, Value};

use crate::wire::{self, Told};

/// For how long the streams stay when nobody renews them.
const LASTS: Duration = Duration::from_secs(600);

/// After so many questions to the servers the streams are renewed.
pub(crate) const RENEWAL: u64 = 60;

/// Sees to it that every partition has a stream.
pub(crate) async fn renew(link: &Link, app: &AppName) -> Result<()> {
    let mut commands: Vec<(Slot, Cmd)> = Vec::new();
    for chain in Partition::all().map(Chain::Keys) {
        let (slot, key) = (slot_of(chain), log_key(app, chain));
        // The lowest number there is: refused where there is a stream already.
        commands.push((slot, redis::cmd("XADD").arg(&key).arg("0-1").arg("m").arg("").to_owned()));
        commands.push((slot, redis::cmd("PEXPIRE").arg(&key).arg(LASTS.as_millis()).to_owned()));
    }
    for answer in link.call_each(commands).await.into_iter().skip(1).step_by(2) {
        answer?;
    }
    Ok(())
}

/// What was announced between what was heard last and what was told now. A chain of which not all of it is there is lost.
pub(crate) async fn read(
    link: &Link,
    app: &AppName,
    heard: &[Sequence],
    told: &[(Chain, Sequence)],
) -> Result<Vec<BusEvent>> {
    let missed = |((chain, told), heard): (&(Chain, Sequence), &Sequence)| {
        (matches!(chain, Chain::Keys(_)) && told != heard).then_some((*chain, *heard, *told))
    };
    let gaps: Vec<(Chain, Sequence, Sequence)> = told.iter().zip(heard).filter_map(missed).collect();
    let range = |(chain, heard, told): &(Chain, Sequence, Sequence)| {
        let mut command = redis::cmd("XRANGE");
        // Behind what was heard, and behind what the stream was begun with.
        command.arg(log_key(app, *chain)).arg(format!("({heard}-1")).arg(format!("{told}-0"));
        (slot_of(*chain), command)
    };
    let answers = link.call_each(gaps.iter().map(range).collect()).await;
    let mut events = Vec::new();
    for ((chain, heard, told), answer) in gaps.into_iter().zip(answers) {
        match complete(answer?, heard, told) {
            Some(notices) => events.extend(notices),
            None => events.push(BusEvent::Lost(Some(chain))),
        }
    }
    Ok(events)
}

/// The notices of an answer, if they lead from the one sequence to the other without a gap.
pub(crate) fn complete(answer: Value, heard: Sequence, told: Sequence) -> Option<Vec<BusEvent>> {
    let entries: Vec<(String, Vec<Vec<u8>>)> = FromRedisValue::from_redis_value(answer).ok()?;
    let (mut events, mut at) = (Vec::with_capacity(entries.len()), heard);
    for (_, fields) in entries {
        let Told { notice, previous, sequence, .. } = wire::decode(fields.get(1)?).ok()?;
        if previous != at {
            return None;
        }
        at = sequence;
        events.push(BusEvent::Noticed { notice, previous, sequence });
    }
    (at == told).then_some(events)
}

#[cfg(test)]
mod tests {
    use larder_core::{KeyHash, Notice};

    use super::*;

    fn entry(previous: u64, sequence: u64) -> Value {
        let hash = KeyHash::from_bytes([7; 16]);
        let (head, body) = wire::encode(&Notice::Keys(hash.partition(), vec![hash]), 1);
        let message = [&head[..], &previous.to_le_bytes(), &sequence.to_le_bytes(), &body].concat();
        let fields = vec![Value::BulkString(b"m".to_vec()), Value::BulkString(message)];
        Value::Array(vec![Value::BulkString(format!("{sequence}-0").into_bytes()), Value::Array(fields)])
    }

    fn check(entries: Vec<Value>, heard: u64, told: u64, count: Option<usize>) {
        let events = complete(Value::Array(entries), Sequence::new(heard), Sequence::new(told));
        assert_eq!(events.map(|events| events.len()), count, "{heard} to {told}");
    }

    #[test]
    fn only_what_leads_all_the_way_is_complete() {
        check(vec![entry(1, 2), entry(2, 5), entry(5, 6)], 1, 6, Some(3));
        check(vec![entry(2, 5), entry(5, 6)], 1, 6, None);
        check(vec![entry(1, 2), entry(5, 6)], 1, 6, None);
        check(vec![entry(1, 2), entry(2, 5)], 1, 6, None);
        check(vec![], 1, 6, None);
        check(vec![Value::Int(7)], 1, 6, None);
    }
}
