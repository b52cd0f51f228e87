use std::collections::HashMap;

use larder_core::{Cacheable, Schema};

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

struct Foreign;

#[derive(Cacheable)]
#[allow(dead_code)]
struct WithForeign {
    #[cacheable(opaque)]
    foreign: Foreign,
    map: HashMap<u8, Transparent>,
}

#[derive(Cacheable)]
#[allow(dead_code)]
struct Tree {
    #[cacheable(opaque)]
    children: Vec<Tree>,
}

#[derive(Cacheable)]
#[allow(dead_code)]
enum Kind<T> {
    One,
    Two(T),
    Three { value: T },
}

fn main() {
    assert_ne!(Schema::of::<Plain>(), Schema::of::<Renamed>());
    assert_eq!(Schema::of::<Versioned>().number(), 3);
    assert_eq!(Schema::of::<Transparent>(), Schema::of::<u64>());
    assert_ne!(Schema::of::<Kind<u8>>(), Schema::of::<Kind<u16>>());
    let fingerprints = [Schema::of::<WithForeign>(), Schema::of::<Tree>()].map(Schema::fingerprint);
    assert!(fingerprints.iter().all(|&fingerprint| fingerprint != 0));
}
