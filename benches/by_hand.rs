//! What one would write without Larder: a map in the process, a multiplexed connection, and bincode between them.

use std::sync::Arc;
use std::time::Duration;

use bincode::config::standard;
use moka::sync::Cache;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, ProtocolVersion};

use crate::codecs::User;

/// Two tiers, of which nobody else hears.
#[derive(Clone)]
pub(crate) struct ByHand {
    connection: MultiplexedConnection,
    local: Cache<u64, Arc<User>>,
}

impl ByHand {
    /// Connects, and holds nothing in the process.
    pub(crate) async fn connect(url: &str) -> Self {
        Self { connection: connect(url).await, local: local() }
    }

    /// The same connection, and nothing in the process.
    pub(crate) fn emptied(&self) -> Self {
        Self { connection: self.connection.clone(), local: local() }
    }

    pub(crate) async fn set(&self, id: u64, life: Duration) {
        let bytes = bincode::serde::encode_to_vec(User::new(), standard()).expect("it can be written");
        let millis = u64::try_from(life.as_millis()).expect("it is short");
        let mut set = redis::cmd("SET");
        set.arg(name(id)).arg(bytes).arg("PX").arg(millis);
        set.exec_async(&mut self.connection.clone()).await.expect("the server is up");
    }

    pub(crate) async fn get(&self, id: u64) -> Option<Arc<User>> {
        let stored: Option<Vec<u8>> = redis::cmd("GET")
            .arg(name(id))
            .query_async(&mut self.connection.clone())
            .await
            .expect("the server is up");
        self.take_in(id, &stored?)
    }

    pub(crate) async fn get_many(&self, ids: &[u64]) -> Vec<Option<Arc<User>>> {
        let mut command = redis::cmd("MGET");
        for id in ids {
            command.arg(name(*id));
        }
        let stored: Vec<Option<Vec<u8>>> =
            command.query_async(&mut self.connection.clone()).await.expect("the server is up");
        ids.iter().zip(stored).map(|(id, stored)| self.take_in(*id, &stored?)).collect()
    }

    fn take_in(&self, id: u64, stored: &[u8]) -> Option<Arc<User>> {
        let (user, _) = bincode::serde::decode_from_slice::<User, _>(stored, standard()).ok()?;
        let user = Arc::new(user);
        self.local.insert(id, user.clone());
        Some(user)
    }
}

/// A connection with the settings that Larder's own has.
pub(crate) async fn connect(url: &str) -> MultiplexedConnection {
    connect_with(url, |config| config).await
}

pub(crate) async fn connect_with(
    url: &str,
    set: impl FnOnce(AsyncConnectionConfig) -> AsyncConnectionConfig,
) -> MultiplexedConnection {
    let info = url.into_connection_info().expect("it is an address");
    let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let tcp = TcpSettings::default().set_nodelay(true);
    let client =
        Client::open(info.set_redis_settings(redis).set_tcp_settings(tcp)).expect("it is an address");
    let config = AsyncConnectionConfig::new().set_response_timeout(None).set_pipeline_buffer_size(1_024);
    client.get_multiplexed_async_connection_with_config(&set(config)).await.expect("the server is up")
}

fn local() -> Cache<u64, Arc<User>> {
    Cache::new(crate::hits::ROOM)
}

fn name(id: u64) -> String {
    format!("bench.shop:user:{id}")
}
