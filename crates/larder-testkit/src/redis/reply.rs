//! What a server replies.

use std::io::{self, BufRead, Read};

/// The server's own limit of a string.
const LONGEST_STRING: u64 = 512 << 20;
/// No command of Redis nests its replies deeper.
const DEEPEST: usize = 16;

/// A reply in the second version of Redis' protocol.
///
/// # Examples
///
/// ```
/// use larder_testkit::redis::{RedisServer, Reply};
///
/// let server = RedisServer::start()?;
/// assert_eq!(server.command(&["SET", "name", "Ada"])?, Reply::Status("OK".into()));
/// assert_eq!(server.command(&["GET", "name"])?.text(), Some("Ada"));
/// assert_eq!(server.command(&["DEL", "name"])?.integer(), Some(1));
/// assert_eq!(server.command(&["GET", "name"])?, Reply::Nil);
/// # Ok::<(), larder_testkit::redis::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// Nothing, for example the value of a key that is not there.
    Nil,
    /// A short word such as `OK`.
    Status(String),
    /// A whole number.
    Integer(i64),
    /// A string, which may be any bytes.
    Bulk(Vec<u8>),
    /// Several replies in one.
    Array(Vec<Self>),
    /// A refusal. A command as a whole that is refused is an [`Error`](super::Error) instead.
    Refusal(String),
}

impl Reply {
    /// The text, of a status or of a string that is valid UTF-8.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Status(text) => Some(text),
            Self::Bulk(bytes) => str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The number, of an integer.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The parts, of an array. None of anything else.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// The text that follows `name`, of an array of names and values.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let (pairs, _) = self.items().as_chunks();
        pairs.iter().find(|[key, _]| key.text() == Some(name)).and_then(|[_, value]| value.text())
    }

    /// Reads one reply.
    pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Self> {
        Self::read_nested(from, DEEPEST)
    }

    fn read_nested(from: &mut impl BufRead, depth: usize) -> io::Result<Self> {
        let line = read_line(from)?;
        let mut chars = line.chars();
        let (kind, rest) = (chars.next(), chars.as_str());
        match kind {
            Some('+') => Ok(Self::Status(rest.to_owned())),
            Some('-') => Ok(Self::Refusal(rest.to_owned())),
            Some(':') => number(rest).map(Self::Integer),
            Some('$') => match u64::try_from(number(rest)?) {
                Ok(length) => read_bulk(from, length).map(Self::Bulk),
                Err(_) => Ok(Self::Nil),
            },
            Some('*') => match (number(rest)?, depth.checked_sub(1)) {
                (..0, _) => Ok(Self::Nil),
                (_, None) => Err(garbled(&line)),
                (count, Some(depth)) => (0..count)
                    .map(|_| Self::read_nested(from, depth))
                    .collect::<io::Result<_>>()
                    .map(Self::Array),
            },
            _ => Err(garbled(&line)),
        }
    }
}

fn read_line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    from.take(LONGEST_STRING).read_line(&mut line)?;
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn number(text: &str) -> io::Result<i64> {
    text.parse().map_err(|_| garbled(text))
}

fn read_bulk(from: &mut impl BufRead, length: u64) -> io::Result<Vec<u8>> {
    if length > LONGEST_STRING {
        return Err(garbled(&length.to_string()));
    }
    // It grows with what arrives, not with what was announced.
    let mut bytes = Vec::new();
    from.take(length + 2).read_to_end(&mut bytes)?;
    match bytes.strip_suffix(b"\r\n") {
        Some(content) if content.len() as u64 == length => Ok(content.to_vec()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn garbled(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("`{what}` is no reply of Redis"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expected: &Reply) {
        assert_eq!(Reply::read(&mut input.as_bytes()).unwrap(), *expected);
    }

    #[track_caller]
    fn check_error(input: &str, expected: io::ErrorKind) {
        assert_eq!(Reply::read(&mut input.as_bytes()).unwrap_err().kind(), expected);
    }

    #[test]
    fn every_kind_is_read() {
        check("+OK\r\n", &Reply::Status("OK".into()));
        check("-ERR no\r\n", &Reply::Refusal("ERR no".into()));
        check(":-7\r\n", &Reply::Integer(-7));
        check("$4\r\na\r\nb\r\n", &Reply::Bulk(b"a\r\nb".into()));
        check("$-1\r\n", &Reply::Nil);
        check("*-1\r\n", &Reply::Nil);
        check("*2\r\n:1\r\n*0\r\n", &Reply::Array(vec![Reply::Integer(1), Reply::Array(vec![])]));
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        for cut in ["", "+OK", "$4\r\nabc", "$4\r\nabcdef", "*2\r\n:1\r\n"] {
            check_error(cut, io::ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn what_is_garbled_is_an_error() {
        for garbled in ["?\r\n", ":one\r\n", "$99999999999\r\n", "\r\n", &"*1\r\n".repeat(100)] {
            check_error(garbled, io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn a_field_is_found_by_its_name() {
        let pairs = ["name", "Ada", "flags", "master"].map(|text| Reply::Bulk(text.into()));
        assert_eq!(Reply::Array(pairs.to_vec()).field("flags"), Some("master"));
        assert_eq!(Reply::Array(pairs.to_vec()).field("Ada"), None);
    }
}
