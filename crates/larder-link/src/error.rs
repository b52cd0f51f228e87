//! From the client's errors to ours, once.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use larder_core::{Error, ErrorKind};
use redis::{ErrorKind as Kind, RedisError};

/// Answers of a server that says: not now, or not here. Whoever asks again later, or elsewhere, may be served.
const PASSING: [&str; 9] =
    ["ASK", "BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MOVED", "NOREPLICAS", "READONLY", "TRYAGAIN"];

/// What went wrong, in terms of what a caller can decide.
pub fn translate(error: RedisError) -> Error {
    let kind = match error.kind() {
        _ if error.is_timeout() => ErrorKind::Elapsed,
        _ if is_unproven(&error) => ErrorKind::Refused,
        Kind::InvalidClientConfig => ErrorKind::Invalid,
        _ if error.code().is_some_and(|code| PASSING.contains(&code)) => ErrorKind::Unavailable,
        Kind::AuthenticationFailed | Kind::Server(_) | Kind::Extension => ErrorKind::Refused,
        _ => ErrorKind::Unavailable,
    };
    let told = match kind {
        ErrorKind::Elapsed => "the server did not answer in time",
        ErrorKind::Invalid => "the address of the server cannot be used",
        ErrorKind::Refused => "the server refuses",
        _ => "the server cannot be reached",
    };
    let translated = Error::new(kind, told);
    match error.code() {
        Some(code) => translated.with("code", code.to_owned()),
        None => translated,
    }
    .because(error)
}

/// Whether the server could not prove who it is: then what was read of it was no data that it should have sent.
fn is_unproven(error: &RedisError) -> bool {
    // The client wraps it in one thing more than it looks like.
    let source = error.source().and_then(|source| source.downcast_ref::<Arc<dyn StdError + Send + Sync>>());
    let io = source.and_then(|source| source.downcast_ref::<io::Error>());
    io.is_some_and(|io| io.kind() == io::ErrorKind::InvalidData)
}

/// The error of who calls while there is no connection.
pub(crate) fn down() -> RedisError {
    io::Error::new(io::ErrorKind::NotConnected, "not connected").into()
}
