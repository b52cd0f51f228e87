//! What goes into an envelope comes out of it, and nothing else does.

use std::time::Duration;

use larder_codec::{
    Bincode, Compression, CompressionId, Envelope, HEADER_BYTES, Header, Json, MessagePack, Postcard,
    Unreadable,
};
use larder_core::{
    Codec, CodecId, ErrorKind, KeyHash, Label, Lifetime, Peek, Schema, Sequence, TagHash, Tags, Ttl, Version,
};
use proptest::prelude::*;

use crate::bodies::{Animal, KEY, Tree, Zoo};

fn label() -> Label {
    Label::new(Lifetime::new(Ttl::seconds(600)).fresh_for(Ttl::seconds(60)))
        .birth(Sequence::new(1_763_632_800_000_000))
        .tags(Tags::new([TagHash::from_bits(2), TagHash::from_bits(1)]).unwrap())
        .version(Version::new(9))
        .made_at(1_763_632_800_123)
        .load_cost(Duration::from_millis(45))
}

fn text(codec: impl Codec<String>) -> Envelope<String> {
    Envelope::new(codec)
}

fn text_under(codec: impl Codec<String>, schema: Schema) -> Envelope<String> {
    Envelope::with_schema(codec, schema)
}

fn open_error(envelope: &Envelope<String>, stored: &[u8]) -> Unreadable {
    envelope.open(KEY, stored).unwrap_err()
}

#[test]
fn value_and_label_come_back_whole() {
    let envelope = text(Bincode);
    let opened = envelope.open(KEY, &envelope.seal(KEY, &label(), Some(&"Ada".into())).unwrap()).unwrap();
    assert_eq!((opened.value.as_deref(), opened.label, opened.stale), (Some("Ada"), label(), false));
}

#[test]
fn the_absence_of_a_value_comes_back_too() {
    let envelope = text(Bincode);
    let stored = envelope.seal(KEY, &label(), None).unwrap();
    assert_eq!(stored.len(), HEADER_BYTES + 16);
    assert_eq!(envelope.open(KEY, &stored).unwrap().value, None);
}

#[test]
fn the_server_can_mark_an_envelope_stale_in_place() {
    let envelope = text(Bincode);
    let mut stored = envelope.seal(KEY, &label(), Some(&"Ada".into())).unwrap().to_vec();
    assert!(Peek::mark_stale(&mut stored));
    let opened = envelope.open(KEY, &stored).unwrap();
    assert!(opened.stale && opened.value.is_some());
}

#[test]
fn a_server_sees_the_fields_that_it_decides_by() {
    let stored = text_under(Bincode, Schema::version(3)).seal(KEY, &label(), None).unwrap();
    let peek = Peek::into(&stored).unwrap();
    assert_eq!((peek.layout, peek.schema), (1, 3));
    assert_eq!((peek.birth, peek.version), (label().birth, label().version));

    let next = text_under(Bincode, Schema::version(4)).seal(KEY, &label(), None).unwrap();
    let next = Peek::into(&next).unwrap();
    assert!(next.is_newer_than(peek) && !peek.is_newer_than(next) && !peek.is_newer_than(peek));
}

#[test]
fn a_server_sees_nothing_in_what_is_no_entry() {
    let stored = text(Bincode).seal(KEY, &label(), None).unwrap();
    for foreign in [&b""[..], b"{\"name\":1}", &stored[..63], &stored[1..]] {
        assert_eq!(Peek::into(foreign), None);
        assert!(!Peek::mark_stale(&mut foreign.to_vec()));
    }
}

#[test]
fn the_envelope_of_another_key_is_not_opened() {
    let envelope = text(Bincode);
    let stored = envelope.seal(KEY, &label(), Some(&"Ada".into())).unwrap();
    let other = KeyHash::from_bytes([8; 16]);
    assert_eq!(envelope.open(other, &stored).unwrap_err(), Unreadable::OtherKey);
}

#[test]
fn every_flipped_bit_but_the_stale_mark_is_noticed() {
    let envelope = text(Bincode);
    let stored = envelope.seal(KEY, &label(), Some(&"Ada".into())).unwrap();
    for bit in 0..stored.len() * 8 {
        let mut flipped = stored.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(envelope.open(KEY, &flipped).is_ok(), bit / 8 == 3, "bit {bit}");
    }
}

#[test]
fn every_cut_is_noticed() {
    let envelope = text(Bincode);
    let stored = envelope.seal(KEY, &label(), Some(&"Ada".into())).unwrap();
    for len in 0..stored.len() {
        assert!(envelope.open(KEY, &stored[..len]).is_err(), "{len}");
    }
    assert_eq!(open_error(&envelope, &[]), Unreadable::Foreign);
    assert_eq!(open_error(&envelope, b"{\"name\":\"Ada\"}"), Unreadable::Foreign);
    assert_eq!(open_error(&envelope, &stored[..2]), Unreadable::Truncated);
    assert_eq!(open_error(&envelope, &stored[..40]), Unreadable::Truncated);
}

