//! One database.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use super::accounts;
use super::programs::Programs;
use crate::server::error::{Error, Result};
use crate::server::patience::{FOR_A_SERVER, until};
use crate::server::process::{Process, User};
use crate::server::watchdog::Ending;

/// The folder of the cluster in the server's own.
const DATA: &str = "data";
/// What the server has there while it runs: its number on the first line, what it is about on the eighth.
const STATUS: &str = "data/postmaster.pid";

/// Nothing outlives the machine, so nothing has to be on the disk. But what is committed is with the system, and outlives a crash.
const SETTINGS: [&str; 5] =
    ["listen_addresses=", "fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=50"];

/// A Postgres of one's own, on a unix socket, with one user and one database, both named `postgres`, and no password.
///
/// It is ended when it is dropped, and also when the test is killed or ends without a drop.
///
/// # Examples
///
/// ```
/// use larder_testkit::postgres::PostgresServer;
///
/// let server = PostgresServer::start()?;
/// println!("a client connects to {}", server.url());
///
/// // As after a loss of power; what was committed is still there.
/// server.crash()?;
/// server.restart()?;
/// # Ok::<(), larder_testkit::postgres::Error>(())
/// ```
#[derive(Debug)]
pub struct PostgresServer {
    process: Process,
    /// Follow its own, and overrule them.
    settings: Vec<OsString>,
}

impl PostgresServer {
    /// Makes a cluster, starts a server of it, and returns when that serves.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if Postgres is not installed, and [`Error::Exited`] or [`Error::Late`] with the server's log if
    /// it does not serve.
    pub fn start() -> Result<Self> {
        Self::with(iter::empty::<&str>())
    }

    /// Starts a server with more settings, as after `-c` on its command line. They overrule what it would be told otherwise.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    ///
    /// # Examples
    ///
    /// ```
    /// use larder_testkit::postgres::PostgresServer;
    ///
    /// // For whoever measures: a COMMIT waits for the disk.
    /// let server = PostgresServer::with(["fsync=on"])?;
    /// # Ok::<(), larder_testkit::postgres::Error>(())
    /// ```
    pub fn with<S: Into<OsString>>(settings: impl IntoIterator<Item = S>) -> Result<Self> {
        let programs = Programs::find()?;
        let user = accounts::somebody();
        let process = Process::new(programs.postgres, user, Ending::Quit(STATUS))?;
        make_cluster(&programs.initdb, &process.path(DATA), user)?;
        let server = Self { process, settings: settings.into_iter().map(Into::into).collect() };
        server.serve()?;
        Ok(server)
    }

    /// Freezes the server's main process: nobody is let in any more, and who is in goes on.
    pub fn pause(&self) -> Result<()> {
        self.process.pause()
    }

    /// Lets a paused server go on.
    pub fn resume(&self) -> Result<()> {
        self.process.resume()
    }

    /// Ends the server and all its connections at once, without any order.
    pub fn crash(&self) -> Result<()> {
        self.process.end(Signal::QUIT)
    }

    /// Starts the server again, at the same address, and returns when it serves. If it still runs, it crashes first.
    pub fn restart(&self) -> Result<()> {
        self.crash()?;
        self.serve()
    }

    /// Where clients find it: `postgres://postgres@localhost/postgres?host=…`, with the folder of its socket.
    pub fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.folder().display())
    }

    /// The folder of its unix socket, which is removed with the server.
    pub fn folder(&self) -> &Path {
        self.process.folder().path()
    }

    /// What the server wrote into its log since it was last started.
    pub fn log(&self) -> String {
        self.process.log()
    }

    fn serve(&self) -> Result<()> {
        self.process.start(&self.arguments(), &[])?;
        let look = || {
            if self.process.has_ended() {
                return Err(Error::Exited { log: self.log() });
            }
            Ok(self.is_ready().then_some(()))
        };
        until(FOR_A_SERVER, "the server is ready", || self.log(), look)
    }

    fn arguments(&self) -> Vec<OsString> {
        let mut arguments =
            vec!["-D".into(), self.process.path(DATA).into(), "-k".into(), self.folder().into()];
        let settings = SETTINGS.iter().map(OsString::from).chain(self.settings.iter().cloned());
        arguments.extend(settings.flat_map(|setting| ["-c".into(), setting]));
        arguments
    }

    /// Whether this very process says that it is.
    fn is_ready(&self) -> bool {
        let status = fs::read_to_string(self.process.path(STATUS)).unwrap_or_default();
        let id = status.lines().next().and_then(|line| line.parse().ok());
        id == self.process.id() && status.lines().nth(7).is_some_and(|line| line.trim() == "ready")
    }
}

fn make_cluster(initdb: &Path, folder: &PathBuf, user: Option<User>) -> Result<()> {
    let mut command = Command::new(initdb);
    command.arg("-D").arg(folder).args(["-U", "postgres", "-A", "trust", "-E", "UTF8"]);
    // A megabyte of log is enough for a test, and less to write than the usual sixteen.
    command.args(["--no-locale", "--no-sync", "--no-instructions", "--wal-segsize=1"]);
    command.current_dir("/");
    if let Some(user) = user {
        user.run(&mut command);
    }
    let output = command.output().map_err(Error::system("run initdb"))?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Error::system("make a cluster")(io::Error::other(reason)))
}
