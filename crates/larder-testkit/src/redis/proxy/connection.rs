//! One connection of a client, with its other half to the server.

use std::io;
use std::net::TcpStream;

use larder_core::Moment;
use rustix::event::PollFd;

use super::ear::{Ear, Heard};
use super::end::End;
use super::fault::{Fate, Fault};
use super::inlet::Item;
use super::rules::Rules;
use super::traffic::{Kind, Way};
use super::words::{is_any, words};

/// After these the server sends what is no frame.
const REPLICATION: [&str; 2] = ["psync", "sync"];

/// Carries frames both ways, as far as the rules let it.
#[derive(Debug)]
pub(crate) struct Connection {
    client: End,
    server: End,
    kind: Kind,
    ear: Ear,
    /// Whether the client has heard something since it last sent a command.
    is_answered: bool,
    /// Whether anything vanished. What comes after a hole makes no sense.
    has_hole: bool,
    is_refused: bool,
    /// When something that waits is due.
    due: Option<Moment>,
}

impl Connection {
    pub(crate) fn new(client: TcpStream, port: u16) -> io::Result<Self> {
        Ok(Self {
            client: End::client(client)?,
            server: End::server(port)?,
            kind: Kind::New,
            ear: Ear::default(),
            is_answered: true,
            has_hole: false,
            is_refused: false,
            due: None,
        })
    }

    /// Carries all that can be carried now.
    pub(crate) fn turn(&mut self, rules: &mut Rules, now: Moment) {
        self.client.rest();
        self.server.rest();
        self.due = None;
        for way in [Way::ToServer, Way::ToClient] {
            self.carry(way, rules, now);
        }
    }

    /// Whether nothing can come of it any more.
    pub(crate) fn is_over(&self, rules: &Rules) -> bool {
        let is_through =
            [Way::ToServer, Way::ToClient].iter().all(|way| rules.faults.of(self.kind, *way).lets_through());
        let is_closed = self.client.outlet.is_closed() && self.server.outlet.is_closed();
        self.is_refused || is_closed || (self.has_hole && is_through)
    }

    /// Sends what nobody else has sent. A frame that is on its way is not torn: only whole ones are to go out.
    pub(crate) fn inject(&mut self, way: Way, bytes: &[u8]) {
        self.sink(way).outlet.push(bytes);
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn due(&self) -> Option<Moment> {
        self.due
    }

    pub(crate) fn await_on<'a>(&'a self, sockets: &mut Vec<PollFd<'a>>) {
        self.client.await_on(sockets);
        self.server.await_on(sockets);
    }

    fn carry(&mut self, way: Way, rules: &mut Rules, now: Moment) {
        let fault = rules.faults.of(self.kind, way);
        if fault == Fault::Frozen {
            return;
        }
        // A sender waits for a slow receiver. Only reading does: what was read goes on in the same turn, if it may.
        if !self.sink(way).outlet.is_full() {
            self.source(way).fill(now);
        }
        while self.carry_one(way, rules, now) {}
        if fault == Fault::Swallowed {
            self.has_hole |= self.sink(way).outlet.discard();
        }
        self.sink(way).flush();
        let is_frozen = rules.faults.of(self.kind, way) == Fault::Frozen;
        if !is_frozen && !self.sink(way).outlet.is_full() {
            self.source(way).await_more();
        }
    }

    /// Decides about what came first, and tells whether what comes next may go on.
    fn carry_one(&mut self, way: Way, rules: &mut Rules, now: Moment) -> bool {
        if way == Way::ToServer {
            self.look_at_command(rules);
        }
        let Some(arrived) = self.source(way).arrived() else { return false };
        match rules.faults.of(self.kind, way).fate(arrived, now) {
            _ if self.is_refused => return false,
            Fate::Waits(due) => {
                self.due = self.due.into_iter().chain(due).min();
                return false;
            }
            Fate::Vanishes => {
                self.source(way).take();
                self.has_hole = true;
            }
            Fate::Passes => match self.source(way).take() {
                Some(Item::Frame(frame)) => self.pass(way, &frame, rules, now),
                Some(Item::Raw(bytes)) => self.sink(way).outlet.push(&bytes),
                Some(Item::End) | None => self.sink(way).outlet.end(),
            },
        }
        true
    }

    /// A command shows the kind of its connection before it is passed on, and suffers what that kind suffers.
    fn look_at_command(&mut self, rules: &Rules) {
        let Some(command) = self.client.frame() else { return };
        let kind = self.kind.after(command);
        self.is_refused |= kind != self.kind && rules.faults.refuses(kind);
        self.kind = kind;
    }

    fn pass(&mut self, way: Way, frame: &[u8], rules: &mut Rules, now: Moment) {
        match way {
            Way::ToServer => {
                self.count(frame, rules, now);
                self.server.outlet.push(frame);
            }
            Way::ToClient => match self.ear.hear(frame) {
                Heard::Message(channel) if rules.lose(channel) => {}
                Heard::Message(_) | Heard::Unasked => self.client.outlet.push(frame),
                Heard::Reply => {
                    self.is_answered = true;
                    self.client.outlet.push(&rules.addresses.translate(frame));
                }
            },
        }
    }

    fn count(&mut self, command: &[u8], rules: &mut Rules, now: Moment) {
        let Some(name) = words(command).next() else { return };
        rules.counts.count(name);
        if std::mem::take(&mut self.is_answered) {
            rules.counts.round_trips += 1;
        }
        if is_any(name, &REPLICATION) {
            self.client.give_up_frames(now);
            self.server.give_up_frames(now);
        }
    }

    fn source(&mut self, way: Way) -> &mut End {
        match way {
            Way::ToServer => &mut self.client,
            Way::ToClient => &mut self.server,
        }
    }

    fn sink(&mut self, way: Way) -> &mut End {
        match way {
            Way::ToServer => &mut self.server,
            Way::ToClient => &mut self.client,
        }
    }
}
