//! How a server is to be started.

use std::ffi::OsString;

use super::client::Login;
use super::port;
use crate::server::error::Result;
use crate::server::process::Process;

/// The name of the unix socket in the server's folder.
pub(crate) const SOCKET: &str = "socket";

/// What distinguishes the servers of a kind, apart from their ports.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) login: Option<Login>,
    /// The names and contents of files, to which the arguments refer by name.
    pub(crate) files: Vec<(&'static str, String)>,
    /// Follow the kind's own, and overrule them.
    pub(crate) arguments: Vec<OsString>,
    /// Variables of its environment, beside those of this process.
    pub(crate) variables: Vec<(OsString, OsString)>,
}

/// What a server is, as far as its ports and its first arguments depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    #[cfg(feature = "redis-tls")]
    Tls,
    /// A node of a cluster.
    Node,
    Sentinel,
}

/// The file that a sentinel reads, and keeps its memory in.
pub(crate) const SENTINEL_FILE: &str = "sentinel.conf";

/// The last is about what a replica was sent: it would stay in its folder, and be read when it starts again.
const WITHOUT_PERSISTENCE: [&str; 6] = ["--save", "", "--appendonly", "no", "--rdb-del-sync-files", "yes"];

impl Plan {
    pub(crate) fn new<A: Into<OsString>>(kind: Kind, arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { kind, login: None, files: Vec::new(), arguments, variables: Vec::new() }
    }

    pub(crate) fn variables<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.variables.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Writes the files into the folder of a process.
    pub(crate) fn prepare(&self, process: &Process) -> Result<()> {
        self.files.iter().try_for_each(|(name, content)| process.folder().write(name, content))
    }

    /// All arguments of a server on this port.
    pub(crate) fn arguments(&self, port: u16) -> Vec<OsString> {
        let port = port.to_string();
        let mut words: Vec<&str> = self.kind.port_arguments(&port);
        words.extend(["--bind", "127.0.0.1", "--unixsocket", SOCKET, "--daemonize", "no"]);
        if self.kind != Kind::Sentinel {
            words.extend(WITHOUT_PERSISTENCE);
            // A replica starts right away, not after a wait for others.
            words.extend(["--repl-diskless-sync-delay", "0"]);
        }
        words.into_iter().map(OsString::from).chain(self.arguments.iter().cloned()).collect()
    }
}

impl Kind {
    pub(crate) fn free_port(self) -> Result<u16> {
        match self {
            Self::Node => port::free_with_bus(),
            _ => port::free(),
        }
    }

    pub(crate) fn is_tls(self) -> bool {
        match self {
            #[cfg(feature = "redis-tls")]
            Self::Tls => true,
            _ => false,
        }
    }

    fn port_arguments(self, port: &str) -> Vec<&str> {
        match self {
            Self::Plain | Self::Node => vec!["--port", port],
            #[cfg(feature = "redis-tls")]
            Self::Tls => vec!["--port", "0", "--tls-port", port],
            Self::Sentinel => vec![SENTINEL_FILE, "--port", port],
        }
    }
}
