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
    let call = reads.iter().fold(call, |call, reads| call.arg(&*reads.key).arg(reads.counted()));
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
    read(call.run(&remote.link).await?)
}

/// The answer to a question for what is most read: what a count of one is by now, and keys with their counts.
pub(crate) fn read(answer: Value) -> Result<Vec<Reads>> {
    let mut answers = reply::list(answer)?.into_iter();
    let one = answers.next().and_then(number).ok_or_else(|| reply::out_of_place("a number and a list"))?;
    let mut items = reply::list(answers.next().unwrap_or(Value::Nil))?.into_iter();
    let mut found = Vec::new();
    while let (Some(key), Some(count)) = (items.next(), items.next()) {
        found.extend(read_one(key, count, one));
    }
    Ok(found)
}

/// A key and what is left of its count, which is kept as a logarithm. Texts that are none, and counts that nobody can have
/// counted, are left out.
fn read_one(key: Value, count: Value, one: f64) -> Option<Reads> {
    let (key, count) = (reply::text(key)?, (number(count)? - one).exp());
    count.is_finite().then(|| Reads::new(key, count))
}

fn number(value: Value) -> Option<f64> {
    reply::text(value)?.parse().ok().filter(|number: &f64| !number.is_nan())
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
        let one = 1_386_294.25;
        assert_eq!(read_one(bytes("ada"), bytes("1386294.25"), one), Some(Reads::new("ada", 1.0)));
        assert_eq!(read_one(bytes("ada"), bytes("-inf"), one), Some(Reads::new("ada", 0.0)));
        for count in [bytes("inf"), bytes("nan"), bytes("1e300"), bytes("many"), Value::Nil] {
            assert_eq!(read_one(bytes("ada"), count.clone(), one), None, "{count:?}");
        }
        assert_eq!(read_one(Value::BulkString(vec![0xFF]), bytes("1"), one), None);
    }
}
