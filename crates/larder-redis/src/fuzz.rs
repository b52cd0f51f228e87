//! What the fuzzer does with its bytes. The other tests do the same with its seeds.

use bytes::Bytes;
use larder_core::{Frame, SweepPosition};
use redis::{InfoDict, Value, parse_redis_value};

use crate::sweep::At;
use crate::{check, delta, register, reply, survey, verdicts, working_set};

/// Whatever a server answers, to a script or a read, it is understood or refused.
pub fn replies(bytes: &[u8]) {
    if let Ok(text) = str::from_utf8(bytes) {
        texts(text);
    }
    let Ok(answer) = parse_redis_value(bytes) else { return };
    let frame = Frame::Bytes { channel: "c".into(), head: Bytes::new(), body: Bytes::new() };
    let of = || answer.clone();
    let _sequence = reply::sequence(&answer);
    let _text = reply::of_text(Ok(of())).and_then(reply::bytes);
    let _leased = verdicts::leased(of());
    let _filled = verdicts::filled(&answer);
    let _put = verdicts::put(of(), &frame);
    let _announced = verdicts::announced(of(), &frame);
    let _scanned = verdicts::scanned(of());
    let _delta = delta::read(of());
    let _registered = register::read(of());
    let _most_read = working_set::read(of());
    if let Value::Array(pair) = &answer
        && let [head, left] = pair.as_slice()
    {
        let _sample = survey::read(head, left);
    }
}

/// What is written as text by a server, and what comes back from a user.
fn texts(text: &str) {
    let version: Option<String> = InfoDict::new(text).get("redis_version");
    let _is_too_old = check::is_too_old(version.as_deref().unwrap_or(text));
    let position = SweepPosition::new(text);
    if let Ok(at) = At::read(&position) {
        assert_eq!(At::read(&at.write()).ok(), Some(at));
    }
}

#[cfg(test)]
#[path = "../../../tests/fuzz/corpus.rs"]
mod corpus;

#[test]
fn whatever_a_server_answers_is_understood_or_refused() {
    corpus::check("replies", replies);
}
