//! Who is the master, by those who decide it.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, FromRedisValue, RedisError, RedisResult, Value};
use tokio::time::{sleep, timeout};

use crate::target::{CONNECTING, Target};

/// How often they are asked while all seems well. The connections to a master that is replaced are closed as a rule; where
/// they are not, a node would go on with one that no other node writes to.
const ASKING: Duration = Duration::from_secs(1);

/// Some sentinels, and the master that they watch over.
#[derive(Clone, Debug)]
pub(crate) struct Sentinels {
    pub(crate) places: Vec<Target>,
    pub(crate) name: String,
    /// The master but for its host and port.
    pub(crate) master: Target,
}

impl Sentinels {
    /// The master by the first sentinel that answers, in an order of chance: one that answers slowly is not asked first by
    /// everybody.
    pub(crate) async fn find(&self) -> RedisResult<Target> {
        let mut places: Vec<&Target> = self.places.iter().collect();
        fastrand::shuffle(&mut places);
        let mut trouble = unknown();
        for place in places {
            match timeout(CONNECTING, self.ask(place)).await {
                Ok(Ok(master)) => return Ok(master),
                Ok(Err(error)) => trouble = error,
                Err(_) => {}
            }
        }
        Err(trouble)
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

    async fn ask(&self, place: &Target) -> RedisResult<Target> {
        let mut connection = place.connect(drop).await?;
        let mut question = redis::cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(&self.name);
        let (host, port) = read_master(question.query_async(&mut connection).await?)?;
        Ok(self.master.at(&host, port))
    }
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

/// Reads the answer to `ROLE`.
pub(crate) fn is_master(answer: Value) -> RedisResult<bool> {
    let role: Vec<Value> = FromRedisValue::from_redis_value(answer)?;
    let role = role.into_iter().next().map(String::from_redis_value).transpose()?;
    Ok(role.as_deref() == Some("master"))
}

fn unknown() -> RedisError {
    RedisError::from((ErrorKind::Io, "no sentinel knows the master"))
}
