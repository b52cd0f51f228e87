//! Where a frame of Redis' protocol ends.

use std::iter;

/// The server's own limit of a string.
const LONGEST_STRING: u64 = 512 << 20;
/// The server's own limit of a line.
const LONGEST_LINE: usize = 64 << 10;
/// How much of a frame is kept until the rest of it comes: one string of the longest, and something around it.
const LARGEST_FRAME: usize = 600 << 20;

const NEWLINE: &[u8] = b"\r\n";
/// How values begin, in either version of the protocol.
const KINDS: &[u8] = b"+-:_,#($=!*~>%|";

/// Who speaks. A client may also write commands as bare lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    Client,
    Server,
}

/// What the bytes are not: frames.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Garbled;

/// Finds the end of one frame after the other, in either version of the protocol.
///
/// It never recurs, and keeps two numbers however deep a frame is nested.
#[derive(Debug)]
pub(crate) struct Scanner {
    speaker: Speaker,
    largest: usize,
    /// How much of the current frame was understood. Always the start of an element.
    at: usize,
    /// How many elements the current frame still consists of.
    missing: u64,
}

/// A piece of a frame: a value, or the announcement of several.
struct Element {
    length: usize,
    announced: u64,
}

impl Scanner {
    pub(crate) fn new(speaker: Speaker) -> Self {
        Self { speaker, largest: LARGEST_FRAME, at: 0, missing: 1 }
    }

    /// The length of the frame with which these bytes begin, if all of it is there.
    ///
    /// Until it is, each call has to be with the same bytes and more. What was understood is not looked at again.
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> Result<Option<usize>, Garbled> {
        while self.missing > 0 {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let Some(Element { length, announced }) = self.element(rest)? else {
                return if bytes.len() > self.largest { Err(Garbled) } else { Ok(None) };
            };
            self.at += length;
            self.missing = (self.missing - 1).checked_add(announced).ok_or(Garbled)?;
        }
        self.missing = 1;
        Ok(Some(std::mem::take(&mut self.at)))
    }

    fn element(&self, bytes: &[u8]) -> Result<Option<Element>, Garbled> {
        match bytes.first() {
            None => Ok(None),
            Some(b'*') => value(bytes),
            // Only the first word of a command can be a bare one.
            Some(_) if self.speaker == Speaker::Client && self.at == 0 => bare_line(bytes),
            Some(_) => value(bytes),
        }
    }
}

/// The pieces of a whole frame of a server, one after the other: those of an array are what it announces and then its items.
pub(crate) fn elements(frame: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = frame;
    iter::from_fn(move || {
        let Element { length, .. } = value(rest).ok().flatten()?;
        let (element, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(element)
    })
}

/// What begins a value is looked at first: a stream that is something else may have no line to wait for.
fn value(bytes: &[u8]) -> Result<Option<Element>, Garbled> {
    let Some((kind, _)) = bytes.split_first().filter(|(kind, _)| KINDS.contains(kind)) else {
        return Err(Garbled);
    };
    let Some(length) = line(bytes)? else { return Ok(None) };
    let text = bytes.get(1..length).and_then(|line| line.strip_suffix(NEWLINE)).ok_or(Garbled)?;
    let announced = match kind {
        b'$' | b'=' | b'!' if text != b"-1" => return string(bytes, length, count(text)?),
        b'*' | b'~' | b'>' => Some(count(text)?),
        b'%' => count(text)?.checked_mul(2),
        // Attributes precede what they are about.
        b'|' => count(text)?.checked_mul(2).and_then(|all| all.checked_add(1)),
        _ => Some(0),
    };
    Ok(Some(Element { length, announced: announced.ok_or(Garbled)? }))
}

/// A command as a person types it. What begins with a control character was not typed: it may be encrypted, and has no
/// lines to wait for.
fn bare_line(bytes: &[u8]) -> Result<Option<Element>, Garbled> {
    if bytes.first().is_some_and(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()) {
        return Err(Garbled);
    }
    Ok(line(bytes)?.map(|length| Element { length, announced: 0 }))
}

/// The length of a line with its end, if that is there.
fn line(bytes: &[u8]) -> Result<Option<usize>, Garbled> {
    let within = bytes.get(..LONGEST_LINE).unwrap_or(bytes);
    match within.iter().position(|byte| *byte == b'\n') {
        Some(end) => Ok(Some(end + 1)),
        None if bytes.len() >= LONGEST_LINE => Err(Garbled),
        None => Ok(None),
    }
}

/// Less than none is how the second version says that there is nothing.
fn count(text: &[u8]) -> Result<u64, Garbled> {
    let number: i64 = str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Garbled)?;
    Ok(number.max(0).unsigned_abs())
}

