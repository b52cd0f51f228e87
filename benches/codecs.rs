//! What does the envelope cost over the format it holds?
//!
//! Ours is `seal` and `open`: header, checksums, bounds, and the format. The reference is the format by itself, through
//! the crate that makes it. The value takes about 200 bytes.

use std::hint::black_box;

use bincode::config::standard;
use larder_codec::{Bincode, Compression, Envelope, Json, MessagePack, Postcard};
use larder_core::{
    AppName, CacheName, Cacheable, Codec, Key, KeyHash, Label, Lifetime, Namespace, Schema, Ttl,
};
use serde::{Deserialize, Serialize};

use crate::measure::{Effort, compare};
use crate::report::Line;

/// A value of a size and a shape that is often cached.
#[derive(Serialize, Deserialize, Cacheable)]
pub(crate) struct User {
    id: u64,
    name: String,
    email: String,
    roles: Vec<String>,
    address: Option<Address>,
    logins: Vec<u32>,
    active: bool,
}

#[derive(Serialize, Deserialize, Cacheable)]
struct Address {
    street: String,
    city: String,
    code: u32,
}

impl User {
    pub(crate) fn new() -> Self {
        Self {
            id: 8_345_123,
            name: "Ada Lovelace".into(),
            email: "ada.lovelace@analytical.example".into(),
            roles: vec!["reader".into(), "editor".into(), "administrator".into()],
            address: Some(Address {
                street: "12 St James's Square".into(),
                city: "London".into(),
                code: 1_843,
            }),
            logins: (0..20).map(|day| 1_763_632_800 + day * 86_400).collect(),
            active: true,
        }
    }
}

pub(crate) fn lines(effort: Effort) -> Vec<Line> {
    let mut lines = Vec::new();
    against(
        &mut lines,
        effort,
        "bincode",
        Bincode,
        &Raw {
            encode: |user| bincode::serde::encode_to_vec(user, standard()).unwrap_or_default(),
            decode: |bytes| bincode::serde::decode_from_slice(bytes, standard()).ok().map(|(user, _)| user),
        },
    );
    against(
        &mut lines,
        effort,
        "postcard",
        Postcard,
        &Raw {
            encode: |user| postcard::to_stdvec(user).unwrap_or_default(),
            decode: |bytes| postcard::from_bytes(bytes).ok(),
        },
    );
    against(
        &mut lines,
        effort,
        "MessagePack",
        MessagePack,
        &Raw {
            encode: |user| rmp_serde::to_vec_named(user).unwrap_or_default(),
            decode: |bytes| rmp_serde::from_slice(bytes).ok(),
        },
    );
    against(
        &mut lines,
        effort,
        "JSON",
        Json,
        &Raw {
            encode: |user| serde_json::to_vec(user).unwrap_or_default(),
            decode: |bytes| serde_json::from_slice(bytes).ok(),
        },
    );
    lines
}

/// A format as one would use it without Larder.
struct Raw {
    encode: fn(&User) -> Vec<u8>,
    decode: fn(&[u8]) -> Option<User>,
}

fn against(lines: &mut Vec<Line>, effort: Effort, name: &str, codec: impl Codec<User> + Copy, raw: &Raw) {
    let (key, label, user) = (key(), Label::new(Lifetime::new(Ttl::seconds(600))), User::new());
    let envelope = Envelope::with_schema(codec, Schema::default()).compression(Compression::None);
    let bytes = (raw.encode)(&user);
    let stored = envelope.seal(key, &label, Some(&user)).expect("it can be written");

    let encode = |_: usize| {
        let mut bytes = Vec::with_capacity(128);
        codec.encode(black_box(&user), &mut bytes).expect("it can be written");
        black_box(bytes);
    };
    let raw_encode = |_: usize| drop(black_box((raw.encode)(black_box(&user))));
    let seal = |_: usize| drop(black_box(envelope.seal(key, &label, Some(black_box(&user)))));
    let decode = |_: usize| drop(black_box(codec.decode(black_box(&bytes)).ok()));
    let raw_decode = |_: usize| drop(black_box((raw.decode)(black_box(&bytes))));
    let open = |_: usize| drop(black_box(envelope.open(key, black_box(&stored))));

    let title = |what: &str| format!("{what}, {name}, {} bytes", bytes.len());
    lines.push(Line::new(title("encode"), "ns", compare(effort, 1, encode, raw_encode)));
    lines.push(Line::new(title("encode in an envelope"), "ns", compare(effort, 1, seal, raw_encode)));
    lines.push(Line::new(title("decode"), "ns", compare(effort, 1, decode, raw_decode)));
    lines.push(Line::new(title("decode from an envelope"), "ns", compare(effort, 1, open, raw_decode)));
}

fn key() -> KeyHash {
    let app = AppName::new("bench.shop").expect("it is a name");
    let cache = CacheName::new("user").expect("it is a name");
    Key::new(&Namespace::new(app, cache), &7).expect("it is a key").hash()
}
