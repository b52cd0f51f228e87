//! One supervised connection for calls.
//!
//! A call may get no answer for three reasons: the connection is lost, the server is frozen, or it is busy for a moment. The
//! first shows by itself; the others look the same from here. So a caller that runs out of time does not judge; it raises a
//! *doubt*, and the supervisor settles it with a question of its own, which has more time. Only if that is not answered
//! either, or not with what was asked for, the connection is given up.
//!
//! The same question settles whether answers are still matched to their calls. Should a server ever send an answer that nobody
//! asked for, all that follow belong to the call before: then the question gets another's answer.

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use larder_core::{Connection, Error, ErrorKind, Purpose};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisResult, Value};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::error::{down, translate};
use crate::pause::Pauses;
use crate::place::Place;
use crate::target::Target;

/// How long the supervisor waits for the answer to its question.
const PATIENCE: Duration = Duration::from_millis(500);

/// What a server is told first on each connection. Whether it likes to hear it does not matter.
pub(crate) type Greeting = Arc<Pipeline>;

/// A connection to one place that is kept up. Cloning it copies a pointer; with the last clone it ends.
#[derive(Clone)]
pub(crate) struct Line {
    owner: Arc<Owner>,
}

struct Owner {
    shared: Arc<Shared>,
    supervisor: AbortHandle,
}

struct Shared {
    place: Place,
    greeting: Greeting,
    state: watch::Sender<State>,
    doubt: Notify,
    /// Whether the server has said that it is not the one to ask.
    is_misled: AtomicBool,
    made: AtomicU64,
    journey: Mutex<Journey>,
}

/// Where a line has led, one server after another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journey {
    /// The server that it leads to, or led to last.
    pub server: String,
    /// How often that has been another than before.
    pub moves: u64,
}

#[derive(Clone)]
enum State {
    /// Nothing is known yet.
    Connecting,
    Up(MultiplexedConnection, Arc<Target>),
    Down(Error),
}

impl Line {
    /// A line that begins to connect at once. Must be called within a tokio runtime.
    pub(crate) fn open(place: Place, greeting: Greeting) -> Self {
        let shared = Arc::new(Shared {
            place,
            greeting,
            state: watch::Sender::new(State::Connecting),
            doubt: Notify::new(),
            is_misled: AtomicBool::new(false),
            made: AtomicU64::new(0),
            journey: Mutex::default(),
        });
        let supervisor = Handle::current().spawn(supervise(shared.clone())).abort_handle();
        Self { owner: Arc::new(Owner { shared, supervisor }) }
    }

    /// Sends one command and waits for its answer.
    pub(crate) async fn call(&self, command: &Cmd) -> RedisResult<Value> {
        let mut connection = self.connection()?;
        let waiting = Waiting::at(self.shared());
        waiting.over(connection.send_packed_command(command).await.and_then(Value::extract_error))
    }

    /// Sends several commands at once and waits for all answers, of which some may be errors of the server.
    pub(crate) async fn call_all(&self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        let mut connection = self.connection()?;
        let waiting = Waiting::at(self.shared());
        waiting.over(connection.send_packed_commands(commands, 0, commands.len()).await)
    }

    /// Sends a command that the server is about to take over from another. No other gets in between.
    pub(crate) async fn call_asking(&self, command: &Cmd) -> RedisResult<Value> {
        let mut commands = redis::pipe();
        commands.cmd("ASKING").add_command(command.clone());
        let answer = self.call_all(&commands).await?.pop().unwrap_or(Value::Nil);
        answer.extract_error()
    }

    /// Where it has led.
    pub(crate) fn journey(&self) -> Journey {
        self.shared().journey.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has the connection looked into.
    pub(crate) fn doubt(&self) {
        self.shared().doubt.notify_one();
    }

    /// Waits until it is up, or it is known why it is not, and says where it leads.
    pub(crate) async fn connected(&self) -> Result<Arc<Target>, Error> {
        let mut state = self.shared().state.subscribe();
        // The sender is in here, so that it cannot be gone.
        match state.wait_for(|state| !matches!(state, State::Connecting)).await.as_deref() {
            Ok(State::Up(_, server)) => Ok(server.clone()),
            Ok(State::Down(error)) => Err(error.clone()),
            _ => Err(translate(down())),
        }
    }

    /// Waits until it is up, for as long as that takes.
    pub(crate) async fn up(&self) {
        let mut state = self.shared().state.subscribe();
        // The sender is in here, so that it cannot be gone.
        let _ = state.wait_for(|state| matches!(state, State::Up(..))).await;
    }

    /// Returns when it leads elsewhere.
    pub(crate) async fn moved(&self, from: &Target) {
        let mut state = self.shared().state.subscribe();
        let is_elsewhere =
            |state: &State| matches!(state, State::Up(_, server) if server.place() != from.place());
        // The sender is in here, so that it cannot be gone.
        let _ = state.wait_for(is_elsewhere).await;
    }

    pub(crate) fn place(&self) -> String {
        self.shared().place.name()
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.owner, &other.owner)
    }

