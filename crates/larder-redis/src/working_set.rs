//! What the fleet reads: a sorted set for each cache and season, all in the slot of one partition, that of the cache's name.

use larder_core::{AppName, CacheName, Chain, Namespace, Reads, Result, Season};
use redis::Value;

use crate::call::Call;
use crate::keys;
use crate::remote::RedisRemote;
use crate::reply;

pub(crate) async fn add(
    remote: &RedisRemote,
    cache: &CacheName,
    season: Season,
    reads: &[Reads],
    most: u32,
) -> Result<()> {
    let home = home(&remote.app, cache);
    let call = Call::of(&remote.scripts.reads, home)
        .key(keys::reads(&remote.app, cache, season, home))
        .arg(season.half_life().as_secs())
        .arg(most)
        .arg(season.kept().as_millis());
    // One that has no logarithm would end the script halfway.
    let call = reads.iter().fold(call, |call, reads| {
        call.arg(&*reads.key).arg(reads.count.max(f64::MIN_POSITIVE).min(f64::MAX))
    });
    call.run(&remote.link).await.map(drop)
}

pub(crate) async fn most(
    remote: &RedisRemote,
    cache: &CacheName,
    season: Season,
    skip: u32,
    most: u32,
) -> Result<Vec<Reads>> {
    let Some(last) = most.checked_sub(1) else {
        return Ok(Vec::new());
    };
    let home = home(&remote.app, cache);
    let call = Call::of(&remote.scripts.popular, home)
        .key(keys::reads(&remote.app, cache, season, home))
        .arg(season.half_life().as_secs())
        .arg(skip)
        .arg(skip.saturating_add(last));
    let mut answers = reply::list(call.run(&remote.link).await?)?.into_iter();
    let mut found = Vec::new();
    while let (Some(key), Some(count)) = (answers.next(), answers.next()) {
        found.extend(read(key, &count));
    }
    Ok(found)
}

/// A key and its count. Texts that are none, and counts that nobody can have counted, are left out.
fn read(key: Value, count: &Value) -> Option<Reads> {
    let [key, count] = [text(key)?, text(count.clone())?];
    let count: f64 = count.parse().ok().filter(|count: &f64| count.is_finite() && *count >= 0.0)?;
    Some(Reads::new(key, count))
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

/// The chain in whose slot it lies.
fn home(app: &AppName, cache: &CacheName) -> Chain {
    let namespace = Namespace::new(app.clone(), cache.clone());
    Chain::Keys(namespace.hash(cache.as_str().as_bytes()).partition())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_have_counted_is_left_out() {
        let bytes = |text: &str| Value::BulkString(text.into());
        assert_eq!(read(bytes("ada"), &bytes("1.5e3")), Some(Reads::new("ada", 1_500.0)));
        for count in [bytes("inf"), bytes("nan"), bytes("-1"), bytes("many"), Value::Nil] {
            assert_eq!(read(bytes("ada"), &count), None, "{count:?}");
        }
        assert_eq!(read(Value::BulkString(vec![0xFF]), &bytes("1")), None);
    }
}
