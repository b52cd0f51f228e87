//! What becomes of old bytes when the type changes, change by change and format by format.
//!
//! Without a schema, bincode and postcard decode some old bytes into a wrong value without an error. With the
//! shape that `#[derive(Cacheable)]` declares, each of these is a miss. The changes that only the user can see need a
//! new version.

use larder_codec::{Bincode, Envelope, Json, MessagePack, Postcard, Unreadable};
use larder_core::{Cacheable, Codec, Label, Lifetime, Schema, Ttl};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bodies::KEY;

/// What reading old bytes as the new type gives, when nothing protects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The right value.
    Right,
    /// A value that nobody stored.
    SilentlyWrong,
    /// An error, which is a miss.
    Miss,
}
use Outcome::{Miss, Right, SilentlyWrong};

macro_rules! types {
    ($($(#[$attribute:meta])* struct $name:ident { $($body:tt)* })*) => {$(
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Cacheable)]
        $(#[$attribute])*
        struct $name { $($body)* }
    )*};
}

types! {
    struct User { id: u64, name: String, score: u32 }
    struct AddedLast { id: u64, name: String, score: u32, #[serde(default)] level: u8 }
    struct AddedInside { id: u64, #[serde(default)] level: u8, name: String, score: u32 }
    struct RemovedLast { id: u64, name: String }
    struct Reordered { name: String, id: u64, score: u32 }
    struct Renamed { id: u64, #[serde(alias = "name")] label: String, score: u32 }
    struct Widened { id: u64, name: String, score: u64 }
    struct Signed { id: u64, name: String, score: i32 }

    struct Box3 { width: u8, height: u8, depth: u8 }
    struct RemovedInside { width: u8, depth: u8 }
    struct Swapped { height: u8, width: u8, depth: u8 }

    struct Holder { state: State }
    struct NewHolder { state: NewState }

    struct Price { amount: u64 }
    #[cacheable(version = 1)]
    struct PriceInCents { amount: u64 }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Cacheable)]
enum State {
    Active,
    Closed,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Cacheable)]
enum NewState {
    Pending,
    Active,
    Closed,
}

fn user() -> User {
    User { id: 7, name: "alice".into(), score: 300 }
}

fn size() -> Box3 {
    Box3 { width: 1, height: 2, depth: 3 }
}

/// The outcomes in bincode, postcard, MessagePack and JSON.
fn check<Old, New>(old: &Old, right: &New, expected: [Outcome; 4])
where
    Old: Serialize + DeserializeOwned + Cacheable + 'static,
    New: Serialize + DeserializeOwned + Cacheable + PartialEq + 'static,
{
    let outcomes = [
        outcome(&Bincode, old, right),
        outcome(&Postcard, old, right),
        outcome(&MessagePack, old, right),
        outcome(&Json, old, right),
    ];
    assert_eq!(outcomes, expected, "without a schema");
    is_a_miss_with_schema::<Old, New, _>(old, || Bincode);
    is_a_miss_with_schema::<Old, New, _>(old, || Postcard);
}

fn outcome<C, Old, New>(codec: &C, old: &Old, right: &New) -> Outcome
where
    C: Codec<Old> + Codec<New>,
    New: PartialEq,
{
    let mut bytes = Vec::new();
    codec.encode(old, &mut bytes).unwrap();
    match Codec::<New>::decode(codec, &bytes) {
        Ok(new) if new == *right => Right,
        Ok(_) => SilentlyWrong,
        Err(_) => Miss,
    }
}

/// With the shape, every change of the type is one, and what may be newer stays.
fn is_a_miss_with_schema<Old, New, C>(old: &Old, codec: fn() -> C)
where
    C: Codec<Old> + Codec<New>,
    Old: Cacheable + 'static,
    New: Cacheable + 'static,
{
    let label = Label::new(Lifetime::new(Ttl::seconds(60)));
    let writer: Envelope<Old> = Envelope::new(codec());
    let reader: Envelope<New> = Envelope::new(codec());
    let stored = writer.seal(KEY, &label, Some(old)).unwrap();
    assert!(writer.open(KEY, &stored).is_ok());
    let Err(unreadable) = reader.open(KEY, &stored) else { panic!("it was read") };
    assert!(matches!(unreadable, Unreadable::OtherShape(_) | Unreadable::OlderSchema(_)), "{unreadable}");
}

#[test]
fn a_field_added_at_the_end() {
    let User { id, name, score } = user();
    check(&user(), &AddedLast { id, name, score, level: 0 }, [Miss, Miss, Right, Right]);
}

#[test]
fn a_field_added_in_the_middle() {
    let User { id, name, score } = user();
    check(&user(), &AddedInside { id, level: 0, name, score }, [Miss, Miss, Right, Right]);
}

#[test]
fn the_last_field_removed() {
    let User { id, name, .. } = user();
    // What is left over behind the value gives it away.
    check(&user(), &RemovedLast { id, name }, [Miss, Miss, Right, Right]);
}

#[test]
fn a_field_removed_in_the_middle() {
    // Here too something is left over; without that check it would be silently wrong.
    check(&size(), &RemovedInside { width: 1, depth: 3 }, [Miss, Miss, Right, Right]);
}

#[test]
fn fields_of_different_types_reordered() {
    let User { id, name, score } = user();
    check(&user(), &Reordered { name, id, score }, [Miss, Miss, Right, Right]);
}

#[test]
fn fields_of_one_type_swapped() {
    let swapped = Swapped { height: 2, width: 1, depth: 3 };
    check(&size(), &swapped, [SilentlyWrong, SilentlyWrong, Right, Right]);
}

#[test]
fn a_field_renamed_with_an_alias() {
    let User { id, name, score } = user();
    check(&user(), &Renamed { id, label: name, score }, [Right, Right, Right, Right]);
}

#[test]
fn a_number_widened() {
    let User { id, name, score } = user();
    check(&user(), &Widened { id, name, score: score.into() }, [Right, Right, Right, Right]);
}

#[test]
fn a_number_made_signed() {
    let User { id, name, .. } = user();
    check(&user(), &Signed { id, name, score: 300 }, [SilentlyWrong, SilentlyWrong, Right, Right]);
}

#[test]
fn a_variant_inserted_before_others() {
    let old = Holder { state: State::Closed };
    let new = NewHolder { state: NewState::Closed };
    check(&old, &new, [SilentlyWrong, SilentlyWrong, Right, Right]);
}

#[test]
fn a_variant_inserted_in_a_nested_type_changes_the_shape_of_its_holder() {
    assert_ne!(Schema::of::<Holder>(), Schema::of::<NewHolder>());
}

#[test]
fn a_change_of_meaning_is_only_seen_with_a_new_version() {
    let old = Price { amount: 12 };
    let wrong = PriceInCents { amount: 1_200 };
    check(&old, &wrong, [SilentlyWrong; 4]);
}

#[test]
fn what_a_format_cannot_hold_is_an_error_when_it_is_written() {
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(u8),
    }
    #[derive(Debug, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Cat { age: u8 },
    }
    #[derive(Debug, Serialize, Deserialize)]
    struct Outer {
        #[serde(flatten)]
        inner: std::collections::BTreeMap<String, u8>,
    }
    fn writable<V: 'static>(codec: impl Codec<V>, value: &V) -> bool {
        let label = Label::new(Lifetime::new(Ttl::seconds(60)));
        Envelope::with_schema(codec, Schema::default()).seal(KEY, &label, Some(value)).is_ok()
    }
    macro_rules! check {
        ($value:expr) => {
            let value = $value;
            assert!(!writable(Bincode, &value) && !writable(Postcard, &value), "{value:?}");
            assert!(writable(MessagePack, &value) && writable(Json, &value), "{value:?}");
        };
    }
    check!(Untagged::Number(7));
    check!(Tagged::Cat { age: 7 });
    check!(Outer { inner: [("a".to_owned(), 1)].into() });
    check!(serde_json::json!({ "a": [1, null] }));
}
