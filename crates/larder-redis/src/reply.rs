//! What the server answers, read without trusting it.

use bytes::Bytes;
use larder_core::{Error, ErrorKind, Result, Sequence};
use redis::Value;

/// The text under a key. What lies there may be of another type: then there is none.
pub(crate) fn of_text(answer: Result<Value>) -> Result<Value> {
    let is_of_another_type =
        |error: &Error| error.context().any(|(name, value)| name == "code" && value == "WRONGTYPE");
    match answer {
        Err(error) if is_of_another_type(&error) => Ok(Value::Nil),
        answer => answer,
    }
}

/// The items of a list.
pub(crate) fn list(reply: Value) -> Result<Vec<Value>> {
    match reply {
        Value::Array(items) => Ok(items),
        Value::Nil => Ok(Vec::new()),
        other => Err(unexpected("a list", &other)),
    }
}

pub(crate) fn number(reply: &Value) -> Result<i64> {
    match reply {
        Value::Int(number) => Ok(*number),
        other => Err(unexpected("a number", other)),
    }
}

/// A value, if there is one.
pub(crate) fn bytes(reply: Value) -> Result<Option<Bytes>> {
    match reply {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => Ok(Some(bytes.into())),
        other => Err(unexpected("bytes", &other)),
    }
}

/// A text, if it is one.
pub(crate) fn text(reply: Value) -> Option<String> {
    match reply {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

/// A sequence as text. One that is not there is before all others, and so is what is none.
pub(crate) fn sequence(reply: &Value) -> Sequence {
    let text = match reply {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
        Value::SimpleString(text) => text,
        _ => "",
    };
    Sequence::new(text.parse().unwrap_or(0))
}

pub(crate) fn unexpected(expected: &'static str, found: &Value) -> Error {
    let kind = match found {
        Value::Nil => "nothing",
        Value::Int(_) => "a number",
        Value::BulkString(_) | Value::SimpleString(_) | Value::Okay => "bytes",
        Value::Array(_) => "a list",
        Value::ServerError(_) => "an error",
        _ => "something else",
    };
    out_of_place(expected).with("found", kind)
}

/// The error of an answer that no server gives to the question.
pub(crate) fn out_of_place(expected: &'static str) -> Error {
    Error::new(ErrorKind::Refused, "the server answers what it should not").with("expected", expected)
}
