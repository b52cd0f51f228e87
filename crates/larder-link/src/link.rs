//! One supervised connection.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use larder_core::{Error, ErrorKind, Result};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, Pipeline, ProtocolVersion, Value};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use crate::address::Address;
use crate::error::translate;

/// How long a connection may take to be made.
const CONNECTING: Duration = Duration::from_millis(500);

/// The pauses between attempts: from the first to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// After so many calls in a row that were not answered in time the connection is given up.
const PATIENCE: u32 = 2;

/// A connection to one server that is kept up. Cloning it copies a pointer.
#[derive(Clone)]
pub struct Link {
    inner: Arc<Inner>,
}

struct Inner {
    address: Address,
    state: Mutex<State>,
    /// How many calls in a row were not answered in time.
    unanswered: AtomicU32,
}

enum State {
    Up(MultiplexedConnection),
    /// Somebody is reconnecting.
    Down,
}

/// Whether a link is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Calls are sent.
    Up,
    /// Calls fail at once, while the link reconnects.
    Down,
}

impl Link {
    /// A link that begins to connect at once, in the background. Must be called within a tokio runtime.
    pub fn open(address: Address) -> Self {
        let inner = Inner { address, state: Mutex::new(State::Down), unanswered: AtomicU32::new(0) };
        let link = Self { inner: Arc::new(inner) };
        link.reconnect();
        link
    }

    /// The same, but waits until it is up, or says why it is not.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`], [`ErrorKind::Elapsed`] or [`ErrorKind::Refused`] by what happened.
    pub async fn connect(address: Address) -> Result<Self> {
        let connection = connect(&address).await?;
        let inner =
            Inner { address, state: Mutex::new(State::Up(connection)), unanswered: AtomicU32::new(0) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Sends one command and waits for its answer.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] at once while the link is down.
    ///
    /// # Cancel safety
    ///
    /// The command may have been executed. The answers of others are not mixed up.
    pub async fn call(&self, command: &Cmd) -> Result<Value> {
        let mut connection = self.connection()?;
        let watch = Watch { link: self, is_answered: false };
        watch.over(connection.send_packed_command(command).await.and_then(Value::extract_error))
    }

    /// Sends several commands at once and waits for all answers, of which some may be errors of the server.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] at once while the link is down.
    ///
    /// # Cancel safety
    ///
    /// The commands may have been executed. The answers of others are not mixed up.
    pub async fn call_all(&self, commands: &Pipeline, count: usize) -> Result<Vec<Value>> {
        let mut connection = self.connection()?;
        let watch = Watch { link: self, is_answered: false };
        watch.over(connection.send_packed_commands(commands, 0, count).await)
    }

    /// Sends several commands as one transaction, which an atomic pipeline is, and waits for all answers.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] at once while the link is down.
    ///
    /// # Cancel safety
    ///
    /// The commands may have been executed, all or none. The answers of others are not mixed up.
    pub async fn transact(&self, commands: &Pipeline, count: usize) -> Result<Vec<Value>> {
        let mut connection = self.connection()?;
        let watch = Watch { link: self, is_answered: false };
        // The answers to its commands come with the one to its end, after its beginning and their being queued.
        let mut replies = watch.over(connection.send_packed_commands(commands, count + 1, 1).await)?;
        match replies.pop() {
            Some(Value::Array(replies)) => Ok(replies),
            _ => Err(Error::new(ErrorKind::Refused, "the server has not run a transaction")),
        }
    }

    /// Where it leads.
    pub fn address(&self) -> &Address {
        &self.inner.address
    }

    /// Whether it is up.
    pub fn status(&self) -> Status {
        match *self.state() {
            State::Up(_) => Status::Up,
            State::Down => Status::Down,
        }
    }

    fn connection(&self) -> Result<MultiplexedConnection> {
        match &*self.state() {
            State::Up(connection) => Ok(connection.clone()),
            State::Down => Err(Error::new(ErrorKind::Unavailable, "the server cannot be reached")
                .with("server", &self.inner.address)),
        }
    }

    /// Gives the connection up, unless somebody else has, and reconnects.
    fn give_up(&self) {
        let was_up = matches!(std::mem::replace(&mut *self.state(), State::Down), State::Up(_));
        if was_up {
            tracing::warn!(server = %self.inner.address, "the connection is lost");
            self.reconnect();
        }
    }

    /// Reconnects in the background, for as long as anybody has the link.
    fn reconnect(&self) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let inner = Arc::downgrade(&self.inner);
        let address = self.inner.address.clone();
        runtime.spawn(async move {
            let mut pause = FIRST_PAUSE;
            loop {
                match connect(&address).await {
                    Ok(connection) => {
                        if let Some(inner) = inner.upgrade() {
                            inner.unanswered.store(0, Ordering::Relaxed);
                            *Self { inner }.state() = State::Up(connection);
                            tracing::info!(server = %address, "connected");
                        }
                        return;
                    }
                    Err(error) => tracing::debug!(server = %address, %error, "not connected yet"),
                }
                if inner.strong_count() == 0 {
                    return;
                }
                sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches over one call. One that is dropped before its answer came has run out of its caller's time.
struct Watch<'a> {
    link: &'a Link,
    is_answered: bool,
}

impl Watch<'_> {
    fn over<T>(mut self, answer: redis::RedisResult<T>) -> Result<T> {
        self.is_answered = true;
        match answer {
            Ok(answer) => {
                self.link.inner.unanswered.store(0, Ordering::Relaxed);
                Ok(answer)
            }
            Err(error) => {
                if error.is_io_error() || error.is_connection_dropped() || error.is_unrecoverable_error() {
                    self.link.give_up();
                }
                Err(translate(error).with("server", &self.link.inner.address))
            }
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.is_answered && self.link.inner.unanswered.fetch_add(1, Ordering::Relaxed) + 1 >= PATIENCE {
            self.link.give_up();
        }
    }
}

async fn connect(address: &Address) -> Result<MultiplexedConnection> {
    let client = Client::open(address.info(ProtocolVersion::RESP2)).map_err(translate)?;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECTING))
        // Callers have deadlines of their own, and the watch counts those that were not kept.
        .set_response_timeout(None)
        .set_pipeline_buffer_size(1_024);
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    let elapsed = |_| Error::new(ErrorKind::Elapsed, "the server did not answer in time");
    timeout(CONNECTING, connecting).await.map_err(elapsed)?.map_err(translate)
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("address", &self.inner.address).field("status", &self.status()).finish()
    }
}
