//! What the fuzzer does with its bytes. The other tests do the same with its seeds.

use redis::{PushInfo, Value, parse_redis_value};

use crate::cluster::redirect;
use crate::ear::pass_on;
use crate::error::translate;
use crate::owners::read_slots;
use crate::sentinel::{is_master, read_epoch, read_master};

/// Whatever a server says about a cluster, about a master, or unasked, it is understood or passed over.
pub fn servers(bytes: &[u8]) {
    let Ok(answer) = parse_redis_value(bytes) else { return };
    for (_first, _last, (host, _port)) in read_slots(answer.clone(), "asked").unwrap_or_default() {
        assert!(!host.is_empty());
    }
    let _master = read_master(answer.clone());
    let _epoch = read_epoch(answer.clone());
    let _is_master = is_master(answer.clone());
    if let Value::Push { kind, data } = answer.clone() {
        pass_on(&PushInfo { kind, data }, &|_| {});
    }
    if let Err(error) = answer.extract_error() {
        let _redirect = redirect(&error);
        let _translated = translate(error).to_string();
    }
}

#[cfg(test)]
#[path = "../../../tests/fuzz/corpus.rs"]
mod corpus;

#[test]
fn whatever_a_server_says_is_understood_or_passed_over() {
    corpus::check("servers", servers);
}
