//! The builds of the service, each of which is a program and what it is set to.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;

use shop::Outcome;

/// What an instance is started from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    Before,
    First,
    Second,
    Third,
    Renamed,
}

impl Build {
    pub(crate) fn program(self) -> Outcome<PathBuf> {
        match self {
            Self::Before => program("rolling-old"),
            Self::First | Self::Second | Self::Third | Self::Renamed => program("rolling-new"),
        }
    }

    /// The phase of the new one.
    pub(crate) fn phase(self) -> Option<&'static str> {
        match self {
            Self::Before => None,
            Self::First => Some("first"),
            Self::Second => Some("second"),
            Self::Third => Some("third"),
            Self::Renamed => Some("renamed"),
        }
    }
}

/// A program that was built beside this one.
fn program(name: &str) -> Outcome<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(format!("{name}{EXE_SUFFIX}"));
    if program.is_file() {
        return Ok(program);
    }
    let program = program.display();
    Err(format!("there is no {program}. To build it: cargo build --release --package examples --bins").into())
}
