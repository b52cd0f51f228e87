//! One server.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;
use std::{iter, thread};

use rustix::process::Signal;

use super::client::{self, Login};
use super::plan::{Kind, Plan, SOCKET};
use super::port::ATTEMPTS;
use super::reply::Reply;
use crate::server::error::{Error, Result};
use crate::server::patience::{FOR_A_SERVER, until};
use crate::server::process::Process;
use crate::server::program;
use crate::server::watchdog::Ending;

/// How long a start waits before it tries again, because its port is taken.
const UNTIL_FREE: Duration = Duration::from_millis(200);

const REMEDY: &str = "install it (`apt install redis-server`, `dnf install redis`, `brew install redis`), or name one \
                      in LARDER_REDIS_SERVER";

const ACL_FILE: &str = "users.acl";
/// The user by which a secured server is commanded.
const ADMINISTRATOR: &str = "larder-testkit";

/// A Redis of one's own, on a free port of this machine and on a unix socket. It keeps nothing on disk.
///
/// It is killed when it is dropped, and also when the test is killed or ends without a drop; so it may lie in a `static`.
///
/// # Examples
///
/// ```
/// use larder_testkit::redis::{RedisServer, Reply};
///
/// let server = RedisServer::start()?;
/// println!("a client connects to {} or {}", server.url(), server.unix_url());
///
/// // What was sent before the server went down is gone: it has no disk.
/// server.command(&["SET", "name", "Ada"])?;
/// server.kill()?;
/// assert!(server.command(&["GET", "name"]).is_err());
/// server.restart()?;
/// assert_eq!(server.command(&["GET", "name"])?, Reply::Nil);
/// # Ok::<(), larder_testkit::redis::Error>(())
/// ```
#[derive(Debug)]
pub struct RedisServer {
    process: Process,
    plan: Plan,
    port: u16,
}

impl RedisServer {
    /// Starts a server, and returns when it answers.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if Redis is not installed, and [`Error::Exited`] or [`Error::Late`] with the server's log if it
    /// does not serve.
    pub fn start() -> Result<Self> {
        Self::with(iter::empty::<&str>())
    }

    /// Starts a server with more arguments, as on its command line: `["--maxmemory", "1mb"]`.
    ///
    /// They overrule what it would be told otherwise. Not the port, though, which is chosen here; and for a password there
    /// is [`secured`](Self::secured).
    pub fn with<A: Into<OsString>>(arguments: impl IntoIterator<Item = A>) -> Result<Self> {
        Self::launch(&Plan::new(Kind::Plain, arguments))
    }

    /// The same with variables of its environment, beside those of this process: so it can be given another clock, by
    /// `LD_PRELOAD`.
    ///
    /// # Examples
    ///
    /// ```
    /// use larder_testkit::redis::RedisServer;
    ///
    /// let server = RedisServer::with_variables([("TZ", "Asia/Tokyo")], ["--maxmemory", "1mb"])?;
    /// assert_eq!(server.command(&["PING"])?.text(), Some("PONG"));
    /// # Ok::<(), larder_testkit::redis::Error>(())
    /// ```
    pub fn with_variables<N: Into<OsString>, V: Into<OsString>, A: Into<OsString>>(
        variables: impl IntoIterator<Item = (N, V)>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self> {
        Self::launch(&Plan::new(Kind::Plain, arguments).variables(variables))
    }

    /// Starts a server that asks who is there. A rule is a line of an ACL file without its first word: a name, and what
    /// its bearer may do.
    ///
    /// Nobody else is let in, unless a rule is about the user `default`.
    ///
    /// # Examples
    ///
    /// ```
    /// use larder_testkit::redis::RedisServer;
    ///
    /// let server = RedisServer::secured(["ada on >engine ~app:* +@all -@dangerous"])?;
    /// let url = server.url_for("ada", "engine");
    /// assert!(url.starts_with("redis://ada:engine@127.0.0.1:"));
    /// // The test itself may do anything.
    /// assert_eq!(server.command(&["ACL", "WHOAMI"])?.text(), Some("larder-testkit"));
    /// # Ok::<(), larder_testkit::redis::Error>(())
    /// ```
    pub fn secured<'a>(rules: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let password = format!("{:032x}", fastrand::u128(..));
        let mut plan = Plan::new(Kind::Plain, ["--aclfile", ACL_FILE]);
        plan.files.push((ACL_FILE, acl_file(rules, &password)));
        plan.login = Some(Login { user: ADMINISTRATOR, password });
        Self::launch(&plan)
    }

    pub(crate) fn launch(plan: &Plan) -> Result<Self> {
        retry(|| {
            let server = Self { process: process()?, port: plan.kind.free_port()?, plan: plan.clone() };
            server.plan.prepare(&server.process)?;
            server.serve()?;
            Ok(server)
        })
    }

