//! What came in, frame by frame.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read};

use larder_core::Moment;

use super::frames::{Scanner, Speaker};

/// How much is held back, by a delay. A sender of more has to wait, as for a slow receiver.
const MOST_HELD: usize = 4 << 20;
const CHUNK: usize = 16 << 10;

/// What is passed on as a whole.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Frame(Vec<u8>),
    /// Of a stream that has no frames.
    Raw(Vec<u8>),
    /// The sender has closed its side.
    End,
}

/// Reads a socket, and holds what was read until somebody takes it.
#[derive(Debug)]
pub(crate) struct Inlet {
    /// `None` when the stream turned out to have no frames.
    scanner: Option<Scanner>,
    /// The beginning of a frame.
    unscanned: Vec<u8>,
    held: VecDeque<(Moment, Item)>,
    /// The bytes of what is held.
    weight: usize,
    has_ended: bool,
}

impl Inlet {
    pub(crate) fn new(speaker: Speaker) -> Self {
        Self {
            scanner: Some(Scanner::new(speaker)),
            unscanned: Vec::new(),
            held: VecDeque::new(),
            weight: 0,
            has_ended: false,
        }
    }

    /// Reads all that is there and finds room.
    pub(crate) fn fill(&mut self, from: &mut impl Read, now: Moment) {
        let mut chunk = [0; CHUNK];
        while self.wants_more() {
            match from.read(&mut chunk) {
                Ok(0) => self.end(now),
                Ok(length) => {
                    self.unscanned.extend(chunk.iter().take(length));
                    self.scan(now);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.end(now),
            }
        }
    }

    /// Whether there may be more to read, and room for it.
    pub(crate) fn wants_more(&self) -> bool {
        !self.has_ended && self.weight < MOST_HELD
    }

    /// The first of what is held, and when it arrived.
    pub(crate) fn first(&self) -> Option<&(Moment, Item)> {
        self.held.front()
    }

    pub(crate) fn take(&mut self) -> Option<Item> {
        let (_, item) = self.held.pop_front()?;
        self.weight -= item.bytes().len();
        Some(item)
    }

    /// From here on there are no frames.
    pub(crate) fn give_up_frames(&mut self, now: Moment) {
        self.scanner = None;
        self.scan(now);
    }

    fn scan(&mut self, now: Moment) {
        let mut scanned = 0;
        while let Some(scanner) = &mut self.scanner {
            let rest = self.unscanned.get(scanned..).unwrap_or_default();
            match scanner.scan(rest) {
                Ok(Some(length)) => {
                    let frame = rest.get(..length).unwrap_or_default().to_vec();
                    scanned += length;
                    self.hold(Item::Frame(frame), now);
                }
                Ok(None) => break,
                Err(_) => self.scanner = None,
            }
        }
        self.unscanned.drain(..scanned);
        if self.scanner.is_none() && !self.unscanned.is_empty() {
            let rest = std::mem::take(&mut self.unscanned);
            self.hold(Item::Raw(rest), now);
        }
    }

    fn end(&mut self, now: Moment) {
        // What was begun is passed on as far as it came.
        self.give_up_frames(now);
        self.has_ended = true;
        self.hold(Item::End, now);
    }

    fn hold(&mut self, item: Item, now: Moment) {
        self.weight += item.bytes().len();
        self.held.push_back((now, item));
    }
}

impl Item {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Frame(bytes) | Self::Raw(bytes) => bytes,
            Self::End => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io, iter};

    use super::*;

    /// Comes in pieces of so many bytes.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len());
            self.0.read(&mut buffer[..length])
        }
    }

    fn items(speaker: Speaker, mut input: impl Read) -> Vec<Item> {
        let mut inlet = Inlet::new(speaker);
        inlet.fill(&mut input, Moment::ORIGIN);
        iter::from_fn(|| inlet.take()).collect()
    }

    #[track_caller]
    fn check(input: &str, expected: &[Item]) {
        assert_eq!(items(Speaker::Server, input.as_bytes()), expected, "{input:?}");
    }

    fn frame(text: &str) -> Item {
        Item::Frame(text.into())
    }

    fn raw(text: &str) -> Item {
        Item::Raw(text.into())
    }

    #[test]
    fn frames_come_one_by_one() {
        check("+OK\r\n:1\r\n", &[frame("+OK\r\n"), frame(":1\r\n"), Item::End]);
    }

    #[test]
    fn what_is_cut_off_or_garbled_is_passed_on() {
        check("+OK\r\n$5\r\nab", &[frame("+OK\r\n"), raw("$5\r\nab"), Item::End]);
        check("+OK\r\nwhat?\r\n+OK\r\n", &[frame("+OK\r\n"), raw("what?\r\n+OK\r\n"), Item::End]);
    }

    #[test]
    fn whatever_arrives_is_passed_on_to_the_byte() {
        let mut dice = fastrand::Rng::with_seed(7);
        let alphabet = b"*$%>|+-:_019\r\n\r\n\r\na";
        for _ in 0..20_000 {
            let length = dice.usize(..40);
            let input: Vec<u8> = (0..length).map(|_| *dice.choice(alphabet).unwrap()).collect();
            for speaker in [Speaker::Client, Speaker::Server] {
                let drops = Drops(&input, dice.usize(1..9));
                let output: Vec<u8> = items(speaker, drops).iter().flat_map(Item::bytes).copied().collect();
                assert_eq!(output, input);
            }
        }
    }

    #[test]
    fn a_sender_of_too_much_has_to_wait() {
        let input = b"+OK\r\n".repeat(MOST_HELD / 4);
        let mut rest = &input[..];
        let mut inlet = Inlet::new(Speaker::Server);
        inlet.fill(&mut rest, Moment::ORIGIN);
        assert!(!inlet.wants_more());
        assert!(inlet.weight < MOST_HELD + CHUNK, "{}", inlet.weight);
        while inlet.take().is_some() {}
        assert_eq!(inlet.weight, 0);
        inlet.fill(&mut rest, Moment::ORIGIN);
        assert!(inlet.has_ended);
    }
}
