//! The connection on which messages are heard.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{Error, ErrorKind, Result};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, PushInfo, PushKind, RedisError, Value};
use tokio::time::timeout;

use crate::error::{down, translate};
use crate::line::Line;
use crate::link::{Link, Wires};
use crate::target::{CONNECTING, Target};

/// A connection of its own to one server, for messages and the questions that go with them.
///
/// It does not reconnect: whoever listens must know that it was broken. When it is dropped it ends.
#[derive(Debug)]
pub struct Ear {
    connection: MultiplexedConnection,
    /// What goes to the same server, where there is but one.
    line: Option<Line>,
    server: Arc<Target>,
}

/// What comes unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Heard<'a> {
    /// Somebody has sent this to that channel.
    Message(&'a [u8], &'a [u8]),
    /// The connection is broken, or the server has ended a subscription by itself. Nothing more will come.
    Broken,
}

impl Link {
    /// Connects to the server that calls go to, or to any master of a cluster, and listens to the channels. `hear` is called for everything
    /// that comes, in the order in which the server sent it; it must not wait.
    ///
    /// # Errors
    ///
    /// What stood in the way.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the connection ends.
    pub async fn listen(
        &self,
        channels: &[&str],
        hear: impl Fn(Heard<'_>) + Send + Sync + 'static,
    ) -> Result<Ear> {
        let (server, line) = match self.wires() {
            Wires::Single(line) => {
                // Whoever hears and cannot call is of no use.
                let connected = timeout(CONNECTING, line.connected()).await;
                (connected.map_err(|_| translate(down()))??, Some(line.clone()))
            }
            Wires::Cluster(cluster) => {
                (Arc::new(cluster.any_master().ok_or_else(|| translate(down()))?), None)
            }
        };
        let hear = move |push: PushInfo| pass_on(&push, &hear);
        let connecting = server.connect(hear).await;
        let connection = connecting.map_err(|error| told_by(error, &server.place()))?;
        let mut ear = Ear { connection, line, server };
        let subscribing = ear.connection.subscribe(channels);
        match timeout(CONNECTING, subscribing).await {
            Ok(outcome) => outcome.map_err(|error| told_by(error, &ear.server()))?,
            Err(_) => {
                return Err(Error::new(ErrorKind::Elapsed, "the server does not let us listen in time"));
            }
        }
        Ok(ear)
    }
}

impl Ear {
    /// Sends a command on this connection. Its answer comes behind all messages that were sent before it was executed.
    ///
    /// # Errors
    ///
    /// Also if the answer does not come within `patience`.
    ///
    /// # Cancel safety
    ///
    /// The command may have been executed.
    pub async fn call(&mut self, command: &Cmd, patience: Duration) -> Result<Value> {
        let answer = timeout(patience, command.query_async(&mut self.connection)).await;
        let elapsed =
            |_| Error::new(ErrorKind::Elapsed, "the server does not answer").with("server", self.server());
        answer.map_err(elapsed)?.map_err(|error| told_by(error, &self.server()))
    }

    /// Returns when calls go to another server.
    pub async fn left(&self) {
        match &self.line {
            Some(line) => line.moved(&self.server).await,
            None => pending().await,
        }
    }

    /// Where it leads.
    pub fn server(&self) -> String {
        self.server.place()
    }
}

pub(crate) fn pass_on(push: &PushInfo, hear: &impl Fn(Heard<'_>)) {
    match (&push.kind, push.data.as_slice()) {
        (PushKind::Message, [Value::BulkString(channel), Value::BulkString(message)]) => {
            hear(Heard::Message(channel, message));
        }
        // We never unsubscribe. If the server does, messages are missing from then on.
        (PushKind::Disconnection | PushKind::Unsubscribe | PushKind::SUnsubscribe, _) => hear(Heard::Broken),
        _ => {}
    }
}

fn told_by(error: RedisError, server: &str) -> Error {
    translate(error).with("server", server)
}
