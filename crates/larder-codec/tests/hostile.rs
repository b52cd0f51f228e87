//! Bytes that mean harm: no panic, no hang, no overflow of the stack, no allocation by what they claim.

use larder_codec::{Bincode, Envelope, HEADER_BYTES, Json, MessagePack, Postcard, Unreadable};
use larder_core::{Codec, CodecId, Label, Lifetime, Result, Schema, Ttl};
use proptest::prelude::*;

use crate::bodies::{self, KEY, LIMIT, Tree};

/// What decoding may allocate: room for what the bytes hold. The largest element of a test type is a `Tree`, 32 bytes
/// in memory and two in the bytes; growing doubles it, and some small change for errors.
const MOST_ALLOCATED: u64 = 64 * LIMIT as u64;

const CODECS: [CodecId; 4] = [CodecId::BINCODE, CodecId::POSTCARD, CodecId::MESSAGE_PACK, CodecId::JSON];

fn allocated_by(act: impl FnOnce()) -> u64 {
    allocation_counter::measure(act).bytes_max
}

fn decode<V>(codec: &impl Codec<V>, bytes: &[u8]) -> bool {
    let mut decodes = false;
    let allocated = allocated_by(|| decodes = codec.decode(bytes).is_ok());
    assert!(allocated <= MOST_ALLOCATED, "{allocated} bytes for {}", bytes.len());
    decodes
}

#[test]
fn a_list_of_endless_nothings_is_refused_at_once() {
    // The length 2⁶⁴ - 1 in each format's own way.
    assert!(!decode::<Vec<()>>(&Bincode, &[253, 255, 255, 255, 255, 255, 255, 255, 255]));
    assert!(!decode::<Vec<()>>(&Postcard, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]));
    assert!(!decode::<Vec<()>>(&MessagePack, &[0xdd, 255, 255, 255, 255]));
    assert!(!decode::<Vec<()>>(&Json, b"[null,null"));
}

#[test]
fn an_honest_list_of_nothings_is_read() {
    fn check(codec: &(impl Codec<Vec<()>> + Codec<Vec<(u8, (), ())>> + Codec<Vec<Vec<u8>>>)) {
        round_trip(codec, &vec![(); 60_000]);
        round_trip(codec, &vec![(7, (), ()); 100_000]);
        round_trip(codec, &vec![Vec::<u8>::new(); 100_000]);
    }
    fn round_trip<V: PartialEq>(codec: &impl Codec<V>, value: &V) {
        let mut bytes = Vec::new();
        codec.encode(value, &mut bytes).unwrap();
        assert!(codec.decode(&bytes).unwrap() == *value);
    }
    check(&Bincode);
    check(&Postcard);
    check(&MessagePack);
    check(&Json);
}

#[test]
fn claimed_lengths_allocate_nothing() {
    let claims: [&[u8]; 4] = [
        &[253, 255, 255, 255, 255, 255, 255, 255, 127],
        &[255, 255, 255, 255, 255, 255, 255, 255, 127],
        &[0xdb, 255, 255, 255, 255],
        &[0xc6, 255, 255, 255, 255],
    ];
    for claim in claims {
        assert!(!decode::<String>(&Bincode, claim));
        assert!(!decode::<Vec<u8>>(&Bincode, claim));
        assert!(!decode::<Vec<u64>>(&Postcard, claim));
        assert!(!decode::<String>(&Postcard, claim));
        assert!(!decode::<String>(&MessagePack, claim));
        assert!(!decode::<Vec<u8>>(&MessagePack, claim));
        assert!(!decode::<Vec<[u64; 8]>>(&MessagePack, &[&[0xdd][..], &claim[1..]].concat()));
    }
}

#[test]
fn bottomless_nesting_does_not_reach_the_end_of_the_stack() {
    let deep = 1 << 20;
    // "There is a left one" a million times; "one branch" a million times.
    assert!(!decode::<Tree>(&Bincode, &vec![1; deep]));
    assert!(!decode::<Tree>(&Postcard, &vec![1; deep]));
    assert!(!decode::<Tree>(&Bincode, &[0, 1].repeat(deep)));
    assert!(!decode::<Tree>(&MessagePack, &[0x92, 0xc0, 0x91].repeat(deep)));
    let json: String = r#"{"left":null,"branches":["#.repeat(deep);
    assert!(!decode::<Tree>(&Json, json.as_bytes()));
}

#[test]
fn large_values_may_be_nested_less_deep() {
    #[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
    struct Fat {
        ballast: [[u64; 16]; 8],
        next: Option<Box<Self>>,
    }
    // As deep as it goes, on a stack as small as that of a worker.
    let link = r#"{"ballast":BALLAST,"next":"#.replace("BALLAST", &format!("{:?}", [[0; 16]; 8]));
    let deep = link.repeat(200);
    let small = std::thread::Builder::new().stack_size(2 << 20);
    let thread = small.spawn(move || Codec::<Fat>::decode(&Json, deep.as_bytes()).is_ok());
    assert!(!thread.unwrap().join().unwrap());
}

#[test]
fn nesting_up_to_the_bound_is_read() {
    let mut tree = Tree::default();
    for _ in 0..25 {
        tree = Tree { left: Some(Box::new(tree)), branches: vec![] };
    }
    let mut bytes = Vec::new();
    Bincode.encode(&tree, &mut bytes).unwrap();
    assert_eq!(Codec::<Tree>::decode(&Bincode, &bytes).unwrap(), tree);
}