#[test]
fn what_a_newer_build_wrote_is_told_from_what_may_be_replaced() {
    let old = text_under(Bincode, Schema::version(1));
    let new = text_under(Bincode, Schema::version(2));
    let seal = |envelope: &Envelope<String>| envelope.seal(KEY, &label(), Some(&"Ada".into())).unwrap();

    let newer = open_error(&old, &seal(&new));
    assert_eq!((newer, newer.may_be_newer()), (Unreadable::NewerSchema(2), true));
    let older = open_error(&new, &seal(&old));
    assert_eq!((older, older.may_be_newer()), (Unreadable::OlderSchema(1), false));

    let codec = open_error(&old, &seal(&text_under(Postcard, Schema::version(1))));
    assert_eq!((codec, codec.may_be_newer()), (Unreadable::OtherCodec(CodecId::POSTCARD), true));

    let shape = |fingerprint| text_under(Bincode, Schema::from_parts(1, fingerprint));
    let other = open_error(&shape(7), &seal(&shape(8)));
    assert_eq!((other, other.may_be_newer()), (Unreadable::OtherShape(8), true));

    let mut layout = seal(&old).to_vec();
    layout[2] = 2;
    let layout = open_error(&old, &layout);
    assert_eq!((layout, layout.may_be_newer()), (Unreadable::NewerFormat(2), true));

    let corrupt = open_error(&old, &seal(&old)[..100.min(seal(&old).len() - 1)]);
    assert_eq!((corrupt, corrupt.may_be_newer()), (Unreadable::Corrupt, false));
}

#[test]
fn a_flag_of_a_later_build_is_not_ignored() {
    let mut header = Header::new(KEY, &label(), CodecId::BINCODE, Schema::default());
    header.compression = CompressionId::new(9);
    let mut stored = vec![0; header.bytes()];
    header.write(&mut stored);
    let unknown = open_error(&text(Bincode), &stored);
    assert_eq!(
        (unknown, unknown.may_be_newer()),
        (Unreadable::OtherCompression(CompressionId::new(9)), true)
    );
}

#[test]
fn an_undeclared_shape_is_read_whatever_it_is() {
    let undeclared = text_under(Bincode, Schema::version(0));
    let declared = text(Bincode);
    let stored = undeclared.seal(KEY, &label(), Some(&"Ada".into())).unwrap();
    assert!(declared.open(KEY, &stored).is_ok());
}

#[test]
fn the_header_clamps_what_it_has_no_room_for() {
    let envelope = text(Bincode);
    let label = label().made_at(u64::MAX).load_cost(Duration::MAX);
    let opened = envelope.open(KEY, &envelope.seal(KEY, &label, None).unwrap()).unwrap();
    assert_eq!(opened.label.made_at, (1 << 48) - 1);
    assert_eq!(opened.label.load_cost, Duration::from_millis(65_535));
}

