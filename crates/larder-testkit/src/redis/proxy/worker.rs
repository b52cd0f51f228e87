//! The one thread in which everything happens.
//!
//! It sleeps until a socket has something for it, or something is due, or an order comes. An order is a closure that
//! runs between two turns; whoever gives it waits until it has run. So nothing is locked, and a fault holds from the
//! moment at which the call returns.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::{self, JoinHandle};

use larder_core::{Clock, Moment};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::server::error::{Error, Result};

/// What a worker does.
pub(crate) trait Service: Send + 'static {
    /// Takes a new connection of a client.
    fn accept(&mut self, client: TcpStream);

    /// Does all that can be done now, and tells when there will be more to do by itself.
    fn turn(&mut self, now: Moment) -> Option<Moment>;

    /// Adds the sockets that are waited for, and what for.
    fn await_on<'a>(&'a self, sockets: &mut Vec<PollFd<'a>>);
}

type Order<S> = Box<dyn FnOnce(&mut S) + Send>;

/// A service in its thread. Both end with this, and all sockets are closed then.
#[derive(Debug)]
pub(crate) struct Worker<S> {
    port: u16,
    /// `None` once the worker is to end.
    orders: Option<Sender<Order<S>>>,
    /// Wakes it.
    bell: UnixStream,
    /// `None` once it has ended.
    thread: Option<JoinHandle<()>>,
}

/// What the thread has.
struct Shift<S> {
    service: S,
    listener: TcpListener,
    orders: Receiver<Order<S>>,
    bell: UnixStream,
    clock: Clock,
}

impl<S: Service> Worker<S> {
    /// Listens on a free port of this machine.
    pub(crate) fn start(service: S) -> Result<Self> {
        Self::listen(service).map_err(Error::system("start a proxy"))
    }

    fn listen(service: S) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let (bell, heard) = UnixStream::pair()?;
        let (orders, given) = mpsc::channel();
        listener.set_nonblocking(true)?;
        bell.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        let shift = Shift { service, listener, orders: given, bell: heard, clock: Clock::precise() };
        let thread = thread::Builder::new().name(format!("proxy {port}")).spawn(move || shift.work())?;
        Ok(Self { port, orders: Some(orders), bell, thread: Some(thread) })
    }

    /// Where clients find it.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Gives an order, and waits for the result. It is carried out when all that was sent before has gone its way.
    pub(crate) fn ask<T: Send + 'static>(&self, order: impl FnOnce(&mut S) -> T + Send + 'static) -> T {
        let (tell, told) = mpsc::sync_channel(1);
        let order = move |service: &mut S| _ = tell.send(order(service));
        let orders = self.orders.as_ref().expect("only a drop takes it away");
        orders.send(Box::new(order)).expect("the thread ends with the sender");
        self.ring();
        told.recv().expect("the thread does what it is told")
    }
}

impl<S> Worker<S> {
    fn ring(&self) {
        // If there is no room for another, it has not heard the last one yet.
        _ = (&self.bell).write(&[0]);
    }
}

impl<S> Drop for Worker<S> {
    fn drop(&mut self) {
        self.orders = None;
        self.ring();
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

impl<S: Service> Shift<S> {
    fn work(mut self) {
        loop {
            self.silence();
            loop {
                match self.orders.try_recv() {
                    Ok(order) => {
                        // What was sent before the order was given is not its concern any more.
                        self.turn();
                        order(&mut self.service);
                    }
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            let due = self.turn();
            self.sleep(due);
        }
    }

    fn turn(&mut self) -> Option<Moment> {
        while let Ok((client, _)) = self.listener.accept() {
            self.service.accept(client);
        }
        self.service.turn(self.clock.now())
    }

    fn sleep(&self, due: Option<Moment>) {
        let timeout = due.and_then(|due| Timespec::try_from(due.since(self.clock.now())).ok());
        let mut sockets =
            vec![PollFd::new(&self.bell, PollFlags::IN), PollFd::new(&self.listener, PollFlags::IN)];
        self.service.await_on(&mut sockets);
        // Whether it was woken and by whom is found out in the turn.
        _ = poll(&mut sockets, timeout.as_ref());
    }

    fn silence(&mut self) {
        while self.bell.read(&mut [0; 64]).is_ok_and(|length| length > 0) {}
    }
}