    /// Sends a command over a connection of its own, and awaits the reply for at most five seconds.
    ///
    /// It blocks, as a command in a test may; a client of one's own is told the [`url`](Self::url).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the server says no, and [`Error::System`] if it is down, or paused.
    pub fn command(&self, words: &[&str]) -> Result<Reply> {
        client::command(&self.socket(), self.plan.login.as_ref(), words)
    }

    /// Freezes the server: its connections stay open, and nothing is answered.
    pub fn pause(&self) -> Result<()> {
        self.process.pause()
    }

    /// Lets a paused server go on, which then does all that it was sent meanwhile.
    pub fn resume(&self) -> Result<()> {
        self.process.resume()
    }

    /// Kills the server. Its connections are closed by the system.
    pub fn kill(&self) -> Result<()> {
        self.process.end(Signal::KILL)
    }

    /// Asks the server to end, as an operator does, and waits until it has.
    pub fn stop(&self) -> Result<()> {
        self.process.end(Signal::TERM)
    }

    /// Has the server forget everything, as by an operator's mistake.
    pub fn forget(&self) -> Result<()> {
        // In two parts, for whoever searches the sources for a command that must never be sent to a server in use.
        self.command(&[concat!("FLUSH", "ALL")]).map(drop)
    }

    /// Starts the server again, at the same addresses and with the same arguments, and returns when it answers. If it
    /// still runs, it is killed first.
    pub fn restart(&self) -> Result<()> {
        self.kill()?;
        retry(|| self.serve())
    }

    /// Where clients find it: `redis://127.0.0.1:port`.
    pub fn url(&self) -> String {
        self.address("")
    }

    /// Where a client finds it that gives a name and a password.
    pub fn url_for(&self, user: &str, password: &str) -> String {
        self.address(&format!("{}:{}@", escape(user), escape(password)))
    }

    /// Where clients on the same machine find it too: `redis+unix:///path`.
    pub fn unix_url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// The path of its unix socket, in a folder that is removed with the server.
    pub fn socket(&self) -> PathBuf {
        self.process.path(SOCKET)
    }

    /// Its port, which stays the same over a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of its process, if it was started and neither killed nor stopped.
    pub fn process_id(&self) -> Option<u32> {
        self.process.id()
    }

    /// What the server wrote into its log since it was last started.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Whether it runs and is not paused.
    pub(crate) fn is_active(&self) -> bool {
        self.process.is_active()
    }

    /// Whether it is a replica that has all that its master has.
    pub(crate) fn is_in_sync(&self) -> Result<bool> {
        let role = self.command(&["ROLE"])?;
        Ok(role.items().get(3).and_then(Reply::text) == Some("connected"))
    }

    fn address(&self, login: &str) -> String {
        let (scheme, host) =
            if self.plan.kind.is_tls() { ("rediss", "localhost") } else { ("redis", "127.0.0.1") };
        format!("{scheme}://{login}{host}:{}", self.port)
    }

    /// Starts the process, and waits until it answers.
    fn serve(&self) -> Result<()> {
        self.process.start(&self.plan.arguments(self.port), &self.plan.variables)?;
        until(
            FOR_A_SERVER,
            "the server answers",
            || self.log(),
            || {
                if self.process.has_ended() {
                    return Err(Error::Exited { log: self.log() });
                }
                match self.command(&["PING"]) {
                    // It serves, if not us, whose test gave it a password.
                    Err(Error::Refused { reason, .. }) if reason.starts_with("NOAUTH") => Ok(Some(())),
                    answer => answer.map(|_| Some(())),
                }
            },
        )
    }
}

/// The one that `LARDER_REDIS_SERVER` names, or else the first `redis-server` on the `PATH`.
fn process() -> Result<Process> {
    let program = program::find("LARDER_REDIS_SERVER", "redis-server", REMEDY)?;
    Process::new(program, None, Ending::Kill)
}

/// Tries again if somebody else was faster to take the port.
fn retry<T>(start: impl Fn() -> Result<T>) -> Result<T> {
    for _ in 1..ATTEMPTS {
        match start() {
            Err(error) if error.is_port_taken() => thread::sleep(UNTIL_FREE),
            outcome => return outcome,
        }
    }
    start()
}

fn acl_file<'a>(rules: impl IntoIterator<Item = &'a str>, password: &str) -> String {
    let mut file = format!("user {ADMINISTRATOR} on >{password} ~* &* +@all\n");
    let mut is_default_told = false;
    for rule in rules {
        is_default_told |= rule.split_whitespace().next() == Some("default");
        writeln!(file, "user {rule}").expect("a string takes all that is written");
    }
    if !is_default_told {
        file += "user default off\n";
    }
    file
}

/// As in the part of a URL in front of the host.
fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("a string takes all that is written");
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_user_is_off_unless_told() {
        assert!(acl_file(["ada on"], "x").ends_with("user ada on\nuser default off\n"));
        assert!(acl_file(["default on nopass"], "x").ends_with("user default on nopass\n"));
    }

    #[test]
    fn a_password_does_not_break_the_url() {
        assert_eq!(escape("a:b@c/d ä~"), "a%3Ab%40c%2Fd%20%C3%A4~");
    }
}
