//! Who is the master, by those who decide it.

use std::collections::HashMap;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, FromRedisValue, RedisError, RedisResult, Value};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::target::{CONNECTING, Target};

/// How often they are asked while all seems well. The connections to a master that is replaced are closed as a rule; where
/// they are not, a node would go on with one that no other node writes to.
const ASKING: Duration = Duration::from_secs(1);

/// How long the others are waited for when one has answered. Only where one hangs does anybody wait that long.
const OTHERS: Duration = Duration::from_millis(200);

/// Some sentinels, and the master that they watch over.
#[derive(Clone, Debug)]
pub(crate) struct Sentinels {
    pub(crate) places: Vec<Target>,
    pub(crate) name: String,
    /// The master but for its host and port.
    pub(crate) master: Target,
}

/// What one sentinel says.
struct Named {
    master: Target,
    /// Which decision of the sentinels it goes by: a later one has a greater number.
    epoch: u64,
}

impl Sentinels {
    /// The master by the latest decision that any of them knows of.
    ///
    /// For seconds after a replacement they differ, and the one that is replaced still takes itself for the master. Nodes that
    /// believed whichever sentinel answers first would go to one server or the other, by chance, and not hear each other.
    pub(crate) async fn find(&self) -> RedisResult<Target> {
        let mut asked = JoinSet::new();
        for place in self.places.clone() {
            asked.spawn(ask(place, self.name.clone(), self.master.clone()));
        }
        let mut until = Instant::now() + CONNECTING;
        let mut latest: Option<Named> = None;
        let mut trouble = unknown();
        while let Ok(Some(Ok(answer))) = timeout_at(until, asked.join_next()).await {
            match answer {
                Ok(named) => {
                    until = until.min(Instant::now() + OTHERS);
                    if latest.as_ref().is_none_or(|latest| latest.epoch < named.epoch) {
                        latest = Some(named);
                    }
                }
                Err(error) => trouble = error,
            }
        }
        latest.map(|named| named.master).ok_or(trouble)
    }

    /// Returns when they name another master than this. As long as none answers, nothing is known against it.
    pub(crate) async fn replaced(&self, master: &Target) {
        loop {
            sleep(ASKING).await;
            if self.find().await.is_ok_and(|named| named.place() != master.place()) {
                return;
            }
        }
    }
}

async fn ask(sentinel: Target, name: String, master: Target) -> RedisResult<Named> {
    let mut connection = sentinel.connect(drop).await?;
    let question = |what| redis::cmd("SENTINEL").arg(what).arg(&name).take();
    let address = question("GET-MASTER-ADDR-BY-NAME").query_async(&mut connection).await?;
    let (host, port) = read_master(address)?;
    // Who may not ask for more than the address has only the answers' order to go by.
    let more = question("MASTER").query_async(&mut connection).await;
    Ok(Named { master: master.at(&host, port), epoch: more.and_then(read_epoch).unwrap_or_default() })
}

/// Makes sure that a server is what the sentinels take it for: one that has just been replaced may still be named.
pub(crate) async fn confirm_master(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    if is_master(redis::cmd("ROLE").query_async(connection).await?)? {
        return Ok(());
    }
    Err(RedisError::from((ErrorKind::Io, "the server that the sentinels name is not the master")))
}

/// Reads the answer of a sentinel: where the master is.
pub(crate) fn read_master(answer: Value) -> RedisResult<(String, u16)> {
    let named: Option<(String, String)> = FromRedisValue::from_redis_value(answer)?;
    let (host, port) = named.ok_or_else(unknown)?;
    Ok((host, port.parse().map_err(|_| unknown())?))
}

/// Reads what a sentinel knows of the master: which decision made it the master.
pub(crate) fn read_epoch(answer: Value) -> RedisResult<u64> {
    let fields: HashMap<String, String> = FromRedisValue::from_redis_value(answer)?;
    fields.get("config-epoch").and_then(|epoch| epoch.parse().ok()).ok_or_else(unknown)
}

/// Reads the answer to `ROLE`.
pub(crate) fn is_master(answer: Value) -> RedisResult<bool> {
    let role: Vec<Value> = FromRedisValue::from_redis_value(answer)?;
    let role = role.into_iter().next().map(String::from_redis_value).transpose()?;
    Ok(role.as_deref() == Some("master"))
}

fn unknown() -> RedisError {
    RedisError::from((ErrorKind::Io, "no sentinel knows the master"))
}
