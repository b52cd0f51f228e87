//! What an event touches, as a text that another build can read.
//!
//! ```text
//! larder 1
//! key user 7
//! expire user 7
//! tag 1f0c2a9be3d47761
//! cache user
//! ```
//!
//! The first line is the version of what follows. A later one is refused as a whole: whoever announced only what it
//! understands would leave the rest stale. The name of a cache has no blanks in it, so that what follows it is the key, in which
//! only what would end the line or is not allowed in every database's text is escaped.

use larder_core::{AppName, CacheKey, CacheName, Error, ErrorKind, Key, KeyText, Result, TagHash};

use super::{DomainEvent, Touched};
use crate::intent::Intent;

const VERSION: &str = "larder 1";

impl Touched {
    /// What is touched, as text: to be kept, and [read](Self::from_text) by any process of the app, be it of an older or a newer
    /// build. If nothing is touched, it is the version of the text alone.
    ///
    /// # Errors
    ///
    /// If a name cannot be one.
    ///
    /// # Examples
    ///
    /// ```
    /// use larder::{AppName, DomainEvent, Touched};
    ///
    /// struct UserRenamed { id: u64 }
    ///
    /// impl DomainEvent for UserRenamed {
    ///     fn touches(&self, touched: &mut Touched) {
    ///         touched.key("user", &self.id).cache("ranking");
    ///     }
    /// }
    ///
    /// let shop = AppName::new("prod.shop")?;
    /// let text = Touched::by(&shop, &UserRenamed { id: 7 }).to_text()?;
    /// assert_eq!(text, "larder 1\nkey user 7\ncache ranking\n");
    /// let touched = Touched::from_text(&shop, &text)?;
    /// # assert_eq!(touched.to_text()?, text);
    /// # Ok::<(), larder::Error>(())
    /// ```
    pub fn to_text(&self) -> Result<String> {
        let intents = self.intents.as_ref().map_err(Clone::clone)?;
        let lines = intents.iter().filter_map(line);
        Ok(std::iter::once(VERSION.to_owned()).chain(lines).map(|line| line + "\n").collect())
    }

    /// What was written down, if this build understands all of it.
    ///
    /// # Errors
    ///
    /// `Codec` if it does not.
    pub fn from_text(app: &AppName, text: &str) -> Result<Self> {
        let unreadable = || Error::new(ErrorKind::Codec, "this build cannot read what is touched");
        // Without its end a text may have been cut off.
        let mut lines = text.strip_suffix('\n').ok_or_else(unreadable)?.split('\n');
        if lines.next() != Some(VERSION) {
            return Err(unreadable());
        }
        let mut touched = Self { app: app.clone(), intents: Ok(Vec::new()) };
        for line in lines {
            touched.read(line).ok_or_else(|| unreadable().with("line", line.escape_debug()))?;
        }
        match touched.intents {
            Ok(_) => Ok(touched),
            Err(error) => Err(unreadable().because(error)),
        }
    }

    fn read(&mut self, line: &str) -> Option<&mut Self> {
        let (kind, what) = line.split_once(' ')?;
        match kind {
            "cache" => Some(self.cache(what)),
            "tag" => tag(what).map(|tag| self.touch(Ok(Intent::Tag(tag)))),
            "key" | "expire" => {
                let (cache, key) = what.split_once(' ')?;
                let key = Written(unescape(key)?);
                Some(if kind == "key" { self.key(cache, &key) } else { self.expire(cache, &key) })
            }
            _ => None,
        }
    }
}

/// Touches the same, by the same names, in whatever app it is announced.
impl DomainEvent for Touched {
    fn touches(&self, touched: &mut Self) {
        if let Err(error) = &self.intents {
            touched.touch(Err(error.clone()));
        }
        for intent in self.intents.iter().flatten() {
            match intent {
                Intent::Invalidate(key) => touched.key(key.namespace().cache().as_str(), &Written::of(key)),
                Intent::Expire(key) => touched.expire(key.namespace().cache().as_str(), &Written::of(key)),
                other => touched.touch(Ok(other.clone())),
            };
        }
    }
}

