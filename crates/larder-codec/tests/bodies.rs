//! What the fuzz targets do with their bytes, also run over the seeds.

use std::collections::BTreeMap;

use larder_codec::{
    Bare, Bincode, Bincode1, Compression, CompressionId, Envelope, Header, Json, MessagePack, Old, Postcard,
};
use larder_core::{Codec, CodecId, ErrorKind, KeyHash, Label, Lifetime, Schema, Ttl};
use serde::{Deserialize, Serialize};

/// The most bytes that a value may have here.
pub(crate) const LIMIT: usize = 64 << 10;

const CODECS: [CodecId; 4] = [CodecId::BINCODE, CodecId::POSTCARD, CodecId::MESSAGE_PACK, CodecId::JSON];

pub(crate) const KEY: KeyHash = KeyHash::from_bytes([7; 16]);

/// A bit of everything that serde knows. No floats, which need not equal themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Zoo {
    pub(crate) flag: bool,
    pub(crate) small: u8,
    pub(crate) signed: i64,
    pub(crate) wide: u128,
    pub(crate) letter: char,
    pub(crate) text: String,
    pub(crate) maybe: Option<String>,
    pub(crate) list: Vec<String>,
    pub(crate) nothings: Vec<()>,
    pub(crate) pair: (u16, i8),
    pub(crate) map: BTreeMap<String, Vec<u32>>,
    pub(crate) animal: Animal,
    pub(crate) tree: Option<Box<Tree>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Animal {
    #[default]
    None,
    Cat(u8),
    Dog {
        name: String,
        pups: Vec<Self>,
    },
    Pair(u8, String),
}

/// May contain itself as often as the bytes say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tree {
    pub(crate) left: Option<Box<Self>>,
    pub(crate) branches: Vec<Self>,
}

/// A header that reads is written back the same.
pub(crate) fn header(bytes: &[u8]) {
    if let Ok((header, payload)) = Header::read(bytes) {
        let mut again = vec![0; header.bytes()];
        again.extend_from_slice(payload);
        header.write(&mut again);
        assert_eq!(Header::read(&again), Ok((header, payload)));
    }
}

/// Whatever bytes an envelope is opened on, and whatever payload is behind a perfect header, it opens or says no.
pub(crate) fn open(bytes: &[u8]) {
    for codec in CODECS {
        let envelope = envelope(codec);
        let _ = envelope.open(KEY, bytes);
        if let [compression, raw_low, raw_high, payload @ ..] = bytes {
            let raw_len = u32::from(u16::from_le_bytes([*raw_low, *raw_high]));
            let stored = forge(codec, compression % 3, raw_len, payload);
            if let Ok(opened) = envelope.open(KEY, &stored) {
                let label = Label::new(Lifetime::new(Ttl::seconds(1)));
                let sealed =
                    envelope.seal(KEY, &label, opened.value.as_ref()).expect("what was read can be written");
                assert_eq!(envelope.open(KEY, &sealed).expect("and read again").value, opened.value);
            }
        }
    }
}

/// Whatever bytes an envelope is opened on that reads old forms and bare values besides, it opens or says no; and what it
/// reads it writes so that it reads the same.
pub(crate) fn open_in_migration(bytes: &[u8]) {
    let envelopes = [
        Envelope::<Zoo>::with_schema(Postcard, Schema::version(1)).reads_bare(Bare::<Zoo>::new(Bincode1)),
        Envelope::<Zoo>::with_schema(Json, Schema::version(1)).reads_bare(Bare::<Zoo>::new(Json)),
    ];
    for envelope in envelopes {
        let old = || Old::<Zoo>::with_schema(MessagePack, Schema::default());
        let envelope = envelope.limit(LIMIT).reads(Old::<Zoo>::with_schema(Bincode, Schema::default()));
        let envelope = envelope.reads(old().upgraded::<Zoo>());
        envelope.verify().expect("they can be told apart");
        let stored = [CodecId::BINCODE, CodecId::MESSAGE_PACK].map(|codec| forge(codec, 0, 0, bytes));
        for stored in [bytes, &stored[0], &stored[1]] {
            let Ok(opened) = envelope.open(KEY, stored) else { continue };
            let label = Label::new(Lifetime::new(Ttl::seconds(1)));
            let sealed = match envelope.seal(KEY, &label, opened.value.as_ref()) {
                // The newest format may be a longer one.
                Err(error) if error.kind() == ErrorKind::TooLarge => continue,
                sealed => sealed.expect("what was read can be written"),
            };
            assert_eq!(envelope.open(KEY, &sealed).expect("and read again").value, opened.value);
        }
    }
}

