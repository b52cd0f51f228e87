//! What every format says when it cannot.

use std::error::Error as StdError;

use larder_core::{CodecId, Error, ErrorKind};

pub(super) fn unwritable(format: CodecId, error: impl StdError + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Codec, "the value cannot be written").with("format", format).because(error)
}

pub(super) fn undecodable(format: CodecId, error: impl StdError + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Codec, "the value does not decode").with("format", format).because(error)
}

pub(super) fn left_over(format: CodecId) -> Error {
    Error::new(ErrorKind::Codec, "bytes are left over behind the value").with("format", format)
}
