//! What can go wrong with a server of a test.

use std::fmt;
use std::io;

/// What servers of tests return.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a server did not start, or did not do as told.
///
/// # Examples
///
/// ```
/// use larder_testkit::redis::{Error, RedisServer};
///
/// let error = RedisServer::with(["--maxmemory", "plenty"]).unwrap_err();
/// let Error::Exited { log } = error else { unreachable!() };
/// assert!(log.contains("maxmemory"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// There is no such program.
    Missing {
        /// The name or the path under which it was sought.
        program: String,
        /// How to come by it.
        remedy: &'static str,
    },
    /// The server ended instead of serving.
    Exited {
        /// What it had to say.
        log: String,
    },
    /// Something that was waited for did not come to pass in time.
    Late {
        /// What it was, or the last reason why not.
        awaited: String,
        /// What the servers had to say meanwhile.
        log: String,
    },
    /// The server refused a command.
    Refused {
        /// The name of the command.
        command: String,
        /// The server's reason, which begins with a code in capitals.
        reason: String,
    },
    /// The system refused something, or a connection broke.
    System {
        /// What was attempted.
        attempt: String,
        /// What the system had to say.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`, which then names the attempt.
    pub(crate) fn system(attempt: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let attempt = attempt.into();
        move |source| Self::System { attempt, source }
    }

    /// Whether the server ended because another program listens on its port.
    #[cfg(feature = "redis")]
    pub(crate) fn is_port_taken(&self) -> bool {
        matches!(self, Self::Exited { log } if log.contains("Address already in use"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { program, remedy } => write!(f, "there is no program `{program}`: {remedy}"),
            Self::Exited { log } => write!(f, "the server ended instead of serving; its log:\n{log}"),
            Self::Late { awaited, log } => write!(f, "waited in vain: {awaited}; the log:\n{log}"),
            Self::Refused { command, reason } => write!(f, "{command} was refused: {reason}"),
            Self::System { attempt, .. } => write!(f, "failed to {attempt}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System { source, .. } => Some(source),
            _ => None,
        }
    }
}
