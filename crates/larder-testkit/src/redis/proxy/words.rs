//! What a frame says in its first words.

use std::iter;

/// The commands that open or close subscriptions, which is also how the server's confirmations begin.
const SUBSCRIPTION: [&str; 6] =
    ["subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe"];

/// The items of an array or a push as long as they are strings, or the words of a bare line.
pub(crate) fn words(frame: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (is_array, mut rest) = match frame {
        [b'*' | b'>', ..] => (true, line(frame).map_or(&[][..], |(_, rest)| rest)),
        _ => (false, frame),
    };
    iter::from_fn(move || {
        let (word, after) = if is_array { item(rest)? } else { bare_word(rest)? };
        rest = after;
        Some(word)
    })
}

/// Whether two words are the same to a server, which does not mind the case of commands.
pub(crate) fn is_any(word: &[u8], names: &[&str]) -> bool {
    names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
}

/// Whether a command opens or closes subscriptions, or a frame confirms that it did.
pub(crate) fn is_subscription(word: &[u8]) -> bool {
    is_any(word, &SUBSCRIPTION)
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(2).position(|two| two == b"\r\n")?;
    Some((bytes.get(..end)?, bytes.get(end + 2..)?))
}

fn item(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = line(bytes)?;
    match head.split_first()? {
        (b'$', length) => {
            let length: usize = str::from_utf8(length).ok()?.parse().ok()?;
            Some((rest.get(..length)?, rest.get(length.checked_add(2)?..)?))
        }
        (b'+', text) => Some((text, rest)),
        _ => None,
    }
}

fn bare_word(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let bytes = bytes.trim_ascii_start();
    let end = bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len());
    (end > 0).then(|| bytes.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(frame: &str, expected: &[&str]) {
        let found: Vec<_> = words(frame.as_bytes()).map(|word| str::from_utf8(word).unwrap()).collect();
        assert_eq!(found, expected, "{frame:?}");
    }

    #[test]
    fn items_are_read_as_long_as_they_are_strings() {
        check("*2\r\n$3\r\nGET\r\n$5\r\na\r\nb \r\n", &["GET", "a\r\nb "]);
        check(">3\r\n+subscribe\r\n$1\r\nc\r\n:1\r\n", &["subscribe", "c"]);
        check("*3\r\n$1\r\na\r\n*1\r\n:1\r\n:2\r\n", &["a"]);
        check("*-1\r\n", &[]);
    }

    #[test]
    fn a_bare_line_has_words_too() {
        check("SET  a b\r\n", &["SET", "a", "b"]);
        check("\r\n", &[]);
    }

    #[test]
    fn what_is_cut_off_has_no_words() {
        for cut in
            ["*", "*1\r\n$3\r\nab", "*1\r\n$99999999999999999999\r\n", "*1\r\n$18446744073709551615\r\n"]
        {
            check(cut, &[]);
        }
    }
}
