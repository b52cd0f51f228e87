#![allow(dead_code, reason = "only the shapes of these types count")]

use std::collections::HashMap;

use larder_core::{Cacheable, Schema};
use serde::Serialize;

#[derive(Cacheable)]
struct Plain {
    id: u64,
    names: Vec<Option<String>>,
}

#[derive(Cacheable)]
struct Renamed {
    id: u64,
    labels: Vec<Option<String>>,
}

#[derive(Cacheable)]
#[cacheable(version = 3)]
struct Versioned(u8, u16);

#[derive(Cacheable)]
struct Transparent(u64);

#[derive(Cacheable)]
struct Around(Versioned);

struct Foreign;

#[derive(Cacheable)]
struct WithForeign {
    #[cacheable(opaque)]
    foreign: Foreign,
    map: HashMap<u8, Transparent>,
}

#[derive(Cacheable)]
struct Tree {
    #[cacheable(opaque)]
    children: Vec<Tree>,
}

#[derive(Cacheable)]
enum Kind<T> {
    One,
    Two(T),
    Three { value: T },
}

#[derive(Serialize, Cacheable)]
struct Attributed {
    #[serde(rename = "skip", default)]
    renamed: u32,
}

#[derive(Serialize, Cacheable)]
#[rustfmt::skip]
struct SetOtherwise {
    #[serde( rename="skip" , )]
    renamed : u32,
}

#[derive(Serialize, Cacheable)]
struct Retyped {
    #[serde(rename = "skip")]
    renamed: i32,
}

#[derive(Serialize, Cacheable)]
struct Skipping {
    #[serde(skip)]
    scratch: Foreign,
    renamed: u32,
}

/// Once released, a fingerprint is for ever: another one makes every stored entry of the type a miss.
fn fingerprints_are_those_of_the_first_release() {
    let pinned = [
        (Schema::of::<Plain>(), PLAIN),
        (Schema::of::<Versioned>(), VERSIONED),
        (Schema::of::<Kind<u8>>(), KIND),
        (Schema::of::<Attributed>(), ATTRIBUTED),
        (Schema::of::<Tree>(), TREE),
    ];
    for (schema, fingerprint) in pinned {
        assert_eq!(format!("{:08x}", schema.fingerprint()), fingerprint);
    }
}

const PLAIN: &str = "4e814672";
const VERSIONED: &str = "f16283cf";
const KIND: &str = "0ada8a34";
const ATTRIBUTED: &str = "0f5aad40";
const TREE: &str = "5722ed99";

fn main() {
    fingerprints_are_those_of_the_first_release();
    assert_eq!(Schema::of::<Attributed>(), Schema::of::<SetOtherwise>());
    assert_ne!(Schema::of::<Attributed>(), Schema::of::<Retyped>());
    assert_eq!(Schema::of::<Vec<Versioned>>().number(), 3);
    assert_ne!(Schema::of::<Plain>(), Schema::of::<Renamed>());
    assert_eq!(Schema::of::<Versioned>().number(), 3);
    assert_eq!(Schema::of::<Transparent>(), Schema::of::<u64>());
    assert_eq!(Schema::of::<Around>(), Schema::of::<Versioned>());
    assert_eq!(Schema::of::<Skipping>().number(), 0);
    assert_ne!(Schema::of::<Kind<u8>>(), Schema::of::<Kind<u16>>());
    let fingerprints = [Schema::of::<WithForeign>(), Schema::of::<Tree>()].map(Schema::fingerprint);
    assert!(fingerprints.iter().all(|&fingerprint| fingerprint != 0));
}
