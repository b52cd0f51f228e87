//! Which connections are meant, and which way.

use super::words::{is_any, words};

/// Which way a fault lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// What clients send.
    ToServer,
    /// What the server sends.
    ToClient,
    /// Both ways.
    Both,
}

/// The connections of a kind.
///
/// A connection is of the bus from the first `SUBSCRIBE` on, or `PSUBSCRIBE`, or `SSUBSCRIBE`. It is of the data from the
/// first other command on, until it subscribes. A connection that has only introduced itself, by `HELLO`, `AUTH`,
/// `CLIENT`, or `SELECT`, can still become either: it belongs to all connections, but to neither kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Traffic {
    /// Every connection.
    All,
    /// Those that send commands and have not subscribed to anything.
    Data,
    /// Those that have subscribed to something.
    Bus,
}

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToClient,
}

/// What a connection has shown itself to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing yet.
    New,
    Data,
    Bus,
}

const INTRODUCTIONS: [&str; 4] = ["hello", "auth", "client", "select"];
const SUBSCRIPTIONS: [&str; 3] = ["subscribe", "psubscribe", "ssubscribe"];

impl Direction {
    pub(crate) fn ways(self) -> &'static [Way] {
        match self {
            Self::ToServer => &[Way::ToServer],
            Self::ToClient => &[Way::ToClient],
            Self::Both => &[Way::ToServer, Way::ToClient],
        }
    }
}

impl Traffic {
    pub(crate) fn includes(self, kind: Kind) -> bool {
        match self {
            Self::All => true,
            Self::Data => kind == Kind::Data,
            Self::Bus => kind == Kind::Bus,
        }
    }
}

impl Kind {
    /// What the connection is when this command has been sent over it.
    pub(crate) fn after(self, command: &[u8]) -> Self {
        match words(command).next() {
            Some(name) if is_any(name, &SUBSCRIPTIONS) => Self::Bus,
            Some(name) if self == Self::New && !is_any(name, &INTRODUCTIONS) => Self::Data,
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(commands: &[&str], expected: Kind) {
        let kind = commands.iter().fold(Kind::New, |kind, command| kind.after(command.as_bytes()));
        assert_eq!(kind, expected, "{commands:?}");
    }

    #[test]
    fn an_introduction_decides_nothing() {
        check(&["HELLO 3\r\n", "AUTH a b\r\n", "client setname x\r\n", "SELECT 1\r\n", "\r\n"], Kind::New);
    }

    #[test]
    fn the_first_command_decides() {
        check(&["HELLO 3\r\n", "GET a\r\n"], Kind::Data);
        check(&["HELLO 3\r\n", "*2\r\n$10\r\npSubscribe\r\n$1\r\na\r\n"], Kind::Bus);
    }

    #[test]
    fn whoever_subscribes_is_of_the_bus_from_then_on() {
        check(&["PING\r\n", "SUBSCRIBE a\r\n", "GET a\r\n", "UNSUBSCRIBE\r\n"], Kind::Bus);
    }
}
