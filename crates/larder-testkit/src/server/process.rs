//! A server's process, from its start to its end, and maybe to its next start.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::error::{Error, Result};
use super::folder::Folder;
use super::patience::until;
use super::watchdog::{Ending, Watchdog};

const LOG: &str = "log";
/// How long a server that was asked to end may take.
const FOR_AN_END: Duration = Duration::from_secs(5);

/// Somebody whom this process can be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    pub(crate) id: u32,
    pub(crate) group: u32,
}

impl User {
    /// Has a command run as them.
    pub(crate) fn run(self, command: &mut Command) {
        command.uid(self.id).gid(self.group);
    }
}

/// A program that runs in a folder of its own. Both are gone when this is.
#[derive(Debug)]
pub(crate) struct Process {
    program: PathBuf,
    /// As whom it runs, if not as this process.
    user: Option<User>,
    state: Mutex<State>,
    /// The last to go.
    folder: Folder,
}

#[derive(Debug)]
struct State {
    watchdog: Watchdog,
    /// From the start until the end was waited for, so that its number stays its own. It may have ended meanwhile.
    child: Option<Child>,
    is_paused: bool,
}

impl Process {
    /// One that does not run yet.
    pub(crate) fn new(program: PathBuf, user: Option<User>, ending: Ending) -> Result<Self> {
        let folder = Folder::new()?;
        let watchdog = Watchdog::new(folder.path(), ending)?;
        if let Some(User { id, group }) = user {
            chown(folder.path(), Some(id), Some(group)).map_err(Error::system("give a folder away"))?;
        }
        Ok(Self {
            program,
            user,
            state: Mutex::new(State { watchdog, child: None, is_paused: false }),
            folder,
        })
    }

    /// Starts it, with a new log.
    pub(crate) fn start(&self, arguments: &[OsString], variables: &[(OsString, OsString)]) -> Result<()> {
        let mut state = self.state();
        state.end(Signal::KILL)?;
        let open = || {
            let log = File::create(self.folder.path().join(LOG))?;
            Ok((log.try_clone()?, log))
        };
        let (out, err) = open().map_err(Error::system("open the server's log"))?;
        let set = |command: &mut Command| {
            command.args(arguments).current_dir(self.folder.path()).stdout(out).stderr(err);
            command.envs(variables.iter().map(|(name, value)| (name, value)));
            if let Some(user) = self.user {
                user.run(command);
            }
        };
        state.child = Some(state.watchdog.start(&self.program, set)?);
        Ok(())
    }

    /// Stops it in the middle of whatever it does, and returns when it stands still.
    pub(crate) fn pause(&self) -> Result<()> {
        let mut state = self.state();
        if let Some(pid) = state.pid() {
            let halted = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            signal(pid, Signal::STOP)?;
            waitid(WaitId::Pid(pid), halted)
                .map_err(io::Error::from)
                .map_err(Error::system("pause a server"))?;
            state.is_paused = true;
        }
        Ok(())
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) -> Result<()> {
        let mut state = self.state();
        state.is_paused = false;
        state.pid().map_or(Ok(()), |pid| signal(pid, Signal::CONT))
    }

    /// Ends it by a signal. If it does not end, by the hardest.
    pub(crate) fn end(&self, how: Signal) -> Result<()> {
        self.state().end(how)
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.state().child.as_ref().map(Child::id)
    }

    /// Whether it ran when last looked at, and is not paused.
    #[cfg(feature = "redis")]
    pub(crate) fn is_active(&self) -> bool {
        let state = self.state();
        !state.is_paused && !state.has_ended()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state().has_ended()
    }

    /// What it wrote since its last start.
    pub(crate) fn log(&self) -> String {
        let log = fs::read(self.folder.path().join(LOG)).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        Path::join(self.folder.path(), name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        // The way in which a test ends that is killed, so that both are one way.
        state.watchdog.let_go();
        if let Some(child) = &mut state.child {
            _ = child.wait();
        }
    }
}

impl State {
    fn pid(&self) -> Option<Pid> {
        self.child.as_ref().map(Pid::from_child)
    }

    fn has_ended(&self) -> bool {
        // To wait by the child would free its number while the watchdog still has it.
        let peek = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        self.pid().is_none_or(|pid| !matches!(waitid(WaitId::Pid(pid), peek), Ok(None)))
    }

    fn end(&mut self, how: Signal) -> Result<()> {
        let Some(pid) = self.pid() else { return Ok(()) };
        signal(pid, how)?;
        // A paused process hears nothing but the hardest of signals.
        signal(pid, Signal::CONT)?;
        if how != Signal::KILL {
            let end = || Ok(self.has_ended().then_some(()));
            if until(FOR_AN_END, "the server ends", String::new, end).is_err() {
                signal(pid, Signal::KILL)?;
            }
        }
        self.watchdog.forget()?;
        self.is_paused = false;
        match self.child.take() {
            Some(mut child) => child.wait().map(drop).map_err(Error::system("wait for a server's end")),
            None => Ok(()),
        }
    }
}

/// To a process that was not waited for, so that it is the one that is meant.
fn signal(pid: Pid, signal: Signal) -> Result<()> {
    kill_process(pid, signal).map_err(io::Error::from).map_err(Error::system("send a signal to a server"))
}
