//! What is to go out.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::io::Write as _;
use std::net::{Shutdown, TcpStream};

/// How much may wait for a slow receiver until nothing more is read from the sender.
const MOST_PENDING: usize = 1 << 20;

/// Writes a socket, as fast as the receiver takes it.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    pending: VecDeque<u8>,
    state: State,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// Closed as soon as nothing is pending.
    Ending,
    /// Whatever is still to go out has nowhere to go.
    Closed,
}

impl Outlet {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.state == State::Open {
            self.pending.extend(bytes);
        }
    }

    /// Nothing comes after this.
    pub(crate) fn end(&mut self) {
        if self.state == State::Open {
            self.state = State::Ending;
        }
    }

    /// Forgets what is to go out, its end too, and tells whether there was anything.
    pub(crate) fn discard(&mut self) -> bool {
        let was_any = self.is_pending() || self.state == State::Ending;
        self.pending.clear();
        if self.state == State::Ending {
            self.state = State::Open;
        }
        was_any
    }

    pub(crate) fn flush(&mut self, mut stream: &TcpStream) {
        while self.is_pending() {
            match stream.write(self.pending.as_slices().0) {
                Ok(length) => drop(self.pending.drain(..length)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.pending.clear();
                    self.state = State::Closed;
                }
            }
        }
        if self.state == State::Ending {
            // It fails if the other side was faster.
            _ = stream.shutdown(Shutdown::Write);
            self.state = State::Closed;
        }
    }

    pub(crate) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.pending.len() >= MOST_PENDING
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }
}
