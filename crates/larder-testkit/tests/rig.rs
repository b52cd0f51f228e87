//! What the tests of servers share.

use std::io::{BufRead, BufReader, Write};
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
        let stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
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
}
