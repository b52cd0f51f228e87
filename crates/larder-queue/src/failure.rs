//! What the operating system says of files, as errors of Larder.

use std::io;
use std::path::Path;

use larder_core::{Error, ErrorKind};

/// The disk does not do what it should. Trying again can help: there may be room later.
pub(crate) fn failed(doing: &'static str, path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, doing).with("path", path.display()).because(error)
}

/// A file has been changed by something that is not the queue.
pub(crate) fn damaged(path: &Path, at: usize, what: &'static str) -> Error {
    Error::new(ErrorKind::Codec, "a file of the queue is damaged")
        .with("path", path.display())
        .with("byte", at)
        .with("found", what)
}

/// A file is whole, and not for this build.
pub(crate) fn foreign(path: &Path, what: &'static str) -> Error {
    Error::new(ErrorKind::Refused, what).with("path", path.display())
}
