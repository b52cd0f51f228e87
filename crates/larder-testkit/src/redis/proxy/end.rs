//! One end of a connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use larder_core::Moment;
use rustix::event::{PollFd, PollFlags};

use super::frames::Speaker;
use super::inlet::{Inlet, Item};
use super::outlet::Outlet;

/// A server on the same machine accepts at once, even if it is paused, unless hundreds wait already.
const UNTIL_CONNECTED: Duration = Duration::from_secs(1);

/// A socket, with what came in over it and what is to go out.
#[derive(Debug)]
pub(crate) struct End {
    stream: TcpStream,
    inlet: Inlet,
    pub(crate) outlet: Outlet,
    /// What to wake up for. Of what stands still on purpose, nothing.
    awaited: PollFlags,
}

impl End {
    /// The end at which a client is.
    pub(crate) fn client(stream: TcpStream) -> io::Result<Self> {
        Self::new(stream, Speaker::Client)
    }

    /// The end at which a server is, on a port of this machine.
    pub(crate) fn server(port: u16) -> io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self::new(TcpStream::connect_timeout(&address, UNTIL_CONNECTED)?, Speaker::Server)
    }

    fn new(stream: TcpStream, speaker: Speaker) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let (inlet, outlet) = (Inlet::new(speaker), Outlet::default());
        Ok(Self { stream, inlet, outlet, awaited: PollFlags::empty() })
    }

    /// Begins a turn, in which nothing was asked for yet.
    pub(crate) fn rest(&mut self) {
        self.awaited = PollFlags::empty();
    }

    /// Reads what is there.
    pub(crate) fn fill(&mut self, now: Moment) {
        self.inlet.fill(&mut self.stream, now);
    }

    /// When the first of what is here came in, if there is anything.
    pub(crate) fn arrived(&self) -> Option<Moment> {
        self.inlet.first().map(|(arrived, _)| *arrived)
    }

    /// The first of what is here, if it is a frame.
    pub(crate) fn frame(&self) -> Option<&[u8]> {
        match self.inlet.first() {
            Some((_, Item::Frame(frame))) => Some(frame),
            _ => None,
        }
    }

    pub(crate) fn take(&mut self) -> Option<Item> {
        self.inlet.take()
    }

    pub(crate) fn give_up_frames(&mut self, now: Moment) {
        self.inlet.give_up_frames(now);
    }

    /// Asks to be woken when there is more to read, as far as there is room.
    pub(crate) fn await_more(&mut self) {
        if self.inlet.wants_more() {
            self.awaited |= PollFlags::IN;
        }
    }

    /// Writes what is to go out, and asks to be woken for the rest.
    pub(crate) fn flush(&mut self) {
        self.outlet.flush(&self.stream);
        if self.outlet.is_pending() {
            self.awaited |= PollFlags::OUT;
        }
    }

    /// Adds its socket to those that are waited for. Without a wish it is not among them: the system tells of the end
    /// of a connection also to whoever does not want to know.
    pub(crate) fn await_on<'a>(&'a self, sockets: &mut Vec<PollFd<'a>>) {
        if !self.awaited.is_empty() {
            sockets.push(PollFd::new(&self.stream, self.awaited));
        }
    }
}
