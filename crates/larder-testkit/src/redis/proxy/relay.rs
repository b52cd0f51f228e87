//! What a proxy does in its thread.

use std::net::TcpStream;

use larder_core::Moment;
use rustix::event::PollFd;

use super::connection::Connection;
use super::counts::Counts;
use super::rules::Rules;
use super::traffic::{Direction, Kind, Traffic};
use super::worker::Service;

/// All connections, and the rules for them.
#[derive(Debug)]
pub(crate) struct Relay {
    /// Of the server.
    port: u16,
    pub(crate) rules: Rules,
    connections: Vec<Connection>,
}

impl Relay {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, rules: Rules::default(), connections: Vec::new() }
    }

    pub(crate) fn cut(&mut self, traffic: Traffic) {
        self.connections.retain(|connection| !traffic.includes(connection.kind()));
    }

    pub(crate) fn inject(&mut self, traffic: Traffic, direction: Direction, bytes: &[u8]) -> usize {
        let mut reached = 0;
        for connection in self.connections.iter_mut().filter(|one| traffic.includes(one.kind())) {
            direction.ways().iter().for_each(|way| connection.inject(*way, bytes));
            reached += 1;
        }
        reached
    }

    pub(crate) fn counts(&self) -> Counts {
        let open = self.connections.iter().map(Connection::kind).collect();
        Counts { open, ..self.rules.counts.clone() }
    }

    fn drop_what_is_over(&mut self) {
        self.connections.retain(|connection| !connection.is_over(&self.rules));
    }
}

impl Service for Relay {
    fn accept(&mut self, client: TcpStream) {
        self.rules.counts.made += 1;
        if self.rules.faults.refuses(Kind::New) {
            return;
        }
        // Without a server the client is let go, as it would be without a proxy.
        if let Ok(connection) = Connection::new(client, self.port) {
            self.connections.push(connection);
        }
    }

    fn turn(&mut self, now: Moment) -> Option<Moment> {
        // Before anything moves, lest what follows a hole be taken for what it is not.
        self.drop_what_is_over();
        for connection in &mut self.connections {
            connection.turn(&mut self.rules, now);
        }
        self.drop_what_is_over();
        self.connections.iter().filter_map(Connection::due).min()
    }

    fn await_on<'a>(&'a self, sockets: &mut Vec<PollFd<'a>>) {
        self.connections.iter().for_each(|connection| connection.await_on(sockets));
    }
}
