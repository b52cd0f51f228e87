//! The text of a key, on its way to the hash and at rest in an entry.

use std::fmt::{self, Write};

use super::CacheKey;

/// Between the parts of a key.
const SEPARATOR: u8 = b':';
/// Before a separator, and before itself, inside a part.
const ESCAPE: u8 = b'\\';
/// A key made of parts that fits in here costs no allocation.
const INLINE: usize = 64;

/// Collects the text of a key.
///
/// It lives on the stack up to 64 bytes.
///
/// # Examples
///
/// ```
/// use larder_core::KeyText;
///
/// let text = KeyText::of(&("eu:west", 7));
/// assert_eq!(text.to_string(), r"eu\:west:7");
/// ```
pub struct KeyText {
    inline: [u8; INLINE],
    /// The length of the text while it is inline.
    len: usize,
    /// All of the text, once it was too long.
    spilled: Vec<u8>,
    /// Whether a part has been written, so that the next one needs a separator.
    has_part: bool,
}

impl KeyText {
    /// The text of `key`.
    #[inline]
    pub fn of<Q: CacheKey + ?Sized>(key: &Q) -> Self {
        let mut text = Self::empty();
        key.write_text(&mut text);
        text
    }

    /// The text that something is displayed as.
    #[cold]
    pub(super) fn display(displayed: &dyn fmt::Display) -> Self {
        let mut text = Self::empty();
        write!(text, "{displayed}").expect("a text takes everything");
        text
    }

    /// Appends a text as it is. What is written with it must be injective on its own; to write
    /// several things, use [`part`](Self::part).
    #[inline]
    pub fn push_str(&mut self, text: &str) {
        self.push(text.as_bytes());
    }

    /// Appends one part of a key, set off from the part before it.
    #[inline]
    pub fn part<Q: CacheKey + ?Sized>(&mut self, part: &Q) -> &mut Self {
        if self.has_part {
            self.push(&[SEPARATOR]);
        }
        let start = self.as_bytes().len();
        // The part may be made of parts itself.
        self.has_part = false;
        part.write_text(self);
        self.has_part = true;
        self.escape_from(start);
        self
    }

    /// The text in UTF-8.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match self.inline.get(..self.len) {
            Some(inline) if self.spilled.is_empty() => inline,
            _ => &self.spilled,
        }
    }

    const fn empty() -> Self {
        Self { inline: [0; INLINE], len: 0, spilled: Vec::new(), has_part: false }
    }

    #[inline]
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.spilled.is_empty()
            && let Some(room) = self.inline.get_mut(self.len..self.len + bytes.len())
        {
            room.copy_from_slice(bytes);
            self.len += bytes.len();
        } else {
            self.spill(bytes);
        }
    }

    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        if self.spilled.is_empty() {
            let inline = self.inline.get(..self.len).unwrap_or_default();
            self.spilled.reserve(INLINE + bytes.len());
            self.spilled.extend_from_slice(inline);
        }
        self.spilled.extend_from_slice(bytes);
    }

    /// Escapes what was written since `start`, if there is anything to escape.
    #[inline]
    fn escape_from(&mut self, start: usize) {
        let written = self.as_bytes().get(start..).unwrap_or_default();
        if written.iter().any(|&byte| is_special(byte)) {
            self.rewrite_from(start);
        }
    }

    /// Makes room for the escapes, and then moves the text into it from its end, so that nothing is overwritten.
    #[cold]
    #[expect(
        clippy::indexing_slicing,
        reason = "what is read lies before what is written, and that in the text"
    )]
    fn rewrite_from(&mut self, start: usize) {
        let mut read = self.as_bytes().len();
        let escapes =
            self.as_bytes().get(start..).unwrap_or_default().iter().filter(|&&byte| is_special(byte));
        (0..escapes.count()).for_each(|_| self.push(&[ESCAPE]));
        let text = self.as_bytes_mut();
        let mut write = text.len();
        while read < write {
            read -= 1;
            write -= 1;
            text[write] = text[read];
            if is_special(text[write]) {
                write -= 1;
                text[write] = ESCAPE;
            }
        }
    }

    fn as_bytes_mut(&mut self) -> &mut [u8] {
        match self.inline.get_mut(..self.len) {
            Some(inline) if self.spilled.is_empty() => inline,
            _ => &mut self.spilled,
        }
    }
}

fn is_special(byte: u8) -> bool {
    byte == SEPARATOR || byte == ESCAPE
}

impl Write for KeyText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

impl fmt::Display for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(as_str(self.as_bytes()))
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyText({:?})", as_str(self.as_bytes()))
    }
}

/// The text of a key at rest: 24 bytes, and no allocation for the short keys that most are.
#[derive(Clone)]
pub(crate) enum KeyBytes {
    Short { len: u8, bytes: [u8; Self::SHORT] },
    Long(Box<[u8]>),
}

impl KeyBytes {
    const SHORT: usize = 22;

    pub(crate) fn new(text: &[u8]) -> Self {
        let mut bytes = [0; Self::SHORT];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(room), Ok(len)) => {
                room.copy_from_slice(text);
                Self::Short { len, bytes }
            }
            _ => Self::Long(text.into()),
        }
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        as_str(self.as_bytes())
    }

    /// What it occupies outside of itself.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Short { .. } => 0,
            Self::Long(bytes) => bytes.len(),
        }
    }
}

impl PartialEq for KeyBytes {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for KeyBytes {}

fn as_str(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("only whole strings and ASCII are ever pushed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_at_rest_take_24_bytes_and_keep_every_length() {
        assert_eq!(size_of::<KeyBytes>(), 24);
        for len in 0..=64 {
            let text = "k".repeat(len);
            let key = KeyBytes::new(text.as_bytes());
            assert_eq!(key.as_str(), text);
            assert_eq!(key.heap_bytes(), if len <= 22 { 0 } else { len });
        }
    }

    #[test]
    fn a_text_of_every_length_survives_the_edge_of_the_stack() {
        for len in 0..=3 * INLINE {
            let whole = "k".repeat(len);
            assert_eq!(KeyText::of(&*whole).to_string(), whole);
            let mut text = KeyText::of("");
            whole.chars().for_each(|c| text.push_str(c.encode_utf8(&mut [0; 4])));
            assert_eq!(text.to_string(), whole);
        }
    }
}
