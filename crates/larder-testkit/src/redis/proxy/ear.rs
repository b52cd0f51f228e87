//! What a frame from the server is: a reply, or something that nobody asked for.

use super::words::{is_subscription, words};

/// What was heard.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// The answer to a command.
    Reply,
    /// A message to this channel.
    Message(&'a [u8]),
    /// Something else that came by itself: a message to a pattern or to a shard, an invalidation.
    Unasked,
}

/// Listens to all that the server says on one connection.
///
/// In the third version of the protocol, what nobody asked for is a push. In the second it is an array, as many a reply
/// is; but whoever has subscribed gets no such replies.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    has_third_version: bool,
    is_subscribed: bool,
}

impl Ear {
    pub(crate) fn hear<'a>(&mut self, frame: &'a [u8]) -> Heard<'a> {
        match frame.first() {
            // The second version has no maps, and the third greets with one.
            Some(b'>' | b'%') => self.has_third_version = true,
            Some(b'*') if !self.has_third_version => {}
            _ => return Heard::Reply,
        }
        let mut words = words(frame);
        let first = words.next().unwrap_or_default();
        if is_subscription(first) {
            self.count(frame);
            return Heard::Reply;
        }
        let comes_by_itself = match frame.first() {
            Some(b'>') => true,
            _ => self.is_subscribed && [&b"message"[..], b"pmessage", b"smessage"].contains(&first),
        };
        match words.next() {
            Some(channel) if comes_by_itself && first == b"message" => Heard::Message(channel),
            _ if comes_by_itself => Heard::Unasked,
            _ => Heard::Reply,
        }
    }

    /// A confirmation ends with the number of subscriptions that there are now. The list of somebody's strings does not.
    fn count(&mut self, confirmation: &[u8]) {
        if confirmation.starts_with(b"*3\r\n") && words(confirmation).nth(2).is_none() {
            self.is_subscribed = !confirmation.ends_with(b"\r\n:0\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\np\r\n";

    #[track_caller]
    fn check(before: &[&str], frame: &str, expected: &Heard) {
        let mut ear = Ear::default();
        for frame in before {
            assert_eq!(ear.hear(frame.as_bytes()), Heard::Reply, "{frame:?}");
        }
        assert_eq!(ear.hear(frame.as_bytes()), *expected, "{before:?} {frame:?}");
    }

    #[test]
    fn a_push_is_a_message_if_it_says_so() {
        check(&[], &MESSAGE.replace('*', ">"), &Heard::Message(b"c"));
        check(&[], ">3\r\n+message\r\n$1\r\nc\r\n$1\r\np\r\n", &Heard::Message(b"c"));
        check(&[], ">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", &Heard::Reply);
        check(&[], ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n", &Heard::Unasked);
        check(&[], ">4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$1\r\np\r\n", &Heard::Unasked);
    }

    #[test]
    fn an_array_is_a_message_to_a_subscriber_of_the_second_version_only() {
        let on = "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n";
        check(&[], MESSAGE, &Heard::Reply);
        check(&[on], MESSAGE, &Heard::Message(b"c"));
        check(&[on, "*2\r\n$4\r\npong\r\n$0\r\n\r\n"], MESSAGE, &Heard::Message(b"c"));
        check(&[on, "*3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n"], MESSAGE, &Heard::Reply);
        check(&[on, "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n"], MESSAGE, &Heard::Reply);
        check(&["%1\r\n+proto\r\n:3\r\n", on], MESSAGE, &Heard::Reply);
        check(&["*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n$1\r\n1\r\n"], MESSAGE, &Heard::Reply);
    }
}
