//! What all servers of tests have in common: a program that runs in a folder of its own, and leaves nothing.

pub(crate) mod error;
pub(crate) mod folder;
pub(crate) mod patience;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod watchdog;
