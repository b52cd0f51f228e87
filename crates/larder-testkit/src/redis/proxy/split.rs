//! What a splitting proxy does in its thread.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use larder_core::Moment;
use rustix::event::PollFd;

use super::end::End;
use super::inlet::Item;
use super::words::{is_any, is_subscription, words};
use super::worker::Service;

/// What a client says of itself, and both connections have to know.
const GREETINGS: [&str; 3] = ["hello", "auth", "reset"];
/// What comes to a subscriber of the second version besides confirmations.
const MESSAGES: [&str; 3] = ["message", "pmessage", "smessage"];

/// All clients, and how late their messages are.
#[derive(Debug)]
pub(crate) struct Splitter {
    /// Of the server.
    port: u16,
    delay: Duration,
    connections: Vec<Split>,
}

/// One client with two connections to the server.
#[derive(Debug)]
struct Split {
    client: End,
    commands: End,
    subscriptions: End,
    /// How many answers come over the connection for subscriptions that the client gets over the other one.
    doubled: usize,
    /// When a message that is held back is due.
    due: Option<Moment>,
}

impl Splitter {
    pub(crate) fn new(port: u16) -> Self {
        Self { port, delay: Duration::ZERO, connections: Vec::new() }
    }

    pub(crate) fn delay(&mut self, delay: Duration) {
        self.delay = delay;
    }
}

impl Service for Splitter {
    fn accept(&mut self, client: TcpStream) {
        if let Ok(connection) = Split::new(client, self.port) {
            self.connections.push(connection);
        }
    }

    fn turn(&mut self, now: Moment) -> Option<Moment> {
        for connection in &mut self.connections {
            connection.turn(self.delay, now);
        }
        self.connections.retain(|connection| !connection.is_over());
        self.connections.iter().filter_map(|connection| connection.due).min()
    }

    fn await_on<'a>(&'a self, sockets: &mut Vec<PollFd<'a>>) {
        for Split { client, commands, subscriptions, .. } in &self.connections {
            for end in [client, commands, subscriptions] {
                end.await_on(sockets);
            }
        }
    }
}

impl Split {
    fn new(client: TcpStream, port: u16) -> io::Result<Self> {
        let (commands, subscriptions) = (End::server(port)?, End::server(port)?);
        Ok(Self { client: End::client(client)?, commands, subscriptions, doubled: 0, due: None })
    }

    fn turn(&mut self, delay: Duration, now: Moment) {
        self.each(End::rest);
        self.each_with_room(|end| end.fill(now));
        self.split();
        self.join(delay, now);
        self.each(End::flush);
        self.each_with_room(End::await_more);
    }

    fn each(&mut self, act: impl Fn(&mut End)) {
        [&mut self.client, &mut self.commands, &mut self.subscriptions].into_iter().for_each(act);
    }

    /// Each end of which what comes in can go out.
    fn each_with_room(&mut self, act: impl Fn(&mut End)) {
        if !self.commands.outlet.is_full() && !self.subscriptions.outlet.is_full() {
            act(&mut self.client);
        }
        if !self.client.outlet.is_full() {
            act(&mut self.commands);
            act(&mut self.subscriptions);
        }
    }

    /// Whether the client was told that this is the end, or does not listen.
    fn is_over(&self) -> bool {
        self.client.outlet.is_closed()
    }

    /// Hands what the client sent to the connection that it is for.
    fn split(&mut self) {
        while let Some(item) = self.client.take() {
            match item {
                Item::Frame(command) => self.route(&command),
                Item::Raw(bytes) => self.commands.outlet.push(&bytes),
                // The server answers what it was sent, and closes; the other connection goes with this one.
                Item::End => self.commands.outlet.end(),
            }
        }
    }

    fn route(&mut self, command: &[u8]) {
        let name = words(command).next().unwrap_or_default();
        if is_any(name, &GREETINGS) {
            self.doubled += 1;
            self.subscriptions.outlet.push(command);
            self.commands.outlet.push(command);
        } else if is_subscription(name) {
            self.subscriptions.outlet.push(command);
        } else {
            self.commands.outlet.push(command);
        }
    }

    /// Hands the client what came over both connections.
    fn join(&mut self, delay: Duration, now: Moment) {
        self.due = None;
        while let Some(item) = self.commands.take() {
            deliver(item, &mut self.client);
        }
        while let Some(arrived) = self.subscriptions.arrived() {
            let due = arrived.after(delay);
            if due > now {
                self.due = Some(due);
                return;
            }
            match self.subscriptions.take() {
                // A SUBSCRIBE that is refused while a greeting is on its way would be taken for its answer. Clients
                // greet first.
                Some(Item::Frame(frame)) if self.doubled > 0 && !is_of_subscriptions(&frame) => {
                    self.doubled -= 1;
                }
                Some(item) => deliver(item, &mut self.client),
                None => return,
            }
        }
    }
}

fn deliver(item: Item, client: &mut End) {
    match item {
        Item::Frame(bytes) | Item::Raw(bytes) => client.outlet.push(&bytes),
        Item::End => client.outlet.end(),
    }
}

/// Whether this is a message or a confirmation, not the answer to anything else.
fn is_of_subscriptions(frame: &[u8]) -> bool {
    let first = words(frame).next().unwrap_or_default();
    match frame.first() {
        Some(b'>') => true,
        Some(b'*') => is_subscription(first) || is_any(first, &MESSAGES),
        _ => false,
    }
}
