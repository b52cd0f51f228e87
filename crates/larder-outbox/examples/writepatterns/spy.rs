//! What the servers are asked, as they tell it themselves.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use larder_testkit::postgres::PostgresServer;
use larder_testkit::redis::RedisServer;
use sqlx::{PgPool, query_scalar};

use super::Failure;

/// How a monitor is told that it has seen enough.
const END: &str = "that was all";

/// Sees every command that a Redis executes from now on.
pub(crate) struct Monitor {
    lines: BufReader<TcpStream>,
}

/// What clients have sent that concerns a cache.
#[derive(Default)]
pub(crate) struct Commands {
    pub(crate) sent: usize,
    /// What the scripts among them did in their turn.
    pub(crate) inside: usize,
}

impl Monitor {
    pub(crate) fn start(server: &RedisServer) -> Result<Self, Failure> {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port()))?;
        stream.write_all(b"MONITOR\r\n")?;
        let mut lines = BufReader::new(stream);
        lines.read_line(&mut String::new())?;
        Ok(Self { lines })
    }

    /// What it has seen of a cache.
    pub(crate) fn end(self, server: &RedisServer, cache: &str) -> Result<Commands, Failure> {
        server.command(&["ECHO", END])?;
        let (mut commands, mut is_ours, key) = (Commands::default(), false, format!(":{cache}:"));
        for line in self.lines.lines() {
            let line = line?;
            if line.contains(END) {
                return Ok(commands);
            }
            // A script's commands follow it, and nothing comes in between.
            if line.contains(" lua]") {
                commands.inside += usize::from(is_ours);
            } else {
                is_ours = line.contains(&key);
                commands.sent += usize::from(is_ours);
            }
        }
        Err("the server has hung up".into())
    }
}

/// The log of a Postgres that logs each statement, from now on.
pub(crate) struct Log {
    begin: usize,
    writer: String,
    watcher: String,
}

/// What was executed for a writer, and for others: a relay, a sink.
pub(crate) struct Statements {
    pub(crate) writer: usize,
    pub(crate) others: usize,
}

impl Log {
    pub(crate) async fn start(
        server: &PostgresServer,
        writer: &PgPool,
        watcher: &PgPool,
    ) -> Result<Self, Failure> {
        let (writer, watcher) = (process(writer).await?, process(watcher).await?);
        Ok(Self { begin: server.log().len(), writer, watcher })
    }

    pub(crate) fn end(self, server: &PostgresServer) -> Statements {
        let log = server.log();
        let of = |process: &str| log.get(self.begin..).unwrap_or_default().matches(process).count();
        let all = of("] LOG:  execute ") + of("] LOG:  statement: ");
        let by = |process: &str| {
            of(&format!("[{process}] LOG:  execute ")) + of(&format!("[{process}] LOG:  statement: "))
        };
        let writer = by(&self.writer);
        Statements { writer, others: all - writer - by(&self.watcher) }
    }
}

/// The server's process for the one connection of a pool.
async fn process(pool: &PgPool) -> Result<String, Failure> {
    let process: i32 = query_scalar("SELECT pg_backend_pid()").fetch_one(pool).await?;
    Ok(process.to_string())
}