/// `None` for what no event touches.
fn line(intent: &Intent) -> Option<String> {
    let of = |kind: &str, key: &Key| {
        let cache: &CacheName = key.namespace().cache();
        format!("{kind} {cache} {}", escape(key.text()))
    };
    match intent {
        Intent::Invalidate(key) => Some(of("key", key)),
        Intent::Expire(key) => Some(of("expire", key)),
        Intent::Tag(tag) => Some(format!("tag {:016x}", tag.to_bits())),
        Intent::Cache(cache) => Some(format!("cache {cache}")),
        Intent::Supersede(..) | Intent::Guard(..) | Intent::Finish(..) | Intent::Everything => None,
    }
}

fn tag(text: &str) -> Option<TagHash> {
    let is_hash = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hash.then(|| u64::from_str_radix(text, 16).ok().map(TagHash::from_bits))?
}

fn escape(key: &str) -> String {
    key.replace('\\', r"\\").replace('\n', r"\n").replace('\0', r"\0")
}

fn unescape(text: &str) -> Option<String> {
    let mut key = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        key.push(match letter {
            '\\' => match letters.next()? {
                '\\' => '\\',
                'n' => '\n',
                '0' => '\0',
                _ => return None,
            },
            letter => letter,
        });
    }
    Some(key)
}

/// The text of a key, as its type has written it.
struct Written(String);

impl Written {
    fn of(key: &Key) -> Self {
        Self(key.text().to_owned())
    }
}

impl CacheKey for Written {
    type Owned = String;

    fn write_text(&self, text: &mut KeyText) {
        text.push_str(&self.0);
    }

    fn to_owned_key(&self) -> String {
        self.0.clone()
    }

    fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        read(self.0.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shop() -> AppName {
        AppName::new("test.shop").unwrap()
    }

    struct Event(String);

    impl DomainEvent for Event {
        fn touches(&self, touched: &mut Touched) {
            touched
                .key("user", &self.0)
                .expire("profile", &(&*self.0, 7))
                .tag("tenant", &self.0)
                .cache("ranking");
        }
    }

    /// Rows of one build are read by another, so this text stays as it is.
    #[test]
    fn the_text_is_the_one_that_other_builds_read() {
        let text = Touched::by(&shop(), &Event("a:b\n\\ \0ä".into())).to_text().unwrap();
        let golden = "larder 1\nkey user a:b\\n\\\\ \\0ä\nexpire profile a\\\\:b\\n\\\\\\\\ \\0ä:7\n\
                      tag 05a5f1e759e1abac\ncache ranking\n";
        assert_eq!(text, golden);
    }

    proptest! {
        #[test]
        fn what_was_written_down_touches_the_same(key in "\\PC{1,20}|[\\\\n0\n\0 ]{1,9}") {
            let touched = Touched::by(&shop(), &Event(key));
            let read = Touched::from_text(&shop(), &touched.to_text().unwrap()).unwrap();
            let announced = Touched::by(&shop(), &read);
            prop_assert_eq!(announced.into_intents().unwrap(), touched.into_intents().unwrap());
        }

        #[test]
        fn what_is_unreadable_is_an_error_and_nothing_worse(text in "(larder 1\n)?((key|tag|cache) )?\\PC*\n?") {
            if let Ok(touched) = Touched::from_text(&shop(), &text) {
                prop_assert_eq!(touched.to_text().unwrap(), text);
            }
        }
    }

    #[test]
    fn what_nobody_has_written_is_unreadable() {
        for text in [
            "",
            "larder 1",
            "larder 2\n",
            "larder 10\n",
            "larder 1\n\n",
            "larder 1\nkey user 7",
            "larder 1\nkey user\n",
            "larder 1\nkey user \n",
            "larder 1\nkey User! 7\n",
            "larder 1\nkey user \\x\n",
            "larder 1\ntag +f0c2a9be3d47761\n",
            "larder 1\neverything \n",
        ] {
            let error = Touched::from_text(&shop(), text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Codec, "{text:?}");
        }
        assert!(Touched::from_text(&shop(), "larder 1\n").is_ok());
    }

    #[test]
    fn a_name_that_cannot_be_one_is_told_by_the_text_and_by_the_announcement() {
        let touched = Touched::by(&shop(), &Event(String::new()));
        assert_eq!(touched.to_text().unwrap_err().kind(), ErrorKind::Invalid);
        assert!(Touched::by(&shop(), &touched).into_intents().is_err());
    }
}