fn string(bytes: &[u8], head: usize, length: u64) -> Result<Option<Element>, Garbled> {
    let length = usize::try_from(length.min(LONGEST_STRING + 1)).map_err(|_| Garbled)?;
    if length as u64 > LONGEST_STRING {
        return Err(Garbled);
    }
    let end = head + length;
    match bytes.get(end..end + NEWLINE.len()) {
        Some(NEWLINE) => Ok(Some(Element { length: end + NEWLINE.len(), announced: 0 })),
        Some(_) => Err(Garbled),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frame is the whole input, however it arrives, and ends nowhere before its end.
    #[track_caller]
    fn check(speaker: Speaker, frame: &str) {
        let mut scanner = Scanner::new(speaker);
        for end in 0..frame.len() {
            assert_eq!(scanner.scan(&frame.as_bytes()[..end]), Ok(None), "{:?}", &frame[..end]);
        }
        assert_eq!(scanner.scan(frame.as_bytes()), Ok(Some(frame.len())), "{frame:?}");
        // What follows is another.
        let twice = frame.repeat(2);
        for _ in 0..2 {
            assert_eq!(scanner.scan(twice.as_bytes()), Ok(Some(frame.len())), "{frame:?}");
        }
    }

    #[track_caller]
    fn check_garbled(speaker: Speaker, bytes: &str) {
        assert_eq!(Scanner::new(speaker).scan(bytes.as_bytes()), Err(Garbled), "{bytes:?}");
    }

    #[test]
    fn every_kind_of_reply_has_its_end() {
        for simple in ["+OK", "-ERR no", ":-7", "_", ",1.5", "#t", "(1234567890", "$-1", "*-1", "*0", "%0"] {
            check(Speaker::Server, &format!("{simple}\r\n"));
        }
        for string in ["$0\r\n", "$6\r\na\r\nb\r\n", "=7\r\ntxt:abc", "!3\r\nERR"] {
            check(Speaker::Server, &format!("{string}\r\n"));
        }
    }

    #[test]
    fn a_frame_ends_with_the_last_of_its_elements() {
        check(Speaker::Server, "*2\r\n*1\r\n$1\r\na\r\n*0\r\n");
        check(Speaker::Server, "%2\r\n+a\r\n:1\r\n+b\r\n~2\r\n:1\r\n:2\r\n");
        check(Speaker::Server, ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\np\r\n");
        check(Speaker::Server, "|1\r\n+ttl\r\n:1\r\n*1\r\n:2\r\n");
        check(Speaker::Server, &format!("{}+OK\r\n", "*1\r\n".repeat(500)));
    }

    #[test]
    fn a_command_is_an_array_or_a_line() {
        check(Speaker::Client, "*2\r\n$3\r\nGET\r\n$1\r\na\r\n");
        check(Speaker::Client, "GET a\r\n");
        check(Speaker::Client, "GET a\n");
        check(Speaker::Client, "\r\n");
        check_garbled(Speaker::Server, "GET a\r\n");
    }

    #[test]
    fn what_is_no_frame_is_told() {
        for garbled in ["?", "\u{16}", "*one\r\n", "$1\r\nab\r\n", "$99999999999\r\n", ":1\n", "\n", "$\r\n"]
        {
            check_garbled(Speaker::Server, garbled);
        }
        check_garbled(Speaker::Server, &"+".repeat(LONGEST_LINE));
        check_garbled(Speaker::Client, &"G".repeat(LONGEST_LINE));
        // The first byte of a connection that is encrypted.
        check_garbled(Speaker::Client, "\u{16}");
    }

    #[test]
    fn numbers_without_measure_do_no_harm() {
        let most = i64::MAX;
        assert_eq!(Scanner::new(Speaker::Server).scan(format!("*{most}\r\n").as_bytes()), Ok(None));
        check_garbled(Speaker::Server, &format!("*{most}\r\n%{most}\r\n*{most}\r\n"));
        check_garbled(Speaker::Server, &format!("|{most}\r\n|{most}\r\n"));
        check_garbled(Speaker::Server, &format!("${most}\r\n"));
    }

    #[test]
    fn a_frame_that_is_too_large_is_given_up() {
        let mut scanner = Scanner { largest: 8, ..Scanner::new(Speaker::Server) };
        assert_eq!(scanner.scan(b"*9\r\n:1\r\n"), Ok(None));
        assert_eq!(scanner.scan(b"*9\r\n:1\r\n:2\r\n"), Err(Garbled));
    }
}
