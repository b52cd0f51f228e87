//! The calls of one process, wherever the servers are.

use std::fmt;
use std::sync::Arc;

use larder_core::{Connection, Result};
use redis::{Cmd, Pipeline, RedisError, Value};

use crate::address::{Address, Topology};
use crate::cluster::Cluster;
use crate::error::translate;
use crate::line::{Greeting, Journey, Line};
use crate::owners::Login;
use crate::place::Place;
use crate::sentinel::Sentinels;
use crate::slot::Slot;

/// The connections for calls: one to a single server or the master that sentinels name, and one to each master of a
/// cluster. Cloning it copies a pointer; with the last clone they end.
#[derive(Clone, Debug)]
pub struct Link {
    address: Address,
    wires: Wires,
}

#[derive(Clone, Debug)]
pub(crate) enum Wires {
    Single(Line),
    Cluster(Cluster),
}

impl Link {
    /// A link that begins to connect at once, in the background, and goes on without end. Must be called within a tokio
    /// runtime.
    pub fn open(address: Address) -> Self {
        Self::greeting(address, Pipeline::new())
    }

    /// The same; each server is told this first, on each connection. What it answers does not matter.
    pub fn greeting(address: Address, greeting: Pipeline) -> Self {
        let greeting = Arc::new(greeting);
        let wires = match address.topology.clone() {
            Topology::Single(target) => single(Place::Fixed(target), greeting),
            Topology::Sentinel { sentinels, name, master } => {
                single(Place::Master(Sentinels { places: sentinels, name, master }), greeting)
            }
            Topology::Cluster(seeds) => {
                let target = seeds.first().cloned().expect("an address has a host");
                Wires::Cluster(Cluster::open(seeds, Login { target, greeting }))
            }
        };
        Self { address, wires }
    }

    /// Waits until all connections are up.
    ///
    /// # Errors
    ///
    /// What stood in the way of the first attempt. The link goes on trying all the same.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn connected(&self) -> Result<()> {
        match &self.wires {
            Wires::Single(line) => line.connected().await.map(drop),
            Wires::Cluster(cluster) => cluster.connected().await,
        }
    }

    /// Waits until its one connection is up, for as long as that takes. On a cluster this waits for nothing.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn up(&self) {
        if let Wires::Single(line) = &self.wires {
            line.up().await;
        }
    }

    /// Sends one command to who has the slot, and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](larder_core::ErrorKind::Unavailable) at once while there is no connection.
    ///
    /// # Cancel safety
    ///
    /// The command may have been executed. The answers of others are not mixed up.
    pub async fn call(&self, slot: Slot, command: &Cmd) -> Result<Value> {
        let answer = match &self.wires {
            Wires::Single(line) => line.call(command).await,
            Wires::Cluster(cluster) => cluster.call(slot, command).await,
        };
        answer.map_err(|error| self.translate(error))
    }

    /// Sends several commands, those for the same server at once, and waits for all answers. They are in the order of the
    /// commands; each may be an error of its own.
    ///
    /// # Cancel safety
    ///
    /// Any of the commands may have been executed. The answers of others are not mixed up.
    pub async fn call_each(&self, commands: Vec<(Slot, Cmd)>) -> Vec<Result<Value>> {
        let answers = match &self.wires {
            Wires::Single(line) => call_all(line, &commands).await,
            Wires::Cluster(cluster) => cluster.call_each(commands).await,
        };
        answers.into_iter().map(|answer| answer.map_err(|error| self.translate(error))).collect()
    }

    /// Each server that has keys, for what concerns all keys of one.
    pub fn servers(&self) -> Vec<Server> {
        let mut servers: Vec<Server> = match &self.wires {
            Wires::Single(line) => vec![Server { line: line.clone() }],
            Wires::Cluster(cluster) => cluster.lines().into_iter().map(|line| Server { line }).collect(),
        };
        servers.sort_by_key(Server::name);
        servers
    }

    /// Has the connection to who has the slot looked into: something came over it that should not.
    pub fn doubt(&self, slot: Slot) {
        match &self.wires {
            Wires::Single(line) => line.doubt(),
            Wires::Cluster(cluster) => cluster.doubt(slot),
        }
    }

    /// Whether the keys are shared by several masters, so that a command may only touch those of one slot.
    pub fn is_cluster(&self) -> bool {
        matches!(self.wires, Wires::Cluster(_))
    }

    /// Where it leads.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Where its one connection has led; `None` on a cluster, which has many.
    ///
    /// Messages have a connection of their own, which follows it, and for a moment may lead to another server.
    pub fn journey(&self) -> Option<Journey> {
        match &self.wires {
            Wires::Single(line) => Some(line.journey()),
            Wires::Cluster(_) => None,
        }
    }

    /// How its connections fare.
    pub fn connections(&self) -> Vec<Connection> {
        match &self.wires {
            Wires::Single(line) => vec![line.health()],
            Wires::Cluster(cluster) => cluster.health(),
        }
    }

    pub(crate) fn wires(&self) -> &Wires {
        &self.wires
    }

    fn translate(&self, error: RedisError) -> larder_core::Error {
        translate(error).with("server", &self.address)
    }
}

/// One of the servers that have the keys.
#[derive(Clone, Debug)]
pub struct Server {
    line: Line,
}

impl Server {
    /// Sends it a command, and waits for the answer.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](larder_core::ErrorKind::Unavailable) at once while there is no connection.
    ///
    /// # Cancel safety
    ///
    /// The command may have been executed.
    pub async fn call(&self, command: &Cmd) -> Result<Value> {
        let answer = self.line.call(command).await;
        answer.map_err(|error| translate(error).with("server", self.name()))
    }

    /// Where it is.
    pub fn name(&self) -> String {
        self.line.place()
    }
}

fn single(place: Place, greeting: Greeting) -> Wires {
    Wires::Single(Line::open(place, greeting))
}

async fn call_all(line: &Line, commands: &[(Slot, Cmd)]) -> Vec<Result<Value, RedisError>> {
    let mut pipeline = Pipeline::with_capacity(commands.len());
    for (_, command) in commands {
        pipeline.add_command(command.clone());
    }
    if commands.is_empty() {
        return Vec::new();
    }
    match line.call_all(&pipeline).await {
        Ok(answers) => answers.into_iter().map(Value::extract_error).collect(),
        Err(error) => commands.iter().map(|_| Err(error.clone())).collect(),
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}
