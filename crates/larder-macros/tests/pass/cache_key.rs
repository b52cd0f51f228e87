use larder_core::{CacheKey, KeyText};

#[derive(Clone, CacheKey)]
struct UserId(u64);

#[derive(Clone, CacheKey)]
struct Name {
    text: String,
}

#[derive(Clone, CacheKey)]
struct Seat {
    hall: Name,
    row: char,
    number: Option<u16>,
}

#[derive(Clone, CacheKey)]
struct Everything;

#[derive(Clone, CacheKey)]
struct Of<K>(K, u8);

#[derive(Clone, CacheKey)]
enum Page {
    Home,
    User(UserId),
    Seat { seat: Seat, zoom: u8 },
}

fn check<K: CacheKey<Owned = K>>(key: K, text: &str) {
    assert_eq!(KeyText::of(&key).to_string(), text);
    assert_eq!(KeyText::of(&key.to_owned_key()).to_string(), text);
    key.read_text(|read| assert_eq!(read, text.as_bytes()));
}

fn main() {
    let seat = Seat { hall: Name { text: "a:b".into() }, row: 'C', number: Some(12) };
    check(UserId(7), "7");
    check(Name { text: "a:b".into() }, "a:b");
    check(seat.clone(), r"a\:b:C:+12");
    check(Everything, "Everything");
    check(Of(UserId(7), 8), "7:8");
    check(Of(seat.clone(), 8), r"a\\\:b\:C\:+12:8");
    check(Page::Home, "Home");
    check(Page::User(UserId(7)), "User:7");
    check(Page::Seat { seat, zoom: 2 }, r"Seat:a\\\:b\:C\:+12:2");
}