#[test]
fn long_claims_at_every_level_of_nesting_allocate_little() {
    // Each level says "no left one, and 2³² branches", which all at once would be terabytes.
    let bytes = [0x92, 0xc0, 0xdd, 255, 255, 255, 255].repeat(200);
    assert!(!decode::<Tree>(&MessagePack, &bytes));
    let bytes = [&[0, 253][..], &[255; 8]].concat().repeat(200);
    assert!(!decode::<Tree>(&Bincode, &bytes));
}

#[test]
fn a_bomb_is_not_unpacked() {
    // Perfect headers that claim more than the limit, more than the method can give, or more than is there.
    for (compression, raw_len, expected) in [
        (1, u32::MAX, Unreadable::TooLarge(u32::MAX as usize)),
        (2, u32::MAX, Unreadable::TooLarge(u32::MAX as usize)),
        (1, 60_000, Unreadable::Undecodable),
        (2, 60_000, Unreadable::Undecodable),
        (1, 0, Unreadable::Undecodable),
        (2, 0, Unreadable::Undecodable),
    ] {
        let stored = bodies::forge(CodecId::BINCODE, compression, raw_len, &[0x1F, 1, 0, 255, 255, 255]);
        let mut opened = None;
        let allocated = allocated_by(|| opened = Some(bodies::envelope(CodecId::BINCODE).open(KEY, &stored)));
        assert_eq!(opened.unwrap().unwrap_err(), expected, "{compression} {raw_len}");
        assert!(allocated <= 2 * LIMIT as u64, "{allocated}");
    }
}

#[test]
fn a_payload_that_unpacks_to_more_or_less_than_it_says_is_refused() {
    // In a format that takes whatever it gets, and would not notice.
    let raw = Raw(b"larder ".repeat(1_000));
    let envelope = Envelope::with_schema(Verbatim, Schema::default());
    let stored = envelope.seal(KEY, &Label::new(Lifetime::new(Ttl::MAX)), Some(&raw)).unwrap();
    let opened = |raw_len| {
        let stored = bodies::forge(VERBATIM, 1, raw_len, &stored[HEADER_BYTES..]);
        envelope.open(KEY, &stored).map(|opened| opened.value.unwrap().0.len())
    };
    assert_eq!(opened(7_000), Ok(7_000));
    assert_eq!(opened(6_999), Err(Unreadable::Undecodable));
    assert_eq!(opened(7_001), Err(Unreadable::Undecodable));
}

#[test]
fn whatever_is_left_over_behind_a_value_is_noticed() {
    fn check(codec: &impl Codec<String>) {
        let mut bytes = Vec::new();
        codec.encode(&"Ada".into(), &mut bytes).unwrap();
        assert!(decode::<String>(codec, &bytes));
        for extra in 0..=255 {
            // White space behind JSON is no value.
            let is_blank = codec.id() == CodecId::JSON && b" \t\n\r".contains(&extra);
            assert_eq!(decode::<String>(codec, &[&bytes[..], &[extra]].concat()), is_blank, "{extra}");
            assert_eq!(decode::<String>(codec, &[&bytes[..], &[extra; 3]].concat()), is_blank, "{extra}");
        }
    }
    check(&Bincode);
    check(&Postcard);
    check(&MessagePack);
    check(&Json);
}

const VERBATIM: CodecId = CodecId::new(CodecId::FIRST_CUSTOM);

/// A format of one's own, which writes bytes as they are.
#[derive(Debug)]
struct Verbatim;

#[derive(Debug)]
struct Raw(Vec<u8>);

impl Codec<Raw> for Verbatim {
    fn id(&self) -> CodecId {
        VERBATIM
    }

    fn encode(&self, value: &Raw, into: &mut Vec<u8>) -> Result<()> {
        into.extend_from_slice(&value.0);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Raw> {
        Ok(Raw(bytes.to_vec()))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_read_or_refused_within_the_limit(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let allocated = allocated_by(|| {
            bodies::header(&bytes);
            bodies::decode(&bytes);
            bodies::open(&bytes);
            bodies::open_in_migration(&bytes);
        });
        prop_assert!(allocated <= MOST_ALLOCATED, "{}", allocated);
    }

    #[test]
    fn small_numbers_too(bytes in prop::collection::vec(0..4_u8, 0..3_000)) {
        let allocated = allocated_by(|| {
            bodies::decode(&bytes);
            bodies::open(&bytes);
            bodies::open_in_migration(&bytes);
        });
        prop_assert!(allocated <= MOST_ALLOCATED, "{}", allocated);
    }

    #[test]
    fn a_damaged_value_is_read_or_refused(
        codec in prop::sample::select(CODECS.to_vec()),
        text in "[a-z]{0,40}",
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let zoo = bodies::Zoo { list: vec![text.clone(); 5], text, ..Default::default() };
        let label = Label::new(Lifetime::new(Ttl::MAX));
        let sealed = bodies::envelope(codec).seal(KEY, &label, Some(&zoo)).unwrap();
        let mut payload = sealed[HEADER_BYTES..].to_vec();
        for (at, with) in flips {
            let at = at.index(payload.len());
            payload[at] ^= with;
        }
        // The header is right about the damaged payload, so that the damage reaches the format.
        let stored = bodies::forge(codec, 0, 0, &payload);
        let allocated = allocated_by(|| { let _ = bodies::envelope(codec).open(KEY, &stored); });
        prop_assert!(allocated <= MOST_ALLOCATED, "{}", allocated);
    }
}
