//! The text and the hash of keys of every kind, and the hashes of tags.
//!
//! A service in another language can test its own implementation with them.

use std::fmt::Write;

use larder_core::{AppName, CacheKey, CacheName, Key, Namespace, Tag};
use uuid::Uuid;

const KEYS: &str = "\
# The text of a key and its hash: app cache | key text | hash.
# The seed is the xxh3_64 of both names, each after its length in four bytes, little-endian. The hash is the seeded
# xxh3_128 of the text in UTF-8, written as one number in hexadecimal.
";

const TAGS: &str = "\
# Tags and their hash: tag | xxh3_64 of its UTF-8, in hexadecimal.
";

#[derive(Clone, CacheKey)]
struct UserId(u64);

#[derive(Clone, CacheKey)]
struct Seat {
    row: char,
    number: u16,
}

#[derive(Clone, CacheKey)]
enum Page {
    Home,
    Profile { user: UserId, tab: String },
    Search(Option<String>, u32),
}

#[test]
fn key_hashes_stay_what_they_were() {
    let mut text = String::from(KEYS);
    in_shop(&mut text);
    numbers(&mut text);
    parts(&mut text);
    lengths(&mut text);
    super::check("key-hash.txt", &text);
}

#[test]
fn tag_hashes_stay_what_they_were() {
    let mut text = String::from(TAGS);
    let long = "t".repeat(256);
    for tag in ["a", "tenant:42", "tenant:4", "größe", "🦀 crab", "a | b", &long] {
        let hash = Tag::new(tag).unwrap().hash().to_bits();
        writeln!(text, "{tag} | {hash:016x}").unwrap();
    }
    let hash = Tag::of("seat", &Seat { row: 'C', number: 12 }).unwrap().hash().to_bits();
    writeln!(text, "seat:C:12 | {hash:016x}").unwrap();
    super::check("tag-hash.txt", &text);
}

/// Adds the line of a key.
fn add<Q: CacheKey + ?Sized>(text: &mut String, app: &str, cache: &str, key: &Q) {
    let namespace = Namespace::new(AppName::new(app).unwrap(), CacheName::new(cache).unwrap());
    let key = Key::new(&namespace, key).unwrap();
    writeln!(text, "{app} {cache} | {} | {}", key.text(), key.hash()).unwrap();
}

fn user<Q: CacheKey + ?Sized>(text: &mut String, key: &Q) {
    add(text, "prod.shop", "user", key);
}

/// The same text in many namespaces, and many texts in one.
fn in_shop(text: &mut String) {
    user(text, "ada");
    add(text, "prod.shop", "admin", "ada");
    add(text, "test.shop", "user", "ada");
    // One run of letters, cut in two places.
    add(text, "a.bc", "de", "ada");
    add(text, "a.b", "cde", "ada");
    for key in ["a", "A", " ", "-", "a:b", "größe", "鍵", "🦀"] {
        user(text, key);
    }
    user(text, &true);
    user(text, &Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8));
    user(text, &Uuid::nil());
}

fn numbers(text: &mut String) {
    user(text, &0_u8);
    user(text, &7_i64);
    user(text, &-1_i8);
    user(text, &u64::MAX);
    user(text, &i64::MIN);
    user(text, &u128::MAX);
    user(text, &i128::MIN);
}

fn parts(text: &mut String) {
    user(text, &("a", "b:c"));
    user(text, &(("a", "b"), "c"));
    user(text, &(r"a\", "b"));
    user(text, &("", ""));
    user(text, &("eu", 7_u32, -7, true, 'x', Uuid::nil()));
    user(text, &None::<u8>);
    user(text, &Some(""));
    user(text, &Some("-"));
    user(text, &(None::<u8>, Some(Some(5))));
    user(text, &UserId(7));
    user(text, &Seat { row: ':', number: 12 });
    user(text, &Page::Home);
    user(text, &Page::Search(None, 3));
    let tab = "a:b".into();
    user(text, &Page::Profile { user: UserId(7), tab });
}

/// Around each length at which the hash changes its ways.
fn lengths(text: &mut String) {
    for length in [3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 1_025] {
        let long: String = "0123456789".chars().cycle().take(length).collect();
        user(text, &long);
    }
}
