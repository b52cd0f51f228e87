//! Texts that people and clients write: names, tags, tokens, addresses, layouts, and what keys are made of.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use larder::redis::Address;
use larder::{Layout, Receipt};
use larder_core::{AppName, CacheName, Error, KeyText, MAX_NAME_BYTES, MAX_TAG_BYTES, Result, Tag, Token};

/// No error grows with what it is about.
const LONGEST_ERROR: usize = 1_000;

/// Whatever a text is, it is taken for what it is or refused, shortly.
pub(crate) fn text(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    for name in [shown::<AppName>(text), shown::<CacheName>(text)].into_iter().flatten() {
        assert!(name == text && name.len() <= MAX_NAME_BYTES);
    }
    if let Some(tag) = shortly(Tag::new(text)) {
        assert!(tag.as_str() == text && text.len() <= MAX_TAG_BYTES);
    }
    written_again::<Token>(text);
    written_again::<Receipt>(text);
    shown::<Address>(text);
    written_again::<Layout>(text);
    key_parts(text);
}

/// How it is shown, if it can be read.
fn shown<T: FromStr<Err = Error> + Display>(text: &str) -> Option<String> {
    shortly(text.parse::<T>()).map(|read| read.to_string())
}

/// What can be read is written so that it is read the same.
fn written_again<T: FromStr<Err = Error> + Display + Debug + PartialEq>(text: &str) {
    if let Some(read) = shortly(text.parse::<T>()) {
        assert_eq!(read.to_string().parse::<T>().ok(), Some(read), "{text:?}");
    }
}

/// What was read. If that was nothing, it is said in few words.
fn shortly<T>(read: Result<T>) -> Option<T> {
    let error = match read {
        Ok(read) => return Some(read),
        Err(error) => error.to_string(),
    };
    assert!(error.len() < LONGEST_ERROR, "{error}");
    None
}

/// Two keys that differ have different texts.
fn key_parts(text: &str) {
    let mut parts = text.splitn(4, '\n');
    let (Some(one), Some(two), Some(three), Some(four)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return;
    };
    let (left, right) = (KeyText::of(&(one, two)), KeyText::of(&(three, four)));
    assert_eq!(left.as_bytes() == right.as_bytes(), (one, two) == (three, four), "{text:?}");
    let nested = KeyText::of(&((one, two), three));
    assert_ne!(nested.as_bytes(), left.as_bytes(), "{text:?}");
}