/// Whatever bytes a format is given, it decodes or says no.
pub(crate) fn decode(bytes: &[u8]) {
    fn check<C: Codec<Zoo> + Codec<Tree>>(codec: &C, bytes: &[u8]) {
        let _: Result<Zoo, _> = codec.decode(bytes);
        let _: Result<Tree, _> = codec.decode(bytes);
    }
    check(&Bincode, bytes);
    check(&Postcard, bytes);
    check(&MessagePack, bytes);
    check(&Json, bytes);
}

/// Whatever value comes of the bytes, it is written so that it reads the same. The first byte chooses format and
/// compression; the second says how often the others are repeated, for only what is long and dull is compressed.
pub(crate) fn seal(bytes: &[u8]) {
    let Some((&[choice, times], text)) = bytes.split_first_chunk() else { return };
    let compressions = [Compression::None, Compression::Lz4, Compression::Zstd { level: 1 }];
    let (format, compression) = (usize::from(choice) % CODECS.len(), usize::from(choice) / CODECS.len());
    let envelope = envelope(CODECS[format]).compression(compressions[compression % compressions.len()]);
    let value = Zoo::of(&String::from_utf8_lossy(text).repeat(usize::from(times % 64)));
    let label = Label::new(Lifetime::new(Ttl::seconds(60)));
    // What is over the limit is refused.
    let Ok(sealed) = envelope.seal(KEY, &label, Some(&value)) else { return };
    let opened = envelope.open(KEY, &sealed).expect("what was written can be read");
    assert_eq!(opened.value, Some(value));
    assert!(envelope.open(KEY, &sealed[..sealed.len() - 1]).is_err(), "a byte is missing");
}

impl Zoo {
    /// As many animals as there are words.
    fn of(text: &str) -> Self {
        let list: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let map = list.iter().map(|word| (word.clone(), word.chars().map(u32::from).collect())).collect();
        let animal = Animal::Dog { name: text.to_owned(), pups: vec![Animal::Pair(7, text.to_owned())] };
        Self { signed: -7, letter: text.chars().next().unwrap_or('x'), list, map, animal, ..Self::default() }
    }
}

pub(crate) fn envelope(codec: CodecId) -> Envelope<Zoo> {
    let envelope = match codec {
        CodecId::BINCODE => Envelope::with_schema(Bincode, Schema::default()),
        CodecId::POSTCARD => Envelope::with_schema(Postcard, Schema::default()),
        CodecId::MESSAGE_PACK => Envelope::with_schema(MessagePack, Schema::default()),
        _ => Envelope::with_schema(Json, Schema::default()),
    };
    envelope.limit(LIMIT)
}

/// A perfect header before any payload.
pub(crate) fn forge(codec: CodecId, compression: u8, raw_len: u32, payload: &[u8]) -> Vec<u8> {
    let label = Label::new(Lifetime::new(Ttl::seconds(60)));
    let mut header = Header::new(KEY, &label, codec, Schema::default());
    header.compression = CompressionId::new(compression);
    header.raw_len = raw_len;
    let mut stored = vec![0; header.bytes()];
    stored.extend_from_slice(payload);
    header.write(&mut stored);
    stored
}
