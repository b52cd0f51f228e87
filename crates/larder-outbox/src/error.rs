//! What sqlx reports, as an error of Larder.

use larder::{Error, ErrorKind};

/// For `map_err`, which then names the attempt. The source is sqlx's own error.
pub(crate) fn database(attempt: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
    move |error| {
        let kind = match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_) => ErrorKind::Unavailable,
            _ => ErrorKind::Refused,
        };
        Error::new(kind, "the database of the outbox failed").with("attempt", attempt).because(error)
    }
}

/// A database that does not answer.
pub(crate) fn late() -> Error {
    Error::new(ErrorKind::Elapsed, "the database of the outbox does not answer")
}
