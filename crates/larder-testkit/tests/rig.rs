//! What the tests of servers share.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use larder_core::Clock;
use larder_testkit::redis::RedisServer;

/// Looks until it is so.
#[track_caller]
pub(crate) fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let clock = Clock::precise();
    let began = clock.now();
    while !is_so() {
        assert!(clock.now().since(began) < Duration::from_secs(60), "it never came to pass that {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// What a server takes itself for: `master`, or `slave`.
pub(crate) fn role(server: &RedisServer) -> String {
    let role = server.command(&["ROLE"]).unwrap();
    role.items().first().unwrap().text().unwrap().to_owned()
}

/// A client as a user has one: over TCP, with one connection for all it says.
pub(crate) struct Client(BufReader<TcpStream>);

impl Client {
    pub(crate) fn connect(server: &RedisServer) -> Self {
        Self::connect_to(server.port())
    }

    pub(crate) fn connect_to(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn patience(&self, patience: Duration) {
        self.0.get_ref().set_read_timeout(Some(patience)).unwrap();
    }

    pub(crate) fn send(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    /// The first line of a reply, or `None` if there is none in time.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        self.0.read_line(&mut line).ok().map(|_| line.trim_end().to_owned())
    }

    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.send(line);
        self.hear().unwrap()
    }

    /// A whole reply or message in one line: `message news hello`.
    pub(crate) fn listen(&mut self) -> String {
        let line = self.hear().unwrap();
        let (kind, rest) = line.split_at(1);
        let count = || rest.parse().unwrap_or(0);
        match kind {
            "$" if rest != "-1" => self.hear().unwrap(),
            "*" | ">" => self.listen_to(count()),
            "%" => self.listen_to(2 * count()),
            _ => line,
        }
    }

    fn listen_to(&mut self, count: usize) -> String {
        let items: Vec<_> = (0..count).map(|_| self.listen()).collect();
        items.join(" ")
    }

    /// Whether nothing comes. It can only be told after a while.
    pub(crate) fn hears_nothing(&mut self) -> bool {
        self.patience(Duration::from_millis(50));
        let outcome = self.0.fill_buf().map(<[u8]>::len).map_err(|error| error.kind());
        self.patience(Duration::from_secs(5));
        matches!(outcome, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }

    /// Whether the other side has closed the connection, if it does so in time.
    pub(crate) fn is_closed(&mut self) -> bool {
        match self.0.fill_buf() {
            Ok(bytes) => bytes.is_empty(),
            Err(error) => error.kind() == ErrorKind::ConnectionReset,
        }
    }

    /// Fills this with what comes next.
    pub(crate) fn read_exact(&mut self, buffer: &mut [u8]) {
        self.0.read_exact(buffer).unwrap();
    }

    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        self.0.get_mut()
    }
}
