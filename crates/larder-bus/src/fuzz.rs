//! What the fuzzer does with its bytes. The other tests do the same with its seeds.

use larder_core::{BusEvent, PARTITIONS, Sequence};
use redis::parse_redis_value;

use crate::identity::pair;
use crate::{log, positions, wire};

/// Whatever comes over a channel, it is a message, or counts as lost.
pub fn frames(bytes: &[u8]) {
    if let Ok(told) = wire::decode(bytes) {
        let (head, body) = wire::encode(&told.notice, told.sender);
        let sequences = [told.previous, told.sequence].map(|sequence| sequence.get().to_le_bytes());
        let again = [&head[..], sequences.as_flattened(), &body[..]].concat();
        assert_eq!(wire::decode(&again), Ok(told));
    }
    let _chain = wire::chain_of(bytes);
    if let Some((_question, at)) = positions::read(bytes) {
        assert_eq!(at.len(), PARTITIONS + 1);
    }
}

/// Whatever a server answers to a listener that comes back, it leads from what was heard to what was told without a gap, or
/// counts as lost. The first bytes say what was heard and told.
pub fn logs(bytes: &[u8]) {
    let Some((&[heard, told], answer)) = bytes.split_first_chunk() else { return };
    let (heard, told) = (Sequence::new(heard.into()), Sequence::new(told.into()));
    let text = || str::from_utf8(answer).ok().map(str::to_owned);
    let _identity = pair(text(), text());
    let Ok(answer) = parse_redis_value(answer) else { return };
    let Some(events) = log::complete(answer, heard, told) else { return };
    let mut at = heard;
    for event in events {
        let BusEvent::Noticed { previous, sequence, .. } = event else {
            unreachable!("a log holds notices and nothing else: {event:?}")
        };
        assert_eq!(previous, at);
        at = sequence;
    }
    assert_eq!(at, told);
}

#[cfg(test)]
#[path = "../../../tests/fuzz/corpus.rs"]
mod corpus;

#[test]
fn whatever_comes_over_a_channel_is_understood_or_lost() {
    corpus::check("frames", frames);
}

#[test]
fn whatever_a_log_holds_is_complete_or_lost() {
    corpus::check("logs", logs);
}
