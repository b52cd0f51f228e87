//! Cleaning up after a test that cannot do so itself.
//!
//! A test can end without dropping anything: it is killed, it calls `exit`, its server lies in a `static`. Its servers
//! must not outlive it. Only the system knows for certain that a process is gone, and it tells by closing its pipes. So
//! each server has a watchdog: a shell that reads from a pipe whose other end the test alone holds. When that end is
//! closed, by whomever, the watchdog kills the server and removes its folder.
//!
//! A server is never without one. It starts as a shell that waits for a word; only when the watchdog knows its number it
//! gets that word, and becomes the server. If the word never comes the shell ends by itself.

use std::io::Write as _;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use super::error::{Error, Result};

/// Reads numbers until the pipe is closed. The last one counts, and an empty line means that there is no server now.
///
/// A server that has to clean up is sent its signal, and has five seconds to remove the file that it has while it runs.
const WATCH: &str = r#"
server=
while read -r line; do server=$line; done
if [ -n "$server" ]; then
    kill "-$2" "$server"
    kill -CONT "$server" 2> /dev/null
    tries=0
    while [ -n "$3" ] && [ -e "$1/$3" ] && [ "$tries" -lt 100 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
    if [ -n "$3" ] && [ -e "$1/$3" ]; then kill -9 "$server"; fi
fi
rm -rf "$1"
"#;

/// Waits for a word before it becomes the program.
const WAIT: &str = r#"read -r word && exec "$@" < /dev/null"#;

/// How a server is ended that nobody needs any more.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    /// At once. It leaves nothing but files.
    #[cfg(feature = "redis")]
    Kill,
    /// By a signal upon which it cleans up at once. It is done when it has removed this file of its folder.
    #[cfg(feature = "postgres")]
    Quit(&'static str),
}

impl Ending {
    /// The signal, and the file.
    fn words(self) -> [&'static str; 2] {
        match self {
            #[cfg(feature = "redis")]
            Self::Kill => ["KILL", ""],
            #[cfg(feature = "postgres")]
            Self::Quit(file) => ["QUIT", file],
        }
    }
}

/// Kills a server and removes a folder, as soon as this is dropped or this process is gone.
#[derive(Debug)]
pub(crate) struct Watchdog {
    shell: Child,
    /// `None` once it was let go.
    leash: Option<ChildStdin>,
}

impl Watchdog {
    pub(crate) fn new(folder: &Path, ending: Ending) -> Result<Self> {
        let mut command = shell(WATCH);
        command.arg(folder).args(ending.words()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut shell = command.spawn().map_err(Error::system("start a watchdog"))?;
        let leash = shell.stdin.take();
        Ok(Self { shell, leash })
    }

    /// Starts a program that is watched from its first instruction on. Its output is the caller's to set.
    pub(crate) fn start(&mut self, program: &Path, set: impl FnOnce(&mut Command)) -> Result<Child> {
        let mut command = shell(WAIT);
        command.arg(program);
        set(&mut command);
        let mut child = command.spawn().map_err(Error::system("start a server"))?;
        let mut word = child.stdin.take().expect("its input was piped");
        self.watch(&child.id().to_string())?;
        word.write_all(b"go\n").map_err(Error::system("start a server"))?;
        Ok(child)
    }

    /// The server was killed. Call this before it is waited for: from then on its number may be another's.
    pub(crate) fn forget(&mut self) -> Result<()> {
        self.watch("")
    }

    /// Lets it kill the server and remove the folder, and waits until it has done so.
    pub(crate) fn let_go(&mut self) {
        self.leash = None;
        _ = self.shell.wait();
    }

    fn watch(&mut self, server: &str) -> Result<()> {
        let leash = self.leash.as_mut().expect("only a drop lets it go");
        writeln!(leash, "{server}").map_err(Error::system("tell the watchdog"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// A shell in a group of its own, so that Ctrl-C ends the test, and not the watchdog before its work.
fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script, "larder-testkit"]).stdin(Stdio::piped()).process_group(0);
    command
}
