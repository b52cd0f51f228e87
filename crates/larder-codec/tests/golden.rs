//! The bytes of this release, for all later ones to read.
//!
//! `golden/envelopes-1.txt` is never changed, only added to: a line that no longer reads is a cache that is cold after
//! an upgrade. `LARDER_BLESS=1` writes it anew, which is right only before its release.

use std::fmt::Write;
use std::time::Duration;
use std::{env, fs};

use larder_codec::{
    Bare, Bincode, Compression, Envelope, Json, MessagePack, Old, Opened, Postcard, Unreadable,
};
use larder_core::{Codec, Label, Lifetime, Schema, Sequence, TagHash, Tags, Ttl, Version};

use crate::bodies::{Animal, KEY, Tree, Zoo};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/envelopes-1.txt");

/// The one byte that a server may change.
const STALE: usize = 3;

fn plain() -> Label {
    Label::new(Lifetime::new(Ttl::seconds(600)))
}

fn full() -> Label {
    Label::new(Lifetime::new(Ttl::MAX).fresh_for(Ttl::MIN))
        .birth(Sequence::new(1_763_632_800_000_001))
        .tags(Tags::new([1, u64::MAX].map(TagHash::from_bits)).unwrap())
        .version(Version::new(u64::MAX))
        .made_at(1_763_632_800_123)
        .load_cost(Duration::from_millis(45))
}

fn zoo() -> Zoo {
    Zoo {
        flag: true,
        small: 255,
        signed: i64::MIN,
        wide: u128::MAX,
        letter: 'ß',
        text: "Ada".into(),
        maybe: Some(String::new()),
        list: vec!["a".into(), "b".into()],
        nothings: vec![(); 3],
        pair: (300, -1),
        map: [("k".to_owned(), vec![0, 250, 251, u32::MAX])].into(),
        animal: Animal::Dog { name: "Rex".into(), pups: vec![Animal::Cat(9), Animal::None] },
        tree: Some(Box::new(Tree { left: Some(Box::default()), branches: vec![Tree::default()] })),
    }
}

struct Golden {
    name: &'static str,
    envelope: Envelope<Zoo>,
    label: Label,
    value: Option<Zoo>,
}

fn goldens() -> Vec<Golden> {
    fn golden(name: &'static str, codec: impl Codec<Zoo>) -> Golden {
        let envelope = Envelope::with_schema(codec, Schema::default()).compression(Compression::None);
        Golden { name, envelope, label: plain(), value: Some(zoo()) }
    }
    fn dense(name: &'static str, codec: impl Codec<Zoo>, compression: Compression) -> Golden {
        let value = Some(Zoo { text: "larder ".repeat(300), ..zoo() });
        let golden = golden(name, codec);
        Golden { envelope: golden.envelope.compression(compression), value, ..golden }
    }
    const ZSTD: Compression = Compression::Zstd { level: 3 };
    vec![
        golden("bincode", Bincode),
        golden("postcard", Postcard),
        golden("msgpack", MessagePack),
        golden("json", Json),
        dense("lz4", Bincode, Compression::Lz4),
        dense("zstd", Bincode, ZSTD),
        Golden { value: None, ..golden("negative", Bincode) },
        Golden { label: full(), ..golden("full-label", Bincode) },
        Golden {
            envelope: Envelope::with_schema(Bincode, Schema::from_parts(7, 0x0102_0304)),
            ..golden("schema", Bincode)
        },
        dense("postcard-lz4", Postcard, Compression::Lz4),
        dense("postcard-zstd", Postcard, ZSTD),
        dense("msgpack-lz4", MessagePack, Compression::Lz4),
        dense("msgpack-zstd", MessagePack, ZSTD),
        dense("json-lz4", Json, Compression::Lz4),
        dense("json-zstd", Json, ZSTD),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn envelopes_of_this_release_are_read() {
    let goldens = goldens();
    if env::var_os("LARDER_BLESS").is_some() {
        let lines = goldens.iter().map(|golden| {
            let sealed = golden.envelope.seal(KEY, &golden.label, golden.value.as_ref()).unwrap();
            format!("{} {}\n", golden.name, hex(&sealed))
        });
        fs::write(FILE, lines.collect::<String>()).unwrap();
    }
    let file = fs::read_to_string(FILE).unwrap();
    let kept: Vec<_> = file.lines().map(|line| line.split_once(' ').unwrap()).collect();
    assert_eq!(kept.len(), goldens.len());
    for (golden, (name, hex)) in goldens.iter().zip(kept) {
        assert_eq!(golden.name, name);
        let opened = golden.envelope.open(KEY, &bytes(hex)).unwrap();
        assert_eq!((opened.value, opened.label), (golden.value.clone(), golden.label.clone()), "{name}");
    }
}

#[test]
fn this_build_still_writes_the_bytes_of_this_release() {
    let file = fs::read_to_string(FILE).unwrap();
    for (golden, line) in goldens().iter().zip(file.lines()) {
        // How a compressor chooses its matches may change with its version; that it can be read may not.
        if golden.name.ends_with("lz4") || golden.name.ends_with("zstd") {
            continue;
        }
        let sealed = golden.envelope.seal(KEY, &golden.label, golden.value.as_ref()).unwrap();
        assert_eq!(line, format!("{} {}", golden.name, hex(&sealed)));
    }
}

/// As a build would that reads everything that was ever stored, by others too.
fn read_by_all(golden: &Golden, stored: &[u8]) -> Vec<Result<Opened<Zoo>, Unreadable>> {
    let schema = || Schema::from_parts(7, 0x0102_0304);
    let patient = Envelope::<Zoo>::with_schema(Postcard, Schema::version(8))
        .reads(Old::<Zoo>::with_schema(Bincode, schema()))
        .reads(Old::<Zoo>::with_schema(Bincode, Schema::default()))
        .reads(Old::<Zoo>::with_schema(Postcard, Schema::default()))
        .reads(Old::<Zoo>::with_schema(MessagePack, Schema::default()))
        .reads(Old::<Zoo>::with_schema(Json, Schema::default()))
        .reads_bare(Bare::<Zoo>::new(Json));
    patient.verify().unwrap();
    [&golden.envelope, &patient].map(|envelope| envelope.open(KEY, stored)).into()
}

#[test]
fn every_cut_and_every_changed_byte_of_this_release_is_a_miss() {
    let file = fs::read_to_string(FILE).unwrap();
    for (golden, line) in goldens().iter().zip(file.lines()) {
        let (name, hex) = line.split_once(' ').unwrap();
        let stored = bytes(hex);
        for opened in read_by_all(golden, &stored) {
            assert_eq!(opened.unwrap().value, golden.value, "{name}");
        }
        for len in 0..stored.len() {
            for opened in read_by_all(golden, &stored[..len]) {
                assert!(opened.is_err(), "{name} cut to {len}");
            }
        }
        for at in (0..stored.len()).filter(|at| *at != STALE) {
            for with in [0x01, 0x80, 0xFF] {
                let mut changed = stored.clone();
                changed[at] ^= with;
                for opened in read_by_all(golden, &changed) {
                    assert!(opened.is_err(), "{name}, byte {at} xor {with:x}");
                }
            }
        }
    }
}
