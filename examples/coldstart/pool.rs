//! A database behind a pool of connections.
//!
//! Who finds none free waits in line, in the order of arrival, and gives up after five seconds: pools of connections do so, by
//! default after some seconds up to thirty. The database behind it never has more to do than it can bear, so it is as fast
//! as ever and not an answer is lost: no overload is kinder. What is lost is time. No reader gives up before the pool does,
//! and nobody tries again, which would make it worse.

use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::origin::{ABREAST, PATIENCE, TooLate, WORK};

#[derive(Debug)]
pub(crate) struct Pool {
    connections: Semaphore,
}

impl Pool {
    pub(crate) fn new() -> Self {
        Self { connections: Semaphore::new(ABREAST) }
    }

    pub(crate) async fn query(&self) -> Result<(), TooLate> {
        let connection = timeout(PATIENCE, self.connections.acquire()).await.map_err(|_| TooLate)?;
        sleep(WORK).await;
        drop(connection);
        Ok(())
    }
}