#[test]
fn both_limits_hold_and_name_the_size() {
    let small = text(Bincode).limit(100);
    assert!(small.seal(KEY, &label(), Some(&"x".repeat(99))).is_ok());
    let error = small.seal(KEY, &label(), Some(&"x".repeat(100))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(error.to_string(), "the value is over the size limit (bytes: 101, limit: 100)");

    for compression in [Compression::None, Compression::Lz4] {
        let large = text(Bincode).compression(compression);
        let stored = large.seal(KEY, &label(), Some(&"x".repeat(5_000))).unwrap();
        assert_eq!(open_error(&small, &stored), Unreadable::TooLarge(5_003));
    }
}

#[test]
fn compression_is_used_where_it_pays_and_read_whatever_is_set() {
    let dense = "x".repeat(10_000);
    let random: String = (0..10_000_u64)
        .map(|n| char::from((n.wrapping_mul(n ^ 0x9e37_79b9) >> 7).to_le_bytes()[0]))
        .collect();
    let sealed = |compression, value: &String| {
        text(Bincode).compression(compression).seal(KEY, &label(), Some(value)).unwrap()
    };
    for compression in [Compression::Lz4, Compression::Zstd { level: 3 }] {
        assert!(sealed(compression, &dense).len() < 500);
        assert_eq!(sealed(compression, &"x".repeat(1_000)), sealed(Compression::None, &"x".repeat(1_000)));
        for reader in [Compression::None, Compression::Lz4, Compression::Zstd { level: 1 }] {
            let reader = text(Bincode).compression(reader);
            for value in [&dense, &random] {
                assert_eq!(&reader.open(KEY, &sealed(compression, value)).unwrap().value.unwrap(), value);
            }
        }
    }
}

#[test]
fn what_could_never_be_read_is_refused_when_it_is_written() {
    #[derive(Debug, serde::Serialize, serde::Deserialize)]
    struct Sometimes {
        #[serde(skip_serializing_if = "Option::is_none")]
        nickname: Option<String>,
    }
    fn check(codec: impl Codec<Sometimes>, readable: bool) {
        let sealed = Envelope::with_schema(codec, Schema::version(0)).seal(
            KEY,
            &label(),
            Some(&Sometimes { nickname: None }),
        );
        assert_eq!(
            sealed.as_ref().map_err(larder_core::Error::kind).err(),
            (!readable).then_some(ErrorKind::Codec)
        );
        if let Err(error) = sealed {
            assert!(error.to_string().starts_with("the value can be written but not read back"), "{error}");
        }
    }
    check(Bincode, false);
    check(Postcard, false);
    check(MessagePack, true);
    check(Json, true);
}

#[test]
fn what_is_read_back_as_another_value_is_refused_too() {
    /// `None` is not written, so what follows takes its place: `{None, 0, [1, 9]}` reads as `{None, 2, [9]}`.
    #[derive(Debug, serde::Serialize, serde::Deserialize)]
    struct Shifted {
        #[serde(skip_serializing_if = "Option::is_none")]
        first: Option<u8>,
        second: u8,
        tail: Vec<u8>,
    }
    let shifted = Shifted { first: None, second: 0, tail: vec![1, 9] };
    let envelope = Envelope::with_schema(Bincode, Schema::version(0));
    let error = envelope.seal(KEY, &label(), Some(&shifted)).unwrap_err();
    assert!(error.to_string().starts_with("the value is read back as another"), "{error}");
}

fn trees() -> impl Strategy<Value = Tree> {
    Just(Tree::default()).prop_recursive(5, 20, 3, |inner| {
        (prop::option::of(inner.clone().prop_map(Box::new)), prop::collection::vec(inner, 0..3))
            .prop_map(|(left, branches)| Tree { left, branches })
    })
}

fn animals() -> impl Strategy<Value = Animal> {
    let leaf = prop_oneof![
        Just(Animal::None),
        any::<u8>().prop_map(Animal::Cat),
        (any::<u8>(), ".*").prop_map(|(age, name)| Animal::Pair(age, name)),
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        (".*", prop::collection::vec(inner, 0..3)).prop_map(|(name, pups)| Animal::Dog { name, pups })
    })
}

prop_compose! {
    fn zoos()(
        numbers in any::<(bool, u8, i64, u128, char, (u16, i8))>(),
        text in ".*",
        maybe in prop::option::of(".*"),
        list in prop::collection::vec(".*", 0..20),
        nothings in 0..300_usize,
        map in prop::collection::btree_map(".*", prop::collection::vec(any::<u32>(), 0..50), 0..5),
        animal in animals(),
        tree in prop::option::of(trees().prop_map(Box::new)),
    ) -> Zoo {
        let (flag, small, signed, wide, letter, pair) = numbers;
        let nothings = vec![(); nothings];
        Zoo { flag, small, signed, wide, letter, text, maybe, list, nothings, pair, map, animal, tree }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_float_comes_back_to_the_last_bit(float in any::<f64>().prop_filter("JSON has no such", |f| f.is_finite())) {
        let envelopes = [Envelope::new(Bincode), Envelope::new(Postcard), Envelope::new(MessagePack), Envelope::new(Json)];
        for envelope in envelopes {
            let stored = envelope.seal(KEY, &label(), Some(&float)).unwrap();
            let back: f64 = envelope.open(KEY, &stored).unwrap().value.unwrap();
            prop_assert_eq!(back.to_bits(), float.to_bits());
        }
    }

    #[test]
    fn any_value_survives_every_format_and_compression(zoo in zoos()) {
        let envelopes = [CodecId::BINCODE, CodecId::POSTCARD, CodecId::MESSAGE_PACK, CodecId::JSON];
        for codec in envelopes {
            let plain = crate::bodies::envelope(codec).limit(1 << 20).compression(Compression::None);
            let stored = plain.seal(KEY, &label(), Some(&zoo)).unwrap();
            prop_assert_eq!(plain.open(KEY, &stored).unwrap().value, Some(zoo.clone()));
            let lz4 = plain.compression(Compression::Lz4);
            let stored = lz4.seal(KEY, &label(), Some(&zoo)).unwrap();
            prop_assert_eq!(lz4.open(KEY, &stored).unwrap().value, Some(zoo.clone()));
            let zstd = lz4.compression(Compression::Zstd { level: 1 });
            let stored = zstd.seal(KEY, &label(), Some(&zoo)).unwrap();
            prop_assert_eq!(zstd.open(KEY, &stored).unwrap().value, Some(zoo.clone()));
        }
    }
}