    pub(crate) fn health(&self) -> Connection {
        let mut health = Connection::new(Purpose::Data, self.shared().place.name());
        health.made = self.shared().made.load(Ordering::Relaxed);
        match &*self.shared().state.borrow() {
            State::Up(_, server) => (health.is_up, health.server) = (true, server.place()),
            State::Down(error) => health.trouble = Some(error.clone()),
            State::Connecting => {}
        }
        health
    }

    fn connection(&self) -> RedisResult<MultiplexedConnection> {
        match &*self.shared().state.borrow() {
            State::Up(connection, _) => Ok(connection.clone()),
            _ => Err(down()),
        }
    }

    fn shared(&self) -> &Shared {
        &self.owner.shared
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

/// A call that is under way. One that is dropped before its answer came has run out of its caller's time.
struct Waiting<'a> {
    shared: &'a Shared,
    is_answered: bool,
}

impl<'a> Waiting<'a> {
    fn at(shared: &'a Shared) -> Self {
        Self { shared, is_answered: false }
    }

    fn over<T>(mut self, answer: RedisResult<T>) -> RedisResult<T> {
        self.is_answered = true;
        if let Err(error) = &answer {
            if error.code() == Some("READONLY") {
                self.shared.is_misled.store(true, Ordering::Release);
            }
            self.shared.doubt.notify_one();
        }
        answer
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.shared.doubt.notify_one();
        }
    }
}

/// Keeps the connection up, without end.
async fn supervise(shared: Arc<Shared>) {
    let mut pauses = Pauses::new();
    loop {
        // Not the whole: what is shared has the connection, and the connection would have it.
        let watcher = Arc::downgrade(&shared);
        // Nobody subscribes on this connection, so whatever comes unasked is reason to doubt it: that it is broken, or
        // something that the client may have taken for an answer.
        let hear = move |_| {
            if let Some(shared) = watcher.upgrade() {
                shared.doubt.notify_one();
            }
        };
        let trouble = match shared.place.connect(hear).await {
            Ok((mut connection, server)) => {
                pauses.connected();
                shared.greet(&mut connection).await;
                shared.up(connection.clone(), server.clone());
                let trouble = shared.trouble(connection, &server).await;
                tracing::warn!(server = %server, error = %trouble, "a connection is lost");
                pauses.lost();
                trouble
            }
            Err(error) => {
                let trouble = translate(error).with("server", shared.place.name());
                tracing::debug!(error = %trouble, "not connected yet");
                trouble
            }
        };
        shared.state.send_replace(State::Down(trouble));
        pauses.pass().await;
    }
}

impl Shared {
    async fn greet(&self, connection: &mut MultiplexedConnection) {
        if self.greeting.is_empty() {
            return;
        }
        // One who cannot answer this in time will be found out by the first call.
        let greeting = connection.send_packed_commands(&self.greeting, 0, self.greeting.len());
        let _ = timeout(PATIENCE, greeting).await;
    }

    fn up(&self, connection: MultiplexedConnection, server: Target) {
        tracing::info!(server = %server, "connected");
        self.made.fetch_add(1, Ordering::Relaxed);
        self.is_misled.store(false, Ordering::Release);
        {
            let mut journey = self.journey.lock().unwrap_or_else(PoisonError::into_inner);
            if journey.server != server.place() {
                *journey = Journey { server: server.place(), moves: journey.moves + 1 };
            }
        }
        self.state.send_replace(State::Up(connection, Arc::new(server)));
    }

    /// Waits until there is reason to give the connection up.
    async fn trouble(&self, mut connection: MultiplexedConnection, server: &Target) -> Error {
        // One wait over all doubts: with callers who are cancelled there are several a second, and it would never end.
        let mut left = pin!(self.place.left(server));
        loop {
            tokio::select! {
                () = self.doubt.notified() => {}
                () = &mut left => return misled(server),
            }
            if self.is_misled.load(Ordering::Acquire) {
                return misled(server);
            }
            if let Err(error) = question(&mut connection).await {
                return error.with("server", server);
            }
        }
    }
}

/// Asks what only an answer to this question answers.
async fn question(connection: &mut MultiplexedConnection) -> Result<(), Error> {
    let nonce = format!("{:016x}", fastrand::u64(..));
    let mut ping = redis::cmd("PING");
    ping.arg(&nonce);
    match timeout(PATIENCE, ping.query_async::<Value>(connection)).await {
        Ok(Ok(Value::BulkString(answer))) if answer == nonce.as_bytes() => Ok(()),
        Ok(Ok(_)) => Err(Error::new(ErrorKind::Unavailable, "the server's answers are out of step")),
        Ok(Err(error)) => Err(translate(error)),
        Err(_) => Err(Error::new(ErrorKind::Elapsed, "the server does not answer")),
    }
}

fn misled(server: &Target) -> Error {
    Error::new(ErrorKind::Unavailable, "the server is not the master any more").with("server", server)
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let health = self.health();
        f.debug_struct("Line").field("server", &health.server).field("is_up", &health.is_up).finish()
    }
}
